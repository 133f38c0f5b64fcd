#pragma once
// What statements are about: a set of inputs, and the answer that each of them should get.

#include "interpretation.h"

namespace checker {

using Tokens = std::vector<int64_t>;
using Choice = std::vector<size_t>;  ///< an alternative per slot

struct TwoSat {
  int64_t variables, clauses, fewest;

  explicit TwoSat(const Json& settings) {
    const bool several = settings.contains("min_clauses");
    if (several) require_members(settings, {"variables", "clauses", "min_clauses"});
    if (!several) require_members(settings, {"variables", "clauses"});
    variables = integer(settings["variables"], 2, 6);
    clauses = integer(settings["clauses"], 1, 40);
    fewest = several ? integer(settings["min_clauses"], 1, clauses) : clauses;
  }
  /// What may stand as clause number `clause`: `( l r )` for every clause that there is, and `# # #
  /// #` where it may be missing. Those that are missing come first; slots let any of these be.
  std::set<Tokens> all_clauses(int64_t clause, bool both_orders) const {
    const int64_t n = variables;
    std::set<Tokens> all;
    for (int64_t left = 0; left < 2 * n; ++left)
      for (int64_t right = 0; right < 2 * n; ++right)
        if (left % n < right % n || (both_orders && left % n != right % n))
          all.insert({2 * n, left, right, 2 * n + 1});
    if (clause < clauses - fewest) all.insert(Tokens(4, 2 * n + 5));
    return all;
  }
};

inline int64_t modulus_of(const Json& settings) {
  require_members(settings, {"p", "train_fraction", "split_seed"});
  return integer(settings["p"], 2, 4096);
}

struct Slot {
  std::vector<int64_t> positions;  ///< ascending
  std::vector<Tokens> alternatives;
};

/// All inputs that choose one alternative per slot, independently. Slots partition the positions.
class Domain {
 public:
  Domain(const Json& json, int64_t d_vocab, int64_t n_ctx) {
    require_members(json, {"name", "words", "length", "readout", "slots"});
    name = text(json["name"]);
    length = integer(json["length"], 1, n_ctx);
    if (integer(json["readout"], 0, n_ctx) != length - 1)
      throw CannotCheck("domain: the answer is not read at the last position");
    slot_of.assign(length, SIZE_MAX);
    for (const Json& item : list(json["slots"])) {
      require_members(item, {"positions", "alternatives"});
      Slot slot{integers(item["positions"], 0, length - 1), {}};
      for (const int64_t position : slot.positions)
        if (std::exchange(slot_of[position], slots.size()) != SIZE_MAX)
          throw BadInput("domain: position " + std::to_string(position) + " stands twice");
      for (const Json& tokens : list(item["alternatives"])) {
        slot.alternatives.push_back(integers(tokens, 0, d_vocab - 1));
        if (tokens.size() != slot.positions.size())
          refuse(tokens, "domain: an alternative of one token per position");
      }
      const std::set<Tokens> different(slot.alternatives.begin(), slot.alternatives.end());
      if (slot.alternatives.empty() || different.size() != slot.alternatives.size() ||
          slot.positions.empty() || !std::ranges::is_sorted(slot.positions))
        throw BadInput("domain: a slot is empty, out of order, or has an alternative twice");
      slots.push_back(std::move(slot));
    }
    if (std::ranges::count(slot_of, SIZE_MAX)) throw BadInput("domain: a position is in no slot");
  }

  std::string name;
  int64_t length;
  std::vector<Slot> slots;
  std::vector<size_t> slot_of;  ///< by position

  double size() const {  // rounded up
    double size = 1;
    for (const Slot& slot : slots) size *= static_cast<double>(slot.alternatives.size());
    return size;
  }
  Choice choice_of(const Tokens& tokens) const {
    Choice choice;
    for (const Slot& slot : slots) {
      Tokens part;
      for (const int64_t position : slot.positions)
        if (std::ssize(tokens) == length) part.push_back(tokens[position]);
      choice.push_back(std::ranges::find(slot.alternatives, part) - slot.alternatives.begin());
      if (choice.back() == slot.alternatives.size())
        throw Rejected("an input outside of the domain: " + Json(tokens).dump());
    }
    return choice;
  }
  Tokens tokens_of(const Choice& choice) const {
    Tokens tokens(length);
    for (size_t s = 0; s < slots.size(); ++s)
      for (size_t i = 0; i < slots[s].positions.size(); ++i)
        tokens[slots[s].positions[i]] = slots[s].alternatives[choice[s]][i];
    return tokens;
  }
  template <typename Visit>
  void for_every_input(Visit visit) const {
    if (size() > 1e7) throw CannotCheck("the domain is too large to be listed");
    Choice choice(slots.size());
    size_t s = 0;
    do {
      visit(tokens_of(choice), choice);
      for (s = 0; s < slots.size() && ++choice[s] == slots[s].alternatives.size(); ++s)
        choice[s] = 0;
    } while (s < slots.size());
  }

