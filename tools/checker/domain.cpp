#include "domain.h"

#include <cstdio>

namespace checker {
namespace {

using Tokens = std::vector<int64_t>;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 1e7 ? "%.0f" : "%.3g", value);
  return text;
}

struct TwoSat {
  int64_t variables, clauses, fewest;
};

TwoSat two_sat(const Json& settings) {
  const bool several = settings.is_object() && settings.contains("min_clauses");
  require_members(settings,
                  several ? std::set<std::string>{"variables", "clauses", "min_clauses"}
                          : std::set<std::string>{"variables", "clauses"},
                  "settings");
  const int64_t clauses = integer(settings["clauses"], 1, 40, "clauses");
  return {
      .variables = integer(settings["variables"], 2, 6, "variables"),
      .clauses = clauses,
      .fewest = several ? integer(settings["min_clauses"], 1, clauses, "min_clauses") : clauses};
}

int64_t modulus(const Json& settings) {
  require_members(settings, {"p", "train_fraction", "split_seed"}, "settings");
  return integer(settings["p"], 2, 4096, "p");
}

// The four tokens `( l r )` of every clause that there is; `# # # #` too, where clauses may be
// missing.
std::set<Tokens> clauses(const TwoSat& task, bool both_orders) {
  const int64_t n = task.variables;
  std::set<Tokens> all;
  for (int64_t left = 0; left < 2 * n; ++left)
    for (int64_t right = 0; right < 2 * n; ++right)
      if (left % n < right % n || (both_orders && left % n != right % n))
        all.insert({2 * n, left, right, 2 * n + 1});
  if (task.fewest < task.clauses) all.insert(Tokens(4, 2 * n + 5));
  return all;
}

// The tokens that the slots allow at positions first … first + count - 1, which no slot may
// overstep.
std::set<Tokens> allowed(const Domain& domain, int64_t first, int64_t count) {
  std::vector<Tokens> partial = {Tokens(count, -1)};
  for (const Slot& slot : domain.slots) {
    const bool inside = slot.positions.front() >= first && slot.positions.back() < first + count;
    if (slot.positions.back() < first || slot.positions.front() >= first + count) continue;
    if (!inside) throw Rejected("domain: a slot reaches beyond one clause");
    std::vector<Tokens> longer;
    for (const Tokens& tokens : partial)
      for (const Tokens& alternative : slot.alternatives) {
        longer.push_back(tokens);
        for (size_t i = 0; i < alternative.size(); ++i)
          longer.back()[slot.positions[i] - first] = alternative[i];
      }
    if (longer.size() > 100000) throw Rejected("domain: too many alternatives for a clause");
    partial = std::move(longer);
  }
  return {partial.begin(), partial.end()};
}

}  // namespace

Domain::Domain(const Json& json, int64_t d_vocab, int64_t n_ctx) {
  require_members(json, {"name", "words", "length", "readout", "slots"}, "domain");
  name = text(json["name"], "domain: name");
  length = integer(json["length"], 1, n_ctx, "domain: length");
  if (integer(json["readout"], 0, n_ctx, "domain: readout") != length - 1)
    throw CannotCheck("domain: the answer is not read at the last position");
  std::vector<int> taken(length);
  for (const Json& item : list(json["slots"], "domain: slots")) {
    require_members(item, {"positions", "alternatives"}, "domain: slot");
    Slot slot{.positions = integers(item["positions"], 0, length - 1, "domain: positions"),
              .alternatives = {}};
    if (slot.positions.empty() || !std::is_sorted(slot.positions.begin(), slot.positions.end()))
      throw BadInput("domain: a slot's positions are not in order");
    for (const int64_t position : slot.positions)
      if (taken[position]++)
        throw BadInput("domain: position " + std::to_string(position) + " is in two slots");
    for (const Json& tokens : list(item["alternatives"], "domain: alternatives")) {
      slot.alternatives.push_back(integers(tokens, 0, d_vocab - 1, "domain: alternative"));
      if (slot.alternatives.back().size() != slot.positions.size())
        throw BadInput("domain: an alternative has not one token per position");
    }
    if (slot.alternatives.empty()) throw BadInput("domain: a slot has no alternatives");
    if (std::set(slot.alternatives.begin(), slot.alternatives.end()).size() !=
        slot.alternatives.size())
      throw BadInput("domain: an alternative stands twice in a slot");
    slots.push_back(std::move(slot));
  }
  if (std::count(taken.begin(), taken.end(), 0)) throw BadInput("domain: a position is in no slot");
}

