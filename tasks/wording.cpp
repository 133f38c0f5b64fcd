#include "tasks/wording.h"

#include <fmt/format.h>

namespace assay::tasks {

const Wording& wording_of(const Task& task) {
  static const Wording kNone;
  const Wording* own = task.get<Wording>();
  return own ? *own : kNone;
}

std::string answer_in_words(const Task& task, int64_t token) {
  const Wording& wording = wording_of(task);
  return wording.answer ? wording.answer(token) : task.answer_name(token);
}

std::vector<Wording::Piece> pieces_of(const Task& task, const at::Tensor& tokens) {
  const Wording& wording = wording_of(task);
  if (wording.pieces && tokens.size(0) == task.n_ctx()) return wording.pieces(tokens);
  std::vector<Wording::Piece> pieces;
  for (int64_t i = 0; i < tokens.size(0); ++i)
    pieces.push_back({task.token_name(tokens[i].item<int64_t>()), {i}});
  return pieces;
}

std::string group_in_words(const Task& task, const std::vector<int64_t>& tokens) {
  const Wording& wording = wording_of(task);
  if (wording.group) return wording.group(tokens);
  std::string text;
  for (const int64_t token : tokens) text += (text.empty() ? "" : " ") + task.token_name(token);
  return text;
}

}  // namespace assay::tasks
