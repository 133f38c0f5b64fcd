#include "tasks/data_task.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

#include "tasks/prompts.h"

namespace assay::tasks {
namespace {

using at::Tensor;

constexpr int64_t kMostTokens = 10'000'000, kMostPositions = 1'000'000;

/// Every token, where none is named.
std::vector<int64_t> answers_of(const Settings& settings) {
  const int64_t n_tokens = settings.at("tokens");
  std::vector<int64_t> answers = token_ids().tokens(settings.at("answers"));
  for (const int64_t answer : answers)
    if (answer < 0 || answer >= n_tokens)
      throw std::invalid_argument(
          fmt::format("answers: {} is out of range [0, {})", answer, n_tokens));
  if (answers.empty()) {
    answers.resize(n_tokens);
    std::iota(answers.begin(), answers.end(), 0);
  }
  return answers;
}

/// Interpretations are tested on inputs of one length only, which is no feature therefore.
Tensor features_of(const Tensor& tokens) {
  const Tensor sorted = std::get<0>(tokens.sort(1));
  const Tensor different = sorted.diff(1, 1).ne(0).sum(1) + 1;
  return at::stack({tokens.select(1, 0), tokens.select(1, -1), different}, 1);
}

class DataTask : public Task {
 public:
  explicit DataTask(const Settings& settings, std::vector<Prompt> prompts = {})
      : Task(kDataTask, settings),
        n_tokens_(settings.at("tokens")),
        n_positions_(settings.at("positions")),
        answers_(answers_of(settings)),
        prompts_(std::move(prompts)) {
    provide(InputFeatures{.all = {{"the first token", true},
                                  {"the last token", true},
                                  {"the number of different tokens"}},
                          .of = features_of});
  }

  Size size() const override {
    return {.n_tokens = n_tokens_,
            .n_ctx = n_positions_,
            .readout = n_positions_ - 1,
            .may_be_shorter = true};
  }

  interp::LabelledBatch sample(Part, uint64_t, int64_t first, int64_t count) const override {
    if (prompts_.empty())
      throw std::invalid_argument(
          fmt::format("the inputs of the task {} come from a file: name it with --data", name()));
    interp::LabelledBatch batch{.tokens = at::zeros({count, n_positions_}, torch::kInt64),
                                .labels = at::empty({count}, torch::kInt64)};
    Tensor readouts = at::empty({count}, torch::kInt64);
    for (int64_t i = 0; i < count; ++i) {
      const Prompt& prompt = prompts_[(first + i) % std::ssize(prompts_)];
      std::ranges::copy(prompt.clean, batch.tokens.data_ptr<int64_t>() + i * n_positions_);
      batch.labels.data_ptr<int64_t>()[i] =
          prompt.answers.empty() ? answers_.front() : prompt.answers.front();
      readouts.data_ptr<int64_t>()[i] = std::ssize(prompt.clean) - 1;
    }
    if (readouts.ne(readout()).any().item<bool>()) batch.readouts = readouts;
    return batch;
  }

  std::vector<int64_t> answers() const override { return answers_; }

  /// The tokens of a prompt, whatever else its line says.
  Tensor to_tokens(const std::string& text) const override {
    const std::vector<int64_t> tokens = token_ids().tokens(text.substr(0, text.find('|')));
    for (const int64_t token : tokens)
      if (token < 0 || token >= n_tokens_)
        throw std::invalid_argument(
            fmt::format("token {} is out of range [0, {})", token, n_tokens_));
    if (tokens.empty() || std::ssize(tokens) > n_positions_)
      throw std::invalid_argument(
          fmt::format("expected 1 to {} tokens, got {}", n_positions_, tokens.size()));
    return torch::tensor(tokens, torch::kInt64);
  }

 private:
  int64_t n_tokens_, n_positions_;
  std::vector<int64_t> answers_;
  std::vector<Prompt> prompts_;
};

/// All that occur, in ascending order. A network that has one answer to choose from decides
/// nothing, and whatever is claimed of its decisions would hold.
std::string answers_in(const Prompts& prompts) {
  std::set<int64_t> answers;
  for (const Prompt& prompt : prompts.all)
    for (const auto& some : {prompt.answers, prompt.wrong_answers})
      answers.insert(some.begin(), some.end());
  if (answers.size() == 1)
    throw std::runtime_error(fmt::format("{}: the only answer in it is {}; expected at least two",
                                         prompts.file, *answers.begin()));
  return fmt::format("{}", fmt::join(answers, " "));
}

/// Answers are outputs: tokens, or the classes of a classifier.
void require_tokens(const Prompts& prompts, int64_t n_tokens, int64_t n_outputs) {
  for (const Prompt& prompt : prompts.all) {
    const auto refuse = [&](const std::string& why) {
      throw std::runtime_error(fmt::format("{}: {}", prompts.where(prompt.place), why));
    };
    if (prompt.clean.empty()) refuse("no tokens");
    for (const auto* tokens : {&prompt.clean, &prompt.corrupt})
      for (const int64_t token : *tokens)
        if (token < 0 || token >= n_tokens)
          refuse(fmt::format("token {}: the network has tokens 0 to {}", token, n_tokens - 1));
    for (const auto* answers : {&prompt.answers, &prompt.wrong_answers})
      for (const int64_t answer : *answers)
        if (answer < 0 || answer >= n_outputs)
          refuse(fmt::format("answer {}: the network has outputs 0 to {}", answer, n_outputs - 1));
  }
}

void require_within(const Settings& settings, const char* name, int64_t most) {
  const int64_t value = settings.at(name);
  if (value < 1 || value > most)
    throw std::invalid_argument(fmt::format("{}: expected 1 to {}, got {}", name, most, value));
}

}  // namespace

std::unique_ptr<Task> data_task(const std::filesystem::path& path, const interp::Places& places) {
  Prompts prompts = read_prompts(path, token_ids());
  const int64_t n_tokens = places.n_tokens;
  const bool known = places.logits >= 0;
  require_tokens(prompts, n_tokens,
                 known ? places[places.logits].size(interp::Axis::Output) : n_tokens);
  int64_t longest = 0;
  for (const Prompt& prompt : prompts.all) longest = std::max(longest, std::ssize(prompt.clean));
  return std::make_unique<DataTask>(Settings{{"path", path.string()},
                                             {"tokens", n_tokens},
                                             {"positions", longest},
                                             {"answers", answers_in(prompts)}},
                                    std::move(prompts.all));
}

TaskEntry data_entry() {
  return {
      .name = kDataTask,
      .help = "inputs of one's own, from a file of token ids",
      .options = {{"path", "--path", "the file", "", {}, true},
                  {"tokens", "--tokens", "that the network has", 1},
                  {"positions", "--positions", "of the longest input", 1},
                  {"answers", "--answers", "tokens with blanks between them (default: all)", ""}},
      .make = [](const Settings& settings) -> std::unique_ptr<Task> {
        require_within(settings, "tokens", kMostTokens);
        require_within(settings, "positions", kMostPositions);
        return std::make_unique<DataTask>(settings);
      }};
}

}  // namespace assay::tasks
