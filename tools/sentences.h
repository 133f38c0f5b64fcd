#pragma once
// What sentences about records are made of, wherever they are shown.

#include <string>
#include <vector>

#include "tasks/task.h"

namespace assay::tools {

/// A piece of a text; what is strong stands out where it is shown.
struct TextPiece {
  std::string text;
  bool strong = false;
};
std::string plain_text(const std::vector<TextPiece>& pieces);

/// The name of one of a task's answers in prose, `unsatisfiable`; any other text as it is, and
/// every text where nobody has said which task it is.
std::string answer_in_prose(const tasks::Task* task, const std::string& name);

/// A place in words, `after block 1, at 10 positions`, where `blocks.0.hook_resid_post[pos=1,…]` is
/// its name.
std::string place_words(const tasks::Task& task, const std::string& site);

}  // namespace assay::tools
