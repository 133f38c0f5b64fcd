#pragma once
// Hugging Face's config.json, field by field.
//
// A field that nobody here has heard of may change everything that a network computes, so none is
// passed over: a reader asks for the fields that it understands and names those that change
// nothing; what is left is refused by name. Only `null` counts as absent; an unknown `false` may be
// a switch that is on everywhere else.

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "interp/network/places.h"

namespace assay::interp {

/// All errors are std::runtime_error and begin with `config.json: field 'NAME': `.
class ConfigFields {
 public:
  /// @param config  an object; must outlive this.
  explicit ConfigFields(const nlohmann::json& config, std::string path = "");

  /// Is it there, and not null?
  bool has(const char* name);
  /// Is it there, but null, where transformers fills in something else for what is absent?
  bool is_null(const char* name);
  int64_t size(const char* name);  ///< from 1 to 2^31 - 1
  int64_t size(const char* name, int64_t if_absent);
  int64_t count(const char* name, int64_t if_absent);  ///< from 0
  double number(const char* name, double if_absent);   ///< positive
  bool flag(const char* name, bool if_absent);
  std::vector<std::string> words(const char* name);  ///< empty if absent
  Activation activation(const char* name, const char* if_absent);
  /// The part of the network in front of its outputs: the one class in `architectures`.
  /// @return empty if that field is absent. @throws if it is none of those that are run.
  std::string architecture(const std::vector<std::string>& runs);
  /// An object within, or an empty one. It must be asked for its rest by itself.
  ConfigFields object(const char* name);
  /// The value itself, for fields of unusual types; null if absent.
  const nlohmann::json& value(const char* name);

  /// What can only be run with this value, which absence stands for.
  void require(const char* name, const nlohmann::json& expected);
  /// Fields that change nothing.
  void ignore(std::initializer_list<const char*> names);
  /// @throws naming the first field that nobody asked for.
  void refuse_the_rest() const;

  [[noreturn]] void refuse(const std::string& name, const std::string& problem) const;

 private:
  const nlohmann::json* find(const std::string& name);

  const nlohmann::json& config_;
  std::string path_;  ///< of an object within another: `rope_parameters.`
  std::set<std::string> known_;
};

}  // namespace assay::interp
