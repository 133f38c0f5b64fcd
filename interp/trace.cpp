#include "interp/trace.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

#include "interp/plan.h"
#include "interp/transformer.h"

namespace assay::interp {
namespace {

using at::Tensor;

int64_t position_axis(Hook hook) {
  return is_attention_map(hook) ? 2 : 1;
}

Tensor as_index(const Positions& indices, const Tensor& like) {
  return torch::tensor(indices, torch::kInt64).to(like.device());
}

// A view where the indices are consecutive, else a copy.
Tensor select(const Tensor& value, int64_t axis, const Positions& indices) {
  const auto count = static_cast<int64_t>(indices.size());
  if (indices.back() - indices.front() + 1 == count)
    return value.narrow(axis, indices.front(), count);
  return value.index_select(axis, as_index(indices, value));
}

// Where `positions` stand within `present`, which contains them.
Positions ranks(const Positions& positions, const Positions& present) {
  Positions found;
  for (int64_t position : positions)
    found.push_back(std::ranges::lower_bound(present, position) - present.begin());
  return found;
}

Tensor affine(const Tensor& x, const Tensor& W, const Tensor& b) {
  return b.defined() ? at::linear(x, W.t(), b) : at::matmul(x, W);
}

// [head, d_model, d_head] as one matrix [d_model, head · d_head].
Tensor side_by_side(const Tensor& W) {
  return W.permute({1, 0, 2}).flatten(1);
}

Tensor flat(const Tensor& b) {
  return b.defined() ? b.flatten() : b;
}

// x_h W_h for every head h, each one product for the whole batch (broadcasting W over the batch
// would make a tiny product per input). x: [batch, head, pos, m], W: [head, m, n] -> [batch, head,
// pos, n].
Tensor per_head(const Tensor& x, const Tensor& W) {
  const Tensor rows = x.transpose(0, 1).flatten(1, 2);  // [head, batch · pos, m]
  return at::bmm(rows, W).view({x.size(1), x.size(0), x.size(2), W.size(2)}).transpose(0, 1);
}

std::vector<Site> sites_of(const std::vector<Overwrite>& overwrites) {
  std::vector<Site> sites;
  for (const Overwrite& overwrite : overwrites) sites.push_back(overwrite.site);
  return sites;
}

/// Computes the steps of one plan, place by place, in order.
class Run {
 public:
  Run(const Transformer& model, const Tensor& tokens, const TraceRequest& request, int64_t batch,
      int64_t n_pos)
      : model_(model),
        config_(model.config()),
        tokens_(tokens),
        request_(request),
        batch_(batch),
        n_pos_(n_pos),
        plan_(config_, request.record, sites_of(request.overwrite), n_pos) {
    if (!plan_.needs_tokens()) return;
    if (!tokens.defined())
      throw std::invalid_argument(
          "trace: the overwritten sites are no complete cut before what is recorded, so tokens are "
          "needed, and none were given");
    find_distinct_inputs();
  }

  std::vector<Tensor> operator()() {
    for (const Step& step : plan_.steps()) values_[step.place] = value_of(step);
    std::vector<Tensor> recorded;
    for (const Site& site : request_.record) recorded.push_back(recorded_value(site));
    return recorded;
  }

 private:
  // --- values in and out

  bool visible(const Place& place) const {
    return std::ranges::any_of(request_.record, [&](auto& s) { return s.place == place; }) ||
           std::ranges::any_of(request_.overwrite, [&](auto& o) { return o.site.place == place; });
  }

  Tensor recorded_value(const Site& site) const {
    Tensor value = read(site.place, positions_of(site));
    if (site.head) value = value.select(is_attention_map(site.place.hook) ? 1 : 2, *site.head);
    if (!site.neurons.empty()) value = select(value, 2, site.neurons);
    std::vector<int64_t> sizes = value.sizes().vec();
    sizes[0] = batch_;  // positional embeddings and broadcast overwrites have a batch of 1
    return value.expand(sizes);
  }