double Domain::size() const {
  double size = 1;
  for (const Slot& slot : slots) size *= static_cast<double>(slot.alternatives.size());
  return size;
}

std::string Domain::in_words() const {
  std::map<size_t, size_t> slots_with;  // alternatives -> slots
  for (const Slot& slot : slots) ++slots_with[slot.alternatives.size()];
  std::string words = number(size()) + " inputs of " + std::to_string(length) + " tokens: ";
  for (const auto& [alternatives, count] : slots_with)
    words += std::to_string(count) +
             (alternatives == 1 ? " fixed parts, "
                                : " parts of " + std::to_string(alternatives) + " alternatives, ");
  return words + "chosen independently";
}

size_t Domain::slot_of(int64_t position) const {
  for (size_t s = 0; s < slots.size(); ++s)
    if (std::count(slots[s].positions.begin(), slots[s].positions.end(), position)) return s;
  throw BadInput("position " + std::to_string(position) + " is not in the domain");
}

std::vector<size_t> Domain::choice_of(const Tokens& tokens) const {
  if (static_cast<int64_t>(tokens.size()) != length) throw Rejected("an input of another length");
  std::vector<size_t> choice;
  for (const Slot& slot : slots) {
    Tokens part;
    for (const int64_t position : slot.positions) part.push_back(tokens[position]);
    const auto found = std::find(slot.alternatives.begin(), slot.alternatives.end(), part);
    if (found == slot.alternatives.end()) throw Rejected("an input outside of the domain");
    choice.push_back(found - slot.alternatives.begin());
  }
  return choice;
}

Tokens Domain::tokens_of(const std::vector<size_t>& choice) const {
  Tokens tokens(length);
  for (size_t s = 0; s < slots.size(); ++s)
    for (size_t i = 0; i < slots[s].positions.size(); ++i)
      tokens[slots[s].positions[i]] = slots[s].alternatives[choice[s]][i];
  return tokens;
}

bool Domain::next(std::vector<size_t>& choice) const {
  for (size_t s = 0; s < slots.size(); ++s) {
    if (++choice[s] < slots[s].alternatives.size()) return true;
    choice[s] = 0;
  }
  return false;
}

bool Domain::require_as_named(const Json& task) const {
  if (task["name"] == "two-sat" && (name == "sampled" || name == "both-orders")) {
    const TwoSat settings = two_sat(task["settings"]);
    if (length != 4 * settings.clauses + 1) throw Rejected("domain: not as long as the task's");
    const std::set<Tokens> expected = clauses(settings, name == "both-orders");
    for (int64_t clause = 0; clause < settings.clauses; ++clause)
      if (allowed(*this, 4 * clause, 4) != expected)
        throw Rejected("domain: clause " + std::to_string(clause) +
                       " has other alternatives than in '" + name + "'");
    if (allowed(*this, length - 1, 1) != std::set<Tokens>{{2 * settings.variables + 2}})
      throw Rejected("domain: it does not end in ':'");
    return true;
  }
  if (task["name"] == "modular-addition" && name == "all") {
    const int64_t p = modulus(task["settings"]);
    std::set<Tokens> numbers;
    for (int64_t n = 0; n < p; ++n) numbers.insert({n});
    if (length != 3 || allowed(*this, 0, 1) != numbers || allowed(*this, 1, 1) != numbers ||
        allowed(*this, 2, 1) != std::set<Tokens>{{p}})
      throw Rejected("domain: not 'all' pairs of numbers below p");
    return true;
  }
  return false;
}

Specification::Specification(const Json& json, const Json& task, const Domain& domain) {
  if (!json.is_object() || !json.contains("kind")) throw BadInput("specification: expected a kind");
  if (task["name"] == "two-sat" && json["kind"] == "survivors") {
    of_two_sat(json, task["settings"], domain);
  } else if (task["name"] == "modular-addition" && json["kind"] == "sum_modulo") {
    of_modular_addition(json, task["settings"], domain);
  } else {
    throw CannotCheck("specification: not of a task that this program knows");
  }
}

