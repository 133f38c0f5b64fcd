#include "tools/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <functional>

#include "tools/terminal.h"

namespace assay::tools {
namespace {

constexpr size_t kTextShown = 40;  // columns of what was given instead

std::string refusal(const std::string& expected, const std::string& text) {
  return fmt::format("expected {}, got {}", expected,
                     text.empty() ? "nothing" : shortened(text, kTextShown));
}

/// All of the text as a number of type T, or nothing. @param error  why not.
template <typename T>
bool parses(const std::string& text, T& value, std::errc& error) {
  const char* end = text.data() + text.size();
  const auto [stopped, why] = std::from_chars(text.data(), end, value);
  error = why;
  return why == std::errc() && stopped == end;
}

template <typename T>
CLI::Validator whole(T least, T most) {
  constexpr T kLast = std::numeric_limits<T>::max();
  const auto check = [least, most](std::string& text) -> std::string {
    T value = 0;
    std::errc error{};
    if (parses(text, value, error) && least <= value && value <= most) {
      text = fmt::to_string(value);  // 007 is 7, not an octal number
      return "";
    }
    const bool too_large = error == std::errc::result_out_of_range;
    const bool any = least == std::numeric_limits<T>::min() && least < 0 && most == kLast;
    if (any && !too_large) return refusal("a whole number", text);
    if (most == kLast && least >= 0 && std::is_signed_v<T> && !too_large)
      return refusal(fmt::format("a whole number of at least {}", least), text);
    return refusal(fmt::format("a whole number from {} to {}", least, most), text);
  };
  return {check, ""};
}

CLI::Validator finite(const std::string& expected, const std::function<bool(double)>& allowed) {
  const auto check = [expected, allowed](std::string& text) -> std::string {
    double value = 0;
    std::errc error{};
    const bool is_number = parses(text, value, error) && std::isfinite(value);
    return is_number && allowed(value) ? "" : refusal(expected, text);
  };
  return {check, ""};
}

}  // namespace

CLI::Validator whole_number(int64_t least, int64_t most) {
  return whole<int64_t>(least, most);
}

CLI::Validator seed_number() {
  return whole<uint64_t>(0, std::numeric_limits<uint64_t>::max());
}

CLI::Validator number() {
  return finite("a number", [](double) { return true; });
}

CLI::Validator number_from(double least, double most) {
  return finite(fmt::format("a number from {} to {}", least, most),
                [=](double value) { return least <= value && value <= most; });
}

CLI::Validator number_at_least(double least) {
  return finite(fmt::format("a number of at least {}", least),
                [=](double value) { return value >= least; });
}

CLI::Validator number_strictly_between(double low, double high) {
  return finite(fmt::format("a number between {} and {}", low, high),
                [=](double value) { return low < value && value < high; });
}

}  // namespace assay::tools
