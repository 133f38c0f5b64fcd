#pragma once
// Fractional programs: the least value of (Σ n) / (Σ w) over independent choices, one per slot.
//
// That is how far attention can be pushed in a direction d. With e^s the weights of the keys and v
// their values, the head's output is Z = Σ e^s v / Σ e^s, and every slot of the domain contributes
// its own terms to both sums. For a number λ the ratio is at least λ for every choice exactly if
//     F(λ) = Σ over slots of (least over alternatives of Σ e^s (v·d - λ)) >= 0,
// since a sum of independent terms is least where each is. The largest such λ is the minimum; it is
// found by Dinkelbach's iteration (1967): take the choices that attain F(λ), and go on with the
// ratio that they have. It is Newton's method on a concave function and ends after a few steps.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace assay::proofs {

/// Numbers of each key for many directions, laid out so that a few directions lie side by side.
class Directions {
 public:
  static constexpr int64_t kLanes = 64;

  Directions() = default;
  /// @param values  float64 [key, direction]: v · d.
  explicit Directions(const at::Tensor& values);

  int64_t count() const { return count_; }
  int64_t blocks() const { return (count_ + kLanes - 1) / kLanes; }
  /// [kLanes] numbers; behind the last direction they are zero.
  const double* at(int64_t block, int64_t key) const {
    return numbers_.data() + (block * keys_ + key) * kLanes;
  }

 private:
  int64_t count_ = 0, keys_ = 0;
  std::vector<double> numbers_;
};

/// The keys that each alternative of each slot brings, and the weight of every key.
struct Attended {
  std::vector<std::vector<std::vector<int>>> slots;  ///< slot -> alternative -> keys
  std::vector<double> weights;                       ///< of each key, > 0

  double least_weight() const;  ///< over all choices
  double most_weight() const;
};

enum class Side { Least, Most };

/// The extreme ratio of every direction, to rounding.
/// @param start  first guesses, one per direction, or empty.
std::vector<double> extreme_ratios(const Attended& attended, const Directions& directions,
                                   Side side, const std::vector<double>& start = {});

/// F at given values, one per direction; for Side::Most that of the negated problem.
std::vector<double> slack_at(const Attended& attended, const Directions& directions, Side side,
                             const std::vector<double>& values);

/// The alternatives that attain F at `value` for one direction.
std::vector<int64_t> attaining(const Attended& attended, const Directions& directions,
                               int64_t direction, Side side, double value);

}  // namespace assay::proofs
