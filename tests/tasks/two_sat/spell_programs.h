#pragma once
// Programs of neurons, spelled shortly.

#include <vector>

#include "tasks/two_sat/programs.h"

namespace assay::tasks::two_sat {

inline Program ask(int assignment, const Program& yes, const Program& no) {
  return {{"assignment", assignment}, {"yes", yes}, {"no", no}};
}

inline Program any_of(const std::vector<int>& set) {
  return {{"any_of", set}};
}

}  // namespace assay::tasks::two_sat
