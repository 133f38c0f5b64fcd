#include "tasks/task.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/attribution/empirical_replacer.h"
#include "interp/attribution/same_type_replacer.h"
#include "interp/names.h"

namespace assay::tasks {
namespace {

using interp::attribution::EmpiricalReplacer;
using interp::attribution::Replacer;
using interp::attribution::SameTypeReplacer;
using interp::attribution::uniform_replacer;

const interp::Names<Part> kParts = {
    {Part::Train, "train"}, {Part::Derive, "derive"}, {Part::Test, "test"}};

/// What the empirical replacer counts in.
std::vector<interp::attribution::Sequence> corpus(const Task& task) {
  constexpr int64_t kInputs = 1024;
  const at::Tensor tokens = task.sample(Part::Train, /*seed=*/0, 0, kInputs).tokens;
  std::vector<interp::attribution::Sequence> sequences;
  for (int64_t i = 0; i < kInputs; ++i) sequences.push_back(task.sequence_of(tokens[i]));
  return sequences;
}

}  // namespace

std::string to_string(Part part) {
  return interp::name_of(part, kParts);
}

Part parse_part(const std::string& name) {
  return interp::value_of(name, kParts, "part");
}

interp::LabelledBatch Domain::of(const std::vector<Part>& parts) const {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < part.size(); ++i)
    if (std::ranges::find(parts, part[i]) != parts.end()) rows.push_back(static_cast<int64_t>(i));
  const at::Tensor index = torch::tensor(rows, torch::kInt64);
  return {inputs.tokens.index_select(0, index), inputs.labels.index_select(0, index)};
}

std::vector<int64_t> Task::token_types() const {
  return std::vector<int64_t>(d_vocab(), 0);
}

std::vector<std::string> Task::replacer_names() const {
  return {"empirical", "same-type", "uniform"};
}

std::unique_ptr<Replacer> Task::replacer(const std::string& name) const {
  if (name == "uniform") return std::make_unique<SameTypeReplacer>(uniform_replacer(d_vocab()));
  if (name == "same-type") return std::make_unique<SameTypeReplacer>(name, token_types());
  if (name == "empirical")
    return std::make_unique<EmpiricalReplacer>(name, corpus(*this), token_types());
  throw std::invalid_argument(fmt::format("unknown replacer '{}' of task {}; {}", name,
                                          this->name(), interp::there_are(replacer_names(), name)));
}

interp::LabelledInputs Task::inputs(Part part, uint64_t seed) const {
  return
      [this, part, seed](int64_t first, int64_t count) { return sample(part, seed, first, count); };
}

void Task::require_fits(const interp::Places& places) const {
  if (places.n_tokens != d_vocab() || places.n_ctx != n_ctx())
    throw std::invalid_argument(
        fmt::format("the model has d_vocab {} and n_ctx {}, but the task {} with {} needs d_vocab "
                    "{} and n_ctx {}",
                    places.n_tokens, places.n_ctx, name(), nlohmann::json(settings()).dump(),
                    d_vocab(), n_ctx()));
}

int64_t Task::token_named(const std::string& name) const {
  for (int64_t token = 0; token < d_vocab(); ++token)
    if (token_name(token) == name) return token;
  throw std::invalid_argument(fmt::format("no token '{}' in the task {}", name, this->name()));
}

std::vector<interp::attribution::Feature> Task::features(
    const std::string& kind, const interp::attribution::Sequence& tokens) const {
  if (kind != "token")
    throw std::invalid_argument(fmt::format("the task {} has no features '{}'; {}", name(), kind,
                                            interp::there_are(feature_kinds(), kind)));
  std::vector<std::string> names;
  for (const int64_t token : tokens) names.push_back(token_name(token));
  if (!names.empty()) names.pop_back();
  return interp::attribution::token_features(names);
}

interp::attribution::Sequence Task::sequence_of(const at::Tensor& tokens) const {
  return interp::attribution::unframed(tokens, framing());
}

std::vector<Relevance> Task::relevance(const std::string&,
                                       const interp::attribution::Sequence&) const {
  return {};
}

at::Tensor Task::interventions(const std::string&, const interp::attribution::Sequence&,
                               int64_t) const {
  return at::empty({0, n_ctx()}, torch::kInt64);
}

circuits::Counterfactuals Task::counterfactuals(Part part, uint64_t seed, int64_t first,
                                                int64_t count) const {
  return without_partners(sample(part, seed, first, count));
}

circuits::Counterfactuals Task::without_partners(const interp::LabelledBatch& batch) const {
  require_one_length(batch);
  const at::Tensor right = at::zeros({batch.labels.size(0), d_vocab()}, torch::kBool)
                               .scatter_(1, batch.labels.unsqueeze(1), true);
  at::Tensor wrong = at::zeros_like(right);
  for (const int64_t answer : answers()) wrong.select(1, answer).fill_(true);
  return {.clean = batch.tokens,
          .corrupt = {},
          .right = right,
          .wrong = wrong.logical_and(right.logical_not()),
          .answers = answer_mask()};
}

at::Tensor Task::answer_mask() const {
  at::Tensor mask = at::zeros({d_vocab()}, torch::kBool);
  for (const int64_t answer : answers()) mask[answer] = true;
  return mask;
}

bool Task::can_draw(const at::Tensor& tokens) const {
  try {
    return to_tokens(to_text(tokens)).equal(tokens);
  } catch (const std::invalid_argument&) {  // no input at all
    return false;
  }
}

Derivation Task::derive(const interp::Network&, const DeriveConfig&) const {
  require_interpretation();
  return {};
}

void Task::require_interpretation() const {
  if (variants().empty())
    throw std::invalid_argument(
        fmt::format("no interpretation of networks for {} is known: nothing to derive", name()));
}

void Task::require_one_length(const interp::LabelledBatch& batch) const {
  if (batch.readouts.defined())
    throw std::invalid_argument(
        fmt::format("inputs of {} differ in length: no position means the same in all of them, so "
                    "circuits and interpretations cannot speak of it",
                    name()));
}

at::Tensor Task::answers_of(const at::Tensor&) const {
  throw std::invalid_argument(
      fmt::format("what is true of an input of {} cannot be told from its tokens", name()));
}

std::optional<Part> Task::part_of(const at::Tensor&) const {
  return std::nullopt;
}

nlohmann::json Task::to_json() const {
  return {{"name", name()}, {"settings", settings()}};
}

}  // namespace assay::tasks
