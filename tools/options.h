#pragma once
// The options that every subcommand has, and what they set going.

#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "interp/execution/blas.h"
#include "interp/files/file_writer.h"
#include "tools/records.h"
#include "tools/terminal.h"

namespace CLI {
class App;
}

namespace assay::tools {

struct CommonOptions {
  std::filesystem::path json;  ///< where the machine-readable report goes; empty: nowhere
  bool quiet = false;
  int threads = 0;               ///< 0: as many as the machine has
  std::optional<uint64_t> seed;  ///< each subcommand has its own default
  std::string device = "cpu";
};

void add_common_options(CLI::App& app, CommonOptions& options);
/// Of these --quiet and --threads alone, for what draws nothing at random and runs nowhere else.
void add_session_options(CLI::App& app, CommonOptions& options);

/// For commands that run on the cpu alone, after add_common_options(): any other device is refused.
void refuse_other_devices(CLI::App& app);

/// A subcommand at work.
struct Session {
  Console console;
  c10::Device device;
  interp::Blas blas;
};

/// Sets threads, looks at the BLAS (and warns if it is a slow one), and refuses what would fail at
/// the end: a device that is not there, a report that cannot be written.
/// @throws std::invalid_argument, std::runtime_error accordingly.
Session start(const CommonOptions& options);

/// Writes the report to `options.json`, if that is given.
void write_report(const CommonOptions& options, const nlohmann::ordered_json& report);

using interp::require_writable;  // asked before work begins whose result could not be written

/// One line: `OpenBLAS 0.3.21, kernels for SkylakeX, 97 GFLOP/s on one thread`.
std::string describe(const interp::Blas& blas);

}  // namespace assay::tools
