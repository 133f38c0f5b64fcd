#include "tools/measure_names.h"

#include <algorithm>

namespace assay::tools {
namespace {

struct MeasureKind {
  const char *name, *title, *meaning;
};
constexpr MeasureKind kKinds[] = {
    {"auroc", "AUROC",
     "how often a feature that matters is scored above one that does not: 1 always, 0.5 by chance"},
    {"precision", "P@k",
     "of the k features with the highest scores, the share that matters; k is how many matter"},
    {"spearman", "Spearman ρ",
     "rank correlation with how much each feature matters: 1 the same order, 0 none, −1 reversed"},
    {"insertion", "insertion ↑",
     "mean of what is explained while features come in, best first: higher is better"},
    {"deletion", "deletion ↓",
     "mean of what is explained while features go, best first: lower is better"},
    {"sufficiency", "sufficiency ↑",
     "how near the important features alone come to the answer, as a Hellinger distance gained on "
     "none of them: higher is better"},
    {"comprehensiveness", "comprehensiv. ↑",
     "Hellinger distance of the answer when important features are erased: higher is better"},
    {"error", "error ↓",
     "squared error of the changes that added scores predict when up to 10 features go; 1 is no "
     "better than predicting no change: lower is better"}};

const MeasureKind* found(const std::string& name) {
  const MeasureKind* kind = std::ranges::find(kKinds, name, &MeasureKind::name);
  return kind == std::end(kKinds) ? nullptr : kind;
}

}  // namespace

std::string reference_of(const std::string& measure) {
  return measure.substr(0, measure.rfind('.'));
}

std::string kind_of(const std::string& measure) {
  return measure.substr(measure.rfind('.') + 1);
}

std::string title_of_kind(const std::string& kind) {
  return found(kind) ? found(kind)->title : kind;
}

std::string meaning_of_kind(const std::string& kind) {
  return found(kind) ? found(kind)->meaning : "";
}

}  // namespace assay::tools
