// What GCC's instrumentation reports, for libFuzzer to see.
//
// GCC calls one function per basic block, `-fsanitize-coverage=trace-pc`, which libFuzzer no longer
// takes: it wants counters, one per block, as clang makes them. So the blocks are hashed onto
// counters here. (clang 14 does not compile LibTorch's headers in C++20, which rules out its own.)
// The linker leads calls of __sanitizer_cov_trace_pc here (--wrap). Comparisons, `trace-cmp`, go to
// libFuzzer directly, except those of floating-point numbers, which it does not know.

#include <cstddef>
#include <cstdint>

extern "C" {

void __sanitizer_cov_8bit_counters_init(uint8_t* begin, uint8_t* end);
void __sanitizer_cov_pcs_init(const uintptr_t* begin, const uintptr_t* end);

void __wrap___sanitizer_cov_trace_pc();
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double, double) {}
void __sanitizer_cov_trace_const_cmpf(float, float) {}
void __sanitizer_cov_trace_const_cmpd(double, double) {}
}

namespace {

constexpr int kBits = 17;  // several times as many counters as one target reaches blocks
constexpr size_t kCounters = size_t{1} << kBits;
alignas(4096) uint8_t counters[kCounters];
uintptr_t blocks[kCounters][2];  // address and flags of each, which only serve to count them

[[gnu::constructor]] void register_counters() {
  for (size_t i = 0; i < kCounters; ++i) blocks[i][0] = i + 1;
  __sanitizer_cov_8bit_counters_init(counters, counters + kCounters);
  __sanitizer_cov_pcs_init(blocks[0], blocks[0] + 2 * kCounters);
}

}  // namespace

void __wrap___sanitizer_cov_trace_pc() {
  const uint64_t block = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  ++counters[(block * 0x9E3779B97F4A7C15u) >> (64 - kBits)];
}
