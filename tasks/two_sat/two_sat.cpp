#include "tasks/two_sat/two_sat.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "sat2/masks.h"
#include "sat2/sampler.h"
#include "sat2/text.h"
#include "tasks/two_sat/derivation.h"
#include "tasks/two_sat/features.h"
#include "tasks/two_sat/mutations.h"
#include "tasks/two_sat/pairs.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/recipe.h"
#include "tasks/two_sat/relevance.h"
#include "tasks/two_sat/replacers.h"
#include "tasks/two_sat/tokens.h"
#include "tasks/two_sat/transformations.h"

namespace assay::tasks::two_sat {
namespace {

using interp::attribution::Feature;
using interp::attribution::Framing;
using interp::attribution::Sequence;

sat2::Split split_of(Part part) {
  switch (part) {
    case Part::Train:
      return sat2::Split::Train;
    case Part::Derive:
      return sat2::Split::Derive;
    case Part::Test:
      break;
  }
  return sat2::Split::Test;
}

Part part_of(sat2::Split split) {
  switch (split) {
    case sat2::Split::Train:
      return Part::Train;
    case sat2::Split::Derive:
      return Part::Derive;
    case sat2::Split::Test:
      break;
  }
  return Part::Test;
}

class TwoSat : public Task {
 public:
  explicit TwoSat(const Settings& settings)
      : variables_(settings.at("variables")),
        clauses_(settings.at("clauses")),
        min_clauses_(settings.at("min_clauses")) {
    if (min_clauses_ == 0) min_clauses_ = clauses_;
    sat2::validate(sampler_settings());
  }

  std::string name() const override { return "two-sat"; }
  Settings settings() const override {
    Settings settings = {{"variables", variables_}, {"clauses", clauses_}};
    if (min_clauses_ < clauses_) settings["min_clauses"] = min_clauses_;
    return settings;
  }
  int64_t d_vocab() const override { return Tokens{variables_}.d_vocab(); }
  int64_t n_ctx() const override { return two_sat::n_ctx(clauses_); }
  int64_t readout() const override { return n_ctx() - 1; }

  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    const sat2::Sampler sampler(sampler_settings(), split_of(part), seed);
    interp::LabelledBatch batch{.tokens = at::empty({count, n_ctx()}, torch::kInt64),
                                .labels = at::empty({count}, torch::kInt64)};
    for (int64_t i = 0; i < count; ++i) {
      const sat2::Formula formula = sampler.draw(static_cast<uint64_t>(first + i));
      write_tokens(formula, clauses_, batch.tokens.data_ptr<int64_t>() + i * n_ctx());
      batch.labels.data_ptr<int64_t>()[i] = answer_of(formula);
    }
    return batch;
  }

  at::Tensor answers_of(const at::Tensor& tokens) const override {
    at::Tensor answers = at::empty({tokens.size(0)}, torch::kInt64);
    for (int64_t i = 0; i < tokens.size(0); ++i)
      answers.data_ptr<int64_t>()[i] = answer_of(formula_of(tokens[i], variables_));
    return answers;
  }

  std::vector<Transformation> transformations() const override {
    return two_sat::transformations(variables_);
  }

  std::vector<int64_t> answers() const override {
    const Tokens tokens{variables_};
    return {tokens.unsat(), tokens.sat()};
  }

  /// Clauses are drawn over two different variables, the lower-numbered one first.
  bool can_draw(const at::Tensor& tokens) const override {
    if (!Task::can_draw(tokens)) return false;
    return std::ranges::all_of(
        formula_of(tokens, variables_).clauses,
        [](const sat2::Clause& clause) { return clause.left.variable < clause.right.variable; });
  }
  std::optional<Part> part_of(const at::Tensor& tokens) const override {
    if (!can_draw(tokens)) return std::nullopt;
    return two_sat::part_of(sat2::split_of(formula_of(tokens, variables_)));
  }

  circuits::Counterfactuals counterfactuals(Part part, uint64_t seed, int64_t first,
                                            int64_t count) const override {
    return pairs(sampler_settings(), split_of(part), seed, first, count);
  }

  std::string to_text(const at::Tensor& tokens) const override {
    return sat2::to_string(formula_of(tokens, variables_));
  }