// A formula is satisfiable iff some assignment survives: it satisfies every clause. A slot that
// holds both literals of a clause decides its truth table; no other slot may hold a literal.
void Specification::of_two_sat(const Json& json, const Json& settings, const Domain& domain) {
  require_members(json, {"kind", "width", "masks", "some", "none"}, "specification");
  const TwoSat task = two_sat(settings);
  variables_ = task.variables;
  some_ = integer(json["some"], 0, INT64_MAX, "specification: some");
  none_ = integer(json["none"], 0, INT64_MAX, "specification: none");
  if (some_ != 2 * variables_ + 3 || none_ != 2 * variables_ + 4 ||
      integer(json["width"], 0, 64, "specification: width") != int64_t{1} << variables_)
    throw Rejected("specification: not the task's answers or number of assignments");
  if (domain.length != 4 * task.clauses + 1) throw Rejected("specification: another length");
  masks_.resize(domain.slots.size());
  for (int64_t clause = 0; clause < task.clauses; ++clause) {
    const int64_t left = 4 * clause + 1, right = 4 * clause + 2;
    const size_t s = domain.slot_of(left);
    const Slot& slot = domain.slots[s];
    if (domain.slot_of(right) != s || !masks_[s].empty())
      throw CannotCheck("specification: a clause has no slot of its own");
    const auto column = [&](int64_t position) {
      return std::find(slot.positions.begin(), slot.positions.end(), position) -
             slot.positions.begin();
    };
    for (const Tokens& tokens : slot.alternatives)
      masks_[s].push_back(truth_table(tokens[column(left)], tokens[column(right)], variables_));
    literals_.push_back({left, right});
  }
  const Json& stated = list(json["masks"], "specification: masks");
  bool same = stated.size() == masks_.size();
  for (size_t s = 0; same && s < masks_.size(); ++s) {
    same = stated[s].is_null() ? masks_[s].empty()
                               : list(stated[s], "masks").size() == masks_[s].size();
    for (size_t a = 0; same && a < masks_[s].size(); ++a) {
      const std::string& mask = text(stated[s][a], "specification: mask");
      size_t end = 0;
      const bool hex = mask.starts_with("0x") && mask.size() > 2 && mask.size() <= 18 &&
                       mask.find_first_not_of("0123456789abcdefABCDEF", 2) == mask.npos;
      same = hex && std::stoull(mask, &end, 16) == masks_[s][a];
    }
  }
  if (!same) throw Rejected("specification: its masks are not the truth tables of the clauses");
}

// The sum of the numbers at positions 0 and 1.
void Specification::of_modular_addition(const Json& json, const Json& settings,
                                        const Domain& domain) {
  require_members(json, {"kind", "modulus", "values"}, "specification");
  modulus_ = modulus(settings);
  const Json& stated = list(json["values"], "specification: values");
  if (domain.length != 3 ||
      integer(json["modulus"], 1, 4096, "specification: modulus") != modulus_ ||
      stated.size() != domain.slots.size())
    throw Rejected("specification: not that of addition modulo p");
  for (size_t s = 0; s < domain.slots.size(); ++s) {
    values_.emplace_back();
    for (const Tokens& tokens : domain.slots[s].alternatives) {
      int64_t sum = 0;
      for (size_t i = 0; i < tokens.size(); ++i)
        if (domain.slots[s].positions[i] < 2) sum += tokens[i];
      values_[s].push_back(sum % modulus_);
    }
    auto values = integers(stated[s], INT64_MIN / 2, INT64_MAX / 2, "specification: values");
    for (int64_t& value : values) value = (value % modulus_ + modulus_) % modulus_;
    if (values != values_[s]) throw Rejected("specification: its values are not the numbers");
  }
}

int64_t Specification::answer(const std::vector<size_t>& choice) const {
  uint64_t mask = ~uint64_t{0};
  int64_t sum = 0;
  for (size_t s = 0; s < choice.size(); ++s) {
    if (of_clauses() && !masks_[s].empty()) mask &= masks_[s][choice[s]];
    if (!of_clauses()) sum += values_[s][choice[s]];
  }
  return of_clauses() ? (mask ? some_ : none_) : sum % modulus_;
}

}  // namespace checker
