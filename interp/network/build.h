#pragma once
// From a configuration to the description of its network.

#include "interp/network/config.h"
#include "interp/network/places.h"

namespace assay::interp {

/// The places of a transformer: embeddings, blocks of attention and an MLP, one after the other,
/// and the unembedding. @throws as validate().
Places describe(const TransformerConfig& config);

}  // namespace assay::interp
