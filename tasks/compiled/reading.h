#pragma once
// Interpretations of compiled networks: what the program says, cut where blocks end.
//
// After a block the stream carries the variables that later lines still read. Those that heads read
// at all positions make one node, at the earlier positions, called `each_` and their names; with
// those that are read at the last position alone they make another one there, called by their
// names. Both together are a complete cut. A value is the index of each variable's value at each
// position, int64 [batch, pos, variables], -1 for none.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "circuits/interpretation/operations.h"
#include "tasks/compiled/compiler.h"

namespace assay::tasks::compiled {

/// @param setting  the program: its name or its text, as in the task's settings.
/// @param rival  the wrong interpretation instead of the right one.
/// @throws std::invalid_argument for a rival that does not exist, or that needs what the network
///   does not carry from one cut to the next.
circuits::Interpretation interpretation_of(const std::string& setting, bool rival);

/// h, {program, rival, given, at, wanted, positions, answers?}: runs the lines of a program from
/// some variables to others. `program` is the program's JSON as text. The parents give the
/// variables `given` at the positions `at`, one list for each parent; tokens are given as
/// {"tokens"}, for all positions. The value is that of the variables `wanted` at `positions`, int64
/// [batch, pos, variables]; with `answers`, the place among these of the one variable at the one
/// position, int64 [batch].
circuits::Function run_lines(const circuits::Operation& operation);

void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::compiled
