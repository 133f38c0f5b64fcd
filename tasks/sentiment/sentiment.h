#pragma once
// Is a review positive? Texts that people have rated, for classifiers that are explained (the
// domain of the SLALOM paper, arXiv 2405.13536). The texts are not part of Assay: tools/sentiment
// fetches them.

#include "tasks/registry.h"

namespace assay::tasks::sentiment {

/// This task as a line of the registry. Texts are read when they are first asked for, so that what
/// was written about a network can be read where they are gone. Its settings hold their hash.
TaskEntry entry();

}  // namespace assay::tasks::sentiment
