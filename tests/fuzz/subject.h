#pragma once
// The network and the interpretation that inputs of targets speak about: formulas of 4 clauses over
// 3 variables, decided by random weights.

#include <filesystem>
#include <memory>

#include "circuits/interpretation/interpretation.h"
#include "interp/network/transformer.h"
#include "tasks/task.h"

namespace assay::fuzz {

const tasks::Task& small_task();
const interp::Transformer& small_network();
/// One per variant that the task derives, saved as `into`/VARIANT.json; the network beside them as
/// model.safetensors.
void write_subject(const std::filesystem::path& into);

}  // namespace assay::fuzz
