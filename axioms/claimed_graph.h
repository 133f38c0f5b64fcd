#pragma once
// The graph of an interpretation on some inputs: its values, and what in it depends on what. The
// network is not run for any of this.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <set>
#include <vector>

#include "axioms/determination.h"
#include "axioms/experiment.h"

namespace assay::axioms {

using Steps = std::set<int>;  ///< indices into the program's

class ClaimedGraph {
 public:
  /// @param tokens  int64 [n, pos]. The program must outlive this.
  ClaimedGraph(const circuits::Program& program, const at::Tensor& tokens);

  const circuits::Program& program() const { return program_; }
  const circuits::Step& step(int v) const { return program_.steps[v]; }
  int size() const { return static_cast<int>(program_.steps.size()); }
  int output() const { return static_cast<int>(program_.output); }
  int64_t n() const { return tokens_.size(0); }
  const at::Tensor& tokens() const { return tokens_; }

  const circuits::Value& value(int v) const { return values_[v]; }  ///< H_v
  const Keys& keys(int v) const { return keys_[v]; }                ///< of H_v
  const Keys& answers() const { return keys_[output()]; }
  bool constant(int v) const { return distinct(keys_[v]) == 1; }

  std::vector<interp::Site> sites_of(const Steps& steps) const;
  /// Steps from which a path of the graph leads to `of`.
  Steps ancestors(int of) const;
  /// Inner steps that the output depends on by edges that matter: the graph's answer changes on
  /// some input, if the one end gets the value that the other has on another input.
  Steps parts() const;
  /// Is the value of a step, or one element of it, the answer by another name?
  bool is_the_answer(int v) const;
  /// Are the values of a step the tokens by another name?
  bool tells_the_tokens(int v) const { return same_partition(keys_[v], keys_of(tokens_)); }

 private:
  bool matters(int v, size_t parent) const;

  const circuits::Program& program_;
  at::Tensor tokens_;
  std::vector<circuits::Value> values_;
  std::vector<Keys> keys_;
};

/// A share of the variance, or of the wrong guesses, that makes two things the same but for noise.
inline constexpr double kDetermined = 0.8;

}  // namespace assay::axioms
