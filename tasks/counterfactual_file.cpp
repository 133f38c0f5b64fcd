#include "tasks/counterfactual_file.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "tasks/prompts.h"

namespace assay::tasks {
namespace {

using at::Tensor;

Tensor input_of(const std::vector<int64_t>& tokens, const Task& task) {
  for (const int64_t token : tokens)
    if (token < 0 || token >= task.d_vocab())
      throw std::invalid_argument(
          fmt::format("token {} is out of range [0, {})", token, task.d_vocab()));
  if (std::ssize(tokens) != task.n_ctx())
    throw std::invalid_argument(
        fmt::format("expected {} tokens, got {}", task.n_ctx(), tokens.size()));
  return torch::tensor(tokens, torch::kInt64);
}

Tensor mask_of(const std::vector<int64_t>& answers, const Task& task) {
  const std::vector<int64_t> known = task.answers();
  Tensor mask = at::zeros({task.d_vocab()}, torch::kBool);
  for (const int64_t answer : answers) {
    if (answer < 0 || answer >= task.d_vocab())
      throw std::invalid_argument(
          fmt::format("answer {} is out of range [0, {})", answer, task.d_vocab()));
    if (std::ranges::count(known, answer) == 0)
      throw std::invalid_argument(fmt::format("'{}' is none of the {} answers of the task {}",
                                              task.token_name(answer), known.size(), task.name()));
    mask[answer] = true;
  }
  return mask;
}

Tensor wrong_answers_of(const Prompt& prompt, const Tensor& right, const Task& task) {
  if (!prompt.wrong_answers.empty()) return mask_of(prompt.wrong_answers, task);
  return task.answer_mask().logical_and(right.logical_not());
}

}  // namespace

PromptReader reader_of(const Task& task) {
  return {.tokens =
              [&](const std::string& text) {
                const Tensor tokens = task.to_tokens(text).contiguous();
                return std::vector<int64_t>(tokens.data_ptr<int64_t>(),
                                            tokens.data_ptr<int64_t>() + tokens.numel());
              },
          .token = [&](const std::string& name) { return task.token_named(name); }};
}

circuits::Counterfactuals load_counterfactuals(const std::filesystem::path& path,
                                               const Task& task) {
  std::vector<Tensor> clean, corrupt, right, wrong;
  const Prompts prompts = read_prompts(path, reader_of(task));
  for (const Prompt& prompt : prompts.all) {
    try {
      if (prompt.answers.empty())
        throw std::invalid_argument("'answers' is missing: which tokens are right");
      clean.push_back(input_of(prompt.clean, task));
      if (!prompt.corrupt.empty()) corrupt.push_back(input_of(prompt.corrupt, task));
      right.push_back(mask_of(prompt.answers, task));
      wrong.push_back(wrong_answers_of(prompt, right.back(), task));
    } catch (const std::logic_error& error) {
      throw std::runtime_error(fmt::format("{}: {}", prompts.where(prompt.place), error.what()));
    }
  }
  return {.clean = at::stack(clean),
          .corrupt = corrupt.empty() ? Tensor() : at::stack(corrupt),
          .right = at::stack(right),
          .wrong = at::stack(wrong),
          .answers = task.answer_mask(),
          .is_sample = false};
}

ListFacts list_facts(const circuits::Counterfactuals& list, const Task& task) {
  const Tensor pairs = list.corrupt.defined() ? at::cat({list.clean, list.corrupt}, 1) : list.clean;
  ListFacts facts{.distinct = std::get<0>(at::unique_dim(pairs, 0)).size(0)};
  for (int64_t i = 0; i < list.size(); ++i) facts.outside += !task.can_draw(list.clean[i]);
  return facts;
}

}  // namespace assay::tasks
