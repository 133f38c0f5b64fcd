#include "axioms/proofs/domain.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "interp/files/json_shape.h"
#include "interp/numerals.h"
#include "interp/statistics/random.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using nlohmann::ordered_json;

constexpr double kDigits = 1e9;  // from here on, counts are rounded for people

std::vector<int64_t> tokens_at(const int64_t* row, const std::vector<int64_t>& positions) {
  std::vector<int64_t> tokens;
  for (const int64_t position : positions) tokens.push_back(row[position]);
  return tokens;
}

// One input, as the tokens that it consists of and as the alternatives that make them.
struct Input {
  const int64_t* tokens;
  int64_t length;
  const int64_t* choices;
};

int64_t answer(const Survivors& survivors, const Input& input) {
  uint64_t left = survivors.width == 64 ? ~uint64_t{0} : (uint64_t{1} << survivors.width) - 1;
  for (size_t slot = 0; slot < survivors.masks.size(); ++slot)
    if (survivors.masks[slot]) left &= survivors.masks[slot]->at(input.choices[slot]);
  return left != 0 ? survivors.some : survivors.none;
}

int64_t answer(const SumModulo& sum, const Input& input) {
  int64_t total = 0;
  for (size_t slot = 0; slot < sum.values.size(); ++slot)
    total = (total + sum.values[slot].at(input.choices[slot])) % sum.modulus;
  return total;
}

int64_t answer(const Automaton& automaton, const Input& input) {
  int64_t state = automaton.start;
  for (int64_t i = 0; i < input.length; ++i) state = automaton.next.at(state).at(input.tokens[i]);
  return automaton.answers.at(state);
}

}  // namespace

double Domain::inputs() const {
  double product = 1;
  for (const Slot& slot : slots) product *= static_cast<double>(slot.alternatives.size());
  return product;
}

std::string Domain::inputs_in_words() const {
  const double n = inputs();
  if (n < kDigits) return interp::grouped(static_cast<int64_t>(n));
  const auto exponent = static_cast<int>(std::floor(std::log10(n)));
  return fmt::format("{:.2f}e{}", n / std::pow(10.0, exponent), exponent);
}

Tensor Domain::tokens_of(const Tensor& choices) const {
  Tensor tokens = at::empty({choices.size(0), length}, torch::kInt64);
  const auto chosen = choices.accessor<int64_t, 2>();
  auto out = tokens.accessor<int64_t, 2>();
  for (int64_t row = 0; row < choices.size(0); ++row)
    for (size_t s = 0; s < slots.size(); ++s) {
      const auto& alternative = slots[s].alternatives.at(chosen[row][s]);
      for (size_t i = 0; i < alternative.size(); ++i)
        out[row][slots[s].positions[i]] = alternative[i];
    }
  return tokens;
}

Tensor Domain::choices_of(const Tensor& tokens) const {
  const Tensor rows = tokens.to(torch::kCPU).contiguous();
  if (rows.size(1) != length)
    throw std::invalid_argument(
        fmt::format("the domain '{}' has inputs of {} tokens, got {}", name, length, rows.size(1)));
  Tensor choices = at::empty({rows.size(0), static_cast<int64_t>(slots.size())}, torch::kInt64);
  auto out = choices.accessor<int64_t, 2>();
  for (size_t s = 0; s < slots.size(); ++s) {
    std::map<std::vector<int64_t>, int64_t> place;
    for (size_t i = 0; i < slots[s].alternatives.size(); ++i) place[slots[s].alternatives[i]] = i;
    for (int64_t row = 0; row < rows.size(0); ++row) {
      const auto found =
          place.find(tokens_at(rows.data_ptr<int64_t>() + row * length, slots[s].positions));
      if (found == place.end())
        throw std::invalid_argument(
            fmt::format("row {}: not in the domain '{}': unknown tokens at position {}", row, name,
                        slots[s].positions.front()));
      out[row][s] = found->second;
    }
  }
  return choices;
}

bool Domain::holds(const Tensor& tokens) const {
  const Tensor row = tokens.to(torch::kCPU).contiguous();
  return row.numel() == length && std::ranges::all_of(slots, [&](const Slot& slot) {
           return std::ranges::count(slot.alternatives,
                                     tokens_at(row.data_ptr<int64_t>(), slot.positions)) > 0;
         });
}

bool Domain::includes(const Domain& other) const {
  if (length != other.length || readout != other.readout || slots.size() != other.slots.size())
    return false;
  return std::ranges::all_of(other.slots, [&](const Slot& small) {
    const auto large = std::ranges::find(slots, small.positions, &Slot::positions);
    if (large == slots.end()) return false;
    const std::set<std::vector<int64_t>> all(large->alternatives.begin(),
                                             large->alternatives.end());
    return std::ranges::all_of(small.alternatives,
                               [&](const auto& alternative) { return all.contains(alternative); });
  });
}

