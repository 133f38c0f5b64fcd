// The entry of every test binary that computes: as the program itself, it starts anew if OpenBLAS
// took kernels that are much too old for this processor (interp/blas.h).

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "interp/blas.h"
#include "interp/parallel.h"

int main(int argc, char** argv) {
  const std::string core = assay::interp::better_openblas_core();
  if (!core.empty() && !std::getenv("OPENBLAS_CORETYPE")) {
    setenv("OPENBLAS_CORETYPE", core.c_str(), 1);
    execv("/proc/self/exe", argv);
  }
  testing::InitGoogleTest(&argc, argv);
  assay::interp::set_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  return RUN_ALL_TESTS();
}