  /// Rebuilds the domain of this name from the task's settings and compares.
  /// @return whether the name is known.
  bool require_as_named(const Json& task) const {
    if (task["name"] == "two-sat" && (name == "sampled" || name == "both-orders")) {
      const TwoSat two_sat(task["settings"]);
      bool same = length == 4 * two_sat.clauses + 1 &&
                  allowed(length - 1, 1) == std::set<Tokens>{{2 * two_sat.variables + 2}};
      for (int64_t c = 0; c < two_sat.clauses; ++c)
        same = same && allowed(4 * c, 4) == two_sat.all_clauses(c, name == "both-orders");
      if (!same) throw Rejected("domain: it is not '" + name + "' of the task");
      return true;
    }
    if (task["name"] == "modular-addition" && name == "all") {
      const int64_t p = modulus_of(task["settings"]);
      std::set<Tokens> numbers;
      for (int64_t n = 0; n < p; ++n) numbers.insert({n});
      if (length != 3 || allowed(0, 1) != numbers || allowed(1, 1) != numbers ||
          allowed(2, 1) != std::set<Tokens>{{p}})
        throw Rejected("domain: it is not 'all' pairs of numbers below p");
      return true;
    }
    return false;
  }

 private:
  // The tokens that slots allow at positions first … first + count - 1, which no slot may overstep.
  std::set<Tokens> allowed(int64_t first, int64_t count) const {
    std::set<Tokens> partial = {Tokens(count, -1)};
    for (const Slot& slot : slots) {
      const int64_t begin = slot.positions.front() - first, end = slot.positions.back() - first;
      if (end < 0 || begin >= count) continue;
      if (begin < 0 || end >= count) throw Rejected("domain: a slot reaches beyond one clause");
      std::set<Tokens> longer;
      for (Tokens tokens : partial)
        for (const Tokens& alternative : slot.alternatives) {
          for (size_t i = 0; i < alternative.size(); ++i)
            tokens[slot.positions[i] - first] = alternative[i];
          longer.insert(tokens);
        }
      if (longer.size() > 10000) throw Rejected("domain: too many alternatives for one clause");
      partial = std::move(longer);
    }
    return partial;
  }
};

/// The right answer to every input, computed from the task's tokens. What a certificate says of it
/// must be the same.
class Specification {
 public:
  Specification(const Json& json, const Json& task, const Domain& domain) {
    if (task["name"] == "two-sat") {
      of_two_sat(TwoSat(task["settings"]), domain);
    } else if (task["name"] == "modular-addition") {
      of_modular_addition(modulus_of(task["settings"]), domain);
    } else {
      throw CannotCheck("specification: of another task than this program knows");
    }
    for (const auto& [name, value] : expected_.items())
      if (!json.contains(name) || json[name] != value)
        throw Rejected("specification: its '" + name + "' are not the task's: expected " +
                       value.dump().substr(0, 200));
    if (json.size() != expected_.size()) refuse(json, "specification: no more members");
  }

  int64_t answer(const Choice& choice) const {
    uint64_t mask = ~uint64_t{0};
    int64_t sum = 0;
    for (size_t s = 0; s < choice.size(); ++s) {
      if (modulus_) sum += values_[s][choice[s]];
      if (!modulus_ && !masks_[s].empty()) mask &= masks_[s][choice[s]];
    }
    return modulus_ ? sum % modulus_ : mask ? some : none;
  }

  int64_t variables = 0, some = 0, none = 0;   ///< of 2-SAT
  std::vector<std::vector<int64_t>> literals;  ///< positions of the two literals of each clause

 private:
  // A formula is satisfiable iff some assignment survives: it satisfies every clause. The slot that
  // holds both literals of a clause decides its truth table.
  void of_two_sat(const TwoSat& task, const Domain& domain) {
    variables = task.variables, some = 2 * variables + 3, none = 2 * variables + 4;
    if (domain.length != 4 * task.clauses + 1) throw Rejected("specification: another length");
    masks_.resize(domain.slots.size());
    Json masks(domain.slots.size(), nullptr);
    for (int64_t left = 1; left < domain.length; left += 4) {
      const size_t s = domain.slot_of[left];
      if (domain.slot_of[left + 1] != s || !masks_[s].empty())
        throw CannotCheck("specification: a clause has no slot of its own");
      const auto& positions = domain.slots[s].positions;
      const auto column = std::ranges::find(positions, left) - positions.begin();
      for (const Tokens& tokens : domain.slots[s].alternatives) {
        masks_[s].push_back(truth_table(tokens[column], tokens[column + 1], variables));
        char hex[20];
        std::snprintf(hex, sizeof hex, "0x%lx", masks_[s].back());
        masks[s].push_back(hex);
      }
      literals.push_back({left, left + 1});
    }
    expected_ = {{"kind", "survivors"},
                 {"width", 1 << variables},
                 {"masks", masks},
                 {"some", some},
                 {"none", none}};
  }

  // The sum of the numbers at positions 0 and 1.
  void of_modular_addition(int64_t p, const Domain& domain) {
    if (domain.length != 3) throw Rejected("specification: another length");
    modulus_ = p;
    for (const Slot& slot : domain.slots) {
      values_.emplace_back();
      for (const Tokens& tokens : slot.alternatives) {
        values_.back().push_back(0);
        for (size_t i = 0; i < tokens.size(); ++i)
          if (slot.positions[i] < 2) values_.back().back() += tokens[i];
      }
    }
    expected_ = {{"kind", "sum_modulo"}, {"modulus", p}, {"values", values_}};
  }

  Json expected_;
  int64_t modulus_ = 0;
  std::vector<std::vector<uint64_t>> masks_;  // per slot and alternative; empty: it does not matter
  std::vector<std::vector<int64_t>> values_;
};

}  // namespace checker
