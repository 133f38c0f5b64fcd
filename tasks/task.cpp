#include "tasks/task.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "interp/attribution/empirical_replacer.h"
#include "interp/attribution/same_type_replacer.h"
#include "interp/names.h"

namespace assay::tasks {
namespace {

using interp::attribution::EmpiricalReplacer;
using interp::attribution::Replacer;
using interp::attribution::SameTypeReplacer;
using interp::attribution::Sequence;
using interp::attribution::uniform_replacer;

const interp::Names<Part> kParts = {
    {Part::Train, "train"}, {Part::Derive, "derive"}, {Part::Test, "test"}};

/// What the empirical replacer counts in.
std::vector<Sequence> corpus(const Task& task) {
  constexpr int64_t kInputs = 1024;
  const interp::LabelledBatch batch = task.sample(Part::Train, /*seed=*/0, 0, kInputs);
  std::vector<Sequence> sequences;
  for (int64_t i = 0; i < kInputs; ++i) {
    const int64_t length =
        batch.readouts.defined() ? batch.readouts[i].item<int64_t>() + 1 : batch.tokens.size(1);
    sequences.push_back(task.sequence_of(batch.tokens[i].narrow(0, 0, length)));
  }
  return sequences;
}

std::unique_ptr<Replacer> empirical(const Task& task) {
  return std::make_unique<EmpiricalReplacer>("empirical", corpus(task), task.token_types());
}
std::unique_ptr<Replacer> same_type(const Task& task) {
  return std::make_unique<SameTypeReplacer>("same-type", task.token_types());
}
std::unique_ptr<Replacer> uniform(const Task& task) {
  return std::make_unique<SameTypeReplacer>(uniform_replacer(task.d_vocab()));
}

}  // namespace

interp::Registry<ReplacerEntry>& replacers() {
  static interp::Registry<ReplacerEntry> all(
      "replacer",
      {{"empirical", "what stands between the same neighbours in training inputs", empirical},
       {"same-type", "any token of the same type", same_type},
       {"uniform", "any token", uniform}});
  return all;
}

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
  interp::LabelledBatch some{inputs.tokens.index_select(0, index),
                             inputs.labels.index_select(0, index)};
  if (inputs.readouts.defined()) some.readouts = inputs.readouts.index_select(0, index);
  return some;
}

Task::Task(std::string name, Settings settings)
    : name_(std::move(name)), settings_(std::move(settings)) {}

void Task::refuse(const char* absent) const {
  throw std::invalid_argument(fmt::format(fmt::runtime(absent), name()));
}

// --- text

std::string Task::to_text(const at::Tensor& tokens) const {
  std::vector<std::string> names;
  for (int64_t i = 0; i < tokens.size(0); ++i)
    names.push_back(token_name(tokens[i].item<int64_t>()));
  return fmt::format("{}", fmt::join(names, " "));
}

at::Tensor Task::to_tokens(const std::string& text) const {
  std::vector<int64_t> tokens;
  std::istringstream words(text);
  for (std::string word; words >> word;) tokens.push_back(token_named(word));
  if (std::ssize(tokens) != n_ctx())
    throw std::invalid_argument(
        fmt::format("expected {} tokens with blanks between them, got {}", n_ctx(), tokens.size()));
  return torch::tensor(tokens, torch::kInt64);
}

std::string Task::token_name(int64_t token) const {
  if (const TokenNames* names = get<TokenNames>()) return names->token(token);
  if (token < 0 || token >= d_vocab())
    throw std::invalid_argument(fmt::format("token {}: expected 0 to {}", token, d_vocab() - 1));
  return fmt::to_string(token);
}

std::string Task::answer_name(int64_t token) const {
  const TokenNames* names = get<TokenNames>();
  return names && names->answer ? names->answer(token) : token_name(token);
}

int64_t Task::token_named(const std::string& name) const {
  for (int64_t token = 0; token < d_vocab(); ++token)
    if (token_name(token) == name) return token;
  throw std::invalid_argument(fmt::format("no token '{}' in the task {}", name, this->name()));
}

// --- inputs

bool Task::can_draw(const at::Tensor& tokens) const {
  try {
    if (!to_tokens(to_text(tokens)).equal(tokens)) return false;
  } catch (const std::invalid_argument&) {  // no input at all
    return false;
  }
  const Distribution* distribution = get<Distribution>();
  return !distribution || distribution->holds(tokens);
}

std::optional<Part> Task::part_of(const at::Tensor& tokens) const {
  const Distribution* distribution = get<Distribution>();
  if (!distribution || !can_draw(tokens)) return std::nullopt;
  return distribution->part(tokens);
}

