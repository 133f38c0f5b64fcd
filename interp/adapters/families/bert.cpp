// BERT, RoBERTa and DistilBERT: norms behind attention and MLP, every position attends to all. They
// differ in the names of their modules, in what is added to the embeddings, and in their heads.
//
// Which head a file has decides what its outputs are, so `architectures` must say it.

#include <fmt/format.h>

#include "interp/adapters/families/family.h"
#include "interp/adapters/families/modules.h"

namespace assay::interp {
namespace {

enum class EncoderHead { Words, Classes };

constexpr SizeFields kSizesOfBert = {"vocab_size", "max_position_embeddings", "hidden_size",
                                     "num_hidden_layers", "num_attention_heads"};
constexpr SizeFields kSizesOfDistilBert = {"vocab_size", "max_position_embeddings", "dim",
                                           "n_layers", "n_heads"};

/// Names of a block's modules behind `encoder.layer.N.` or `transformer.layer.N.`.
struct EncoderNames {
  const char *block, *q, *k, *v, *o, *in, *out, *norm1, *norm2;
};
constexpr EncoderNames kNamesOfBert = {
    "encoder.layer.{}.",    "attention.self.query",       "attention.self.key",
    "attention.self.value", "attention.output.dense",     "intermediate.dense",
    "output.dense",         "attention.output.LayerNorm", "output.LayerNorm"};
constexpr EncoderNames kNamesOfDistilBert = {
    "transformer.layer.{}.", "attention.q_lin", "attention.k_lin", "attention.v_lin",
    "attention.out_lin",     "ffn.lin1",        "ffn.lin2",        "sa_layer_norm",
    "output_layer_norm"};

EncoderHead head_of(ConfigFields& config, const std::vector<std::string>& words,
                    const std::string& classes) {
  std::vector<std::string> all = words;
  all.push_back(classes);
  const std::string architecture = config.architecture(all);
  if (architecture.empty()) {
    config.refuse("architectures",
                  fmt::format("missing, but it says which head the network has; expected {} or {}",
                              words.front(), classes));
  }
  return architecture == classes ? EncoderHead::Classes : EncoderHead::Words;
}

/// How many rows a weight of the file has; 0 if it is missing, which is found later.
int64_t rows_of(const TensorMap& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  const bool read = found != tensors.end() && found->second.defined() && found->second.dim() > 0;
  return read ? found->second.size(0) : 0;
}

/// What the three families share.
/// @param classes  the last module of the head for classes, of which there are as many as it has
///   rows.
/// @param before_classes, before_words  the activation in front of the last module of either head.
TransformerConfig encoder_config(TransformerConfig network, EncoderHead head,
                                 const TensorMap& tensors, const std::string& classes,
                                 Activation before_classes, Activation before_words) {
  network.norm = Norm::Post;
  network.embedding_norm = true;
  network.causal = false;
  network.attention_biases = network.unembed_bias = true;
  network.head_dense = head == EncoderHead::Classes ? before_classes : before_words;
  network.head_norm = head == EncoderHead::Words;
  if (head == EncoderHead::Classes) {
    network.pool = Pooling::First;
    network.d_output = rows_of(tensors, classes + ".weight");
  }
  return network;
}

TransformerConfig bert_sizes(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = read_sizes(config, kSizesOfBert, tensors);
  network.d_mlp = config.size("intermediate_size");
  network.activation = config.activation("hidden_act", "gelu");
  network.norm_eps = config.number("layer_norm_eps", 1e-12);
  config.require("position_embedding_type", "absolute");
  config.require("is_decoder", false);
  config.require("add_cross_attention", false);
  config.ignore({"directionality", "pooler_fc_size", "pooler_num_attention_heads",
                 "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type"});  // never read
  return network;
}

void encoder_blocks(Modules& modules, const EncoderNames& names, int64_t n_layers) {
  for (int64_t layer = 0; layer < n_layers; ++layer) {
    const std::string ours = block_of(layer),
                      theirs = fmt::format(fmt::runtime(names.block), layer);
    modules.heads(layer, 'Q', theirs + names.q);
    modules.heads(layer, 'K', theirs + names.k);
    modules.heads(layer, 'V', theirs + names.v);
    modules.output_of_heads(layer, theirs + names.o);
    modules.linear(ours + "mlp.W_in", ours + "mlp.b_in", theirs + names.in);
    modules.linear(ours + "mlp.W_out", ours + "mlp.b_out", theirs + names.out);
    modules.norm(ours + "ln1", theirs + names.norm1);
    modules.norm(ours + "ln2", theirs + names.norm2);
  }
}

/// @param first   row of the table of positions that position 0 has.
/// @param types   how many types of tokens there are; all tokens are of the first, whose vector is
///   added to those of the positions.
void encoder_embeddings(Modules& modules, const TransformerConfig& network, int64_t first,
                        int64_t types) {
  Conversion& conversion = modules.conversion();
  modules.embedding("embed.W_E", "embeddings.word_embeddings");
  at::Tensor positions = conversion
                             .take(modules.full("embeddings.position_embeddings.weight"),
                                   {network.n_ctx + first, network.d_model})
                             .narrow(0, first, network.n_ctx);
  if (types > 0) {
    positions = positions + conversion.take(modules.full("embeddings.token_type_embeddings.weight"),
                                            {types, network.d_model})[0];
  }
  conversion.set("pos_embed.W_pos", positions);
  modules.norm("embed.ln", "embeddings.LayerNorm");
}

/// Modules of a head, by their whole names.
struct HeadNames {
  std::string dense, norm, decoder, bias;
};

void words_head(Conversion& conversion, const HeadNames& names, bool tied) {
  Modules modules(conversion, {""}, names.dense + ".weight");
  modules.linear("head.W", "head.b", names.dense);
  modules.norm("head.ln", names.norm);
  modules.unembedding(names.decoder, tied);
  conversion.set("unembed.b_U", conversion.take(names.bias, conversion.shape("unembed.b_U")));
  conversion.require_copy(names.decoder + ".bias", conversion.get("unembed.b_U"),
                          "differs from '" + names.bias + "'");
}

void classes_head(Conversion& conversion, const std::string& dense, const std::string& classes) {
  Modules modules(conversion, {""}, dense + ".weight");
  modules.linear("head.W", "head.b", dense);
  modules.linear("unembed.W_U", "unembed.b_U", classes);
}

}  // namespace

Weights read_bert(ConfigFields& config, const TensorMap& tensors) {
  const EncoderHead head =
      head_of(config, {"BertForMaskedLM", "BertForPreTraining"}, "BertForSequenceClassification");
  TransformerConfig network = bert_sizes(config, tensors);
  network =
      encoder_config(network, head, tensors, "classifier", Activation::Tanh, network.activation);
  const int64_t types = config.size("type_vocab_size", 2);
  const bool tied = config.flag("tie_word_embeddings", true);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"bert."}, "embeddings.word_embeddings.weight");
  encoder_embeddings(modules, network, 0, types);
  encoder_blocks(modules, kNamesOfBert, network.n_layers());
  Buffers buffers{{}, {"embeddings.position_ids"}};
  if (head == EncoderHead::Classes) {
    classes_head(conversion, modules.full("pooler.dense"), "classifier");
  } else {
    const std::string predictions = "cls.predictions.";
    words_head(conversion,
               {predictions + "transform.dense", predictions + "transform.LayerNorm",
                predictions + "decoder", predictions + "bias"},
               tied);
    // of the other task that BERT was trained on, which no output depends on
    buffers.ignored.insert(buffers.ignored.end(),
                           {"bert.pooler.dense.weight", "bert.pooler.dense.bias",
                            "cls.seq_relationship.weight", "cls.seq_relationship.bias"});
  }
  return conversion.finish(buffers);
}

