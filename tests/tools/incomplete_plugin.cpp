// A plugin that forgets the function of one of its entries: which one, the environment says.

#include <cstdlib>
#include <string>

#include "tools/plugin.h"

ASSAY_PLUGIN(registries) {
  const char* variable = std::getenv("INCOMPLETE");
  const std::string what = variable ? variable : "";
  if (what == "task") registries.tasks.add({.name = "bare", .help = "-"});
  if (what == "operation") registries.operations.functions.add({"bare", "-", {}});
  if (what == "mutation") registries.mutations.add({"bare", "-", {}});
  if (what == "metric") registries.metrics.add({"bare", "-", {}});
  if (what == "ablation") registries.ablations.add({"bare", "-", {}});
  if (what == "method") registries.discoverers.add({.name = "bare", .help = "-"});
  if (what == "explainer") registries.explainers.add({.name = "bare", .help = "-", .presets = {}});
  if (what == "replacer") registries.replacers.add({"bare", "-", {}});
  if (what == "section") registries.sections.add({"bare", "-", {}});
  if (what == "layout") registries.layouts.add({"bare", "-", {}, {}});
  if (what == "family") registries.families.add({"bare", "-"});
  if (what == "record")
    registries.records.add({.name = "bare",
                            .command = "-",
                            .help = "-",
                            .page = assay::tools::page::RecordPage{.title = "-", .shape = {}}});
}
