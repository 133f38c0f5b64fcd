#pragma once
// Scores of an input's features as colours and numbers on its tokens: a line for each method, so
// that methods stand side by side.

#include <string>
#include <vector>

#include "tasks/page/figure.h"
#include "tools/explained.h"
#include "tools/page/page.h"

namespace assay::tools::page {

/// One line of the picture.
struct ScoreRow {
  std::string name;
  bool known = false;  ///< what must matter, which is no method
  std::string caveat = "";
  std::vector<int> heats = {};              ///< by feature, -kMostHeat to kMostHeat
  std::vector<std::string> scores = {};     ///< by feature, as shown
  std::vector<std::string> unrounded = {};  ///< by feature, for the CSV
};
ScoreRow row_of(const ScoreColumn& column);

/// An input with its rows.
struct ScoredText {
  std::string note;  ///< of the input, such as `answered wrongly`; may be empty
  std::vector<Span> spans;
  std::vector<std::string> features;  ///< their names
  std::vector<ScoreRow> rows;
};

/// `+0.282 ± 0.04`.
std::string text_of(const ScoreColumn& column, size_t feature);

/// The inputs, one at a time where there are several. All stand in the page; scripts choose.
tasks::page::Html scores_figure(const std::vector<ScoredText>& inputs);

}  // namespace assay::tools::page
