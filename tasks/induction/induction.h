#pragma once
// The induction case study: what follows the last symbol where it stood before? Two blocks of
// attention answer it by the mechanism that language models use for text that repeats (Elhage et
// al. 2021; arXiv 2602.08857 decompiles networks of this kind).

#include "tasks/registry.h"

namespace assay::tasks::induction {

/// This task as a line of the registry.
TaskEntry entry();

}  // namespace assay::tasks::induction