  at::Tensor to_tokens(const std::string& text) const override {
    const sat2::Formula formula = sat2::parse_formula(text, static_cast<int>(variables_));
    const auto given = static_cast<int64_t>(formula.clauses.size());
    if (given < min_clauses_ || given > clauses_)
      throw std::invalid_argument(
          fmt::format("the formula has {} clauses, the task expects {}", given,
                      min_clauses_ == clauses_ ? fmt::to_string(clauses_)
                                               : fmt::format("{} to {}", min_clauses_, clauses_)));
    at::Tensor tokens = at::empty({n_ctx()}, torch::kInt64);
    write_tokens(formula, clauses_, tokens.data_ptr<int64_t>());
    return tokens;
  }

  std::string token_name(int64_t token) const override { return Tokens{variables_}.name(token); }
  std::string answer_name(int64_t token) const override {
    const Tokens tokens{variables_};
    if (token == tokens.sat()) return "SAT";
    return token == tokens.unsat() ? "UNSAT" : tokens.name(token);
  }

  Framing framing() const override {
    return {.length = n_ctx(), .padding = Tokens{variables_}.padding()};
  }
  bool one_length() const override { return min_clauses_ == clauses_; }
  std::vector<std::string> feature_kinds() const override { return {"token", "literal", "clause"}; }
  std::vector<Feature> features(const std::string& kind, const Sequence& tokens) const override {
    if (kind == "literal") return literal_features(tokens, variables_);
    if (kind == "clause") return clause_features(tokens, variables_);
    return Task::features(kind, tokens);
  }
  std::vector<Relevance> relevance(const std::string& kind, const Sequence& tokens) const override {
    return two_sat::relevance(kind, formula_of(tokens, variables_));
  }
  at::Tensor interventions(const std::string& kind, const Sequence& tokens,
                           int64_t feature) const override {
    return two_sat::interventions(kind, formula_of(tokens, variables_), clauses_, feature);
  }
  std::vector<int64_t> token_types() const override { return two_sat::token_types(variables_); }
  std::vector<std::string> replacer_names() const override {
    std::vector<std::string> names = Task::replacer_names();
    names.insert(names.begin(), kConditional);
    return names;
  }
  std::unique_ptr<interp::attribution::Replacer> replacer(const std::string& name) const override {
    if (name == kConditional) return conditional_replacer(variables_);
    return Task::replacer(name);
  }

  Recipe recipe(const std::string& preset) const override {
    return two_sat::recipe(preset, variables_, clauses_);
  }

  std::vector<std::string> variants() const override { return {"trees", "disjunction"}; }
  int64_t deriving_inputs(Part) const override { return 120000; }

  Derivation derive(const interp::Network& network, const DeriveConfig& config) const override {
    require_fits(network.places());
    return two_sat::derive(*this, variables_, clauses_, network, config);
  }

 private:
  int64_t answer_of(const sat2::Formula& formula) const {
    const Tokens tokens{variables_};
    return sat2::satisfiable_by_masks(formula) ? tokens.sat() : tokens.unsat();
  }
  sat2::SamplerSettings sampler_settings() const {
    const auto as_int = [](int64_t value) {  // out of range stays out of range
      return static_cast<int>(std::clamp<int64_t>(value, -1, 1'000'000));
    };
    return {.variables = as_int(variables_),
            .min_clauses = as_int(min_clauses_),
            .max_clauses = as_int(clauses_)};
  }

  int64_t variables_, clauses_;
  int64_t min_clauses_;  // below clauses_ where formulas vary in length
};

}  // namespace

TaskEntry entry() {
  return {
      .name = "two-sat",
      .help = "is a conjunction of two-literal clauses satisfiable? (arXiv 2407.13594)",
      .settings = {{"variables", "--vars", "variables of a formula, 2 to 6", 5},
                   {"clauses", "--clauses", "clauses of a formula, or most of them", 10},
                   {"min_clauses", "--min-clauses",
                    "fewest clauses of a formula; 0: as many as --clauses", 0}},
      .derivation = derivation_settings(),
      .presets = presets(),
      .make = [](const Settings& settings) -> std::unique_ptr<Task> {
        return std::make_unique<TwoSat>(settings);
      },
      .add_operations =
          [](circuits::Operations& operations) {
            operations.functions["flipped_signs"] = flipped_signs;
            operations.functions["truth_table_programs"] = truth_table_programs;
          },
      .mutations = mutations(),
  };
}

}  // namespace assay::tasks::two_sat
