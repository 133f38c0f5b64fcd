#pragma once
// How a network computes, setting by setting, and who said so.
//
// Tensors tell sizes, and little of what is done with them. Where a file leaves something open,
// nothing is guessed: a person says it, by an option or in a JSON configuration beside the file, or
// is asked. What two sources say must agree.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "interp/network/transformer.h"

namespace assay::interp {

struct Setting {
  std::string name;      ///< `activation`, or a size as in the configuration of our own files
  nlohmann::json value;  ///< `"relu"`
  std::string source;    ///< `tensors`, `option`, `mine.config.json`, …; several, if they agree
};

/// A setting that may be asked for.
struct Question {
  std::string name, about;
  std::vector<std::string> runs;     ///< its values that this version runs; none: a positive number
  std::vector<std::string> refused;  ///< others that networks have
};
const std::vector<Question>& questions();

class Settings {
 public:
  /// @param beside  where the JSON configuration of this file would lie.
  explicit Settings(std::filesystem::path beside = {}) : beside_(std::move(beside)) {}

  /// Names of other programs for a value (`gelu_new`, `LN`) are brought to ours.
  /// @throws std::runtime_error for an unknown setting or value, one that cannot be run, and one
  ///   that contradicts what another source said; each with the source.
  void say(const std::string& name, const nlohmann::json& value, const std::string& source);
  /// Every member of an object of settings. A `causal` of our own configurations is `attention`.
  void say_all(const nlohmann::json& settings, const std::string& source);
  /// All that a configuration fixes, and what holds for every network that this version runs.
  void say_configuration(const TransformerConfig& config, const std::string& source);

  const Setting* find(std::string_view name) const;
  /// @throws std::runtime_error unless all of these were said: what was, what is asked, and how to
  ///   say it.
  void require(const std::vector<std::string>& names) const;
  /// @throws as require(), if the sizes and all that a configuration needs were not said.
  TransformerConfig configuration() const;
  const std::vector<Setting>& all() const { return settings_; }

 private:
  std::filesystem::path beside_;
  std::vector<Setting> settings_;
};

}  // namespace assay::interp
