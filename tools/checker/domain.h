#pragma once
// What statements are about: a set of inputs, and the answer that each of them should get.

#include "program.h"

namespace checker {

struct Slot {
  Integers positions;  ///< ascending
  std::vector<Integers> alternatives;
};

/// Slots as sets: by their positions, the alternatives.
using Slots = std::map<Integers, std::set<Integers>>;

/// All inputs that choose one alternative per slot, independently. Slots partition the positions.
class Domain {
 public:
  /// @param summed  the network sums over positions, and its only answer is at 0.
  Domain(const Json& json, int64_t d_vocab, int64_t n_ctx, bool summed) {
    require_members(json, {"name", "words", "length", "readout", "slots"});
    name = text(json["name"]), text(json["words"]);
    length = integer(json["length"], 1, n_ctx);
    require<CannotCheck>(integer(json["readout"], 0, n_ctx) == (summed ? 0 : length - 1),
                         "domain: the answer is not read at the last position");
    slot_of.assign(length, SIZE_MAX);
    for (const Json& item : list(json["slots"])) {
      require_members(item, {"positions", "alternatives"});
      Slot slot{integers(item["positions"], 0, length - 1), {}};
      for (const int64_t position : slot.positions)
        require<BadInput>(std::exchange(slot_of[position], slots.size()) == SIZE_MAX,
                          "domain: position ", position, " stands twice");
      std::set<Integers>& different = as_sets[slot.positions];
      for (const Json& tokens : list(item["alternatives"])) {
        slot.alternatives.push_back(integers(tokens, 0, d_vocab - 1));
        expect(tokens.size() == slot.positions.size(), tokens, "a token per position");
        different.insert(slot.alternatives.back());
      }
      require<BadInput>(!slot.positions.empty() && std::ranges::is_sorted(slot.positions) &&
                            !different.empty() && different.size() == slot.alternatives.size(),
                        "domain: a slot is empty, out of order, or has an alternative twice");
      slots.push_back(std::move(slot));
    }
    require<BadInput>(!std::ranges::count(slot_of, SIZE_MAX), "domain: a position is in no slot");
  }

  std::string name;
  int64_t length;
  std::vector<Slot> slots;
  Slots as_sets;
  std::vector<size_t> slot_of;  ///< by position

  double size() const {  // rounded up
    double size = 1;
    for (const Slot& slot : slots) size *= static_cast<double>(slot.alternatives.size());
    return size;
  }
  /// @return one input.
  Integers input(const Json& json) const {
    const Integers tokens = integers(json, 0, INT64_MAX);
    bool inside = std::ssize(tokens) == length;
    for (size_t s = 0; inside && s < slots.size(); ++s)
      inside = as_sets.at(slots[s].positions).contains(part(tokens, s));
    require(inside, "an input outside of the domain: ", json);
    return tokens;
  }
  /// What an input has in a slot.
  Integers part(const Integers& tokens, size_t slot) const {
    Integers part;
    for (const int64_t position : slots[slot].positions) part.push_back(tokens[position]);
    return part;
  }
  /// Neighbours differ in the last slots: they share what the network computes before.
  template <typename Visit>
  void for_every_input(Visit visit) const {
    require<CannotCheck>(size() <= 1e7, "the domain is too large to be listed");
    Integers tokens(length);
    const auto from = [&](auto& self, size_t s) -> void {
      if (s == slots.size()) return visit(tokens);
      for (const Integers& alternative : slots[s].alternatives) {
        for (size_t i = 0; i < alternative.size(); ++i)
          tokens[slots[s].positions[i]] = alternative[i];
        self(self, s + 1);
      }
    };
    from(from, 0);
  }
};

/// What the task knows: which inputs its named domains hold, and the right answers, computed from
/// the tokens.
class Task {
 public:
  Task(const Json& json, const std::string& domain) {
    require_members(json, {"name", "settings"});
    const Json &name = json["name"], &settings = json["settings"];
    named_ = domain == "all";
    if (name == "two-sat") {
      read_two_sat(settings, domain);
    } else if (name == "modular-addition") {
      require_members(settings, {"p", "train_fraction", "split_seed"});
      const int64_t p = integer(settings["p"], 2, 4096);
      for (int64_t n = 0; n < p; ++n) allow(0, {n}), allow(1, {n}), answers.insert(n);
      allow(2, {p});
      answer = [p](const Integers& tokens) { return (tokens[0] + tokens[1]) % p; };
    } else if (name == "dyck") {
      require_members(settings, {"length", "train_fraction", "split_seed"});
      for (int64_t p = integer(settings["length"], 1, 64); p-- > 0;) allow(p, {0}), allow(p, {1});
      answer = balanced;
    } else {
      require<CannotCheck>(name == "majority", "task ", name, ", where two-sat, modular-addition, ",
                           "dyck and majority are known");
      require_members(settings, {"length"});
      read_majority(integer(settings["length"], 1, 16));
    }
  }

