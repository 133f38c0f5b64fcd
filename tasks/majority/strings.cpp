#include "tasks/majority/strings.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "interp/statistics/random.h"

namespace assay::tasks::majority {
namespace {

using at::Tensor;

// Of a number with a leading one in front of the symbols.
int64_t length_of(uint32_t number) {
  return std::bit_width(number) - 1;
}

bool has_tie(uint32_t number) {
  return 2 * (std::popcount(number) - 1) == length_of(number);
}

Part part_of_number(uint32_t number) {
  const uint32_t symbols = (uint32_t{1} << length_of(number)) - 1;
  constexpr std::array kQuarters = {Part::Train, Part::Train, Part::Derive, Part::Test};
  return kQuarters[statistics::scattered(std::min(number, number ^ symbols)) % 4];
}

// Blanks, symbols and the equals sign, in this order? The number of the string, or none.
std::optional<uint32_t> number_of(const Tensor& tokens) {
  const Tensor row = tokens.to(torch::kCPU).contiguous();
  const int64_t* at = row.data_ptr<int64_t>();
  const int64_t* const end = at + row.numel() - 1;
  if (*end != kEquals) return std::nullopt;
  while (at < end && *at == kBlank) ++at;
  uint32_t number = 1;
  for (; at < end; ++at) {
    if (*at != kZero && *at != kOne) return std::nullopt;
    number = 2 * number + static_cast<uint32_t>(*at);
  }
  return number;
}

}  // namespace

Tensor differences(const Tensor& tokens) {
  return tokens.eq(kOne).sum(1) - tokens.eq(kZero).sum(1);
}

Tensor answers(const Tensor& tokens) {
  return at::where(differences(tokens).gt(0), at::scalar_tensor(kOne, torch::kInt64),
                   at::scalar_tensor(kZero, torch::kInt64));
}

Strings::Strings(int64_t longest) : longest_(longest) {
  if (longest < kShortest || longest > kLongest)
    throw std::invalid_argument(
        fmt::format("length: expected {} to {}, got {}", kShortest, kLongest, longest));
  for (const Number number : all())
    pools_[static_cast<size_t>(part_of_number(number))].push_back(number);
}

std::vector<Strings::Number> Strings::all() const {
  std::vector<Number> numbers;
  for (Number number = 2; number < Number{1} << n_ctx(); ++number)
    if (!has_tie(number)) numbers.push_back(number);
  return numbers;
}

Tensor Strings::rows_of(const std::vector<Number>& numbers) const {
  Tensor tokens = at::full({std::ssize(numbers), n_ctx()}, kBlank, torch::kInt64);
  int64_t* row = tokens.data_ptr<int64_t>();
  for (const Number number : numbers) {
    const int64_t length = length_of(number);
    for (int64_t i = 0; i < length; ++i) row[longest_ - 1 - i] = number >> i & 1;
    row[longest_] = kEquals;
    row += n_ctx();
  }
  return tokens;
}

Domain Strings::domain() const {
  const std::vector<Number> numbers = all();
  const Tensor tokens = rows_of(numbers);
  Domain domain{.inputs = {tokens, answers(tokens)}, .part = {}};
  for (const Number number : numbers) domain.part.push_back(part_of_number(number));
  return domain;
}

// Strings without a tie are no product of what may stand at each position, so the domain is a
// single slot that has every string as an alternative. State s of the automaton has s - longest
// ones more than zeros.
Specification Strings::specification() const {
  const Tensor tokens = rows_of(all());
  proofs::Domain domain{
      .name = "all",
      .words = fmt::format("every string of 1 to {} zeros and ones without a tie", longest_),
      .length = n_ctx(),
      .readout = longest_};
  proofs::Slot slot;
  for (int64_t i = 0; i < n_ctx(); ++i) slot.positions.push_back(i);
  for (int64_t i = 0; i < tokens.size(0); ++i) {
    const int64_t* row = tokens.data_ptr<int64_t>() + i * n_ctx();
    slot.alternatives.emplace_back(row, row + n_ctx());
  }
  domain.slots = {std::move(slot)};
  proofs::Automaton counter{.start = longest_};
  const int64_t last = 2 * longest_;
  for (int64_t state = 0; state <= last; ++state) {
    counter.next.push_back(
        {std::max<int64_t>(state - 1, 0), std::min(state + 1, last), state, state});
    counter.answers.push_back(state > longest_ ? kOne : kZero);
  }
  return {.domains = {{std::move(domain), std::move(counter)}},
          .knowledge = {.is_input = [*this](const Tensor& row) { return holds(row); }}};
}

bool Strings::holds(const Tensor& tokens) const {
  const auto number = number_of(tokens);
  return number && *number > 1 && !has_tie(*number);
}

Part Strings::part_of(const Tensor& tokens) const {
  return part_of_number(number_of(tokens).value());
}

interp::LabelledBatch Strings::sample(Part part, uint64_t seed, int64_t first,
                                      int64_t count) const {
  const auto& pool = pools_[static_cast<size_t>(part)];
  std::vector<Number> numbers(count);
  for (int64_t i = 0; i < count; ++i)
    numbers[i] = pool[statistics::scattered(seed, static_cast<uint64_t>(first + i)) % pool.size()];
  const Tensor tokens = rows_of(numbers);
  return {tokens, answers(tokens)};
}

std::string Strings::to_text(const Tensor& tokens) const {
  std::string text;
  for (int64_t i = 0; i < tokens.size(0); ++i) {
    const auto token = tokens[i].item<int64_t>();
    if (token == kZero || token == kOne) text += token == kOne ? '1' : '0';
  }
  return text;
}

Tensor Strings::to_tokens(const std::string& text) const {
  Number number = 1;
  for (const char c : text)
    if (c == '0' || c == '1') {
      if (length_of(number) == longest_)
        throw std::invalid_argument(
            fmt::format("'{}': expected at most {} symbols", text, longest_));
      number = 2 * number + (c == '1' ? 1 : 0);
    } else if (c != ' ') {
      throw std::invalid_argument(fmt::format("'{}': expected zeros and ones, as 0110111", text));
    }
  if (number == 1 || has_tie(number))
    throw std::invalid_argument(
        fmt::format("'{}': expected more zeros than ones, or more ones than zeros", text));
  return rows_of({number})[0];
}

Tensor reordered(const Tensor& tokens,
                 const std::function<std::vector<int64_t>(int64_t row, int64_t length)>& order_of) {
  const Tensor from = tokens.contiguous(), to = from.clone();
  const int64_t n_ctx = tokens.size(1);
  for (int64_t row = 0; row < tokens.size(0); ++row) {
    const int64_t* old = from.data_ptr<int64_t>() + row * n_ctx;
    const int64_t blanks = std::count(old, old + n_ctx, kBlank), length = n_ctx - 1 - blanks;
    const std::vector<int64_t> order = order_of(row, length);
    int64_t* now = to.data_ptr<int64_t>() + row * n_ctx;
    for (int64_t i = 0; i < length; ++i) now[blanks + i] = old[blanks + order[i]];
  }
  return to;
}

}  // namespace assay::tasks::majority
