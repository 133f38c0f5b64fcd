#pragma once
// A network that is nothing but a list of equations: each variable a function of earlier ones. Any
// small causal model can be written down as one, so that claims about it are tested like claims
// about a transformer. What each variable reads is known, so that cuts are.

#include <torch/types.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "circuits/interpretation/program.h"
#include "interp/network/cut.h"
#include "interp/network/network.h"

namespace assay::axioms {

struct StructuralVariable {
  std::string name;
  std::vector<std::string> parents;  ///< earlier ones, or `input`: [batch, pos, 1], numbers
  /// [batch, width] each, to [batch, width].
  std::function<at::Tensor(const std::vector<at::Tensor>& parents)> equation;
  int64_t width = 1;
};

class StructuralNetwork : public interp::Network {
 public:
  /// @param variables  the last one gives a logit for each answer.
  StructuralNetwork(int64_t n_pos, int64_t n_values, std::vector<StructuralVariable> variables)
      : variables_(std::move(variables)) {
    using interp::Axis;
    places_.all.push_back({.name = "input", .axes = {{Axis::Position, -1}, {Axis::Model, 1}}});
    for (const StructuralVariable& variable : variables_) {
      interp::Place place{.name = variable.name, .axes = {{Axis::Neuron, variable.width}}};
      if (&variable == &variables_.back())
        place.axes = {{Axis::Position, 1}, {Axis::Output, variable.width}};
      for (const std::string& parent : variable.parents)
        place.reads.push_back(
            {.from = places_.at(parent),
             .reach = parent == "input" ? interp::Reach::All : interp::Reach::Same});
      places_.all.push_back(std::move(place));
    }
    places_.embedding = 0;
    places_.logits = places_.size() - 1;
    places_.n_ctx = n_pos;
    places_.n_tokens = std::max(n_values, variables_.back().width);
    places_.additive = false;
  }

  const interp::Places& places() const override { return places_; }
  c10::Device device() const override { return at::kCPU; }

  std::vector<at::Tensor> trace(const at::Tensor& tokens,
                                const interp::TraceRequest& request) const override {
    std::map<std::string, at::Tensor> values;
    values["input"] = tokens.to(at::kFloat).unsqueeze(2);
    for (const interp::Overwrite& overwrite : request.overwrite)
      if (overwrite.site.place == "input") values["input"] = overwrite.value;
    for (const StructuralVariable& variable : variables_) {
      std::vector<at::Tensor> parents;
      for (const std::string& parent : variable.parents) parents.push_back(values.at(parent));
      at::Tensor& value = values[variable.name] = variable.equation(parents);
      for (const interp::Overwrite& overwrite : request.overwrite)
        if (overwrite.site.place == variable.name)
          value = overwrite.value.reshape({overwrite.value.size(0), -1}).expand_as(value);
    }
    std::vector<at::Tensor> recorded;
    for (const interp::Site& site : request.record) {
      const at::Tensor& value = values.at(site.place);
      recorded.push_back(site.place == variables_.back().name ? value.unsqueeze(1) : value);
    }
    return recorded;
  }

  interp::Around path_around(const std::vector<interp::Site>& sites,
                             const interp::Site& decision) const override {
    return interp::path_around(places_, sites, decision);
  }
  interp::Found reaches(const std::vector<interp::Site>& sites,
                        const interp::Site& decision) const override {
    return interp::reaches(places_, sites, decision);
  }

 private:
  std::vector<StructuralVariable> variables_;
  interp::Places places_;
};

/// A step whose value is a whole number for each element of one variable: the nearest one to the
/// variable divided by `unit`.
inline circuits::Step whole_number_step(const std::string& name, std::vector<int> parents,
                                        const std::string& variable, circuits::Function h,
                                        double unit = 1) {
  const interp::Site site{.place = variable};
  return {
      .name = name,
      .parents = std::move(parents),
      .sites = {site},
      .reads = {site},
      .h = std::move(h),
      .alpha =
          [unit](const circuits::Activations& read) {
            return (read[0] / unit).round().to(at::kLong);
          },
      .gamma =
          [unit](const circuits::Value& value) {
            return circuits::Activations{(value.to(at::kFloat) * unit).flatten(1)};
          },
      .equality = [](const circuits::Value& left,
                     const circuits::Value& right) { return left.eq(right).flatten(1).all(1); }};
}

/// The step that names the answer, at the network's last variable; h may leave the range of
/// answers.
inline circuits::Step answer_step(std::vector<int> parents, const std::string& variable,
                                  int64_t answers, circuits::Function h) {
  const interp::Site site{.place = variable, .positions = {0}};
  return {
      .name = "answer",
      .parents = std::move(parents),
      .sites = {site},
      .reads = {site},
      .h =
          [h = std::move(h), answers](const std::vector<circuits::Value>& parents) {
            return h(parents).clamp(0, answers - 1);
          },
      .alpha = [](const circuits::Activations& read) { return read[0].select(1, 0).argmax(1); },
      .gamma =
          [answers](const circuits::Value& value) {
            return circuits::Activations{at::one_hot(value, answers).to(at::kFloat).unsqueeze(1)};
          },
      .equality = [](const circuits::Value& left,
                     const circuits::Value& right) { return left.eq(right); }};
}

/// Logits that are largest at the whole number nearest to x, [batch, 1] or [batch].
inline at::Tensor nearest_answer(const at::Tensor& x, int64_t answers) {
  return -(x.reshape({-1, 1}) - at::arange(answers, at::kFloat)).abs();
}

}  // namespace assay::axioms
