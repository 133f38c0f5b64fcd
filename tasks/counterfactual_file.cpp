#include "tasks/counterfactual_file.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using json = nlohmann::ordered_json;

const interp::Shape& prompts_shape() {
  using namespace interp::json_shapes;
  const interp::Shape tokens = either(text(), list(integer())),
                      answers = list(either(text(), integer()));
  static const interp::Shape shape =
      object({{"prompts", list(object({{"clean", tokens},
                                       optional("corrupt", tokens),
                                       {"answers", answers},
                                       optional("wrong_answers", answers)}))}});
  return shape;
}

Tensor tokens_of(const json& value, const Task& task) {
  if (value.is_string()) return task.to_tokens(value.get<std::string>());
  const auto ids = value.get<std::vector<int64_t>>();
  for (const int64_t id : ids)
    if (id < 0 || id >= task.d_vocab())
      throw std::invalid_argument(
          fmt::format("token {} is out of range [0, {})", id, task.d_vocab()));
  if (static_cast<int64_t>(ids.size()) != task.n_ctx())
    throw std::invalid_argument(
        fmt::format("expected {} tokens, got {}", task.n_ctx(), ids.size()));
  return torch::tensor(ids, torch::kInt64);
}

int64_t token_of_answer(const json& value, const Task& task) {
  if (!value.is_number_integer()) return task.token_named(value.get<std::string>());
  const auto id = value.get<int64_t>();
  if (id >= 0 && id < task.d_vocab()) return id;
  throw std::invalid_argument(fmt::format("answer {} is out of range [0, {})", id, task.d_vocab()));
}

int64_t answer_of(const json& value, const Task& task) {
  const int64_t token = token_of_answer(value, task);
  if (std::ranges::count(task.answers(), token) == 0)
    throw std::invalid_argument(fmt::format("'{}' is none of the {} answers of the task {}",
                                            task.token_name(token), task.answers().size(),
                                            task.name()));
  return token;
}

Tensor answers_of(const json& prompt, const char* key, const Task& task) {
  Tensor mask = at::zeros({task.d_vocab()}, torch::kBool);
  for (const json& value : prompt.at(key)) mask[answer_of(value, task)] = true;
  return mask;
}

Tensor other_answers(const Tensor& right, const Task& task) {
  return task.answer_mask().logical_and(right.logical_not());
}

}  // namespace

circuits::Counterfactuals load_counterfactuals(const std::filesystem::path& path,
                                               const Task& task) {
  std::vector<Tensor> clean, corrupt, right, wrong;
  const std::string what = path.string() + ": not a file of counterfactuals";
  const json content = interp::parse_json(interp::read_stream(path, interp::kJsonBytes), what);
  interp::require_shape(content, prompts_shape(), what);
  try {
    size_t number = 0;
    for (const json& prompt : content.at("prompts")) {
      ++number;
      try {
        clean.push_back(tokens_of(prompt.at("clean"), task));
        if (prompt.contains("corrupt")) corrupt.push_back(tokens_of(prompt["corrupt"], task));
        right.push_back(answers_of(prompt, "answers", task));
        wrong.push_back(prompt.contains("wrong_answers") ? answers_of(prompt, "wrong_answers", task)
                                                         : other_answers(right.back(), task));
      } catch (const std::exception& error) {
        throw std::invalid_argument(fmt::format("prompt {}: {}", number, error.what()));
      }
    }
    if (clean.empty()) throw std::invalid_argument("no prompts");
    if (!corrupt.empty() && corrupt.size() != clean.size())
      throw std::invalid_argument(fmt::format("{} of {} prompts have no 'corrupt'",
                                              clean.size() - corrupt.size(), clean.size()));
  } catch (const std::logic_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
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
