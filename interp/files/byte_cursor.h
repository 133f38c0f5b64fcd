#pragma once
// Walking through bytes that may lie: every step is checked against what is left.

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace assay::interp {

/// Reads little-endian numbers and texts one after the other from bytes that outlive it.
class ByteCursor {
 public:
  /// @param where  begins every message: the file, the entry.
  ByteCursor(std::string_view bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  /// Starts a new item: messages of fail() name the byte where it begins.
  void mark_item() { item_at_ = position_; }

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw std::runtime_error(fmt::format("{}: byte {}: {}", where_, item_at_,
                                         fmt::format(format, std::forward<Args>(args)...)));
  }

  std::string_view take(uint64_t length) {
    if (length > bytes_.size() - position_) {
      fail("truncated: expected {} more bytes, found {}", length, bytes_.size() - position_);
    }
    const std::string_view taken = bytes_.substr(position_, length);
    position_ += length;
    return taken;
  }

  template <typename Number>
  Number number() {
    static_assert(std::endian::native == std::endian::little);
    Number number;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);
    return number;
  }

  double big_endian_double() {
    return std::bit_cast<double>(__builtin_bswap64(number<uint64_t>()));
  }

  /// A text that its length precedes.
  template <typename Length>
  std::string_view text() {
    return take(number<Length>());
  }

  /// A text up to the next line feed, which is skipped.
  std::string_view line() {
    const size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) fail("truncated: expected the end of a line");
    const std::string_view text = take(end - position_);
    take(1);
    return text;
  }

 private:
  std::string_view bytes_;
  std::string where_;
  size_t position_ = 0, item_at_ = 0;
};

}  // namespace assay::interp