  Positions positions_of(const Site& site) const {
    return site.positions.empty() ? positions_up_to(n_pos_) : site.positions;
  }

  Tensor read(const Place& place, const Positions& positions) const {
    const Positions& present = plan_.find(place)->present;
    const Tensor& value = values_.at(place);
    if (positions == present) return value;
    return select(value, position_axis(place.hook), ranks(positions, present));
  }

  Tensor value_of(const Step& step) {
    Tensor value = step.computed.empty() ? Tensor() : compute(step);
    if (value.defined() && is_attention_map(step.place.hook) && visible(step.place))
      value = with_all_keys(value, step);
    std::vector<const Overwrite*> overwrites;
    for (const Overwrite& overwrite : request_.overwrite)
      if (overwrite.site.place == step.place) overwrites.push_back(&overwrite);
    if (overwrites.empty()) return value;
    const Site& first = overwrites[0]->site;
    if (!value.defined() && overwrites.size() == 1 && !first.head && first.neurons.empty() &&
        positions_of(first) == step.present)
      return overwrites[0]->value;
    return overlay(step, value, overwrites);
  }

  // Scores and patterns that somebody sees speak of every key, also of those after the query.
  Tensor with_all_keys(const Tensor& map, const Step& step) const {
    const double unseen =
        step.place.hook == Hook::Pattern ? 0 : -std::numeric_limits<double>::infinity();
    return causal(at::constant_pad_nd(map, {0, n_pos_ - map.size(-1)}), step.computed, unseen);
  }

  // `map` [batch, head, pos, key] of these queries, with `unseen` at the keys after each.
  static Tensor causal(const Tensor& map, const Positions& queries, double unseen) {
    const Tensor query = as_index(queries, map).unsqueeze(1);
    return map.masked_fill(at::arange(map.size(-1), query.options()) > query, unseen);
  }

  // Patterns that queries read: an overwritten one may speak of later keys, which stay unseen.
  Tensor read_pattern(const Step& step, int64_t n_keys) const {
    const Place place{Hook::Pattern, step.place.layer};
    const Tensor pattern = read(place, step.computed).narrow(-1, 0, n_keys);
    return overwritten(place) ? causal(pattern, step.computed, 0) : pattern;
  }

  Tensor overlay(const Step& step, const Tensor& computed,
                 const std::vector<const Overwrite*>& overwrites) const {
    const int64_t axis = position_axis(step.place.hook);
    std::vector<int64_t> sizes = shape(Site{.place = step.place}, config_);
    sizes[0] = batch_;
    sizes[axis] = static_cast<int64_t>(step.present.size());
    if (is_attention_map(step.place.hook)) sizes[3] = n_pos_;
    Tensor value = at::zeros(sizes, model_.W_E.options().requires_grad(false));
    const auto put = [&](const Positions& positions, const Tensor& part) {
      value.index_copy_(axis, as_index(ranks(positions, step.present), value), part);
    };
    if (computed.defined()) {
      std::vector<int64_t> computed_sizes = computed.sizes().vec();
      computed_sizes[0] = batch_;
      put(step.computed, computed.expand(computed_sizes));
    }
    for (const Overwrite* overwrite : overwrites) {
      const Site& site = overwrite->site;
      const Positions given = positions_of(site);
      Positions used;
      std::ranges::set_intersection(given, step.present, std::back_inserter(used));
      if (used.empty()) continue;
      const int64_t given_axis = site.head && is_attention_map(site.place.hook) ? 1 : axis;
      const Tensor source = select(overwrite->value, given_axis, ranks(used, given));
      Tensor part = select(value, axis, ranks(used, step.present)).clone();
      if (site.head)
        part.select(is_attention_map(site.place.hook) ? 1 : 2, *site.head).copy_(source);
      else if (!site.neurons.empty())
        part.index_copy_(2, as_index(site.neurons, part), source.expand({batch_, -1, -1}));
      else
        part.copy_(source);
      put(used, part);
    }
    return value;
  }

  // --- block 1 reads only (token, position) pairs, and a batch has few distinct ones

