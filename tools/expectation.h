#pragma once
// Logits that somebody else computed, held against those of the network as it was read.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace assay::interp {
class Network;
}

namespace assay::tools {

/// Float32 in another order of summation gives some 1e-6 of the largest logit.
inline constexpr double kAgreement = 1e-5;

struct Expectation {
  at::Tensor tokens;  ///< int64 [input, pos]
  at::Tensor logits;  ///< float64 [input, pos, vocab], or [input, vocab] at the last position
};

struct Agreement {
  double largest_difference = 0;
  double largest_logit = 0;  ///< of those expected, in size
  int64_t compared = 0;      ///< inputs × positions
  int64_t same_argmax = 0;

  double relative() const;
  bool holds() const { return relative() <= kAgreement; }
  std::string to_string() const;
};

/// @param logits  safetensors with `tokens` and `logits`, or a .npy of logits.
/// @param tokens  a .npy, with the latter; else empty.
/// @throws std::runtime_error, std::invalid_argument naming the file and what was expected.
Expectation read_expectation(const std::filesystem::path& logits,
                             const std::filesystem::path& tokens);

/// @throws std::invalid_argument if the shapes are not those of this network.
Agreement compare(const interp::Network& network, const Expectation& expected);

nlohmann::ordered_json to_json(const Agreement& agreement);

}  // namespace assay::tools
