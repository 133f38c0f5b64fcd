#pragma once
// Which BLAS the program got. The distribution's LibTorch takes whatever libblas.so.3 is installed,
// and the reference one is tens of times slower than OpenBLAS.

#include <string>

namespace assay::interp {

struct Blas {
  std::string library;        ///< file that sgemm comes from, links resolved
  std::string configuration;  ///< what OpenBLAS says of itself; empty for others
  std::string core;           ///< processor that its kernels are made for (OpenBLAS); else empty
  double gflops = 0;  ///< measured on one float32 product [2048, 128]·[128, 512], one thread
  bool fast = false;  ///< neither a reference BLAS nor kernels for a much older processor
};

/// Looks sgemm up in the running program and measures it (about 20 ms).
Blas inspect_blas();

/// OpenBLAS picks its kernels when it is loaded, by a list of processors that ends where its
/// release does; on newer ones it may fall back to the oldest kernels, several times slower.
/// @return the value of the environment variable OPENBLAS_CORETYPE that helps this program's next
///   start; empty if the kernels fit the processor, or the BLAS is another one.
std::string better_openblas_core();

/// Threads that the BLAS itself may use (OpenBLAS; no effect on others).
void set_blas_threads(int threads);

/// Floating-point operations per second of [m, k]·[k, n] in float32, the best of a few runs.
double measure_sgemm(int m, int k, int n);

}  // namespace assay::interp
