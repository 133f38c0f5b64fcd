#pragma once
// What statements are about: a set of inputs, and the answer that each of them should get.

#include "interpretation.h"

namespace checker {

struct Slot {
  Integers positions;  ///< ascending
  std::vector<Integers> alternatives;
};

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
                          "domain: position " + std::to_string(position) + " stands twice");
      for (const Json& tokens : list(item["alternatives"])) {
        slot.alternatives.push_back(integers(tokens, 0, d_vocab - 1));
        expect(tokens.size() == slot.positions.size(), tokens, "a token per position");
      }
      const std::set<Integers> different(slot.alternatives.begin(), slot.alternatives.end());
      require<BadInput>(!slot.alternatives.empty() &&
                            different.size() == slot.alternatives.size() &&
                            !slot.positions.empty() && std::ranges::is_sorted(slot.positions),
                        "domain: a slot is empty, out of order, or has an alternative twice");
      slots.push_back(std::move(slot));
    }
    require<BadInput>(!std::ranges::count(slot_of, SIZE_MAX), "domain: a position is in no slot");
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
  /// The alternative of each slot that makes this input.
  std::vector<size_t> choice_of(const Integers& tokens) const {
    std::vector<size_t> choice;
    for (const Slot& slot : slots) {
      Integers part;
      for (const int64_t position : slot.positions)
        if (std::ssize(tokens) == length) part.push_back(tokens[position]);
      choice.push_back(std::ranges::find(slot.alternatives, part) - slot.alternatives.begin());
      require(choice.back() < slot.alternatives.size(),
              "an input outside of the domain: " + Json(tokens).dump());
    }
    return choice;
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
/// its tokens. Inputs fall into parts (clauses, numbers, parentheses) that stand one behind the
/// other.
class Task {
 public:
  Task(const Json& json, const std::string& domain) {
    require_members(json, {"name", "settings"});
    name_ = text(json["name"]);
    const Json& settings = json["settings"];
    named_ = domain == (name_ == "two-sat" ? "sampled" : "all");
    if (name_ == "two-sat") {
      read_two_sat(settings, domain == "both-orders");
    } else if (name_ == "modular-addition") {
      require_members(settings, {"p", "train_fraction", "split_seed"});
      modulus_ = integer(settings["p"], 2, 4096);
      for (int64_t n = 0; n < modulus_; ++n) parts_[0].insert({n}), parts_[1].insert({n});
      parts_[2] = {{modulus_}};
    } else {
      require<CannotCheck>(name_ == "dyck", "another task than this program knows");
      require_members(settings, {"length", "train_fraction", "split_seed"});
      for (int64_t p = integer(settings["length"], 1, 64); p-- > 0;) parts_[p] = {{0}, {1}};
    }
    length_ = parts_.rbegin()->first + 1;
  }

  int64_t variables = 0, some = 0, none = 0;  ///< of 2-SAT
  std::vector<Integers> literals;             ///< positions of the two literals of each clause

  /// Is it the domain of this name? @return whether the name is known.
  bool require_domain(const Domain& domain) const {
    require(domain.length == length_, "domain: another length than the task's");
    const std::string otherwise = "domain: it is not '" + domain.name + "' of the task";
    std::map<int64_t, size_t> combinations;  // of the alternatives in each part
    for (const Slot& slot : domain.slots) {
      const auto part = std::prev(parts_.upper_bound(slot.positions.front()));
      std::set<Integers> expected;  // what the part allows at the slot's positions
      for (const Integers& tokens : part->second) {
        Integers projected;
        for (const int64_t position : slot.positions)
          if (position - part->first < std::ssize(tokens))
            projected.push_back(tokens[position - part->first]);
        expected.insert(projected);
      }
      require(!named_ || std::set(slot.alternatives.begin(), slot.alternatives.end()) == expected,
              otherwise);
      combinations.emplace(part->first, 1).first->second *= slot.alternatives.size();
    }
    for (const auto& [first, part] : parts_)
      require(!named_ || combinations[first] == part.size(), otherwise);
    return named_;
  }

  /// Computes the right answers from the tokens; those of the certificate must be the same.
  void require_specification(const Json& json, const Domain& domain) const {
    Json expected = {
        {"kind", "sum_modulo"}, {"modulus", modulus_}, {"values", contributions(domain)}};
    if (variables)
      expected = {{"kind", "survivors"},
                  {"width", 1 << variables},
                  {"masks", expected["values"]},
                  {"some", some},
                  {"none", none}};
    if (name_ == "dyck") expected = automaton();
    require(json == expected, "specification: it is not the task's: " +
                                  Json::diff(json, expected).dump().substr(0, 200));
  }

  int64_t answer(const Integers& tokens) const {
    if (name_ == "dyck") return balanced(tokens);
    if (modulus_) return (tokens[0] + tokens[1]) % modulus_;
    uint64_t mask = ~uint64_t{0};  // a formula is satisfiable iff some assignment survives
    for (const auto& clause : literals)
      mask &= truth_table(tokens[clause[0]], tokens[clause[1]], variables);
    return mask ? some : none;
  }

 private:
  void read_two_sat(const Json& settings, bool both_orders) {
    std::set<std::string> members = {"variables", "clauses"};
    if (settings.contains("min_clauses")) members.insert("min_clauses");
    require_members(settings, members);
    variables = integer(settings["variables"], 2, 6);
    const int64_t clauses = integer(settings["clauses"], 1, 40), n = variables;
    const int64_t fewest =
        members.size() == 3 ? integer(settings["min_clauses"], 1, clauses) : clauses;
    named_ = named_ || both_orders;
    some = 2 * n + 3, none = 2 * n + 4;
    for (int64_t clause = 0; clause < clauses; ++clause) {  // `( l r )`; those missing come first
      std::set<Integers>& part = parts_[4 * clause];
      for (int64_t left = 0; left < 2 * n; ++left)
        for (int64_t right = 0; right < 2 * n; ++right)
          if (left % n < right % n || (both_orders && left % n != right % n))
            part.insert({2 * n, left, right, 2 * n + 1});
      if (clause < clauses - fewest) part.insert(Integers(4, 2 * n + 5));
      literals.push_back({4 * clause + 1, 4 * clause + 2});
    }
    parts_[4 * clauses] = {{2 * n + 2}};
  }

  // What each slot adds to the answer, [slot][alternative]: the mask of assignments that its
  // clauses leave, or its numbers; null where it does not matter.
  Json contributions(const Domain& domain) const {
    Json all(domain.slots.size(), nullptr);
    for (size_t s = 0; s < domain.slots.size(); ++s)
      for (size_t a = 0; a < domain.slots[s].alternatives.size(); ++a) {
        Integers tokens(length_, 0);
        for (size_t i = 0; i < domain.slots[s].positions.size(); ++i)
          tokens[domain.slots[s].positions[i]] = domain.slots[s].alternatives[a][i];
        if (modulus_) all[s][a] = tokens[0] + tokens[1];
        uint64_t mask = ~uint64_t{0};
        for (const Integers& clause : literals) {
          require<CannotCheck>(domain.slot_of[clause[0]] == domain.slot_of[clause[1]],
                               "specification: the literals of a clause are chosen apart");
          if (domain.slot_of[clause[0]] != s) continue;
          mask &= truth_table(tokens[clause[0]], tokens[clause[1]], variables);
          char hex[20];
          std::snprintf(hex, sizeof hex, "0x%lx", mask);
          all[s][a] = hex;
        }
      }
    return all;
  }

  // The states are depths; the last is for strings that were negative, or would be too deep.
  Json automaton() const {
    const int64_t lost = length_ + 1;
    Json next, answers;
    for (int64_t state = 0; state <= lost; ++state) {
      next.push_back(
          {state < length_ ? state + 1 : lost, state > 0 && state < lost ? state - 1 : lost});
      answers.push_back(state == 0 ? 1 : 0);
    }
    return {{"kind", "automaton"}, {"start", 0}, {"next", next}, {"answers", answers}};
  }

  std::string name_;
  bool named_ = false;
  int64_t length_ = 0, modulus_ = 0;
  std::map<int64_t, std::set<Integers>> parts_;  // by first position: what may stand there
};

}  // namespace checker