interp::LabelledInputs Task::inputs(Part part, uint64_t seed) const {
  return
      [this, part, seed](int64_t first, int64_t count) { return sample(part, seed, first, count); };
}

at::Tensor Task::answer_mask() const {
  at::Tensor mask = at::zeros({d_vocab()}, torch::kBool);
  for (const int64_t answer : answers()) mask[answer] = true;
  return mask;
}

circuits::Counterfactuals Task::counterfactuals(Part part, uint64_t seed, int64_t first,
                                                int64_t count) const {
  if (const Partners* partners = get<Partners>()) return partners->sample(part, seed, first, count);
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

void Task::require_fits(const interp::Places& places) const {
  const bool long_enough =
      size().may_be_shorter ? places.n_ctx >= n_ctx() : places.n_ctx == n_ctx();
  if (places.n_tokens != d_vocab() || !long_enough)
    throw std::invalid_argument(
        fmt::format("the model has d_vocab {} and n_ctx {}, but the task {} with {} needs d_vocab "
                    "{} and n_ctx {}",
                    places.n_tokens, places.n_ctx, name(), nlohmann::json(settings()).dump(),
                    d_vocab(), n_ctx()));
}

void Task::require_one_length(const interp::LabelledBatch& batch) const {
  if (batch.readouts.defined())
    throw std::invalid_argument(
        fmt::format("inputs of {} differ in length: no position means the same in all of them, so "
                    "circuits and interpretations cannot speak of it",
                    name()));
}

// --- explanations

InputLengths Task::lengths() const {
  const InputLengths* lengths = get<InputLengths>();
  return lengths ? *lengths : InputLengths();
}

Sequence Task::sequence_of(const at::Tensor& tokens) const {
  const InputLengths how = lengths();
  return how.sequence_of ? how.sequence_of(tokens)
                         : interp::attribution::unframed(tokens, how.framing);
}

std::vector<std::string> Task::feature_kinds() const {
  const Features* features = get<Features>();
  return features ? features->kinds : std::vector<std::string>{"token"};
}

std::vector<interp::attribution::Feature> Task::features(const std::string& kind,
                                                         const Sequence& tokens) const {
  const std::vector<std::string> kinds = feature_kinds();
  if (std::ranges::count(kinds, kind) == 0)
    throw std::invalid_argument(fmt::format("the task {} has no features '{}'; {}", name(), kind,
                                            interp::there_are(kinds, kind)));
  const Features* features = get<Features>();
  return features ? features->of(kind, tokens) : token_features(tokens);
}

std::vector<interp::attribution::Feature> Task::token_features(const Sequence& tokens) const {
  std::vector<std::string> names;
  for (const int64_t token : tokens) names.push_back(token_name(token));
  if (!names.empty()) names.pop_back();
  return interp::attribution::token_features(names);
}

std::vector<Relevance> Task::relevance(const std::string& kind, const Sequence& tokens) const {
  const Features* features = get<Features>();
  return features && features->relevance ? features->relevance(kind, tokens)
                                         : std::vector<Relevance>();
}

at::Tensor Task::interventions(const std::string& kind, const Sequence& tokens,
                               int64_t feature) const {
  const Features* features = get<Features>();
  return features && features->interventions ? features->interventions(kind, tokens, feature)
                                             : at::empty({0, n_ctx()}, torch::kInt64);
}

std::vector<int64_t> Task::token_types() const {
  const Replacers* of_task = get<Replacers>();
  return of_task && !of_task->token_types.empty() ? of_task->token_types
                                                  : std::vector<int64_t>(d_vocab(), 0);
}

std::vector<std::string> Task::replacer_names() const {
  std::vector<std::string> names;
  if (const Replacers* of_task = get<Replacers>()) names = interp::names_of(of_task->own);
  for (const ReplacerEntry& any : replacers()) names.push_back(any.name);
  return names;
}

std::unique_ptr<Replacer> Task::replacer(const std::string& name) const {
  if (const Replacers* of_task = get<Replacers>())
    for (const Replacers::Own& own : of_task->own)
      if (own.name == name) return own.make();
  if (tasks::replacers().contains(name)) return tasks::replacers().at(name).make(*this);
  throw std::invalid_argument(fmt::format("unknown replacer '{}' of task {}; {}", name,
                                          this->name(), interp::there_are(replacer_names(), name)));
}

nlohmann::json Task::to_json() const {
  return {{"name", name()}, {"settings", settings()}};
}

}  // namespace assay::tasks
