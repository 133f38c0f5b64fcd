// A program that is not ours calls the library. The process is its own: threads of LibTorch and of
// the BLAS, and whether denormal numbers count, are afterwards as before.

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <latch>
#include <stdexcept>
#include <thread>

#include "interp/execution/blas.h"
#include "interp/execution/parallel.h"
#include "tests/axioms/or_network.h"

namespace assay {
namespace host_test {

float tiny_product() {
  volatile float tiny = 1e-30F;
  return tiny * 1e-10F;
}

// When this is initialised the library has been, and nothing of it was called.
const std::string better_core_before_main = interp::better_openblas_core();

TEST(HostProcess, HasTheKernelsForItsProcessorBeforeItsMain) {
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr) GTEST_SKIP() << "the user chose";
  EXPECT_EQ(better_core_before_main, "");
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

// The one that ends first must not leave the other's settings, nor lose its own.
TEST_F(Host, GetsItsSettingsBackInEachOfItsThreads) {
  std::latch both_have_settings(2), first_has_ended(1);
  const auto set_and_wait = [&](int number) {
    at::set_num_threads(number);
    at::get_num_threads();  // LibTorch gives a thread its number when it is first asked for
    both_have_settings.arrive_and_wait();
  };
  std::thread first([&] {
    set_and_wait(2);
    at::set_num_threads(2);
    interp::parallel_for(2, [](int64_t) {});
    EXPECT_EQ(at::get_num_threads(), 2);
    first_has_ended.count_down();
  });
  std::thread second([&] {
    set_and_wait(4);
    at::set_num_threads(4);
    interp::parallel_for(2, [&](int64_t) {
      first_has_ended.wait();
      EXPECT_LE(interp::blas_threads(), 1);
    });
    EXPECT_EQ(at::get_num_threads(), 4);
  });
  first.join();
  second.join();
  at::set_num_threads(3);
}

TEST_F(Host, GetsItsSettingsBackAfterAValidation) {
  EXPECT_EQ(axioms::failures(axioms::check_or(axioms::or_interpretation())).size(), 3u);
}

}  // namespace host_test
}  // namespace assay