Tensor Domain::listed(int64_t first, int64_t count) const {
  const auto n = static_cast<int64_t>(slots.size());
  Tensor choices = at::empty({count, n}, torch::kInt64);
  auto out = choices.accessor<int64_t, 2>();
  for (int64_t row = 0; row < count; ++row) {
    int64_t index = first + row;
    for (int64_t s = n; s-- > 0;) {
      const auto size = static_cast<int64_t>(slots[s].alternatives.size());
      out[row][s] = index % size;
      index /= size;
    }
  }
  return tokens_of(choices);
}

Tensor Domain::drawn(uint64_t seed, int64_t first, int64_t count) const {
  const auto n = static_cast<int64_t>(slots.size());
  Tensor choices = at::empty({count, n}, torch::kInt64);
  auto out = choices.accessor<int64_t, 2>();
  for (int64_t row = 0; row < count; ++row)
    for (int64_t s = 0; s < n; ++s)
      out[row][s] =
          static_cast<int64_t>(statistics::uniform_at(seed, static_cast<uint64_t>(first + row), s) *
                               static_cast<double>(slots[s].alternatives.size()));
  return tokens_of(choices);
}

size_t Domain::slot_at(int64_t position) const {
  for (size_t s = 0; s < slots.size(); ++s)
    if (std::ranges::count(slots[s].positions, position) > 0) return s;
  throw std::invalid_argument(fmt::format("no slot of '{}' has position {}", name, position));
}

void validate(const Domain& domain, int64_t n_tokens) {
  const auto refuse = [&](const std::string& what) {
    throw std::invalid_argument(fmt::format("the domain '{}': {}", domain.name, what));
  };
  std::set<int64_t> taken;
  for (const Slot& slot : domain.slots) {
    if (slot.alternatives.empty() || !std::ranges::is_sorted(slot.positions))
      refuse("a slot without alternatives, or whose positions do not ascend");
    for (const int64_t position : slot.positions)
      if (position < 0 || position >= domain.length || !taken.insert(position).second)
        refuse(fmt::format("position {} is out of range or stands twice", position));
    std::set<std::vector<int64_t>> seen;
    for (const auto& alternative : slot.alternatives) {
      if (alternative.size() != slot.positions.size() || !seen.insert(alternative).second)
        refuse("an alternative of the wrong size, or one that stands twice");
      for (const int64_t token : alternative)
        if (token < 0 || token >= n_tokens) refuse(fmt::format("token {} does not exist", token));
    }
  }
  if (std::ssize(taken) != domain.length) refuse("its slots leave out a position");
}

Tensor answers(const Specification& specification, const Domain& domain, const Tensor& tokens) {
  const Tensor rows = tokens.to(torch::kCPU).contiguous(), choices = domain.choices_of(rows);
  Tensor right = at::empty({tokens.size(0)}, torch::kInt64);
  for (int64_t row = 0; row < tokens.size(0); ++row)
    right.data_ptr<int64_t>()[row] = std::visit(
        [&](const auto& s) {
          return answer(s, Input{.tokens = rows.data_ptr<int64_t>() + row * domain.length,
                                 .length = domain.length,
                                 .choices = choices.data_ptr<int64_t>() + row * choices.size(1)});
        },
        specification);
  return right;
}

ordered_json to_json(const Domain& domain) {
  ordered_json slots = ordered_json::array();
  for (const Slot& slot : domain.slots)
    slots.push_back({{"positions", slot.positions}, {"alternatives", slot.alternatives}});
  return {{"name", domain.name},
          {"words", domain.words},
          {"length", domain.length},
          {"readout", domain.readout},
          {"slots", std::move(slots)}};
}

Domain domain_from_json(const ordered_json& json, const std::string& where) {
  using namespace interp::json_shapes;
  const interp::Shape slot =
      object({{"positions", list(integer(0), 1)}, {"alternatives", list(list(integer(0), 1), 1)}});
  interp::require_shape(json,
                        object({{"name", text()},
                                {"words", text()},
                                {"length", integer(1)},
                                {"readout", integer(0)},
                                {"slots", list(slot, 1)}}),
                        where);
  Domain domain{.name = json["name"], .words = json["words"]};
  domain.length = json["length"];
  domain.readout = json["readout"];
  for (const ordered_json& one : json["slots"])
    domain.slots.push_back({one["positions"], one["alternatives"]});
  return domain;
}

}  // namespace assay::proofs