  void find_distinct_inputs() {
    const Step* stream = plan_.find({Hook::ResidPre, 0});
    if (!stream || !stream->folded) return;
    const Tensor position = at::arange(n_pos_, tokens_.options());
    auto [ids, inverse, counts] = at::_unique2(tokens_ * n_pos_ + position, true, true);
    tokens_of_rows_ = at::floor_divide(ids, n_pos_);
    positions_of_rows_ = at::remainder(ids, n_pos_);
    row_of_input_ = inverse;  // [batch, pos]
    rows_ = at::embedding(model_.W_E, tokens_of_rows_) +
            at::embedding(model_.W_pos, positions_of_rows_);
  }

  // Rows [distinct, …] spread over the inputs: [batch, |positions|, …].
  Tensor spread(const Tensor& rows, const Positions& positions) const {
    const Tensor index = select(row_of_input_, 1, positions);
    return rows.index_select(0, index.flatten()).view({batch_, index.size(1), rows.size(1)});
  }

  bool reads_rows(int64_t layer) const {
    return layer == 0 && rows_.defined() && !overwritten({Hook::ResidPre, 0}) &&
           !overwritten({Hook::Ln1, 0});
  }

  bool overwritten(const Place& place) const {
    return std::ranges::any_of(request_.overwrite, [&](auto& o) { return o.site.place == place; });
  }

  // --- the network

  Tensor normalised(const Tensor& x, const std::shared_ptr<LayerNorm>& norm) const {
    return norm ? at::layer_norm(x, {config_.d_model}, norm->w, norm->b, config_.norm_eps) : x;
  }

  // What attention and MLP of a block read.
  Place source(Hook stream, Hook norm, int64_t layer) const {
    return {config_.norm == Norm::None ? stream : norm, layer};
  }

  // x W + b with x the input of the block's attention at `positions`.
  Tensor project(int64_t layer, const Positions& positions, const Tensor& W,
                 const Tensor& b) const {
    if (reads_rows(layer))
      return spread(affine(normalised(rows_, model_.blocks[0]->ln1), W, b), positions);
    return affine(read(source(Hook::ResidPre, Hook::Ln1, layer), positions), W, b);
  }

  Tensor heads(const Step& step, const Tensor& W, const Tensor& b) const {
    const Tensor joined = project(step.place.layer, step.computed, side_by_side(W), flat(b));
    return joined.view({joined.size(0), joined.size(1), W.size(0), W.size(2)});
  }

  // u · x for every position attended to. u: [batch, row, d_model] -> [batch, row, key]. The large
  // factor stands on the left so that its gradient comes out in its own memory layout.
  Tensor dot_attended(const Step& step, const Positions& keys, const Tensor& u) const {
    const int64_t layer = step.place.layer;
    if (step.reads == Reads::Absorbed)
      return at::matmul(read(source(Hook::ResidPre, Hook::Ln1, layer), keys), u.transpose(1, 2))
          .transpose(1, 2);
    const Mlp& mlp = *model_.blocks[layer - 1]->mlp;
    const Tensor through = at::matmul(u, mlp.W_out.t());  // [batch, row, d_mlp]
    const Tensor dot = at::matmul(read({Hook::ResidMid, layer - 1}, keys), u.transpose(1, 2)) +
                       at::matmul(read({Hook::MlpPost, layer - 1}, keys), through.transpose(1, 2));
    if (!mlp.b_out.defined()) return dot.transpose(1, 2);
    return dot.transpose(1, 2) + at::matmul(u, mlp.b_out).unsqueeze(-1);
  }

  // Σ_key pattern · x. pattern: [batch, row, key] -> [batch, row, d_model].
  Tensor mix_attended(const Step& step, const Positions& keys, const Tensor& pattern) const {
    const int64_t layer = step.place.layer;
    if (step.reads == Reads::Absorbed)
      return at::matmul(pattern, read(source(Hook::ResidPre, Hook::Ln1, layer), keys));
    const Mlp& mlp = *model_.blocks[layer - 1]->mlp;
    Tensor mix = at::matmul(pattern, read({Hook::ResidMid, layer - 1}, keys)) +
                 at::matmul(at::matmul(pattern, read({Hook::MlpPost, layer - 1}, keys)), mlp.W_out);
    if (mlp.b_out.defined()) mix = mix + pattern.sum(-1, true) * mlp.b_out;
    return mix;
  }

