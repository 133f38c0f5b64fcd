#pragma once
// Names that people write. Enumerations have one table, which serves both directions; whatever else
// is looked up by its name answers an unknown one in the same words.

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace assay::interp {

template <typename Enum>
using Names = std::vector<std::pair<Enum, std::string>>;

/// The one of these that `word` most likely is a slip of: the fewest letters inserted, left out,
/// replaced or swapped with their neighbour, at most a third of the word's. Empty: none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& names);

/// `there are exact, eap, acdc`, and with one of them near: `; did you mean 'eap'?`.
std::string there_are(const std::vector<std::string>& names, const std::string& unknown);

/// The names of things that have one.
template <typename Items>
std::vector<std::string> names_of(const Items& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

/// @throws std::invalid_argument: `unknown WHAT 'NAME'; there are …`.
[[noreturn]] void refuse_name(const std::string& what, const std::string& name,
                              const std::vector<std::string>& names);

/// @throws std::invalid_argument: `there is a WHAT 'NAME' already`, or that it has no name.
[[noreturn]] void refuse_taken(const std::string& what, const std::string& name);

template <typename Enum>
std::string name_of(Enum value, const Names<Enum>& names) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  throw std::invalid_argument("a value without a name");
}

/// @throws std::invalid_argument listing the names, for an unknown `what`.
template <typename Enum>
Enum value_of(const std::string& name, const Names<Enum>& names, const char* what) {
  std::vector<std::string> all;
  for (const auto& [value, known] : names) {
    if (known == name) return value;
    all.push_back(known);
  }
  refuse_name(what, name, all);
}

}  // namespace assay::interp
