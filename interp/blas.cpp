#include "interp/blas.h"

#include <dlfcn.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string_view>

namespace assay::interp {
namespace {

// The BLAS is linked through LibTorch alone, so its functions are looked up by name.
template <typename Function>
Function* lookup(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

std::string library_of_sgemm() {
  Dl_info info{};
  void* sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  if (!sgemm || !dladdr(sgemm, &info)) return "unknown";
  std::error_code error;
  const auto resolved = std::filesystem::canonical(info.dli_fname, error);
  return error ? info.dli_fname : resolved.string();
}

std::string openblas_core() {
  auto* core = lookup<char*()>("openblas_get_corename");
  return core ? core() : "";
}

// The best kernels of OpenBLAS 0.3.21 that this processor can run, if it has AVX2 at least.
std::string core_for_this_processor() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

}  // namespace

double measure_sgemm(int m, int k, int n) {
  const at::NoGradGuard no_grad;
  const at::Tensor a = at::ones({m, k}), b = at::ones({k, n});
  at::Tensor c = at::mm(a, b);
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    at::mm_out(c, a, b);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * m * k * n / seconds.count());
  }
  return best;
}

Blas inspect_blas() {
  Blas blas;
  blas.library = library_of_sgemm();
  if (auto* config = lookup<char*()>("openblas_get_config")) blas.configuration = config();
  blas.core = openblas_core();
  // Reference BLAS reaches 1 to 3 GFLOP/s where optimised ones reach 20 to 150.
  blas.gflops = measure_sgemm(2048, 128, 512) / 1e9;
  const bool reference = blas.configuration.empty() && blas.gflops < 10;
  blas.fast = !reference && better_openblas_core().empty();
  return blas;
}

std::string better_openblas_core() {
  // OpenBLAS' names of processors without AVX2.
  static constexpr std::array<std::string_view, 16> kOldCores = {
      "Katmai",  "Coppermine",   "Northwood",  "Prescott", "Banias",      "Atom",
      "Core2",   "Penryn",       "Dunnington", "Nehalem",  "Sandybridge", "Athlon",
      "Opteron", "Opteron_SSE3", "Barcelona",  "Bobcat"};
  const bool old = std::ranges::find(kOldCores, openblas_core()) != kOldCores.end();
  return old ? core_for_this_processor() : "";
}

void set_blas_threads(int threads) {
  if (auto* set = lookup<void(int)>("openblas_set_num_threads")) set(threads);
}

}  // namespace assay::interp
