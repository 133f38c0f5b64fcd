#include "tools/shard_option.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <optional>

namespace assay::tools {
namespace {

std::optional<interp::Shard> parsed(const std::string& text) {
  interp::Shard shard;
  const char* const end = text.data() + text.size();
  const auto [slash, first_error] = std::from_chars(text.data(), end, shard.index);
  if (first_error != std::errc() || slash == end || *slash != '/') return std::nullopt;
  const auto [rest, second_error] = std::from_chars(slash + 1, end, shard.of);
  if (second_error != std::errc() || rest != end) return std::nullopt;
  if (shard.index < 1 || shard.index > shard.of) return std::nullopt;
  return shard;
}

}  // namespace

CLI::Option* add_shard_option(CLI::App& app, interp::Shard& shard) {
  const auto read = [&shard](const std::string& text) {
    const auto found = parsed(text);
    if (found) shard = *found;
    return found ? std::string()
                 : fmt::format("expected I/N, part I of N such as 2/3, got {}", text);
  };
  return app
      .add_option_function<std::string>(
          "--shard", [](const std::string&) {}, "count only part I of N: assay merge adds them up")
      ->check(CLI::Validator(read, "", "shard"))
      ->type_name("I/N");
}

}  // namespace assay::tools
