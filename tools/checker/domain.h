#pragma once
// What statements are about: a set of inputs, and the answer that each of them should get.

#include "interpretation.h"

namespace checker {

using Tokens = std::vector<int64_t>;
using Choice = std::vector<size_t>;  ///< an alternative per slot

struct Slot {
  std::vector<int64_t> positions;  ///< ascending
  std::vector<Tokens> alternatives;
};

/// All inputs that choose one alternative per slot, independently. Slots partition the positions.
class Domain {
 public:
  Domain(const Json& json, int64_t d_vocab, int64_t n_ctx) {
    require_members(json, {"name", "words", "length", "readout", "slots"});
    name = text(json["name"]), text(json["words"]);
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
        if (tokens.size() != slot.positions.size()) refuse(tokens, "a token per position");
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
  template <typename Visit>
  void for_every_input(Visit visit) const {
    if (size() > 1e7) throw CannotCheck("the domain is too large to be listed");
    Choice choice(slots.size());
    Tokens tokens(length);
    size_t s = 0;
    do {
      for (s = 0; s < slots.size(); ++s)
        for (size_t i = 0; i < slots[s].positions.size(); ++i)
          tokens[slots[s].positions[i]] = slots[s].alternatives[choice[s]][i];
      visit(tokens, choice);
      for (s = 0; s < slots.size() && ++choice[s] == slots[s].alternatives.size(); ++s)
        choice[s] = 0;
    } while (s < slots.size());
  }
};

/// What the task knows: which inputs its named domains hold, and the right answers, computed from
/// its tokens. Inputs fall into parts (clauses, numbers) that stand one behind the other.
class Task {
 public:
  Task(const Json& json, const std::string& domain) {
    require_members(json, {"name", "settings"});
    const Json& settings = json["settings"];
    if (json["name"] == "two-sat") {
      std::set<std::string> members = {"variables", "clauses"};
      if (settings.contains("min_clauses")) members.insert("min_clauses");
      require_members(settings, members);
      variables = integer(settings["variables"], 2, 6);
      const int64_t clauses = integer(settings["clauses"], 1, 40), n = variables;
      const int64_t fewest =
          members.size() == 3 ? integer(settings["min_clauses"], 1, clauses) : clauses;
      const bool both_orders = domain == "both-orders";
      named_ = domain == "sampled" || both_orders;
      some = 2 * n + 3, none = 2 * n + 4;
      for (int64_t clause = 0; clause < clauses; ++clause) {  // `( l r )`; those missing come first
        std::set<Tokens>& part = parts_[4 * clause];
        for (int64_t left = 0; left < 2 * n; ++left)
          for (int64_t right = 0; right < 2 * n; ++right)
            if (left % n < right % n || (both_orders && left % n != right % n))
              part.insert({2 * n, left, right, 2 * n + 1});
        if (clause < clauses - fewest) part.insert(Tokens(4, 2 * n + 5));
        literals.push_back({4 * clause + 1, 4 * clause + 2});
      }
      parts_[4 * clauses] = {{2 * n + 2}};
    } else if (json["name"] == "modular-addition") {
      require_members(settings, {"p", "train_fraction", "split_seed"});
      modulus_ = integer(settings["p"], 2, 4096);
      named_ = domain == "all";
      for (int64_t number = 0; number < modulus_; ++number)
        parts_[0].insert({number}), parts_[1].insert({number});
      parts_[2] = {{modulus_}};
    } else {
      throw CannotCheck("another task than this program knows");
    }
    length_ = parts_.rbegin()->first + 1;
  }

  int64_t variables = 0, some = 0, none = 0;   ///< of 2-SAT
  std::vector<std::vector<int64_t>> literals;  ///< positions of the two literals of each clause

  /// Is it the domain of this name? @return whether the name is known.
  bool require_domain(const Domain& domain) const {
    if (domain.length != length_) throw Rejected("domain: another length than the task's");
    std::map<int64_t, size_t> combinations;  // of the alternatives in each part
    for (const Slot& slot : domain.slots) {
      const auto part = std::prev(parts_.upper_bound(slot.positions.front()));
      std::set<Tokens> expected;  // what the part allows at the slot's positions
      for (const Tokens& tokens : part->second) {
        Tokens projected;
        for (const int64_t position : slot.positions)
          if (position - part->first < std::ssize(tokens))
            projected.push_back(tokens[position - part->first]);
        expected.insert(projected);
      }
      const std::set<Tokens> given(slot.alternatives.begin(), slot.alternatives.end());
      if (named_ && given != expected)
        throw Rejected("domain: it is not '" + domain.name + "' of the task");
      combinations.emplace(part->first, 1).first->second *= slot.alternatives.size();
    }
    for (const auto& [first, part] : parts_)
      if (named_ && combinations[first] != part.size())
        throw Rejected("domain: it is not '" + domain.name + "' of the task");
    return named_;
  }

  /// Computes the right answers from the tokens; those of the certificate must be the same.
  void require_specification(const Json& json, const Domain& domain) {
    Json values(domain.slots.size(), nullptr);  // [slot][alternative]; null: it does not matter
    for (const auto& clause : literals)
      if (domain.slot_of[clause[0]] != domain.slot_of[clause[1]])
        throw CannotCheck("specification: the literals of a clause are chosen apart");
    for (size_t s = 0; s < domain.slots.size(); ++s) {
      const Slot& slot = domain.slots[s];
      values_.emplace_back(slot.alternatives.size(), variables ? ~uint64_t{0} : 0);
      for (size_t a = 0; a < slot.alternatives.size(); ++a) {
        const auto token_at = [&](int64_t position) {
          return slot.alternatives[a][std::ranges::find(slot.positions, position) -
                                      slot.positions.begin()];
        };
        for (const auto& clause : literals) {
          if (domain.slot_of[clause[0]] != s) continue;
          values_[s][a] &= truth_table(token_at(clause[0]), token_at(clause[1]), variables);
          char hex[20];
          std::snprintf(hex, sizeof hex, "0x%lx", values_[s][a]);
          values[s][a] = hex;
        }
        for (const int64_t number : {0, 1})
          if (modulus_ && domain.slot_of[number] == s) values_[s][a] += token_at(number);
        if (modulus_) values[s][a] = values_[s][a];
      }
    }
    const Json expected =
        modulus_ ? Json{{"kind", "sum_modulo"}, {"modulus", modulus_}, {"values", values}}
                 : Json{{"kind", "survivors"},
                        {"width", 1 << variables},
                        {"masks", values},
                        {"some", some},
                        {"none", none}};
    if (json != expected)
      throw Rejected("specification: it is not the task's: " +
                     Json::diff(json, expected).dump().substr(0, 200));
  }

  int64_t answer(const Choice& choice) const {
    uint64_t mask = ~uint64_t{0}, sum = 0;  // a formula is satisfiable iff some assignment survives
    for (size_t s = 0; s < choice.size(); ++s)
      mask &= values_[s][choice[s]], sum += values_[s][choice[s]];
    return modulus_ ? static_cast<int64_t>(sum % modulus_) : mask ? some : none;
  }

 private:
  bool named_ = false;
  int64_t length_ = 0, modulus_ = 0;
  std::map<int64_t, std::set<Tokens>> parts_;  // by first position: what may stand there
  std::vector<std::vector<uint64_t>>
      values_;  // [slot][alternative]: mask of assignments, or number
};

}  // namespace checker