  Tensor scores(const Step& step) const {
    const int64_t layer = step.place.layer;
    const Attention& attn = *model_.blocks[layer]->attn;
    const Positions keys = positions_up_to(step.computed.back() + 1);
    const double scale = 1 / std::sqrt(static_cast<double>(config_.d_head[layer]));
    if (step.folded) return folded_scores(step.computed, keys) * scale;
    const Tensor q =
        read({Hook::Q, layer}, step.computed).transpose(1, 2);  // [batch, head, pos, d_head]
    if (step.reads == Reads::Formed)
      return at::matmul(q * scale, read({Hook::K, layer}, keys).permute({0, 2, 3, 1}));
    // (W_K q) · x, and q · b_K, which is the same for every key.
    const Tensor u = per_head(q * scale, attn.W_K.transpose(1, 2));  // [batch, head, pos, d_model]
    Tensor dot = dot_attended(step, keys, u.flatten(1, 2));
    if (attn.b_K.defined()) dot = dot + at::matmul(q * scale, attn.b_K.unsqueeze(-1)).flatten(1, 2);
    return dot.reshape({dot.size(0), q.size(1), q.size(2), -1});
  }

  // The only head of block 1, without a query or key per input: [batch, 1, pos, key].
  Tensor folded_scores(const Positions& queries, const Positions& keys) const {
    const Attention& attn = *model_.blocks[0]->attn;
    const auto project_with = [&](const Tensor& x, const Tensor& W, const Tensor& b) {
      return affine(x, W[0], b.defined() ? b[0] : b);
    };
    if (!reads_rows(0)) {
      const Place x = source(Hook::ResidPre, Hook::Ln1, 0);
      const Tensor q = project_with(read(x, queries), attn.W_Q, attn.b_Q);
      const Tensor k = project_with(read(x, keys), attn.W_K, attn.b_K);
      return at::matmul(q, k.transpose(1, 2)).unsqueeze(1);
    }
    const Tensor rows = normalised(rows_, model_.blocks[0]->ln1);
    const Tensor q = project_with(rows, attn.W_Q, attn.b_Q),
                 k = project_with(rows, attn.W_K, attn.b_K);
    if (rows.size(0) * rows.size(0) > batch_ * static_cast<int64_t>(queries.size() * keys.size()))
      return at::matmul(spread(q, queries), spread(k, keys).transpose(1, 2)).unsqueeze(1);
    const Tensor table = at::matmul(q, k.t());  // [distinct, distinct]
    const Tensor pair = select(row_of_input_, 1, queries).unsqueeze(2) * rows.size(0) +
                        select(row_of_input_, 1, keys).unsqueeze(1);
    return at::take(table, pair).unsqueeze(1);
  }

  Tensor pattern(const Step& step) const {
    Tensor scores = read({Hook::AttnScores, step.place.layer}, step.computed);
    const int64_t n_keys = step.computed.back() + 1;
    scores = scores.narrow(-1, 0, n_keys);
    if (step.computed.size() > 1)
      scores = causal(scores, step.computed, -std::numeric_limits<double>::infinity());
    return at::softmax(scores, -1);
  }

  Tensor z(const Step& step) const {
    const int64_t layer = step.place.layer;
    const Attention& attn = *model_.blocks[layer]->attn;
    const Positions keys = positions_up_to(step.computed.back() + 1);
    const Tensor p = read_pattern(step, keys.back() + 1);  // [batch, head, pos, key]
    if (step.reads == Reads::Formed)
      return at::matmul(p, read({Hook::V, layer}, keys).transpose(1, 2)).transpose(1, 2);
    const Tensor mix =
        mix_attended(step, keys, p.flatten(1, 2)).view({-1, p.size(1), p.size(2), config_.d_model});
    Tensor value = per_head(mix, attn.W_V).transpose(1, 2);  // [batch, pos, head, d_head]
    if (attn.b_V.defined()) value = value + p.sum(-1).transpose(1, 2).unsqueeze(-1) * attn.b_V;
    return value;
  }

