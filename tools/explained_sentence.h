#pragma once
// What an explained input comes to, as one sentence or two: what the network answers, and which
// part the methods put first. Terminal and page say the same.

#include <string>
#include <vector>

#include "tasks/task.h"
#include "tools/explained.h"
#include "tools/sentences.h"

namespace assay::tools {

/// @param task  that knows the answers in prose; null where there is none.
/// @param answer  as the record has it; empty: not known.
/// @param features  by name; `columns` as columns_of() gives them.
std::vector<TextPiece> explained_sentence(const tasks::Task* task, const std::string& answer,
                                          const std::vector<std::string>& features,
                                          const std::vector<ScoreColumn>& columns);

}  // namespace assay::tools
