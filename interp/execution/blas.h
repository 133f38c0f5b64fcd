#pragma once
// Which BLAS the program got. The distribution's LibTorch takes whatever libblas.so.3 is installed,
// and the reference one is tens of times slower than OpenBLAS.

#include <string>

namespace assay::interp {

struct Blas {
  std::string library;  ///< file that sgemm comes from, links resolved; or "MKL, in LibTorch"
  std::string configuration = {};  ///< what OpenBLAS says of itself; empty for others
  std::string core = {};    ///< processor that its kernels are made for (OpenBLAS); else empty
  double gflops = 0;        ///< measured on one float32 product [2048, 128]·[128, 512], one thread
  double plain_gflops = 0;  ///< of three nested loops on a small product, measured beside it
  bool fast = false;        ///< not is_slow()
};

/// Looks sgemm up in the running program and measures it (about 20 ms).
Blas inspect_blas();

/// Known to be slow: hardly faster than plain loops on the same machine at the same moment (a
/// reference BLAS), or OpenBLAS with kernels for a much older processor. The name of the library
/// and the rate alone say nothing: a machine may be slow, or busy.
bool is_slow(const Blas& blas);

/// OpenBLAS picks its kernels when it is loaded, by a list of processors that ends where its
/// release does; on newer ones it may fall back to the oldest kernels, several times slower.
/// @return the core (a value of the environment variable OPENBLAS_CORETYPE) whose kernels suit this
///   processor better; empty if those in use do, or the BLAS is another one.
std::string better_openblas_core();

/// Makes OpenBLAS choose its kernels anew, for this core. Only while nothing is being multiplied.
/// @return whether it did; not if the BLAS is another one or does not know the core.
bool use_openblas_core(const std::string& core);

/// use_openblas_core(better_openblas_core()), unless OPENBLAS_CORETYPE is set: then the user chose.
/// Every program that holds a network has called it before its main() (transformer.cpp), when no
/// thread can be multiplying yet. @return whether anything changed.
bool choose_blas_kernels();

/// Threads that the BLAS itself may use (OpenBLAS; no effect on others, which have 0).
int blas_threads();
void set_blas_threads(int threads);

/// Floating-point operations per second of [m, k]·[k, n] in float32, the best of a few runs.
double measure_sgemm(int m, int k, int n);

}  // namespace assay::interp
