#pragma once
// The subcommands of `assay`, one file each.

#include <functional>

#include "tools/streams.h"

namespace CLI {
class App;
}

namespace assay::tools {

/// What a subcommand does once its options are read; returns the exit code.
using Command = std::function<int()>;

// Each adds its options, its help and its example to `app`.
Command add_train(CLI::App& app);
Command add_derive(CLI::App& app);
Command add_align(CLI::App& app);
Command add_plan(CLI::App& app);
Command add_validate(CLI::App& app);
Command add_attack(CLI::App& app);
Command add_prove(CLI::App& app);
Command add_mutate(CLI::App& app);
Command add_compile(CLI::App& app);
Command add_convert(CLI::App& app);
Command add_inspect(CLI::App& app);
Command add_list(CLI::App& app);
Command add_solve(CLI::App& app);
Command add_study(CLI::App& app);
Command add_discover(CLI::App& app);
Command add_measure(CLI::App& app);
Command add_graph(CLI::App& app);
Command add_compare_circuits(CLI::App& app);
Command add_explain(CLI::App& app);
Command add_compare(CLI::App& app);
Command add_merge(CLI::App& app);
Command add_report(CLI::App& app);
Command add_completion(CLI::App& app);
Command add_manual(CLI::App& app);

}  // namespace assay::tools
