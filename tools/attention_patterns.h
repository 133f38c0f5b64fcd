#pragma once
// The attention of an explained input as its record keeps it: of every head the share that each
// token gives to each, or why it is left out.

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "interp/attribution/scorer.h"
#include "interp/network/network.h"

namespace assay::tools {

struct HeadPattern {
  std::string head;                         ///< "block 1, head 2", counted from 1
  std::vector<std::vector<double>> shares;  ///< [from, to], to four digits
};

struct AttentionPatterns {
  std::vector<HeadPattern> heads;
  std::string left_out;  ///< why there are none; empty: here they are, or the network has no heads
};

/// So many numbers at most go into a record, about 140 KB.
inline constexpr int64_t kMostShares = 20'000;

/// Of one sequence, run as it is scored; what goes to padding in front of it is left out.
AttentionPatterns attention_patterns(const interp::Network& network,
                                     const interp::attribution::Sequence& tokens,
                                     const interp::attribution::Framing& framing);

}  // namespace assay::tools