  std::function<int64_t(const Integers& tokens)> answer;  ///< the right one
  std::set<int64_t> answers = {0, 1};                     ///< all that there are
  int64_t variables = 0, some = 0, none = 0;              ///< of 2-SAT
  std::vector<Integers> clauses;                          ///< positions of their two literals

  Task(const Task&) = delete;  // `answer` points here
  /// Is it the domain of this name? @return whether the name is known.
  bool require_domain(const Domain& domain) const {
    require(domain.length == slots_.rbegin()->first.back() + 1,
            "domain: another length than the task's");
    require(!named_ || domain.as_sets == slots_, "domain: it is not '", domain.name,
            "' of the task");
    return named_;
  }

 private:
  // Clauses `( l r )`, of which those come first that may be missing, and a colon.
  void read_two_sat(const Json& settings, const std::string& domain) {
    std::set<std::string> members = {"variables", "clauses"};
    if (settings.contains("min_clauses")) members.insert("min_clauses");
    require_members(settings, members);
    const int64_t n = variables = integer(settings["variables"], 2, 6);
    const int64_t most = integer(settings["clauses"], 1, 40), open = 2 * n, close = open + 1;
    const int64_t least = integer(settings.value("min_clauses", Json(most)), 1, most);
    some = 2 * n + 3, none = 2 * n + 4, answers = {some, none};
    const bool both_orders = domain == "both-orders";
    named_ = both_orders || domain == "sampled";
    for (int64_t first = 0; first < 4 * most; first += 4) {
      clauses.push_back({first + 1, first + 2});
      const bool optional = first < 4 * (most - least);
      if (optional) allow(first, Integers(4, 2 * n + 5));
      if (!optional) allow(first, {open}), allow(first + 3, {close});
      for (int64_t left = 0; left < 2 * n; ++left)
        for (int64_t right = 0; right < 2 * n; ++right) {
          if (left % n == right % n || (left % n > right % n && !both_orders)) continue;
          if (optional) allow(first, {open, left, right, close});
          if (!optional) allow(first + 1, {left, right});
        }
    }
    allow(4 * most, {2 * n + 2});
    answer = [this](const Integers& tokens) {
      return satisfying(clauses, tokens, variables) ? some : none;
    };
  }

  // Blanks (2), the string, `=` (3): every string of up to `longest` symbols without a tie.
  void read_majority(int64_t longest) {
    for (int64_t symbols = 1; symbols <= longest; ++symbols)
      for (int64_t string = 0; string < int64_t{1} << symbols; ++string) {
        Integers row(longest + 1, 2);
        for (int64_t i = 0; i < symbols; ++i) row[longest - symbols + i] = string >> i & 1;
        row[longest] = 3;
        if (ones_ahead(row) != 0) allow(0, row);
      }
    answer = [](const Integers& tokens) {
      const int64_t ahead = ones_ahead(tokens);
      require<CannotCheck>(ahead != 0, "a string with a tie");
      return int64_t{ahead > 0};
    };
  }

  // In the named domain, these tokens may stand from here on.
  void allow(int64_t position, const Integers& tokens) {
    Integers positions(tokens.size());
    std::iota(positions.begin(), positions.end(), position);
    slots_[positions].insert(tokens);
  }

  bool named_ = false;
  Slots slots_;  // of the domain of that name; of any, if the task has none of that name
};

}  // namespace checker
