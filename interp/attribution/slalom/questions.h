#pragma once
// Between an input and its surrogate: which of the input's features are one feature of the
// surrogate, and what the model says of sequences made of them.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "interp/attribution/method.h"
#include "interp/attribution/slalom/bags.h"
#include "interp/attribution/slalom/closed_form.h"

namespace assay::interp::attribution::slalom {

/// Features of the input that are the same tokens are one feature of the surrogate, a type.
class Questions {
 public:
  /// The problem must outlive it.
  explicit Questions(const Problem& problem);

  const Problem& problem() const { return problem_; }
  int64_t n_types() const { return static_cast<int64_t>(example_.size()); }
  const std::vector<int64_t>& type_of() const { return type_of_; }  ///< by feature
  Bag whole() const { return bag_of(type_of_); }                    ///< the input itself

  /// What the model says of sequences put together anew. @param samples  of types.
  /// @throws std::invalid_argument as compose() does.
  Observations ask(const std::vector<Sample>& samples) const;
  ClosedForm ask_closed_form() const;
  /// What it says of parts of the input. @param kept  bool [rows, features].
  Observations ask_parts(const at::Tensor& kept) const;

 private:
  at::Tensor scores_of(const std::vector<Sample>& samples) const;

  const Problem& problem_;
  std::vector<int64_t> type_of_;
  std::vector<int64_t> example_;  // a feature of each type
};

}  // namespace assay::interp::attribution::slalom
