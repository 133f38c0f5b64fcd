#pragma once
// What was asked, and what came of it. A verdict never says more than was shown: `Open` is no
// failure and no success, and it says what is left.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include <ATen/core/Tensor.h>

namespace assay::proofs {

enum class Verdict { Proved, Refuted, Open };
std::string to_string(Verdict verdict);  ///< `proved`, `refuted`, `open`

inline constexpr const char* kProgram = "h = specification";
inline constexpr const char* kSuffix = "suffix";
inline constexpr const char* kNode = "node = program";
inline constexpr const char* kOutput = "output = specification";

/// What separates the exact network from the one that runs.
struct Float32 {
  double error = 0;        ///< a bound on how far rounding can move the margin
  bool shown = false;      ///< the statement holds of the network as it runs, too
  std::string words = {};  ///< for which orders of operations, and what it leaves
};

struct Statement {
  std::string statement;  ///< one of the four above
  std::string node = {};  ///< of `suffix` and `node = program`
  Verdict verdict = Verdict::Open;
  std::string words = {};                  ///< what was shown, or what is left
  std::optional<double> margin = {};       ///< the least one, a lower bound; none: not a number
  nlohmann::ordered_json proof = nullptr;  ///< for the certificate
  std::optional<Float32> float32 = {};
  std::map<std::string, at::Tensor> hints = {};  ///< for the certificate's side file
  std::optional<at::Tensor> witness = {};        ///< int64 [pos], an input that refutes it
  std::optional<double> cpu_seconds = {};        ///< of all threads; none: decided elsewhere
};

/// The engine does not know how to treat this network or node: the statement stays open.
class Untreated : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace assay::proofs
