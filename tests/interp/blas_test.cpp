#include "interp/blas.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>

namespace assay::interp {
namespace {

TEST(BlasTest, ItsFileIsFoundInTheRunningProgram) {
  EXPECT_TRUE(std::filesystem::is_regular_file(inspect_blas().library)) << inspect_blas().library;
}

TEST(BlasTest, OnlyOpenBlasTellsItsConfigurationAndCore) {
  const Blas blas = inspect_blas();
  EXPECT_EQ(blas.configuration.empty(), blas.core.empty());
  EXPECT_EQ(blas.configuration.empty(), blas.library.find("openblas") == std::string::npos);
}

TEST(BlasTest, SpeedIsMeasured) {
  EXPECT_GT(inspect_blas().gflops, 0.1);
  EXPECT_LT(inspect_blas().gflops, 1e5);
  EXPECT_GT(measure_sgemm(64, 64, 64), 1e7);
}

TEST(BlasTest, AFastBlasNeedsNoOtherKernels) {
  const Blas blas = inspect_blas();
  if (blas.fast) {
    EXPECT_EQ(better_openblas_core(), "");
  }
  if (blas.configuration.empty()) {
    EXPECT_EQ(better_openblas_core(), "");
  }
}

TEST(BlasTest, ItsThreadsChangeNoProduct) {
  const at::NoGradGuard no_grad;
  const at::Tensor a = at::arange(64 * 32, at::kFloat).view({64, 32}).sin();
  const at::Tensor b = at::arange(32 * 48, at::kFloat).view({32, 48}).cos();
  const at::Tensor product = at::mm(a, b);
  for (const int threads : {2, 1}) {
    set_blas_threads(threads);
    EXPECT_TRUE(at::allclose(at::mm(a, b), product, 1e-5, 1e-5));
  }
}

}  // namespace
}  // namespace assay::interp
