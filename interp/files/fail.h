#pragma once
// An error of the world with a message made on the spot.

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace assay::interp {

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw std::runtime_error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace assay::interp
