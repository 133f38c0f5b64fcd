#pragma once
// A number of threads for one test, and the former number afterwards.

#include "interp/execution/parallel.h"

namespace assay::interp {

class WithThreads {
 public:
  explicit WithThreads(int number) : before_(threads()) { set_threads(number); }
  ~WithThreads() { set_threads(before_); }
  WithThreads(const WithThreads&) = delete;
  WithThreads& operator=(const WithThreads&) = delete;

 private:
  int before_;
};

}  // namespace assay::interp
