#pragma once
// `--shard I/N` of the commands whose work can be shared out among several runs.

#include "interp/execution/shards.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace assay::tools {

/// Reads `2/3`: the second of three parts.
CLI::Option* add_shard_option(CLI::App& app, interp::Shard& shard);

}  // namespace assay::tools
