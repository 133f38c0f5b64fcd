#pragma once
// Is what an explanation calls important enough for the answer, and does the answer need it?

#include <cstdint>
#include <vector>

namespace assay::interp::attribution {

/// Of one explanation of one input; d(·) is a distance between answers, chosen by who measures.
struct Faithfulness {
  double scale = 0;              ///< d0 = d(everything, nothing)
  double sufficiency = 0;        ///< max(0, d0 - d(everything, what is important alone))
  double comprehensiveness = 0;  ///< d(everything, all but what is important)
  /// Of the two, over random draws: 0 where nothing is drawn, NaN for a single draw.
  double sufficiency_error = 0, comprehensiveness_error = 0;
};

/// Over many inputs. Where d0 is small, nothing at all already gives the answer, and shares of d0
/// are noise: such inputs are left out of the shares and counted.
struct FaithfulnessSummary {
  double sufficiency = 0;        ///< mean sufficiency / mean d0 of the inputs used; NaN for none
  double comprehensiveness = 0;  ///< mean comprehensiveness / mean d0 of the inputs used
  double mean_sufficiency = 0;   ///< of all inputs, not divided by anything
  double mean_comprehensiveness = 0;
  int64_t used = 0;
  int64_t excluded = 0;  ///< d0 below the smallest scale
};
/// @param smallest_scale  in the unit of d.
FaithfulnessSummary summarise(const std::vector<Faithfulness>& inputs, double smallest_scale);

}  // namespace assay::interp::attribution
