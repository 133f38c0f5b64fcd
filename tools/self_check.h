#pragma once
// Does a trace of the network mean what its names say? Every value is recomputed from the recorded
// ones that it is computed from, in float64 and from the definitions, independent of how the
// network is run. Both share one reading of the file, so that a file read as another network
// passes: expectation.h sees that.

#include <cstdint>
#include <string>
#include <vector>

namespace assay::interp {
class Transformer;
}

namespace assay::tools {

struct Identity {
  std::string formula;       ///< `resid_post = resid_mid + mlp_out`
  double largest_error = 0;  ///< absolute, over all blocks, inputs and positions
  double largest_value = 0;  ///< of the recomputed values, to compare the error with
};

/// @param seed  of the random tokens that the network is run on.
std::vector<Identity> check_identities(const interp::Transformer& model, uint64_t seed);

/// Finite weights may give logits that are none, which decide nothing.
/// @return how many inputs have logits that are NaN or infinite: a few random ones, and some in
///   which every token occurs, as far as a second or so reaches.
int64_t inputs_without_finite_logits(const interp::Transformer& model, uint64_t seed);

}  // namespace assay::tools
