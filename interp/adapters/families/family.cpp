#include "interp/adapters/families/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace assay::interp {

Registry<Family>& families() {
  static Registry<Family> all(
      "model_type",
      {{"gpt2", "GPT-2 and DistilGPT-2", read_gpt2},
       {"gpt_neo", "GPT-Neo and TinyStories: local attention in every other block", read_gpt_neo},
       {"gptj", "GPT-J: rotary positions, attention and MLP side by side", read_gptj},
       {"gpt_neox", "GPT-NeoX and Pythia: rotary positions, one after or beside the other",
        read_gpt_neox},
       {"opt", "OPT, with the projections and the norms of OPT-350m", read_opt},
       {"llama", "Llama, SmolLM and others saved as Llama", read_llama},
       {"mistral", "Mistral: Llama with a sliding window", read_mistral},
       {"qwen2", "Qwen 2 and 2.5: Llama with biases", read_qwen2},
       {"bert", "BERT with its head for masked words or for classes", read_bert},
       {"roberta", "RoBERTa with its head for masked words or for classes", read_roberta},
       {"distilbert", "DistilBERT with its head for masked words or for classes",
        read_distilbert}});
  return all;
}

TransformerConfig read_sizes(ConfigFields& config, const SizeFields& fields,
                             const TensorMap& tensors, const char* head_width) {
  const int64_t d_model = config.size(fields.width), layers = config.size(fields.layers),
                heads = config.size(fields.heads);
  if (std::cmp_greater(layers, tensors.size())) {
    config.refuse(fields.layers,
                  fmt::format("found {}, but only {} tensors", layers, tensors.size()));
  }
  const bool own_width = head_width != nullptr && config.has(head_width);
  if (!own_width && d_model % heads != 0) {
    config.refuse(fields.heads, fmt::format("expected a divisor of {}, found {}", d_model, heads));
  }
  const int64_t d_head = own_width ? config.size(head_width) : d_model / heads;
  return {.d_vocab = config.size(fields.vocabulary),
          .n_ctx = config.size(fields.positions),
          .d_model = d_model,
          .d_mlp = 4 * d_model,
          .n_heads = std::vector<int64_t>(layers, heads),
          .d_head = std::vector<int64_t>(layers, d_head)};
}

void set_windows(TransformerConfig& network, std::vector<int64_t> windows) {
  for (int64_t& window : windows) {
    if (window >= network.n_ctx) window = 0;
  }
  const bool any = std::ranges::any_of(windows, [](int64_t window) { return window > 0; });
  if (any) network.windows = std::move(windows);
}

namespace {

/// A number that may stand outside of `rope_parameters`, within, or alike in both.
double rotary_number(ConfigFields& config, ConfigFields& parameters,
                     std::initializer_list<const char*> outside, const char* within,
                     double if_absent) {
  double value = parameters.number(within, if_absent);
  for (const char* name : outside) {
    const double other = config.number(name, value);
    if (parameters.has(within) && other != value) {
      parameters.refuse(within, fmt::format("{}, but {} is {}", value, name, other));
    }
    value = other;
  }
  return value;
}

}  // namespace

void read_rotary(ConfigFields& config, TransformerConfig& network, double part) {
  network.positions = PositionEncoding::Rotary;
  ConfigFields scaling = config.object("rope_scaling");  // what it may be beside absent
  for (const char* type : {"type", "rope_type"}) scaling.require(type, "default");
  scaling.refuse_the_rest();

  ConfigFields parameters = config.object("rope_parameters");
  parameters.require("rope_type", "default");
  network.rotary_base = rotary_number(config, parameters, {"rope_theta", "rotary_emb_base"},
                                      "rope_theta", network.rotary_base);
  part = rotary_number(config, parameters, {"partial_rotary_factor", "rotary_pct"},
                       "partial_rotary_factor", part);
  parameters.refuse_the_rest();

  const int64_t d_head = network.d_head.front();
  const auto dims = static_cast<int64_t>(std::min(part, 2.0) * static_cast<double>(d_head));
  if (dims < 2 || dims > d_head || dims % 2 != 0) {
    config.refuse(
        "partial_rotary_factor",
        fmt::format("{} would rotate {} of the {} dimensions of a head", part, dims, d_head));
  }
  network.rotary_dims = dims == d_head ? 0 : dims;
}

}  // namespace assay::interp
