#pragma once
// The programs of many neurons, evaluated together by a few operations on bits.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "interp/execution/constant.h"
#include "tasks/two_sat/programs.h"

namespace assay::tasks::two_sat {

/// Programs as lists of paths. A path from the root to a leaf asks about some assignments, and a
/// truth table takes it if it has all of its answers: `table & asked == satisfied`, where the two
/// words belong to the path. A table takes exactly one path of each program. So the value of a
/// program is the number of paths taken among those that end in "on", or 1 minus the number among
/// those that end in "off"; whichever are fewer are kept. `any_of` has a single path to "off", on
/// which no assignment of the set satisfies.
///
/// All paths of all programs are compared with a batch of tables at once, and one matrix product
/// counts those that are taken. The numbers are 0 and 1, so it is exact.
class ProgramPaths {
 public:
  /// @param programs  whose assignments are below 64 (checked by truth_table_programs()).
  explicit ProgramPaths(const std::vector<Program>& programs);

  /// @param tables  int64 [batch]; bit a: assignment a satisfies the formula.
  /// @return bool [batch, program].
  at::Tensor values(const at::Tensor& tables) const;
  int64_t count() const { return asked_.value().size(0); }  ///< of paths

 private:
  interp::Constant asked_, satisfied_;  // int64 [path]
  interp::Constant step_;               // float [path, program]: +1 to "on", -1 to "off"
  interp::Constant base_;               // float [program]: the value if none of them is taken
};

}  // namespace assay::tasks::two_sat
