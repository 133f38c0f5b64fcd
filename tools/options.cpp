#include "tools/options.h"

#include <torch/cuda.h>

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <thread>

#include "interp/execution/parallel.h"
#include "interp/files/files.h"
#include "interp/files/json_text.h"
#include "tools/host.h"
#include "tools/numbers.h"
#include "tools/startup.h"

namespace assay::tools {
namespace {

c10::Device device_named(const std::string& name) {
  if (name == "cuda" && !torch::cuda::is_available()) {
    throw std::invalid_argument(
        "--device cuda: this LibTorch finds no CUDA device; leave the option out to use the cpu");
  }
  return c10::Device(name);
}

void warn_if_slow(const interp::Blas& blas) {
  if (blas.fast) return;
  const std::string better = interp::better_openblas_core();
  const std::string remedy =
      better.empty() ? "install libopenblas0-pthread (apt-get install libopenblas0-pthread)"
                     : fmt::format("unset OPENBLAS_CORETYPE or set it to {}", better);
  Console::warn(fmt::format("slow matrix products, several times slower than need be: {} ({}): {}",
                            describe(blas), blas.library, remedy));
}

}  // namespace

void add_session_options(CLI::App& app, CommonOptions& options) {
  app.add_flag("--quiet", options.quiet,
               "print nothing but warnings, errors and why the exit code is not 0");
  app.add_option("--threads", options.threads, "worker threads (default: all processors)")
      ->transform(whole_number(1, 1024))
      ->type_name("N");
}

void add_common_options(CLI::App& app, CommonOptions& options) {
  app.add_option("--json", options.json, "write a machine-readable report")->type_name("FILE");
  add_session_options(app, options);
  app.add_option("--seed", options.seed, "seed of everything random")
      ->transform(seed_number())
      ->type_name("N");
  app.add_option("--device", options.device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->type_name("NAME");
}

void refuse_other_devices(CLI::App& app) {
  const auto refusal = [](const std::string& name) {
    return name == "cpu" ? std::string()
                         : fmt::format("{}: this command runs on the cpu alone", name);
  };
  app.get_option("--device")->description("cpu: this command runs nowhere else")->check(refusal);
}

Session start(const CommonOptions& options) {
  const c10::Device device = device_named(options.device);
  if (!options.json.empty()) require_writable(options.json);
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  interp::set_threads(options.threads > 0 ? options.threads : std::max(1, processors));
  if (!host()) interp::own_process();
  const interp::Blas blas = interp::inspect_blas();
  warn_if_slow(blas);
  return {Console(options.quiet), device, blas};
}

void write_report(const CommonOptions& options, const nlohmann::ordered_json& report) {
  if (!options.json.empty()) interp::write_file(options.json, interp::json_text(report, 1) + "\n");
}

std::string describe(const interp::Blas& blas) {
  std::string name = std::filesystem::path(blas.library).filename().string();
  if (!blas.configuration.empty()) {  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …"
    const size_t second = blas.configuration.find(' ', blas.configuration.find(' ') + 1);
    name = fmt::format("{}, kernels for {}", blas.configuration.substr(0, second), blas.core);
  }
  return fmt::format("{}, {:.0f} GFLOP/s on one thread", name, blas.gflops);
}

}  // namespace assay::tools
