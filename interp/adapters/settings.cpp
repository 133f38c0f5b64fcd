#include "interp/adapters/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "interp/files/fail.h"
#include "interp/files/json_shape.h"
#include "interp/names.h"

namespace assay::interp {
namespace {

using nlohmann::json;

/// Values under the names of TransformerLens, Hugging Face and PyTorch, where they mean one thing.
const std::map<std::pair<std::string, std::string>, std::string>& synonyms() {
  static const std::map<std::pair<std::string, std::string>, std::string> known = {
      {{"activation", "gelu_new"}, "gelu_tanh"},
      {{"activation", "gelu_fast"}, "gelu_tanh"},
      {{"activation", "gelu_pytorch_tanh"}, "gelu_tanh"},
      {{"activation", "swish"}, "silu"},
      {{"norm", "LN"}, "pre"},
      {{"norm", "LNPre"}, "pre_unweighted"},
      {{"norm", "RMS"}, "rms"},
      {{"norm", "RMSPre"}, "rms_unweighted"},
      {{"positions", "standard"}, "learned"},
  };
  return known;
}

/// What nobody is asked for, since tensors or a configuration tell it: sizes, and parts that a
/// network has or has not. A statement may only say the same.
bool is_told(const std::string& name) {
  static const std::set<std::string> told = {
      "d_vocab",          "n_ctx",      "d_model",        "d_mlp",   "d_output",   "d_embed",
      "n_heads",          "n_kv_heads", "d_head",         "windows", "mlp_biases", "unembed_bias",
      "attention_biases", "gated_mlp",  "embedding_norm", "pool",    "head_dense", "head_norm"};
  return told.contains(name);
}

const Question* question_of(const std::string& name) {
  const auto found = std::ranges::find(questions(), name, &Question::name);
  return found == questions().end() ? nullptr : &*found;
}

json known_word(const Question& question, const json& value, const std::string& source) {
  const auto wrong = [&](std::string_view why) {
    fail("{}: {} {}: {}; this version runs {}", source, question.name, cut_short(value.dump(), 60),
         why, fmt::join(question.runs, ", "));
  };
  if (!value.is_string()) wrong("expected a text");
  if (question.name == "activation" && value == "gelu") {
    wrong("names two functions, gelu_exact (as in TransformerLens and PyTorch) and gelu_tanh");
  }
  const auto other = synonyms().find({question.name, value.get<std::string>()});
  const std::string word = other == synonyms().end() ? value.get<std::string>() : other->second;
  if (std::ranges::count(question.refused, word) > 0) wrong("cannot be run");
  if (std::ranges::count(question.runs, word) == 0) wrong("unknown");
  return word;
}

json known_value(const std::string& name, const json& value, const std::string& source) {
  if (is_told(name)) return value;
  const Question* question = question_of(name);
  if (question == nullptr) {
    fail("{}: unknown setting '{}'; {}", source, cut_short(name, 60),
         there_are(names_of(questions()), name));
  }
  if (!question->runs.empty()) return known_word(*question, value, source);
  const bool positive =
      value.is_number() && value.get<double>() > 0 && std::isfinite(value.get<double>());
  if (!positive) {
    fail("{}: {}: expected a positive number, found {}", source, name, cut_short(value.dump(), 60));
  }
  const auto number = value.get<double>();
  if (name != "rotary_dims") return number;
  if (number != std::floor(number) || number > 1e9) {
    fail("{}: {}: expected a whole number, found {}", source, name, cut_short(value.dump(), 60));
  }
  return static_cast<int64_t>(number);
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

const std::vector<Question>& questions() {
  static const std::vector<Question> all = {
      {"activation",
       "function of the hidden neurons",
       {"relu", "gelu_exact", "gelu_tanh", "silu", "tanh"},
       {"solu_ln"}},
      {"norm",
       "what is normalised, in front of attention, MLP and unembedding or (post) behind each sum",
       {"none", "pre", "pre_unweighted", "rms", "rms_unweighted", "post"},
       {}},
      {"norm_eps", "added to the variance by the norms", {}, {}},
      {"attention", "what a position attends to", {"causal", "bidirectional"}, {"local"}},
      {"positions",
       "how positions are told apart",
       {"learned", "none", "rotary", "alibi"},
       {"shortformer", "sinusoidal"}},
      {"rotary_dims", "entries of a head that rotary positions turn", {}, {}},
      {"rotary_base", "of the angles of rotary positions", {}, {}},
      {"rotary_pairs",
       "entries that turn together: neighbours, or those half of rotary_dims apart",
       {"interleaved", "halves"},
       {}},
      {"scores",
       "scale of the attention scores; scaled: by 1/sqrt(d_head)",
       {"scaled", "unscaled"},
       {"scaled_by_layer", "soft_capped"}},
      {"blocks",
       "MLP after attention or beside it, through a norm of its own or the same",
       {"sequential", "parallel", "parallel_one_norm"},
       {}},
      {"layout",
       "which axis comes first, where all are of one size",
       {"transformer-lens", "grokking"},
       {}},
  };
  return all;
}

const Setting* Settings::find(std::string_view name) const {
  const auto found = std::ranges::find(settings_, name, &Setting::name);
  return found == settings_.end() ? nullptr : &*found;
}

void Settings::say(const std::string& name, const json& value, const std::string& source) {
  const json known = known_value(name, value, source);
  const auto found = std::ranges::find(settings_, name, &Setting::name);
  if (found == settings_.end()) {
    settings_.push_back({name, known, source});
  } else if (found->value == known) {
    found->source += ", " + source;
  } else {
    fail("{}: {} according to {}, {} according to {}", name, text_of(found->value), found->source,
         cut_short(text_of(known), 60), source);
  }
}

void Settings::say_all(const json& settings, const std::string& source) {
  if (!settings.is_object()) fail("{}: expected a JSON object of settings", source);
  const auto flag = [&](const std::string& name, const json& value) {
    if (!value.is_boolean()) {
      fail("{}: {}: expected a boolean, found {}", source, name, cut_short(value.dump(), 60));
    }
    return value.get<bool>();
  };
  for (const auto& [name, value] : settings.items()) {
    if (name == "causal") {
      say("attention", flag(name, value) ? "causal" : "bidirectional", source);
    } else if (name == "rotary_interleaved") {
      say("rotary_pairs", flag(name, value) ? "interleaved" : "halves", source);
    } else {
      say(name, value, source);
    }
  }
}

void Settings::say_configuration(const TransformerConfig& config, const std::string& source) {
  // A configuration leaves out what is as it always was.
  json fields = {{"positions", "learned"}, {"scores", "scaled"}, {"blocks", "sequential"}};
  fields.update(to_json(config));
  if (config.activation == Activation::Gelu) fields["activation"] = "gelu_tanh";
  fields["causal"] = config.causal;
  if (config.norm == Norm::None && !config.embedding_norm && !config.head_norm)
    fields.erase("norm_eps");
  if (config.positions == PositionEncoding::Rotary) {
    fields["rotary_dims"] = config.rotary_dims == 0 ? config.d_head[0] : config.rotary_dims;
    fields["rotary_base"] = config.rotary_base;
    fields["rotary_interleaved"] = config.rotary_interleaved;
  }
  say_all(fields, source);
}

void Settings::require(const std::vector<std::string>& names) const {
  std::vector<std::string> said, asked, options;
  json example = json::object();
  for (const Setting& setting : settings_) {
    said.push_back(fmt::format("{} {}", setting.name, text_of(setting.value)));
  }
  for (const std::string& name : names) {
    if (find(name) != nullptr) continue;
    const Question& question = *question_of(name);
    const bool words = !question.runs.empty();
    asked.push_back(fmt::format(
        "{} ({})", name,
        words ? fmt::format("{}", fmt::join(question.runs, ", ")) : std::string("a number")));
    example[name] = words ? json("...") : json(1e-5);
    options.push_back("--" + name);
    std::ranges::replace(options.back(), '_', '-');
  }
  if (asked.empty()) return;
  fail(
      "how this network computes is not known, and nothing is guessed. Known: {}. To be said: {}; "
      "networks with others cannot be run. Say it in {}, such as {}, or to inspect and convert by "
      "{}; "
      "what convert writes says it by itself",
      said.empty() ? "nothing" : fmt::format("{}", fmt::join(said, "; ")), fmt::join(asked, "; "),
      beside_.empty() ? "a JSON configuration beside the file" : beside_.string(), example.dump(),
      fmt::join(options, ", "));
}

TransformerConfig Settings::configuration() const {
  std::vector<std::string> needed = {"activation", "norm",   "attention",
                                     "positions",  "scores", "blocks"};
  const Setting *norm = find("norm"), *positions = find("positions");
  if (norm != nullptr && norm->value != "none") needed.insert(needed.begin() + 2, "norm_eps");
  const bool rotary = positions != nullptr && positions->value == "rotary";
  if (rotary) needed.insert(needed.end(), {"rotary_dims", "rotary_base", "rotary_pairs"});
  require(needed);
  json fields = {{"norm_eps", TransformerConfig().norm_eps}};
  for (const auto& [name, value, source] : settings_) {
    if (is_told(name) || name.starts_with("norm") || name == "positions" || name == "scores" ||
        name == "blocks") {
      fields[name] = value;
    }
  }
  if (rotary) {
    for (const char* name : {"rotary_dims", "rotary_base"}) fields[name] = find(name)->value;
    fields["rotary_interleaved"] = find("rotary_pairs")->value == "interleaved";
  }
  const json& activation = find("activation")->value;
  fields["activation"] = activation == "gelu_tanh" ? json("gelu") : activation;
  fields["causal"] = find("attention")->value == "causal";
  return config_from_json(fields);
}

}  // namespace assay::interp
