#pragma once
// A network as everybody sees it who only wants to look inside and to overwrite: the checker, the
// explainers, the derivations.
//
// Assay's own transformer is one (transformer.h); a module of somebody else, reached through hooks,
// is another. What needs a residual stream of components (edges between heads) asks for
// transformer() and says so where there is none.

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "interp/execution/chunks.h"
#include "interp/network/places.h"
#include "interp/network/site.h"

namespace assay::interp {

class Transformer;

struct Overwrite {
  Site site;
  /// shape(site) with its positions counted in the sequence given; a batch of 1 is broadcast.
  at::Tensor value;
};

struct TraceRequest {
  std::vector<Site> record;
  std::vector<Overwrite> overwrite = {};
};

enum class Found { No, Yes, Unknown };

/// Whether a path leads around a set of sites, and one that does, as `place@position` from the
/// embedding to the logits.
struct Around {
  Found found = Found::Unknown;
  std::vector<std::string> path = {};
};

class Network {
 public:
  virtual ~Network() = default;

  /// At least their names, axes and sizes; a network of somebody else may not know what its places
  /// read, nor which of them the tokens are embedded at.
  virtual const Places& places() const = 0;
  virtual c10::Device device() const = 0;  ///< where the weights are, and what is recorded
  /// How many inputs one run should take: enough for the matrix products, few enough for the cache.
  virtual int64_t inputs_per_run() const { return kInputsPerRun; }

  /// One run that records the sites asked for and overwrites those given. It is a pure function of
  /// its arguments, differentiable, and may be called from several threads at once.
  /// @param tokens  int64 [batch, pos], pos at most n_ctx, each in [0, n_tokens); may be undefined
  ///   if the overwrites form a complete cut in front of everything recorded.
  /// @return the recorded values in the order of `request.record`, shaped as shape(site) says, with
  ///   the sequence's length in place of n_ctx. A recorded site that is also overwritten comes back
  ///   as overwritten; but what an overwritten score or pattern says of keys after the query is not
  ///   read.
  /// @throws std::invalid_argument on sites that the network lacks, on tokens out of range, on
  ///   values of the wrong shape or type (expected and got), and where tokens are needed and
  ///   missing.
  virtual std::vector<at::Tensor> trace(const at::Tensor& tokens,
                                        const TraceRequest& request) const = 0;

  /// Does a path from the tokens to `decision` avoid all of the sites? @throws as validate().
  virtual Around path_around(const std::vector<Site>& sites, const Site& decision) const = 0;
  /// Can anything at any of these sites influence `decision`? @throws as validate().
  virtual Found reaches(const std::vector<Site>& sites, const Site& decision) const = 0;

  /// Null where the network does not consist of components that this library can run one by one.
  virtual const Transformer* transformer() const { return nullptr; }

 protected:
  Network() = default;
  Network(const Network&) = default;
  Network& operator=(const Network&) = default;
};

/// @throws std::invalid_argument naming `what`, which needs components, where there are none.
const Transformer& require_transformer(const Network& network, const char* what);

/// Finite weights may still give NaN or infinity, of which no comparison says anything: whatever is
/// decided by logits or by a score made of them passes through here first.
/// @param values  [batch, …], computed from the rows of `tokens`, [batch, pos].
/// @param what  of which there are these values, in the plural.
/// @throws std::runtime_error naming the tokens of the first row that holds NaN or infinity.
void require_finite(const at::Tensor& values, const at::Tensor& tokens, const char* what);

/// Where the logits at one position stand, for a request; a network that pools its positions has
/// them at position 0 alone, whatever position is asked for. @throws std::invalid_argument where
/// nobody knows which place holds them.
Site logits_site(const Network& network, int64_t position);
/// Where the tokens have become vectors, and nothing else has happened: [batch, pos, d_model].
/// @throws std::invalid_argument where nobody knows which place that is.
Site embedding_site(const Network& network);
/// The vector of every token there, [n_tokens, d_model]. @throws as embedding_site().
at::Tensor token_embeddings(const Network& network);

/// Logits at one position. @return float32 [batch, vocab]. @throws as require_finite() does.
at::Tensor logits_at(const Network& network, const at::Tensor& tokens, int64_t position);

}  // namespace assay::interp
