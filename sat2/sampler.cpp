#include "sat2/sampler.h"

#include <fmt/format.h>

#include <stdexcept>

#include "sat2/masks.h"

namespace assay::sat2 {
namespace {

/// One step of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that scatters them.
constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;
constexpr uint64_t mix(uint64_t z) {
  z += kGolden;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// SplitMix64 as a stream. Its whole state is a counter, so one per formula costs nothing to start,
/// which the standard engines with their large states cannot offer.
class Stream {
 public:
  explicit Stream(uint64_t start) : counter_(start) {}

  /// Uniform in [0, bound); the bias is below bound / 2^32, far from measurable here.
  uint64_t below(uint64_t bound) {
    const uint64_t bits = mix(counter_);
    counter_ += kGolden;
    return (bits >> 32) * bound >> 32;
  }

 private:
  uint64_t counter_;
};

uint64_t literal_number(const Literal& literal) {
  return 2 * literal.variable + literal.negated;
}

void expect_between(const char* field, int value, int min, int max) {
  if (value < min || value > max) {
    throw std::invalid_argument(
        fmt::format("{}: expected {} to {}, got {}", field, min, max, value));
  }
}

}  // namespace

Split split_of(const Formula& formula) {
  uint64_t hash = mix(formula.variables);
  for (const auto& [left, right] : formula.clauses) {
    hash = mix(hash ^ (literal_number(left) << 8 | literal_number(right)));
  }
  constexpr Split kQuarters[] = {Split::Train, Split::Train, Split::Derive, Split::Test};
  return kQuarters[hash >> 62];
}

void validate(const SamplerSettings& settings) {
  expect_between("variables", settings.variables, 2, kMaxVariables);
  expect_between("max_clauses", settings.max_clauses, 4, kMaxClauses);
  expect_between("min_clauses", settings.min_clauses, 1, settings.max_clauses);
}

Sampler::Sampler(SamplerSettings settings, Split split, uint64_t seed)
    : settings_(settings), split_(split), seed_(seed) {
  validate(settings);
  clauses_ = all_clauses(settings.variables);
  for (const Clause& clause : clauses_) {
    masks_.push_back(satisfying(clause, settings.variables));
  }
}

Formula Sampler::draw(uint64_t index) const {
  Stream stream(mix(mix(mix(seed_) ^ static_cast<uint64_t>(split_)) ^ index));
  const bool wanted = stream.below(2) == 1;
  const int lengths = settings_.max_clauses - settings_.min_clauses + 1;

  // One buffer for all attempts. The answer is compared first: it is at hand, the split is hashed.
  Formula formula{settings_.variables, {}};
  formula.clauses.reserve(settings_.max_clauses);
  bool satisfiable = false;
  do {
    formula.clauses.resize(settings_.min_clauses + stream.below(lengths));
    Mask satisfied_by = ~Mask{0};
    for (Clause& clause : formula.clauses) {
      const uint64_t pick = stream.below(clauses_.size());
      clause = clauses_[pick];
      satisfied_by &= masks_[pick];
    }
    satisfiable = satisfied_by != 0;
  } while (satisfiable != wanted || split_of(formula) != split_);
  return formula;
}

}  // namespace assay::sat2
