// The benchmarks: one thread, kernels that fit the processor, the machine's own rate beside them.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "interp/execution/blas.h"
#include "interp/execution/parallel.h"
#include "tools/startup.h"

int main(int argc, char** argv) {
  assay::tools::prepare_process();
  assay::interp::set_threads(1);
  assay::interp::own_process();
  benchmark::Initialize(&argc, argv);
  const assay::interp::Blas blas = assay::interp::inspect_blas();
  benchmark::AddCustomContext("BLAS", blas.library + " " + blas.core);
  benchmark::AddCustomContext("sgemm",
                              fmt::format("{:.0f} GFLOP/s on [1312, 128]·[128, 512]",
                                          assay::interp::measure_sgemm(1312, 128, 512) * 1e-9));
  benchmark::RunSpecifiedBenchmarks();
}
