#pragma once
// Running traces and comparing what they give.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "interp/network/build.h"
#include "interp/network/transformer.h"

namespace assay::interp {

// A batch of 1 has a table row per position, 3 inputs repeat few pairs, and 70 repeat them all.
inline constexpr int64_t kBatches[] = {1, 3, 70};

inline at::Tensor record(const Transformer& model, const at::Tensor& tokens, const Site& site,
                         const std::vector<Overwrite>& overwrites = {}) {
  return model.trace(tokens, {.record = {site}, .overwrite = overwrites})[0];
}

inline std::string describe(const TraceRequest& request) {
  std::string text = "record";
  for (const Site& site : request.record) text += " " + to_string(site);
  if (!request.overwrite.empty()) text += " overwrite";
  for (const Overwrite& overwrite : request.overwrite) text += " " + to_string(overwrite.site);
  return text;
}

inline testing::AssertionResult close(const at::Tensor& found, const at::Tensor& expected,
                                      double tolerance) {
  if (found.sizes() != expected.sizes())
    return testing::AssertionFailure()
           << "shape " << found.sizes() << ", expected " << expected.sizes();
  const at::Tensor difference =
      at::where(found.to(at::kDouble).eq(expected), 0.0, found.to(at::kDouble) - expected).abs();
  const at::Tensor allowed = tolerance * (1 + expected.abs());
  if (difference.le(allowed.nan_to_num()).all().item<bool>()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "differs by " << difference.max().item<double>();
}

}  // namespace assay::interp
