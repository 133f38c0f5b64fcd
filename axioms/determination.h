#pragma once
// How far one quantity determines another, over a number of inputs: exactly, and by how much.
//
// Claims that cheat rarely do so exactly: "the answer, but for one input in a thousand" or "the
// same state for every value, plus a millionth of the value" are no bijections, and tell as much.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace assay::axioms {

/// One key per row; equal rows have equal keys.
using Keys = std::vector<size_t>;

/// Keys of the rows of a value [n, …]. Numbers that differ only after the sixth decimal count as
/// one number, computed in two ways.
Keys keys_of(const at::Tensor& values);
int64_t distinct(const Keys& keys);

/// Does each of the two determine the other, without an exception?
bool same_partition(const Keys& left, const Keys& right);

/// The share of the variance of each column of `values` [n, k] that lies between groups rather than
/// within them (the correlation ratio η²): 1 where the group determines the number, 0 where it
/// tells nothing, and where nothing varies. float64 [k].
at::Tensor variance_explained(const at::Tensor& values, const Keys& groups);

/// The same of all columns together, by adding up rows batch by batch.
class VarianceExplained {
 public:
  explicit VarianceExplained(const Keys& groups);
  void add(const at::Tensor& rows);  ///< [batch, k], the next rows in the order of the groups
  double value() const;

 private:
  std::vector<int64_t> group_;  // of each row
  std::vector<int64_t> size_;   // of each group
  int64_t done_ = 0;
  at::Tensor origin_, sums_;  // [k], [groups, k]: rows are added up relative to the first
  double squares_ = 0;
};

/// How much better `targets` are guessed from `keys` than without: the share of the wrong guesses
/// that are avoided by guessing the commonest target of each key (Goodman and Kruskal's λ). 1 if
/// the key determines the target, 0 also if there is one target only.
double error_avoided(const Keys& targets, const Keys& keys);

}  // namespace assay::axioms