  Tensor attn_out(const Step& step) const {
    const int64_t layer = step.place.layer;
    const Attention& attn = *model_.blocks[layer]->attn;
    Tensor out;
    if (step.folded) {
      const Positions keys = positions_up_to(step.computed.back() + 1);
      const Tensor p = read_pattern(step, keys.back() + 1).select(1, 0);
      const Tensor b_V = attn.b_V.defined() ? at::matmul(attn.b_V[0], attn.W_O[0]) : Tensor();
      out = at::matmul(p, project(layer, keys, at::matmul(attn.W_V[0], attn.W_O[0]), b_V));
    } else {
      out = at::matmul(read({Hook::Z, layer}, step.computed).flatten(2), attn.W_O.flatten(0, 1));
    }
    return attn.b_O.defined() ? out + attn.b_O : out;
  }

  Tensor activated(const Step& step) const {
    const Place pre{Hook::MlpPre, step.place.layer};
    const Tensor x = read(pre, step.computed);
    if (config_.activation == Activation::Gelu) return at::gelu(x, "tanh");
    // Where nobody sees the pre-activation, its memory serves.
    return visible(pre) || x.requires_grad() ? at::relu(x) : at::relu_(const_cast<Tensor&>(x));
  }

  Tensor resid_pre(const Step& step) const {
    const int64_t layer = step.place.layer;
    if (layer > 0) return read({Hook::ResidPost, layer - 1}, step.computed);
    if (step.folded) return spread(rows_, step.computed);
    return read({Hook::Embed, 0}, step.computed) + read({Hook::PosEmbed, 0}, step.computed);
  }

  Tensor compute(const Step& step) const {
    const auto& [hook, layer] = step.place;
    const Positions& at_positions = step.computed;
    const auto input = [&](Hook from) { return read({from, layer}, at_positions); };
    const Block& block = *model_.blocks[layer];
    switch (hook) {
      case Hook::Embed:
        return at::embedding(model_.W_E, select(tokens_, 1, at_positions));
      case Hook::PosEmbed:
        return select(model_.W_pos, 0, at_positions).unsqueeze(0);
      case Hook::ResidPre:
        return resid_pre(step);
      case Hook::Ln1:
        return normalised(input(Hook::ResidPre), block.ln1);
      case Hook::Q:
        return heads(step, block.attn->W_Q, block.attn->b_Q);
      case Hook::K:
        return heads(step, block.attn->W_K, block.attn->b_K);
      case Hook::V:
        return heads(step, block.attn->W_V, block.attn->b_V);
      case Hook::AttnScores:
        return scores(step);
      case Hook::Pattern:
        return pattern(step);
      case Hook::Z:
        return z(step);
      case Hook::AttnOut:
        return attn_out(step);
      case Hook::ResidMid:
        return input(Hook::ResidPre) + input(Hook::AttnOut);
      case Hook::Ln2:
        return normalised(input(Hook::ResidMid), block.ln2);
      case Hook::MlpPre:
        return affine(read(source(Hook::ResidMid, Hook::Ln2, layer), at_positions), block.mlp->W_in,
                      block.mlp->b_in);
      case Hook::MlpPost:
        return activated(step);
      case Hook::MlpOut:
        return affine(input(Hook::MlpPost), block.mlp->W_out, block.mlp->b_out);
      case Hook::ResidPost:
        return input(Hook::ResidMid) + input(Hook::MlpOut);
      case Hook::LnFinal:
        return normalised(read({Hook::ResidPost, config_.n_layers() - 1}, at_positions),
                          model_.ln_final);
      case Hook::Logits:
        return affine(config_.norm == Norm::None
                          ? read({Hook::ResidPost, config_.n_layers() - 1}, at_positions)
                          : read({Hook::LnFinal, 0}, at_positions),
                      model_.W_U, model_.b_U);
    }
    return {};
  }

