#include "axioms/vacuity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "circuits/abstract_values.h"
#include "circuits/cut.h"
#include "interp/trace.h"
#include "interp/transformer.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using interp::Hook;
using interp::Place;
using interp::Site;

constexpr const char* kPrefixwise =
    "each prefix of the network could compute what its abstract prefix computes";
constexpr const char* kComponentwise =
    "each component of the network could compute what its abstract component computes";
constexpr int64_t kAtOnce = 128;    // inputs whose written states are held at once
constexpr int64_t kSilenced = 512;  // inputs on which later components are silenced
constexpr int64_t kInputsPerAnswer = 10;
constexpr int64_t kDecimals = 6;    // values that differ by less are one value, computed two ways
constexpr double kPassedOn = 0.95;  // decisions kept without what comes after: it passes on

using Keys = std::vector<size_t>;  // of rows; equal rows have equal keys

void append_keys(const Tensor& rows, Keys& keys) {
  const Tensor bytes = rows.cpu().contiguous();
  const size_t size = bytes.numel() ? bytes.nbytes() / bytes.size(0) : 0;
  const auto* data = static_cast<const char*>(bytes.data_ptr());
  for (int64_t row = 0; row < bytes.size(0); ++row)
    keys.push_back(std::hash<std::string_view>()({data + row * size, size}));
}

Keys keys_of(const Tensor& rows) {
  Keys keys;
  append_keys(rows, keys);
  return keys;
}

Keys keys_of_values(const circuits::Value& values) {
  return keys_of(values.is_floating_point() ? circuits::rounded(values, kDecimals) : values);
}

size_t distinct(const Keys& keys) {
  return std::unordered_set<size_t>(keys.begin(), keys.end()).size();
}

// Does either tell the other?
bool same_partition(const Keys& left, const Keys& right) {
  std::unordered_map<size_t, size_t> to, back;
  for (size_t i = 0; i < left.size(); ++i)
    if (to.emplace(left[i], right[i]).first->second != right[i] ||
        back.emplace(right[i], left[i]).first->second != left[i])
      return false;
  return true;
}

/// What the interpretation makes of the inputs looked at.
struct Abstract {
  Tensor tokens;                        // [n, pos]
  std::vector<circuits::Value> values;  // H_v
  Keys answers;                         // of H at the output

  bool telling() const {
    const auto different = static_cast<int64_t>(distinct(answers));
    return different > 1 && static_cast<int64_t>(answers.size()) >= kInputsPerAnswer * different;
  }
};

Abstract abstract_run(const Program& program, const Tensor& tokens) {
  std::vector<circuits::Value> values = circuits::prefix_values(program, tokens);
  Keys answers = keys_of_values(values[program.output]);
  return {.tokens = tokens, .values = std::move(values), .answers = std::move(answers)};
}

// The value as a whole, or one element of it, tells the answer and is told by it.
bool is_the_answer(const Abstract& abstract, size_t v) {
  const Tensor value = abstract.values[v].unsqueeze(-1).flatten(1);
  if (same_partition(keys_of_values(value), abstract.answers)) return true;
  for (int64_t i = 0; i < value.size(1); ++i)
    if (same_partition(keys_of_values(value.select(1, i)), abstract.answers)) return true;
  return false;
}

std::set<int> ancestors(const Program& program, const std::vector<int>& of) {
  std::set<int> found;
  std::vector<int> next = of;
  while (!next.empty()) {
    const int step = next.back();
    next.pop_back();
    if (step < 0 || !found.insert(step).second) continue;
    next.insert(next.end(), program.steps[step].parents.begin(), program.steps[step].parents.end());
  }
  return found;
}

// Outputs of attention and MLPs that are still to be computed from a step's sites.
std::vector<Site> later_components(const Step& step, const interp::TransformerConfig& config) {
  const std::vector<Place> places = interp::places(config);
  const auto order = [&](const Place& place) {
    return std::ranges::find(places, place) - places.begin();
  };
  std::ptrdiff_t last = 0;
  for (const Site& site : step.sites) last = std::max(last, order(site.place));
  std::vector<Site> later;
  for (int64_t layer = 0; layer < config.n_layers(); ++layer) {
    if (last < order({Hook::AttnScores, layer})) later.push_back({.place = {Hook::AttnOut, layer}});
    if (last <= order({Hook::MlpPre, layer})) later.push_back({.place = {Hook::MlpOut, layer}});
  }
  return later;
}

// Share of decisions that stay as they are with `components` held at their means.
double kept_decisions(const interp::Transformer& model, const Step& output, const Tensor& tokens,
                      const std::vector<Site>& components) {
  interp::TraceRequest as_is{.record = output.reads, .overwrite = {}};
  as_is.record.insert(as_is.record.end(), components.begin(), components.end());
  const std::vector<Tensor> recorded = interp::trace(model, tokens, as_is);
  const auto read = static_cast<std::ptrdiff_t>(output.reads.size());
  interp::TraceRequest silenced{.record = output.reads, .overwrite = {}};
  for (size_t i = 0; i < components.size(); ++i)
    silenced.overwrite.push_back({components[i], recorded[read + i].mean(0, true)});
  const Tensor before = output.alpha({recorded.begin(), recorded.begin() + read});
  const Tensor after = output.alpha(interp::trace(model, tokens, silenced));
  return before.eq(after).to(torch::kFloat64).mean().item<double>();
}

