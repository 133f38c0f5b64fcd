#include "circuits/component_run.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "interp/layers.h"
#include "interp/trace.h"

namespace assay::circuits {
namespace {

using at::Tensor;

Tensor weight_of(const interp::Attention& attention, Port port) {
  return port == Port::Query ? attention.W_Q : port == Port::Key ? attention.W_K : attention.W_V;
}

Tensor bias_of(const interp::Attention& attention, Port port) {
  return port == Port::Query ? attention.b_Q : port == Port::Key ? attention.b_K : attention.b_V;
}

}  // namespace

Tensor last_positions(const Tensor& x, int64_t positions) {
  const int64_t present = x.size(-2);
  return present == 1 || present == positions ? x : x.narrow(-2, present - positions, positions);
}

Tensor embedded(const interp::Transformer& model, const Tensor& tokens) {
  const interp::Site stream{.place = {interp::Hook::ResidPre, 0}};
  return interp::trace(model, tokens, {.record = {stream}, .overwrite = {}})[0];
}

Tensor projected(const interp::Transformer& model, const Heads& heads, Port port, const Tensor& x) {
  const interp::Block& block = *model.blocks[heads.layer];
  const Tensor W = weight_of(*block.attn, port).narrow(0, heads.first, heads.count);
  const Tensor rows = interp::normalised(x, block.ln1, model.config()).flatten(1, 2);
  Tensor out;                                // [head, batch · pos, d_head]
  if (rows.size(0) == 1 && heads.count > 1)  // one product for all heads
    out = at::matmul(rows[0], W.permute({1, 0, 2}).flatten(1))
              .view({rows.size(1), W.size(0), W.size(2)})
              .transpose(0, 1);
  else
    out = at::bmm(rows, W);
  if (const Tensor b = bias_of(*block.attn, port); b.defined())
    out = out + b.narrow(0, heads.first, heads.count).unsqueeze(1);
  return out.reshape({heads.count, x.size(1), x.size(2), W.size(2)});
}

Tensor attended(const interp::Transformer& model, const Heads& heads, const Tensor& q,
                const Tensor& k, const Tensor& v) {
  const int64_t n_queries = q.size(2), n_keys = k.size(2), d_head = q.size(3);
  const Tensor scaled = q * (1 / std::sqrt(static_cast<double>(d_head)));
  Tensor scores = at::matmul(scaled, k.transpose(2, 3));  // [head, batch, query, key]
  if (n_queries > 1) {
    const Tensor key = at::arange(n_keys, q.options().dtype(torch::kInt64));
    const Tensor query = key.slice(0, n_keys - n_queries).unsqueeze(1);
    scores = scores.masked_fill(key > query, -std::numeric_limits<double>::infinity());
  }
  const Tensor z = at::matmul(at::softmax(scores, -1), v).flatten(1, 2);
  const Tensor W_O = model.blocks[heads.layer]->attn->W_O.narrow(0, heads.first, heads.count);
  return at::bmm(z, W_O).view({heads.count, q.size(1), n_queries, -1});
}

Tensor attention_bias(const interp::Transformer& model, int64_t layer) {
  return model.blocks[layer]->attn->b_O;
}

Tensor mlp_output(const interp::Transformer& model, int64_t layer, const Tensor& x) {
  const interp::Block& block = *model.blocks[layer];
  const interp::Mlp& mlp = *block.mlp;
  const Tensor hidden =
      interp::affine(interp::normalised(x, block.ln2, model.config()), mlp.W_in, mlp.b_in);
  return interp::affine(interp::activated(hidden, model.config()), mlp.W_out, mlp.b_out);
}

Tensor unembedded(const interp::Transformer& model, const Tensor& x) {
  return interp::affine(interp::normalised(x, model.ln_final, model.config()), model.W_U,
                        model.b_U);
}

Tensor run_components(const interp::Transformer& model, const ComponentGraph& graph,
                      const Tensor& input, int64_t readout, Wiring& wiring) {
  if (readout < 0 || readout >= input.size(1))
    throw std::invalid_argument(
        fmt::format("readout: position {} is out of range [0, {})", readout, input.size(1)));
  size_t next_readers = 0, next_writers = 0;
  const auto wrote = [&](const Tensor& outputs) {
    wiring.wrote(graph.writer_groups()[next_writers++], outputs);
  };
  const auto read = [&] { return wiring.input_of(graph.reader_groups()[next_readers++]); };
  wrote(input.narrow(1, 0, readout + 1).unsqueeze(0));
  for (int64_t layer = 0; layer < model.config().n_layers(); ++layer) {
    const Heads heads{layer, 0, model.config().n_heads[layer]};
    const Tensor q = projected(model, heads, Port::Query, read());
    const Tensor k = projected(model, heads, Port::Key, read());
    const Tensor v = projected(model, heads, Port::Value, read());
    wrote(attended(model, heads, q, k, v));
    wrote(mlp_output(model, layer, read()));
  }
  return unembedded(model, read()[0].select(1, 0));
}

Tensor PlainWiring::input_of(const ReaderGroup& group) {
  streams_.push_back(group.at_readout ? last_positions(stream_, 1) : stream_);
  return streams_.back().unsqueeze(0);
}

void PlainWiring::wrote(const WriterGroup& group, const Tensor& outputs) {
  outputs_.push_back(outputs);
  const Tensor sum = outputs.size(0) == 1 ? outputs[0] : outputs.sum(0);
  if (!stream_.defined()) {
    stream_ = sum;
    return;
  }
  stream_ = last_positions(stream_, sum.size(1)) + sum;
  if (group.kind != Kind::Head) return;
  if (const Tensor b = attention_bias(model_, group.layer); b.defined()) stream_ = stream_ + b;
}

}  // namespace assay::circuits
