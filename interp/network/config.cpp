#include "interp/network/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "interp/names.h"

namespace assay::interp {
namespace {

using nlohmann::json;

// The tanh form has been `gelu` in our files from the start.
const Names<Activation> kActivationsOfFiles = {{Activation::Relu, "relu"},
                                               {Activation::Gelu, "gelu"},
                                               {Activation::GeluExact, "gelu_exact"},
                                               {Activation::Silu, "silu"},
                                               {Activation::Tanh, "tanh"}};
const Names<Norm> kNormsOfFiles = {{Norm::None, "none"},
                                   {Norm::Pre, "pre"},
                                   {Norm::PreUnweighted, "pre_unweighted"},
                                   {Norm::Rms, "rms"},
                                   {Norm::RmsUnweighted, "rms_unweighted"},
                                   {Norm::Post, "post"}};
const Names<PositionEncoding> kPositionsOfFiles = {{PositionEncoding::Learned, "learned"},
                                                   {PositionEncoding::None, "none"},
                                                   {PositionEncoding::Rotary, "rotary"},
                                                   {PositionEncoding::Alibi, "alibi"}};
const Names<ScoreScale> kScoresOfFiles = {{ScoreScale::Scaled, "scaled"},
                                          {ScoreScale::Unscaled, "unscaled"}};
const Names<BlockForm> kBlocksOfFiles = {{BlockForm::Sequential, "sequential"},
                                         {BlockForm::Parallel, "parallel"},
                                         {BlockForm::ParallelOneNorm, "parallel_one_norm"}};
const Names<Pooling> kPoolingsOfFiles = {{Pooling::None, "none"},
                                         {Pooling::First, "first"},
                                         {Pooling::Mean, "mean"},
                                         {Pooling::Sum, "sum"}};

const Names<std::optional<Activation>> kDenseHeadsOfFiles = {
    {std::nullopt, "none"},     {Activation::Tanh, "tanh"},
    {Activation::Relu, "relu"}, {Activation::GeluExact, "gelu_exact"},
    {Activation::Gelu, "gelu"}, {Activation::Silu, "silu"}};

/// The switches that files hold only where they differ from their default, so that files of
/// networks without them stay as they always were. Calls visit(name, member) or, for a word,
/// visit(name, member, words).
template <typename Visit>
void visit_switches(const Visit& visit) {
  using Config = TransformerConfig;
  visit("causal", &Config::causal);
  visit("gated_mlp", &Config::gated_mlp);
  visit("embedding_norm", &Config::embedding_norm);
  visit("positions", &Config::positions, kPositionsOfFiles);
  visit("rotary_dims", &Config::rotary_dims);
  visit("rotary_base", &Config::rotary_base);
  visit("rotary_interleaved", &Config::rotary_interleaved);
  visit("n_kv_heads", &Config::n_kv_heads);
  visit("scores", &Config::scores, kScoresOfFiles);
  visit("windows", &Config::windows);
  visit("blocks", &Config::blocks, kBlocksOfFiles);
  visit("d_output", &Config::d_output);
  visit("d_embed", &Config::d_embed);
  visit("pool", &Config::pool, kPoolingsOfFiles);
  visit("head_dense", &Config::head_dense, kDenseHeadsOfFiles);
  visit("head_norm", &Config::head_norm);
}

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
  bool has(const char* name) const { return object_.contains(name); }
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
  void read(const char* name, bool& value) { value = boolean(name); }
  void read(const char* name, int64_t& value) { value = integer(name); }
  void read(const char* name, double& value) { value = number(name); }
  void read(const char* name, std::vector<int64_t>& value) { value = integers(name); }
  template <typename Enum>
  void read(const char* name, Enum& value, const Names<Enum>& names) {
    value = choice(name, names);
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

/// Where no tensor has a row per position, nothing else bounds what a file claims.
constexpr int64_t kLongest = int64_t{1} << 24;

/// Everything that is wrong with a configuration, in the order of its fields.
class Problems {
 public:
  explicit Problems(const TransformerConfig& config) : config_(config) {}

  std::vector<std::string> operator()() && {
    sizes();
    attention();
    positions();
    blocks();
    return std::move(found_);
  }

 private:
  void require(bool holds, std::string problem) {
    if (!holds) found_.push_back(std::move(problem));
  }
  void at_least(int64_t least, std::string_view field, int64_t value) {
    require(value >= least, fmt::format("{} must be at least {}, got {}", field, least, value));
  }
  void at_most(int64_t most, std::string_view field, int64_t value) {
    require(value <= most, fmt::format("{} must be at most {}, got {}", field, most, value));
  }
  void each_at_least(int64_t least, std::string_view field, const std::vector<int64_t>& values) {
    if (!values.empty()) at_least(least, field, *std::ranges::min_element(values));
  }
  void one_per_block(std::string_view field, const std::vector<int64_t>& values) {
    require(values.size() == config_.n_heads.size(),
            fmt::format("{} must have one entry per block: {}, got {}", field,
                        config_.n_heads.size(), values.size()));
  }

  void sizes() {
    at_least(1, "d_vocab", config_.d_vocab);
    at_least(1, "n_ctx", config_.n_ctx);
    at_most(kLongest, "n_ctx", config_.n_ctx);
    at_least(1, "d_model", config_.d_model);
    at_least(0, "d_mlp", config_.d_mlp);
    at_least(0, "d_output", config_.d_output);
    at_least(0, "d_embed", config_.d_embed);
    require(!config_.n_heads.empty(), "n_heads must name at least one block");
    one_per_block("d_head", config_.d_head);
    each_at_least(1, "n_heads", config_.n_heads);
    each_at_least(1, "d_head", config_.d_head);
    require(config_.norm_eps > 0 && std::isfinite(config_.norm_eps),
            fmt::format("norm_eps must be positive, got {}", config_.norm_eps));
  }

  void attention() {
    if (!config_.n_kv_heads.empty()) {
      one_per_block("n_kv_heads", config_.n_kv_heads);
      each_at_least(1, "n_kv_heads", config_.n_kv_heads);
    }
    for (size_t i = 0; i < std::min(config_.n_kv_heads.size(), config_.n_heads.size()); ++i)
      require(config_.n_kv_heads[i] < 1 || config_.n_heads[i] % config_.n_kv_heads[i] == 0,
              fmt::format("n_kv_heads must divide n_heads, got {} for {} in block {}",
                          config_.n_kv_heads[i], config_.n_heads[i], i));
    if (config_.windows.empty()) return;
    one_per_block("windows", config_.windows);
    each_at_least(0, "windows", config_.windows);
    at_most(kLongest, "windows", *std::ranges::max_element(config_.windows));
    require(config_.causal, "windows need causal attention");
  }

  void positions() {
    require(config_.positions != PositionEncoding::Alibi || config_.causal,
            "positions alibi need causal attention");
    if (config_.positions != PositionEncoding::Rotary) {
      const TransformerConfig none;
      require(config_.rotary_dims == none.rotary_dims && config_.rotary_base == none.rotary_base &&
                  config_.rotary_interleaved == none.rotary_interleaved,
              "rotary_dims, rotary_base and rotary_interleaved need positions rotary");
      return;
    }
    require(config_.rotary_base > 0 && std::isfinite(config_.rotary_base),
            fmt::format("rotary_base must be positive, got {}", config_.rotary_base));
    for (const int64_t width : config_.d_head) {
      const int64_t dims = config_.rotary_dims == 0 ? width : config_.rotary_dims;
      require(dims > 0 && dims % 2 == 0 && dims <= width,
              fmt::format("rotary_dims must be even and at most d_head {}, got {}", width, dims));
    }
  }

  void blocks() {
    require(config_.norm != Norm::Post || config_.d_mlp != 0,
            "norm post needs an MLP, but d_mlp is 0");
    require(!config_.gated_mlp || config_.d_mlp != 0, "gated_mlp needs an MLP, but d_mlp is 0");
    if (config_.blocks == BlockForm::Sequential) return;
    require(config_.d_mlp != 0, "parallel blocks need an MLP, but d_mlp is 0");
    require(config_.norm != Norm::Post, "parallel blocks have no norm post");
    require(config_.blocks != BlockForm::ParallelOneNorm || config_.norm != Norm::None,
            "blocks parallel_one_norm need a norm");
  }

  const TransformerConfig& config_;
  std::vector<std::string> found_;
};

}  // namespace

void validate(const TransformerConfig& config) {
  const std::vector<std::string> problems = Problems(config)();
  if (problems.empty()) return;
  throw std::invalid_argument(fmt::format("configuration: {}", fmt::join(problems, "; ")));
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
  const TransformerConfig usual;
  visit_switches([&](const char* name, auto field, const auto&... names) {
    if (config.*field == usual.*field) return;
    if constexpr (sizeof...(names) == 0)
      json[name] = config.*field;
    else
      json[name] = name_of(config.*field, names...);
  });
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
  };
  visit_switches([&](const char* name, auto field, const auto&... names) {
    if (fields.has(name)) fields.read(name, config.*field, names...);
  });
  fields.refuse_the_rest();
  return config;
}

}  // namespace assay::interp
