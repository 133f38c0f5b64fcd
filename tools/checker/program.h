#pragma once
// The composed h of an interpretation, as a program from tokens to an answer. It is one of four
// chains that are known here:
//   tokens_at -> truth_table_programs -> any
//   fourier_components -> angle_sums -> argmax_of_differences
//   prefix_facts -> balanced_by
//   count_tokens -> above -> any

#include <functional>

#include "interpretation.h"

namespace checker {

/// Which assignments satisfy all clauses, whose two literals stand at these positions: bit a of the
/// mask, where bit i of a is the value of variable i. Token i is x_i, n + i its negation; a clause
/// of two paddings (2n + 5) is satisfied.
inline uint64_t satisfying(const std::vector<Integers>& clauses, const Integers& tokens,
                           int64_t n) {
  uint64_t mask = 0;
  for (int64_t a = 0; a < int64_t{1} << n; ++a) {
    const auto satisfied = [&](const Integers& clause) {
      const int64_t left = tokens[clause[0]], right = tokens[clause[1]], padding = 2 * n + 5;
      const auto holds = [&](int64_t literal) { return (a >> literal % n & 1) == (literal < n); };
      if (left == padding && right == padding) return true;
      require<CannotCheck>(std::max(left, right) < 2 * n,
                           "a clause of other tokens than two literals or two paddings");
      return holds(left) || holds(right);
    };
    mask |= uint64_t{std::ranges::all_of(clauses, satisfied)} << a;
  }
  return mask;
}

/// Parentheses, `(` being token 0: no prefix has more `)` than `(`, and the whole as many of both.
inline bool balanced(const Integers& tokens) {
  int64_t depth = 0, lowest = 0;
  for (const int64_t token : tokens) {
    require<CannotCheck>(token <= 1, "a token that is no parenthesis");
    lowest = std::min(lowest, depth += token == 0 ? 1 : -1);
  }
  return depth == 0 && lowest == 0;
}

/// How many more ones (token 1) than zeros (token 0) there are.
inline int64_t ones_ahead(const Integers& tokens) {
  return std::ranges::count(tokens, 1) - std::ranges::count(tokens, 0);
}

/// A program over which assignments satisfy all clauses, bit a of `yes` or `no` for those known to
/// or known not to:
///   true | false | {"assignment": a, "yes": program, "no": program} | {"any_of": [a, …]}
/// @return whether it is on however the unknown ones, of `count` assignments, turn out.
inline bool always_on(const Json& program, int64_t count, uint64_t yes, uint64_t no) {
  if (program.is_boolean()) return program;
  if (program.contains("any_of")) {  // certain only by one that is known to hold
    require_members(program, {"any_of"});
    const auto set = integers(program["any_of"], 0, count - 1);
    return std::ranges::any_of(set, [&](int64_t a) { return yes >> a & 1; });
  }
  require_members(program, {"assignment", "yes", "no"});
  const uint64_t a = uint64_t{1} << integer(program["assignment"], 0, count - 1);
  const bool if_yes = no & a || always_on(program["yes"], count, yes | a, no);
  const bool if_no = yes & a || always_on(program["no"], count, yes, no | a);
  return if_yes && if_no;
}

class Program {
 public:
  Program(const Interpretation& claim, int64_t length, int64_t d_output)
      : answers(claim.answers(d_output)) {
    const std::vector<Json> chain = claim.chain();
    const Json& first = chain[0]["operation"];
    require<CannotCheck>(chain.size() == (first == "prefix_facts" ? 2 : 3),
                         "h is no chain of operations that is known");
    first == "prefix_facts"   ? read_facts(chain)
    : first == "tokens_at"    ? read_clauses(chain, length)
    : first == "count_tokens" ? read_counts(chain)
                              : read_waves(chain, length);
  }

  Integers answers;
  int64_t variables = 0;          ///< 0: it is not about clauses
  std::vector<Integers> clauses;  ///< positions of their two literals
  Json programs;
  bool has_margin = false;  ///< it ends in a maximum

  Program(const Program&) = delete;  // run_ points here
  Answer run(const Integers& tokens) const { return run_(tokens); }
  /// As always_on.
  bool on(const Json& program, uint64_t yes, uint64_t no) const {
    return always_on(program, int64_t{1} << variables, yes, no);
  }

 private:
  // It answers yes or no.
  template <typename Holds>
  void decide_by(Holds holds) {
    require<CannotCheck>(answers.size() == 2, "argmax_of: expected two tokens");
    run_ = [this, holds](const Integers& tokens) { return Answer{answers[holds(tokens)], {}}; };
  }

