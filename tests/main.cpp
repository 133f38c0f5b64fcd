// The entry of every test binary that computes: with as many threads as the machine has.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "interp/execution/parallel.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  assay::interp::set_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  assay::interp::own_process();
  return RUN_ALL_TESTS();
}
