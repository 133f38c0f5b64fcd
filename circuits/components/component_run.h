#pragma once
// A forward pass in terms of components: what each writes to the residual stream, and what each
// reads from it. A wiring decides what the readers see; the pass computes everything else, as the
// description of the network says (interp/network/places.h).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "circuits/components/component_graph.h"
#include "interp/network/transformer.h"

namespace assay::circuits {

/// Decides what readers see, and is told what writers wrote. Positions are those up to the readout,
/// or the readout alone for groups that are read there only, and for what the last block writes.
class Wiring {
 public:
  virtual ~Wiring() = default;
  /// @return [reader, batch, pos, d_model], with one reader in place of all where they see the
  /// same.
  virtual at::Tensor input_of(const ReaderGroup& group) = 0;
  /// @param outputs  [writer, batch, pos, d_model]
  virtual void wrote(const WriterGroup& group, const at::Tensor& outputs) = 0;
  /// Whether a group need not be computed, because what it writes is known or reaches nobody. Then
  /// its readers are passed over, and wrote() is not called.
  virtual bool skips(const WriterGroup& /*group*/) { return false; }
};

/// Runs the network with what its readers see taken from `wiring`.
/// @param input  what the input component writes, [batch, pos, d_model]: see embedded().
/// @return logits [batch, vocab] at `readout`.
/// @throws std::invalid_argument for a readout that is no position of the input.
at::Tensor run_components(const interp::Transformer& model, const ComponentGraph& graph,
                          const at::Tensor& input, int64_t readout, Wiring& wiring);

/// The network as it is: everybody reads the whole stream.
class PlainWiring : public Wiring {
 public:
  explicit PlainWiring(const interp::Transformer& model) : model_(model) {}
  at::Tensor input_of(const ReaderGroup& group) override;
  void wrote(const WriterGroup& group, const at::Tensor& outputs) override;

  /// Per writer group, [writer, batch, pos, d_model].
  const std::vector<at::Tensor>& outputs() const { return outputs_; }
  /// Per writer group, the stream after it has written, [batch, pos, d_model].
  const std::vector<at::Tensor>& joined() const { return joined_; }
  /// Per reader group, the stream that it saw, [batch, pos, d_model].
  const std::vector<at::Tensor>& streams() const { return streams_; }

 private:
  const interp::Transformer& model_;
  at::Tensor stream_;
  std::vector<at::Tensor> outputs_, joined_, streams_;
};

// --- the parts of a pass. Components are counted as in the network's places.

/// Token and position embeddings. tokens: int64 [batch, pos] -> [batch, pos, d_model].
/// @throws std::invalid_argument for tokens that the model cannot read.
at::Tensor embedded(const interp::Transformer& model, const at::Tensor& tokens);

/// Some heads of an attention: head first … first + count - 1.
struct Heads {
  int component = 0;
  int64_t first = 0, count = 0;
};

/// Queries, keys or values for x [head or 1, batch, pos, d_model], a norm included.
/// @return [head, batch, pos, d_head]
at::Tensor projected(const interp::Transformer& model, const Heads& heads, Port port,
                     const at::Tensor& x);
/// What the heads write, without b_O, which belongs to no head. Queries stand at the last positions
/// of the keys. @param q  [head, batch, query, d_head]; @param k, v  [head, batch, key, d_head].
/// @return [head, batch, query, d_model]
at::Tensor attended(const interp::Transformer& model, const Heads& heads, const at::Tensor& q,
                    const at::Tensor& k, const at::Tensor& v);
/// b_O of an attention; undefined for other components and where there is none.
at::Tensor attention_bias(const interp::Transformer& model, int component);
/// What a component without heads makes of what it reads (an MLP's output, the logits), a norm
/// included. x: [..., d_model] -> [..., d_model or vocab]
at::Tensor written(const interp::Transformer& model, int component, const at::Tensor& x);
/// Logits, final norm included. x: [..., d_model] -> [..., vocab].
at::Tensor unembedded(const interp::Transformer& model, const at::Tensor& x);

/// The last `positions` positions of x [..., pos, d_model]; a single one stands for all.
at::Tensor last_positions(const at::Tensor& x, int64_t positions);

}  // namespace assay::circuits
