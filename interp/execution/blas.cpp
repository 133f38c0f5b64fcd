#include "interp/execution/blas.h"

#include <ATen/Context.h>
#include <dlfcn.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace assay::interp {
namespace {

constexpr const char* kCoreVariable = "OPENBLAS_CORETYPE";

// The BLAS is linked through LibTorch alone, so its functions are looked up by name.
template <typename Function>
Function* lookup(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// True where LibTorch brings MKL along: then what libblas.so.3 is does not matter.
bool has_mkl() {
  return at::globalContext().hasMKL();
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
  if (has_mkl()) return "";  // what else the program may have loaded is not ours
  auto* core = lookup<char*()>("openblas_get_corename");
  return core ? core() : "";
}

// What a compiler makes of three nested loops: some GFLOP/s, in which a reference BLAS lies as
// well.
double measure_plain_loops() {
  constexpr int kSize = 128;
  const std::vector<float> left(kSize * kSize, 1), right(kSize * kSize, 1);
  std::vector<float> product(kSize * kSize);
  const float* __restrict a = left.data(), * __restrict b = right.data();  // as Fortran has them
  float* __restrict c = product.data();
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    std::ranges::fill(product, 0);
    for (int i = 0; i < kSize; ++i)
      for (int k = 0; k < kSize; ++k)
        for (int j = 0; j < kSize; ++j) c[i * kSize + j] += a[i * kSize + k] * b[k * kSize + j];
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (c[0] == kSize) best = std::max(best, 2.0 * kSize * kSize * kSize / seconds.count());
  }
  return best;
}

// The best kernels of OpenBLAS 0.3.21 that this processor can run, if it has AVX2 at least.
std::string core_for_this_processor() {
#ifdef __x86_64__
  __builtin_cpu_init();  // this may run before main()
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

// OpenBLAS' names of processors without AVX2, where this one has it.
bool is_old(const std::string& core) {
  static constexpr std::array<std::string_view, 16> kOldCores = {
      "Katmai",  "Coppermine",   "Northwood",  "Prescott", "Banias",      "Atom",
      "Core2",   "Penryn",       "Dunnington", "Nehalem",  "Sandybridge", "Athlon",
      "Opteron", "Opteron_SSE3", "Barcelona",  "Bobcat"};
  return std::ranges::find(kOldCores, core) != kOldCores.end() &&
         !core_for_this_processor().empty();
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
  blas.library = has_mkl() ? "MKL, in LibTorch" : library_of_sgemm();
  auto* config = lookup<char*()>("openblas_get_config");
  if (config && !has_mkl()) blas.configuration = config();
  blas.core = openblas_core();
  blas.plain_gflops = measure_plain_loops() / 1e9;
  blas.gflops = measure_sgemm(2048, 128, 512) / 1e9;
  blas.fast = !is_slow(blas);
  return blas;
}

bool is_slow(const Blas& blas) {
  return is_old(blas.core) || blas.gflops < 2 * blas.plain_gflops;
}

std::string better_openblas_core() {
  return is_old(openblas_core()) ? core_for_this_processor() : "";
}

bool use_openblas_core(const std::string& core) {
  // What OpenBLAS itself calls when it is loaded and unloaded, in builds for several processors.
  auto* forget = lookup<void()>("gotoblas_dynamic_quit");
  auto* choose = lookup<void()>("gotoblas_dynamic_init");
  if (core.empty() || openblas_core().empty() || !forget || !choose) return false;
  const char* set = std::getenv(kCoreVariable);
  const std::optional<std::string> before = set ? std::optional<std::string>(set) : std::nullopt;
  setenv(kCoreVariable, core.c_str(), 1);
  forget();
  choose();
  if (before) {
    setenv(kCoreVariable, before->c_str(), 1);
  } else {
    unsetenv(kCoreVariable);
  }
  return openblas_core() == core;
}

bool choose_blas_kernels() {
  return !std::getenv(kCoreVariable) && use_openblas_core(better_openblas_core());
}

int blas_threads() {
  auto* get = lookup<int()>("openblas_get_num_threads");
  return get ? get() : 0;
}

void set_blas_threads(int threads) {
  if (auto* set = lookup<void(int)>("openblas_set_num_threads")) set(threads);
}

}  // namespace assay::interp
