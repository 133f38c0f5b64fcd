#include "interp/attribution/faithfulness.h"

namespace assay::interp::attribution {

FaithfulnessSummary summarise(const std::vector<Faithfulness>& inputs, double smallest_scale) {
  FaithfulnessSummary summary;
  double scale = 0;
  for (const Faithfulness& input : inputs) {
    summary.mean_sufficiency += input.sufficiency;
    summary.mean_comprehensiveness += input.comprehensiveness;
    if (input.scale < smallest_scale) {
      ++summary.excluded;
      continue;
    }
    ++summary.used;
    scale += input.scale;
    summary.sufficiency += input.sufficiency;
    summary.comprehensiveness += input.comprehensiveness;
  }
  const auto n = static_cast<double>(inputs.size());
  summary.mean_sufficiency /= n;
  summary.mean_comprehensiveness /= n;
  summary.sufficiency /= scale;  // 0/0 is NaN: no input was used
  summary.comprehensiveness /= scale;
  return summary;
}

}  // namespace assay::interp::attribution