Weights read_roberta(ConfigFields& config, const TensorMap& tensors) {
  const EncoderHead head =
      head_of(config, {"RobertaForMaskedLM"}, "RobertaForSequenceClassification");
  TransformerConfig network = bert_sizes(config, tensors);
  // Position p has row pad_token_id + 1 + p: the table begins with rows for padding.
  const int64_t first = config.count("pad_token_id", 1) + 1;
  network.n_ctx -= first;
  if (network.n_ctx < 1) {
    config.refuse("max_position_embeddings",
                  fmt::format("expected more than pad_token_id + 1, which is {}", first));
  }
  network = encoder_config(network, head, tensors, "classifier.out_proj", Activation::Tanh,
                           Activation::GeluExact);
  const int64_t types = config.size("type_vocab_size", 1);
  const bool tied = config.flag("tie_word_embeddings", true);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"roberta."}, "embeddings.word_embeddings.weight");
  encoder_embeddings(modules, network, first, types);
  encoder_blocks(modules, kNamesOfBert, network.n_layers());
  if (head == EncoderHead::Classes) {
    classes_head(conversion, "classifier.dense", "classifier.out_proj");
  } else {
    words_head(conversion,
               {"lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias"}, tied);
  }
  return conversion.finish(
      {{},
       {"embeddings.position_ids", "roberta.pooler.dense.weight", "roberta.pooler.dense.bias"}});
}

Weights read_distilbert(ConfigFields& config, const TensorMap& tensors) {
  const EncoderHead head =
      head_of(config, {"DistilBertForMaskedLM"}, "DistilBertForSequenceClassification");
  TransformerConfig network = read_sizes(config, kSizesOfDistilBert, tensors);
  network.d_mlp = config.size("hidden_dim", network.d_mlp);
  network.activation = config.activation("activation", "gelu");
  network.norm_eps = 1e-12;
  network =
      encoder_config(network, head, tensors, "classifier", Activation::Relu, network.activation);
  config.ignore({"sinusoidal_pos_embds"});  // how a table was made that the file holds in any case
  const bool tied = config.flag("tie_word_embeddings", true);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"distilbert."}, "embeddings.word_embeddings.weight");
  encoder_embeddings(modules, network, 0, 0);
  encoder_blocks(modules, kNamesOfDistilBert, network.n_layers());
  if (head == EncoderHead::Classes) {
    classes_head(conversion, "pre_classifier", "classifier");
  } else {
    words_head(conversion,
               {"vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias"},
               tied);
  }
  return conversion.finish({{}, {"embeddings.position_ids"}});
}

}  // namespace assay::interp
