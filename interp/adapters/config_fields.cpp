#include "interp/adapters/config_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "interp/files/fail.h"
#include "interp/files/json_shape.h"

namespace assay::interp {
namespace {

using nlohmann::json;

/// Fields of every family that say nothing of what an evaluated network computes on given tokens:
/// names, training, dropout, ids of tokens, generation, what is returned and in which type.
const std::set<std::string>& fields_without_effect() {
  static const std::set<std::string> names = {"_attn_implementation_autoset",
                                              "_commit_hash",
                                              "_name_or_path",
                                              "attn_implementation",
                                              "attn_pdrop",
                                              "attention_dropout",
                                              "attention_probs_dropout_prob",
                                              "bad_words_ids",
                                              "begin_suppress_tokens",
                                              "bos_token_id",
                                              "chunk_size_feed_forward",
                                              "classifier_dropout",
                                              "cls_token_id",
                                              "decoder_start_token_id",
                                              "diversity_penalty",
                                              "do_sample",
                                              "dropout",
                                              "dtype",
                                              "early_stopping",
                                              "embd_pdrop",
                                              "embed_dropout",
                                              "encoder_no_repeat_ngram_size",
                                              "eos_token_id",
                                              "exponential_decay_length_penalty",
                                              "finetuning_task",
                                              "forced_bos_token_id",
                                              "forced_eos_token_id",
                                              "gradient_checkpointing",
                                              "hidden_dropout",
                                              "hidden_dropout_prob",
                                              "id2label",
                                              "init_std",
                                              "initializer_range",
                                              "is_llama_config",
                                              "label2id",
                                              "language",
                                              "layerdrop",
                                              "length_penalty",
                                              "mask_token_id",
                                              "max_length",
                                              "min_length",
                                              "model_type",
                                              "no_repeat_ngram_size",
                                              "num_beam_groups",
                                              "num_beams",
                                              "num_labels",
                                              "num_return_sequences",
                                              "output_attentions",
                                              "output_hidden_states",
                                              "output_past",
                                              "output_scores",
                                              "pad_token_id",
                                              "prefix",
                                              "pretraining_tp",
                                              "problem_type",
                                              "qa_dropout",
                                              "remove_invalid_values",
                                              "repetition_penalty",
                                              "resid_dropout",
                                              "resid_pdrop",
                                              "return_dict",
                                              "return_dict_in_generate",
                                              "sep_token_id",
                                              "seq_classif_dropout",
                                              "suppress_tokens",
                                              "task_specific_params",
                                              "temperature",
                                              "tf_legacy_loss",
                                              "tie_weights_",
                                              "tokenizer_class",
                                              "top_k",
                                              "top_p",
                                              "torch_dtype",
                                              "torchscript",
                                              "transformers.js_config",
                                              "transformers_version",
                                              "typical_p",
                                              "unk_token_id",
                                              "unsloth_fixed",
                                              "unsloth_version",
                                              "use_bfloat16",
                                              "use_cache"};
  return names;
}

/// Fields of every family that say nothing as long as they have this value.
const json& harmless_values() {
  static const json values = {{"is_encoder_decoder", false},
                              {"tie_encoder_decoder", false},
                              {"pruned_heads", json::object()}};
  return values;
}

/// Names of Hugging Face's activation functions.
const std::map<std::string, Activation>& activations() {
  static const std::map<std::string, Activation> known = {{"gelu_new", Activation::Gelu},
                                                          {"gelu_pytorch_tanh", Activation::Gelu},
                                                          {"gelu_fast", Activation::Gelu},
                                                          {"gelu", Activation::GeluExact},
                                                          {"gelu_python", Activation::GeluExact},
                                                          {"relu", Activation::Relu},
                                                          {"silu", Activation::Silu},
                                                          {"swish", Activation::Silu}};
  return known;
}

std::string text_found(const json& value) {
  return cut_short(value.dump(-1, ' ', false, json::error_handler_t::replace), 60);
}

}  // namespace

ConfigFields::ConfigFields(const json& config, std::string path)
    : config_(config), path_(std::move(path)) {}

void ConfigFields::refuse(const std::string& name, const std::string& problem) const {
  fail("config.json: field '{}{}': {}", path_, cut_short(name, 60), problem);
}

const json* ConfigFields::find(const std::string& name) {
  known_.insert(name);
  const auto field = config_.find(name);
  return field == config_.end() || field->is_null() ? nullptr : &*field;
}

bool ConfigFields::has(const char* name) {
  return find(name) != nullptr;
}

bool ConfigFields::is_null(const char* name) {
  return !has(name) && config_.contains(name);
}

int64_t ConfigFields::size(const char* name) {
  if (!has(name)) refuse(name, "missing");
  return size(name, 0);
}

int64_t ConfigFields::size(const char* name, int64_t if_absent) {
  const int64_t size = count(name, if_absent);
  if (has(name) && size < 1) refuse(name, fmt::format("expected at least 1, found {}", size));
  return size;
}

int64_t ConfigFields::count(const char* name, int64_t if_absent) {
  const json* value = find(name);
  if (value == nullptr) return if_absent;
  const Shape integer = json_shapes::integer(0, std::numeric_limits<int32_t>::max());
  if (mismatch(*value, integer)) {
    refuse(name, fmt::format("expected {}, found {}", integer.one, text_found(*value)));
  }
  return value->get<int64_t>();
}

double ConfigFields::number(const char* name, double if_absent) {
  const json* value = find(name);
  if (value == nullptr) return if_absent;
  if (!value->is_number() || !(value->get<double>() > 0) || !std::isfinite(value->get<double>())) {
    refuse(name, fmt::format("expected a positive number, found {}", text_found(*value)));
  }
  return value->get<double>();
}

bool ConfigFields::flag(const char* name, bool if_absent) {
  const json* value = find(name);
  if (value == nullptr) return if_absent;
  if (!value->is_boolean()) {
    refuse(name, fmt::format("expected true or false, found {}", text_found(*value)));
  }
  return value->get<bool>();
}

std::vector<std::string> ConfigFields::words(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return {};
  if (mismatch(*value, json_shapes::list(json_shapes::text()))) {
    refuse(name, fmt::format("expected a list of texts, found {}", text_found(*value)));
  }
  return value->get<std::vector<std::string>>();
}

Activation ConfigFields::activation(const char* name, const char* if_absent) {
  const json* value = find(name);
  const json word = value == nullptr ? json(if_absent) : *value;
  if (word.is_string()) {
    const auto known = activations().find(word.get<std::string>());
    if (known != activations().end()) return known->second;
  }
  std::vector<std::string> names;
  for (const auto& [known, activation] : activations()) names.push_back(known);
  refuse(name, fmt::format("{} cannot be run; this version runs {}", text_found(word),
                           fmt::join(names, ", ")));
}

std::string ConfigFields::architecture(const std::vector<std::string>& runs) {
  const std::vector<std::string> names = words("architectures");
  if (names.empty()) return "";
  if (names.size() == 1 && std::ranges::count(runs, names[0]) == 1) return names[0];
  refuse("architectures", fmt::format("{} cannot be run; this version runs {}",
                                      text_found(value("architectures")), fmt::join(runs, ", ")));
}

ConfigFields ConfigFields::object(const char* name) {
  static const json nothing = json::object();
  const json* value = find(name);
  if (value == nullptr) return ConfigFields(nothing);
  if (!value->is_object())
    refuse(name, fmt::format("expected an object, found {}", text_found(*value)));
  return ConfigFields(*value, path_ + name + ".");
}

const json& ConfigFields::value(const char* name) {
  static const json nothing;
  const json* value = find(name);
  return value == nullptr ? nothing : *value;
}

void ConfigFields::require(const char* name, const json& expected) {
  const json* value = find(name);
  if (value == nullptr || *value == expected) return;
  refuse(name, fmt::format("expected {}, found {}", expected.dump(), text_found(*value)));
}

void ConfigFields::ignore(std::initializer_list<const char*> names) {
  known_.insert(names.begin(), names.end());
}

void ConfigFields::refuse_the_rest() const {
  for (const auto& [name, value] : config_.items()) {
    const bool top = path_.empty();
    if (value.is_null() || known_.contains(name)) continue;
    if (top && fields_without_effect().contains(name)) continue;
    if (top && harmless_values().value(name, json()) == value) continue;
    refuse(name, fmt::format("{} is not known, and may change what the network computes; take it "
                             "out of config.json if it does not",
                             text_found(value)));
  }
}

}  // namespace assay::interp