  const Transformer& model_;
  const TransformerConfig& config_;
  const Tensor& tokens_;
  const TraceRequest& request_;
  const int64_t batch_, n_pos_;
  const Plan plan_;
  std::map<Place, Tensor> values_;
  Tensor tokens_of_rows_, positions_of_rows_, row_of_input_;  // distinct inputs of block 1
  Tensor rows_;  // their embeddings [distinct, d_model]
};

void check_tokens(const Tensor& tokens, const TransformerConfig& config) {
  if (tokens.dim() != 2 || tokens.scalar_type() != at::kLong)
    throw std::invalid_argument(fmt::format("tokens: expected int64 [batch, pos], got {} {}",
                                            c10::toString(tokens.scalar_type()),
                                            tokens.sizes().vec()));
  if (tokens.size(1) > config.n_ctx)
    throw std::invalid_argument(fmt::format("tokens: {} positions, but the model has only {}",
                                            tokens.size(1), config.n_ctx));
  if (tokens.numel() == 0) throw std::invalid_argument("tokens: the batch is empty");
  const int64_t low = tokens.min().item<int64_t>(), high = tokens.max().item<int64_t>();
  if (low < 0 || high >= config.d_vocab)
    throw std::invalid_argument(fmt::format("tokens: token {} is out of range [0, {})",
                                            low < 0 ? low : high, config.d_vocab));
}

void check_type(const Overwrite& overwrite, const Transformer& model) {
  if (!overwrite.value.defined())
    throw std::invalid_argument(
        fmt::format("overwriting '{}': no value given", to_string(overwrite.site)));
  if (overwrite.value.scalar_type() != model.W_E.scalar_type())
    throw std::invalid_argument(fmt::format(
        "overwriting '{}': expected {} values, got {}", to_string(overwrite.site),
        c10::toString(model.W_E.scalar_type()), c10::toString(overwrite.value.scalar_type())));
}

void check_value(const Overwrite& overwrite, const TransformerConfig& config, int64_t batch,
                 int64_t n_pos) {
  std::vector<int64_t> expected = shape(overwrite.site, config);
  const Hook hook = overwrite.site.place.hook;
  const bool map = is_attention_map(hook);
  if (overwrite.site.positions.empty()) expected[map && !overwrite.site.head ? 2 : 1] = n_pos;
  if (map) expected.back() = n_pos;
  std::vector<int64_t> got = overwrite.value.sizes().vec();
  expected[0] = got.empty() || got[0] != 1 ? batch : 1;
  if (got != expected)
    throw std::invalid_argument(fmt::format("overwriting '{}': expected shape {}, got {}",
                                            to_string(overwrite.site), expected, got));
}

}  // namespace

std::vector<Tensor> trace(const Transformer& model, const Tensor& tokens,
                          const TraceRequest& request) {
  const TransformerConfig& config = model.config();
  for (const Site& site : request.record) validate(site, config);
  int64_t batch = 1, n_pos = config.n_ctx;
  if (tokens.defined()) {
    check_tokens(tokens, config);
    batch = tokens.size(0);
    n_pos = tokens.size(1);
  }
  for (const Overwrite& overwrite : request.overwrite) {
    validate(overwrite.site, config);
    check_type(overwrite, model);
    if (!tokens.defined() && overwrite.value.dim() > 0)
      batch = std::max(batch, overwrite.value.size(0));
  }
  for (const Overwrite& overwrite : request.overwrite) check_value(overwrite, config, batch, n_pos);
  return Run(model, tokens, request, batch, n_pos)();
}

Tensor logits_at(const Transformer& model, const Tensor& tokens, int64_t position) {
  const Site readout{.place = {Hook::Logits, 0}, .positions = {position}};
  return trace(model, tokens, {.record = {readout}, .overwrite = {}})[0].squeeze(1);
}

}  // namespace assay::interp
