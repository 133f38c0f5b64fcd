#pragma once
// Registries: named things that people choose among, such as tasks, operations and methods. The
// entries that Assay brings are explicit lists; a loaded object adds its own (tools/plugin.h).
// Help, completion and messages about unknown names all read the registry, so that an entry needs
// no second mention anywhere.

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "interp/names.h"

namespace assay::interp {

/// Something that an entry can be told, in a file and on the command line. Its default tells its
/// type: a whole number, a number, a switch (false) or a text.
struct Option {
  std::string name;                       ///< as in files: `variables`
  std::string flag;                       ///< as on the command line: `--vars`
  std::string help;                       ///< one line
  nlohmann::json value = 0;               ///< default
  std::vector<std::string> choices = {};  ///< of a text: the only ones there are; empty: any
  bool is_path = false;                   ///< a text that names a file
};

/// Values of options, by name: `{"variables": 5, "train_fraction": 0.3}`.
using OptionValues = std::map<std::string, nlohmann::json>;

/// The settings given, and the defaults of the others.
/// @throws std::invalid_argument, beginning with `where`, for an unknown name (listing those that
///   exist), a value of another type, or a text that is none of the choices.
OptionValues complete(const std::vector<Option>& known, const OptionValues& given,
                      const std::string& where);

/// Options that belong together under one name; the first preset of a list is the default.
struct Preset {
  std::string name;
  std::string help;
  OptionValues settings;  ///< what it changes of the defaults
};

/// Who adds the entries that are added while this lives: the path of a loaded object. Assay's own
/// entries have no origin.
class AddedBy {
 public:
  explicit AddedBy(std::string who);
  ~AddedBy();
  AddedBy(const AddedBy&) = delete;
  AddedBy& operator=(const AddedBy&) = delete;

  static const std::string& now();
};

/// Entries in the order in which they were added; each has at least a `name` and a `help`. Entries
/// never move. Adding is not thread-safe: it happens before work begins.
template <class Entry>
class Registry {
 public:
  /// @param noun  what messages call an entry: `task`.
  Registry(std::string noun, std::vector<Entry> entries) : noun_(std::move(noun)) {
    for (Entry& entry : entries) add(std::move(entry));
  }

  /// @throws std::invalid_argument for a name that is taken or empty.
  void add(Entry entry) {
    if (entry.name.empty() || contains(entry.name)) refuse_taken(noun_, entry.name);
    entries_.push_back(std::move(entry));
    origins_.push_back(AddedBy::now());
  }

  bool contains(const std::string& name) const { return find(name) != nullptr; }
  /// @throws std::invalid_argument listing the entries that exist, with the nearest name.
  const Entry& at(const std::string& name) const {
    if (const Entry* entry = find(name)) return *entry;
    refuse_name(noun_, name, names_of(entries_));
  }
  /// Empty for Assay's own.
  const std::string& origin_of(const std::string& name) const {
    return origins_.at(static_cast<size_t>(
        std::ranges::find(entries_, at(name).name, &Entry::name) - entries_.begin()));
  }

  const std::string& noun() const { return noun_; }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }

 private:
  const Entry* find(const std::string& name) const {
    const auto found = std::ranges::find(entries_, name, &Entry::name);
    return found == entries_.end() ? nullptr : &*found;
  }

  std::string noun_;
  std::deque<Entry> entries_;
  std::deque<std::string> origins_;
};

}  // namespace assay::interp