  void read_clauses(const std::vector<Json>& chain, int64_t length) {
    const Json& positions = require_operation(chain[0], "tokens_at", {"positions"})["positions"];
    const Json& table =
        require_operation(chain[1], "truth_table_programs", {"variables", "programs"});
    require_operation(chain[2], "any", {});
    variables = integer(table["variables"], 1, 6), programs = list(table["programs"]);
    for (const Json& group : list(positions)) {
      clauses.push_back(integers(group, 0, length - 1));
      require<CannotCheck>(group.size() == 2, "tokens_at: clauses of other than two literals");
    }
    for (const Json& program : programs) on(program, 0, 0);  // is well-formed throughout
    decide_by([this](const Integers& tokens) {
      const uint64_t mask = satisfying(clauses, tokens, variables);
      return std::ranges::any_of(programs, [&](const Json& one) { return on(one, mask, ~mask); });
    });
  }

  // Facts about all prefixes, and the answer from them. All that the answer needs of them is the
  // last depth and whether one was negative: it is `balanced`, whichever facts tell both.
  void read_facts(const std::vector<Json>& chain) {
    const Json& facts = list(require_operation(chain[0], "prefix_facts", {"facts"})["facts"]);
    const Json& read = require_operation(chain[1], "balanced_by", {"facts"})["facts"];
    const auto has = [&](const char* fact) { return std::ranges::count(facts, fact); };
    const auto depth = has("depth"), token = has("token"), now = has("violation"),
               ever = has("violated");
    const bool enough = depth || (token && (now || ever));
    require<CannotCheck>(enough && depth + token + now + ever == std::ssize(facts) &&
                             read == facts && answers == Integers{0, 1},
                         "balanced_by: other facts than are read, or other answers");
    decide_by(balanced);
  }

  // Whether the sum of a weight per token is above a threshold.
  void read_counts(const std::vector<Json>& chain) {
    const Json& counted = require_operation(chain[0], "count_tokens", {"weights"});
    const auto weights = integers(counted["weights"], -1000, 1000);
    const double threshold = real(require_operation(chain[1], "above", {"threshold"})["threshold"]);
    require_operation(chain[2], "any", {});
    decide_by([=](const Integers& tokens) {
      double sum = 0;
      for (const int64_t token : tokens) {
        require<CannotCheck>(token < std::ssize(weights), "count_tokens: a token without a weight");
        sum += static_cast<double>(weights[token]);
      }
      return sum > threshold;
    });
  }

  // cos w(a + b) and sin w(a + b) by the addition formulas, then the c whose waves fit best:
  // Σ cos w(a + b - c) over the frequencies is largest.
  void read_waves(const std::vector<Json>& chain, int64_t length) {
    const bool rounded = chain[0]["parameters"].contains("decimals");
    std::set<std::string> parameters = {"p", "frequencies"};
    const auto fit = waves(require_operation(chain[2], "argmax_of_differences", parameters), -1);
    require_operation(chain[1], "angle_sums", {});
    if (rounded) parameters.insert("decimals");
    const Json& first = require_operation(chain[0], "fourier_components", parameters);
    const auto read = waves(first, rounded ? integer(first["decimals"], 0, 9) : -1);
    require<CannotCheck>(
        length >= 2 && fit.size() == answers.size() && read[0].size() == fit[0].size(),
        "h: its waves and answers do not fit together");
    has_margin = true;
    run_ = [this, fit, read](const Integers& tokens) {
      require<CannotCheck>(std::max(tokens[0], tokens[1]) < std::ssize(read),
                           "fourier_components: a token beyond p");
      const Vector &a = read[tokens[0]], &b = read[tokens[1]];
      const size_t n = a.size() / 2;
      Vector sum(2 * n), fits;
      for (size_t k = 0; k < n; ++k) {
        sum[k] = a[k] * b[k] - a[n + k] * b[n + k];
        sum[n + k] = a[n + k] * b[k] + a[k] * b[n + k];
      }
      for (const Vector& waves : fit) fits.push_back(dot(sum, waves));
      return decide(fits, answers);
    };
  }

  // [p][2 · frequencies]: cosines, then sines, rounded to `decimals` unless that is negative.
  static std::vector<Vector> waves(const Json& parameters, int64_t decimals) {
    const int64_t p = integer(parameters["p"], 2, 4096);
    double scale = 1;
    for (int64_t i = 0; i < decimals; ++i) scale *= 10;
    std::vector<Vector> table(p);
    for (int64_t n = 0; n < p; ++n)
      for (const bool sine : {false, true})
        for (const int64_t k : integers(parameters["frequencies"], 0, p)) {
          const Interval exact = wave(sine, k * n % p, p), scaled = exact * scale;
          const Interval whole(std::floor(scaled.low() + (0.5 - 1e-9)),
                               std::floor(scaled.high + (0.5 + 1e-9)));
          table[n].push_back(decimals < 0 ? exact : whole / scale);
        }
    return table;
  }

  std::function<Answer(const Integers&)> run_;
};

}  // namespace checker
