#pragma once
// Operations made of other operations. Interpretations need them where nodes are merged.
//   h  chain {steps: [{operation, parameters}, …]}: each step's value is the next one's only parent
//   γ  write_by_answer {steps, sites} (site0 [answers, pos, …], site1, …): the value's answer, an
//      index that the steps end in, chooses what is written to each site, whatever else the value
//      says
// The tensors of step i are called `i.NAME`.

#include <string>
#include <vector>

#include "circuits/interpretation/operations.h"

namespace assay::circuits {

/// `chain` of these functions; of a single one, that one.
Operation chain(const std::vector<Operation>& steps);

/// @param steps  functions from the node's value to its answer.
/// @param written  what to write to each of the node's sites: [answers, pos, …].
Operation write_by_answer(const std::vector<Operation>& steps,
                          const std::vector<at::Tensor>& written);

/// The functions of a node's descendants down to the output, in order: what the interpretation
/// makes of the node's value. From kTokens: the whole interpretation.
/// @throws std::invalid_argument if they are no chain, each the only parent of the next.
std::vector<Operation> functions_after(const Interpretation& interpretation,
                                       const std::string& node);

/// Registers both, over the functions that are there by now.
void add_compositions(Operations& operations);

}  // namespace assay::circuits
