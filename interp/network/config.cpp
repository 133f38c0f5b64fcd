#include "interp/network/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "interp/names.h"

namespace assay::interp {
namespace {

using nlohmann::json;

// The tanh form has been `gelu` in our files from the start.
const Names<Activation> kActivationsOfFiles = {
    {Activation::Relu, "relu"}, {Activation::Gelu, "gelu"}, {Activation::GeluExact, "gelu_exact"}};
const Names<Norm> kNormsOfFiles = {{Norm::None, "none"}, {Norm::Pre, "pre"}};

/// Reads an object's fields one by one and refuses those that nobody asked for.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {
    if (!object.is_object()) {
      throw std::invalid_argument("configuration: expected an object, got " + object.dump());
    }
  }

  const json& take(const char* name, bool (json::*is_type)() const noexcept, const char* type) {
    const auto field = object_.find(name);
    if (field == object_.end()) {
      throw std::invalid_argument(fmt::format("configuration: missing field '{}'", name));
    }
    if (!((*field).*is_type)()) refuse(name, type, *field);
    taken_.insert(name);
    return *field;
  }
  int64_t integer(const char* name) {
    return take(name, &json::is_number_integer, "an integer").get<int64_t>();
  }
  double number(const char* name) { return take(name, &json::is_number, "a number").get<double>(); }
  bool boolean(const char* name) { return take(name, &json::is_boolean, "a boolean").get<bool>(); }
  bool boolean(const char* name, bool if_missing) {
    return object_.contains(name) ? boolean(name) : if_missing;
  }
  std::vector<int64_t> integers(const char* name) {
    std::vector<int64_t> values;
    for (const json& value : take(name, &json::is_array, "a list of integers")) {
      if (!value.is_number_integer()) refuse(name, "a list of integers", value);
      values.push_back(value.get<int64_t>());
    }
    return values;
  }
  template <typename Enum>
  Enum choice(const char* name, const Names<Enum>& names) {
    const json& word = take(name, &json::is_string, "a text");
    std::vector<std::string> words;
    for (const auto& [value, known] : names) {
      if (word == known) return value;
      words.push_back(known);
    }
    refuse(name, fmt::format("one of {}", fmt::join(words, ", ")), word);
  }
  void refuse_the_rest() const {
    for (const auto& [name, value] : object_.items()) {
      if (!taken_.contains(name)) {
        throw std::invalid_argument(fmt::format("configuration: unknown field '{}'", name));
      }
    }
  }

 private:
  [[noreturn]] static void refuse(const char* name, std::string_view expected, const json& found) {
    throw std::invalid_argument(fmt::format("configuration: field '{}': expected {}, got {}", name,
                                            expected, found.dump()));
  }

  const json& object_;
  std::set<std::string> taken_;
};

}  // namespace

void validate(const TransformerConfig& config) {
  std::vector<std::string> problems;
  const auto require_positive = [&](std::string_view field, int64_t value) {
    if (value < 1) problems.push_back(fmt::format("{} must be at least 1, got {}", field, value));
  };
  require_positive("d_vocab", config.d_vocab);
  require_positive("n_ctx", config.n_ctx);
  require_positive("d_model", config.d_model);
  require_positive("d_mlp", config.d_mlp);
  if (config.n_heads.empty()) problems.emplace_back("n_heads must name at least one block");
  if (config.d_head.size() != config.n_heads.size()) {
    problems.push_back(fmt::format("d_head must have one entry per block: {}, got {}",
                                   config.n_heads.size(), config.d_head.size()));
  }
  const auto require_all_positive = [&](std::string_view field, const std::vector<int64_t>& sizes) {
    if (!sizes.empty()) require_positive(field, *std::ranges::min_element(sizes));
  };
  require_all_positive("n_heads", config.n_heads);
  require_all_positive("d_head", config.d_head);
  if (!(config.norm_eps > 0 && std::isfinite(config.norm_eps))) {
    problems.push_back(fmt::format("norm_eps must be positive, got {}", config.norm_eps));
  }
  if (!problems.empty()) {
    throw std::invalid_argument(fmt::format("configuration: {}", fmt::join(problems, "; ")));
  }
}

json to_json(const TransformerConfig& config) {
  json json = {{"d_vocab", config.d_vocab},
               {"n_ctx", config.n_ctx},
               {"d_model", config.d_model},
               {"d_mlp", config.d_mlp},
               {"n_heads", config.n_heads},
               {"d_head", config.d_head},
               {"activation", name_of(config.activation, kActivationsOfFiles)},
               {"norm", name_of(config.norm, kNormsOfFiles)},
               {"norm_eps", config.norm_eps},
               {"attention_biases", config.attention_biases},
               {"mlp_biases", config.mlp_biases},
               {"unembed_bias", config.unembed_bias}};
  if (!config.causal) json["causal"] = false;  // files of causal networks are as they always were
  return json;
}

TransformerConfig config_from_json(const json& json) {
  Fields fields(json);
  TransformerConfig config{
      .d_vocab = fields.integer("d_vocab"),
      .n_ctx = fields.integer("n_ctx"),
      .d_model = fields.integer("d_model"),
      .d_mlp = fields.integer("d_mlp"),
      .n_heads = fields.integers("n_heads"),
      .d_head = fields.integers("d_head"),
      .activation = fields.choice("activation", kActivationsOfFiles),
      .norm = fields.choice("norm", kNormsOfFiles),
      .norm_eps = fields.number("norm_eps"),
      .attention_biases = fields.boolean("attention_biases"),
      .mlp_biases = fields.boolean("mlp_biases"),
      .unembed_bias = fields.boolean("unembed_bias"),
      .causal = fields.boolean("causal", true),
  };
  fields.refuse_the_rest();
  return config;
}

}  // namespace assay::interp