std::string names_of(const std::vector<Site>& sites) {
  std::vector<std::string> names;
  for (const Site& site : sites) names.push_back(interp::to_string(site));
  return fmt::format("{}", fmt::join(names, ", "));
}

// --- the four ways

void object_to_early_answer(const interp::Transformer& model, const Program& program,
                            const Abstract& abstract, size_t v, std::vector<Objection>& found) {
  const Step& step = program.steps[v];
  const std::vector<Site> later = later_components(step, model.config());
  if (later.empty()) return;
  const Tensor tokens = abstract.tokens.narrow(0, 0, std::min(kSilenced, abstract.tokens.size(0)));
  const double kept = kept_decisions(model, program.steps[program.output], tokens, later);
  if (kept >= kPassedOn) return;
  found.push_back({step.name, "early answer", kPrefixwise,
                   fmt::format("on {} inputs its value, or one element of it, is the answer by "
                               "another name; but with what comes after its sites ({}) held at the "
                               "mean, the network keeps only {:.1f}% of its decisions.",
                               abstract.tokens.size(0), names_of(later), 100 * kept)});
}

void object_to_written_answer(const Step& step, const Abstract& abstract, size_t v,
                              std::vector<Objection>& found) {
  Keys written;
  const circuits::Value& value = abstract.values[v];
  for (int64_t first = 0; first < value.size(0); first += kAtOnce) {
    const int64_t n = std::min(kAtOnce, value.size(0) - first);
    std::vector<Tensor> parts;
    for (const Tensor& part : step.gamma(value.narrow(0, first, n)))
      parts.push_back(part.flatten(1).expand({n, -1}));  // a batch of 1 stands for all
    append_keys(at::cat(parts, 1), written);
  }
  const size_t values = distinct(keys_of_values(value)), states = distinct(written);
  if (states >= values || !same_partition(written, abstract.answers)) return;
  found.push_back({step.name, "written answer", kComponentwise,
                   fmt::format("gamma writes {} states for {} values that occur on "
                               "{} inputs, one for each answer: what comes after is given the "
                               "answer, not the value.",
                               states, values, value.size(0))});
}

void object_to_unseen_inputs(const Program& program, const Step& step,
                             const interp::TransformerConfig& config, int64_t readout,
                             std::vector<Objection>& found) {
  for (const int parent : step.parents) {
    std::vector<int> others;
    std::vector<Site> cut;
    for (const int other : step.parents) {
      if (other == parent || other < 0) continue;
      others.push_back(other);
      cut.insert(cut.end(), program.steps[other].sites.begin(), program.steps[other].sites.end());
    }
    const bool behind = parent < 0 || ancestors(program, others).contains(parent);
    if (others.empty() || !behind || !circuits::path_around(cut, config, readout).empty()) continue;
    found.push_back({step.name, "unseen input", kComponentwise,
                     fmt::format("h reads {}, which the network cannot see there: "
                                 "its other parents' sites are a complete cut behind it.",
                                 parent < 0 ? circuits::kTokens : program.steps[parent].name)});
  }
}

void object_to_one_component(const Program& program, const std::set<size_t>& answers,
                             std::vector<Objection>& found) {
  const Step& output = program.steps[program.output];
  std::vector<std::string> renamed;
  for (const int inner : ancestors(program, output.parents)) {
    if (!answers.contains(inner)) return;
    renamed.push_back(program.steps[inner].name);
  }
  const std::string reason =
      renamed.empty() ? std::string("no inner node leads to the answer")
                      : fmt::format("the only inner nodes ({}) are the answer by another name",
                                    fmt::join(renamed, ", "));
  found.push_back({output.name, "one component", kComponentwise,
                   fmt::format("{}, so the whole program stands for the whole "
                               "network, and how either computes it is left open.",
                               reason)});
}

}  // namespace

nlohmann::ordered_json to_json(const Objection& objection) {
  return {{"node", objection.node},
          {"kind", objection.kind},
          {"violates", objection.violates},
          {"reason", objection.reason}};
}

std::vector<Objection> objections(const interp::Transformer& model, const Program& program,
                                  const Inputs& inputs, int64_t count, int64_t readout) {
  const at::NoGradGuard no_grad;
  const Tensor tokens = inputs(0, std::min(count, kVacuityInputs)).to(model.W_E.device());
  const Abstract abstract = abstract_run(program, tokens);
  std::vector<Objection> found;
  std::set<size_t> answers;  // inner steps that are the answer by another name
  for (size_t v = 0; v < program.steps.size(); ++v) {
    const Step& step = program.steps[v];
    object_to_unseen_inputs(program, step, model.config(), readout, found);
    if (v == program.output || !abstract.telling()) continue;
    object_to_written_answer(step, abstract, v, found);
    if (!is_the_answer(abstract, v)) continue;
    answers.insert(v);
    object_to_early_answer(model, program, abstract, v, found);
  }
  object_to_one_component(program, answers, found);
  return found;
}

}  // namespace assay::axioms
