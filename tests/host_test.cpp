// A program that is not ours calls the library. The process is its own: threads of LibTorch and of
// the BLAS, and whether denormal numbers count, are afterwards as before.

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "interp/execution/blas.h"
#include "interp/execution/parallel.h"
#include "tests/axioms/or_network.h"

namespace assay {
namespace {

float tiny_product() {
  volatile float tiny = 1e-30F;
  return tiny * 1e-10F;
}

class Host : public testing::Test {
 protected:
  Host() {
    at::set_num_threads(3);
    interp::set_blas_threads(2);
    blas_threads_ = interp::blas_threads();
    interp::set_threads(2);
    expect_unchanged();
  }
  ~Host() override { expect_unchanged(); }

  void expect_unchanged() const {
    EXPECT_EQ(at::get_num_threads(), 3);
    EXPECT_EQ(interp::blas_threads(), blas_threads_);
    EXPECT_GT(tiny_product(), 0);
  }

 private:
  int blas_threads_ = 0;
};

TEST_F(Host, GetsItsSettingsBackAfterALoop) {
  interp::parallel_for(4, [](int64_t) {
    interp::parallel_for(2, [](int64_t) { EXPECT_EQ(at::get_num_threads(), 1); });
    EXPECT_EQ(at::get_num_threads(), 1);
    EXPECT_EQ(tiny_product(), 0);
  });
}

TEST_F(Host, GetsItsSettingsBackWhereWorkFails) {
  EXPECT_THROW(interp::parallel_for(4, [](int64_t) { throw std::runtime_error("work"); }),
               std::runtime_error);
}

TEST_F(Host, GetsItsSettingsBackAfterAValidation) {
  EXPECT_EQ(axioms::failures(axioms::check_or(axioms::or_interpretation())).size(), 3u);
}

}  // namespace
}  // namespace assay
