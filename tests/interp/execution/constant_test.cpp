#include "interp/execution/constant.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <thread>
#include <vector>

namespace assay::interp {
namespace constant_test {

// LibTorch's meta device stands for a second one: tensors on it have a device and a shape, and
// moving a tensor there makes another tensor, as moving it to a GPU does.
const c10::Device kElsewhere(c10::kMeta);

TEST(Constant, IsItselfWhereItWasMade) {
  const at::Tensor value = at::arange(6).view({2, 3});
  const Constant constant(value);
  EXPECT_TRUE(constant.on(c10::kCPU).is_same(value));
  EXPECT_TRUE(constant.value().is_same(value));
}

TEST(Constant, IsMovedToAnotherDeviceOnce) {
  const Constant constant(std::vector<int64_t>{3, 1, 2});
  const at::Tensor moved = constant.on(kElsewhere);
  EXPECT_EQ(moved.device(), kElsewhere);
  EXPECT_EQ(moved.sizes(), (std::vector<int64_t>{3}));
  EXPECT_EQ(moved.scalar_type(), at::kLong);
  EXPECT_TRUE(constant.on(kElsewhere).is_same(moved));
  const Constant copy = constant;
  EXPECT_TRUE(copy.on(kElsewhere).is_same(moved));
  EXPECT_TRUE(constant.on(c10::kCPU).equal(at::tensor({3, 1, 2}, at::kLong)));
}

TEST(Constant, IsMovedOnceByManyThreads) {
  const Constant constant(at::ones({4}));
  std::vector<at::Tensor> moved(8);
  {
    std::vector<std::jthread> threads;
    for (at::Tensor& here : moved) threads.emplace_back([&] { here = constant.on(kElsewhere); });
  }
  for (const at::Tensor& here : moved) EXPECT_TRUE(here.is_same(moved[0]));
}

}  // namespace constant_test
}  // namespace assay::interp
