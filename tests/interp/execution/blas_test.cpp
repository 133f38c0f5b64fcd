#include "interp/execution/blas.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <filesystem>

namespace assay::interp {
namespace blas_test {

TEST(BlasTest, ItsFileIsFoundInTheRunningProgram) {
  const std::string library = inspect_blas().library;
  if (library.starts_with("MKL")) GTEST_SKIP() << "LibTorch brings its own";
  EXPECT_TRUE(std::filesystem::is_regular_file(library)) << library;
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

TEST(BlasTest, SlowIsWhatIsMeasuredOrKnown) {
  // MKL tells no configuration; on a slow or busy machine its rate is low, and so is that of loops.
  EXPECT_FALSE(is_slow({.library = "libmkl_rt.so", .gflops = 6, .plain_gflops = 0.8}));
  EXPECT_FALSE(is_slow({.library = "libblis.so", .gflops = 80, .plain_gflops = 4}));
  EXPECT_TRUE(is_slow({.library = "libblas.so.3.11", .gflops = 2, .plain_gflops = 3}));
  EXPECT_TRUE(is_slow({.library = "libfast.so", .gflops = 11, .plain_gflops = 8}))
      << "a reference BLAS on a fast machine";
  EXPECT_FALSE(inspect_blas().fast && is_slow(inspect_blas()));
}

/// What programs that use the library rely on: kernels can be chosen after OpenBLAS was loaded.
TEST(BlasTest, KernelsAreChosenInARunningProgram) {
  const std::string core = inspect_blas().core;
  if (core.empty()) GTEST_SKIP() << "not OpenBLAS";
  const at::NoGradGuard no_grad;
  const at::Tensor a = at::arange(200 * 300, at::kFloat).view({200, 300}).sin();
  const at::Tensor b = at::arange(300 * 100, at::kFloat).view({300, 100}).cos();
  const at::Tensor product = at::mm(a, b);
  ASSERT_TRUE(use_openblas_core("Prescott"));
  EXPECT_EQ(inspect_blas().core, "Prescott");
  EXPECT_TRUE(at::allclose(at::mm(a, b), product, 1e-4, 1e-4));
  const std::string better = better_openblas_core();
  if (!better.empty() && !std::getenv("OPENBLAS_CORETYPE")) {
    EXPECT_FALSE(inspect_blas().fast);
    EXPECT_TRUE(choose_blas_kernels());  // as before main()
    EXPECT_EQ(inspect_blas().core, better);
    EXPECT_EQ(better_openblas_core(), "");
  }
  EXPECT_FALSE(use_openblas_core("Nosuch"));
  ASSERT_TRUE(use_openblas_core(core));
  EXPECT_TRUE(at::mm(a, b).equal(product));
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

}  // namespace blas_test
}  // namespace assay::interp
