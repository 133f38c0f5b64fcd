#include "circuits/components/component_run.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "interp/network/arithmetic.h"

namespace assay::circuits {
namespace {

using at::Tensor;
using interp::Place;

// The places of one attention, found from what it writes backwards.
struct AttentionPlaces {
  const Place &output, &z, &v, &scores, &q, &k;
  const interp::RotaryForm* rotary;  // null where queries and keys are not rotated

  AttentionPlaces(const interp::Places& places, int component)
      : output(places[places.components[component].output]),
        z(places[output.reads[0].from]),
        v(places[z.reads[1].from]),
        scores(places[places.components[component].acts]),
        q(projection(places, scores.reads[0].from)),
        k(projection(places, scores.reads[1].from)),
        rotary(std::get_if<interp::RotaryForm>(&places[scores.reads[0].from].form)) {}

 private:
  static const Place& projection(const interp::Places& places, int place) {
    if (places[place].by == interp::Primitive::Rotate) place = places[place].reads[0].from;
    return places[place];
  }
};

// The part of a weight [head or kv head, ...] that belongs to some heads; several heads of queries
// may share one of the keys and values.
Tensor part_of(const Tensor& weight, const Heads& heads, int64_t n_heads) {
  if (!weight.defined()) return weight;
  const int64_t sharing = n_heads / weight.size(0);
  if (sharing == 1) return weight.narrow(0, heads.first, heads.count);
  const Tensor head = at::arange(heads.first, heads.first + heads.count,
                                 weight.options().dtype(torch::kInt64).requires_grad(false));
  return weight.index_select(0, at::floor_divide(head, sharing));
}

Tensor weight_of(const interp::Transformer& model, const Place& place, size_t i) {
  return i < place.weights.size() ? model.weights()[place.weights[i]] : Tensor();
}

// From the stream at `from` to the value of `to`, along places that treat positions one by one.
Tensor along(const interp::Transformer& model, int from, int to, const Tensor& x) {
  if (to == from) return x;
  const Place& place = model.places()[to];
  std::vector<Tensor> reads;
  for (const interp::Read& read : place.reads) reads.push_back(along(model, from, read.from, x));
  return apply(place, model.weights(), reads);
}

// [head, batch, query, key]. Queries stand at the last positions of the keys.
Tensor scores_of(const AttentionPlaces& attention, const Heads& heads, Tensor q, Tensor k) {
  const auto& form = std::get<interp::ScoresForm>(attention.scores.form);
  const int64_t n_queries = q.size(2), n_keys = k.size(2);
  const Tensor keys = at::arange(n_keys, q.options().dtype(torch::kInt64).requires_grad(false));
  const Tensor queries = keys.slice(0, n_keys - n_queries);
  if (attention.rotary) {
    q = rotate(q, queries, *attention.rotary);
    k = rotate(k, keys, *attention.rotary);
  }
  Tensor scores = interp::scores(q, k, form.scale);
  if (form.alibi)
    scores = scores + interp::alibi(attention.q.size(interp::Axis::Head), queries, keys, scores)
                          .narrow(0, heads.first, heads.count)
                          .unsqueeze(1);
  const interp::Read& read = attention.scores.reads[1];
  if (n_queries == 1 && read.reach != interp::Reach::Window) return scores;
  return interp::without_unseen(scores, queries, 0, read, interp::kUnseenScore);
}

}  // namespace

Tensor last_positions(const Tensor& x, int64_t positions) {
  const int64_t present = x.size(-2);
  return present == 1 || present == positions ? x : x.narrow(-2, present - positions, positions);
}

Tensor embedded(const interp::Transformer& model, const Tensor& tokens) {
  const interp::Places& places = model.places();
  return model.trace(tokens, {.record = {{.place = places[places.components[0].output].name}}})[0];
}

Tensor projected(const interp::Transformer& model, const Heads& heads, Port port, const Tensor& x) {
  const interp::Places& places = model.places();
  const AttentionPlaces attention(places, heads.component);
  const Place& place = port == Port::Query ? attention.q
                       : port == Port::Key ? attention.k
                                           : attention.v;
  const Tensor rows =
      along(model, places.components[heads.component].reads, place.reads[0].from, x).flatten(1, 2);
  const int64_t n_heads = attention.q.size(interp::Axis::Head);
  const Tensor W = part_of(weight_of(model, place, 0), heads, n_heads);
  const Tensor b = part_of(weight_of(model, place, 1), heads, n_heads);
  const Tensor out = interp::project_each_head(rows, W, b);  // [head, batch · pos, d_head]
  return out.reshape({heads.count, x.size(1), x.size(2), W.size(2)});
}

Tensor attended(const interp::Transformer& model, const Heads& heads, const Tensor& q,
                const Tensor& k, const Tensor& v) {
  const AttentionPlaces attention(model.places(), heads.component);
  const Tensor scores = scores_of(attention, heads, q, k);
  const Tensor z = interp::mix(interp::pattern_of(scores), v).flatten(1, 2);
  const Tensor W_O = weight_of(model, attention.output, 0).narrow(0, heads.first, heads.count);
  return interp::project_each_head(z, W_O, {}).view({heads.count, q.size(1), q.size(2), -1});
}

Tensor attention_bias(const interp::Transformer& model, int component) {
  const interp::ComponentPlaces& places = model.places().components[component];
  return places.kind == Kind::Head ? weight_of(model, model.places()[places.output], 1) : Tensor();
}

Tensor written(const interp::Transformer& model, int component, const Tensor& x) {
  const interp::ComponentPlaces& places = model.places().components[component];
  return along(model, places.reads, places.output, x);
}

Tensor unembedded(const interp::Transformer& model, const Tensor& x) {
  return written(model, static_cast<int>(model.places().components.size()) - 1, x);
}

Tensor run_components(const interp::Transformer& model, const ComponentGraph& graph,
                      const Tensor& input, int64_t readout, Wiring& wiring) {
  if (readout < 0 || readout >= input.size(1))
    throw std::invalid_argument(
        fmt::format("readout: position {} is out of range [0, {})", readout, input.size(1)));
  size_t next_readers = 0;
  const auto read = [&] { return wiring.input_of(graph.reader_groups()[next_readers++]); };
  const auto output_of = [&](const WriterGroup& group) -> Tensor {
    if (wiring.skips(group)) {
      while (graph.reader_groups()[next_readers].component == group.component) ++next_readers;
      return {};
    }
    if (group.kind != Kind::Head) return written(model, group.component, read());
    const Heads heads{group.component, 0, group.n_writers};
    const Tensor q = projected(model, heads, Port::Query, read());
    const Tensor k = projected(model, heads, Port::Key, read());
    const Tensor v = projected(model, heads, Port::Value, read());
    return attended(model, heads, q, k, v);
  };
  const std::vector<WriterGroup>& groups = graph.writer_groups();
  wiring.wrote(groups[0], input.narrow(1, 0, readout + 1).unsqueeze(0));
  for (size_t first = 1, end = 1; first < groups.size(); first = end) {
    std::vector<Tensor> outputs;  // of those side by side: all read before any of them writes
    for (; end < groups.size() && groups[end].stage == groups[first].stage; ++end)
      outputs.push_back(output_of(groups[end]));
    for (size_t i = first; i < end; ++i)
      if (outputs[i - first].defined()) wiring.wrote(groups[i], outputs[i - first]);
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
  stream_ = stream_.defined() ? last_positions(stream_, sum.size(1)) + sum : sum;
  if (const Tensor b = attention_bias(model_, group.component); b.defined()) stream_ = stream_ + b;
  joined_.push_back(stream_);
}

}  // namespace assay::circuits
