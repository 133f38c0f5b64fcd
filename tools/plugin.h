#pragma once
// What a shared object needs in order to bring tasks, operations, methods and page sections of its
// own, and how the command loads one. A whole example is tools/examples/own_task.cpp.
//
//   ASSAY_PLUGIN(registries) {
//     registries.tasks.add({"parity", "is the number of ones even?", …});
//     registries.operations.functions.add({"xor", "…", exclusive_or});
//   }

#include <fmt/core.h>
#include <torch/version.h>

#include <filesystem>
#include <string>

#include "axioms/report.h"
#include "circuits/discovery/discovery.h"
#include "interp/adapters/families/family.h"
#include "interp/adapters/layouts.h"
#include "interp/attribution/method.h"
#include "tasks/registry.h"
#include "tools/merging.h"
#include "tools/page/sections.h"
#include "tools/records.h"

#ifndef ASSAY_ABI_NOTE  // what else a build of one's own differs in
#define ASSAY_ABI_NOTE ""
#endif

namespace assay {

/// All that can be added to.
struct Registries {
  interp::Registry<tasks::TaskEntry>& tasks;
  circuits::Operations& operations;
  interp::Registry<circuits::Mutation>& mutations;
  interp::Registry<circuits::Metric>& metrics;
  interp::Registry<circuits::Ablation>& ablations;
  interp::Registry<circuits::Discoverer>& discoverers;
  interp::Registry<interp::attribution::Method>& explainers;
  interp::Registry<tasks::ReplacerEntry>& replacers;
  interp::Registry<tools::page::SectionEntry>& sections;
  interp::Registry<tools::RecordKind>& records;
  interp::Registry<interp::LayoutEntry>& layouts;
  interp::Registry<interp::Family>& families;
};
Registries registries();

/// Objects and classes are laid out alike only where all of this is the same. Static: a plugin must
/// not find the library's in its own one's place, as it would that of an inline function.
static inline std::string abi() {
  return fmt::format("assay {}" ASSAY_ABI_NOTE
                     ", C++ {} (ABI {}, strings {}), LibTorch {}.{}, nlohmann-json {}.{}.{}",
                     ASSAY_VERSION, __cplusplus, __GXX_ABI_VERSION, _GLIBCXX_USE_CXX11_ABI,
                     TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, NLOHMANN_JSON_VERSION_MAJOR,
                     NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH);
}

/// Adds what a shared object brings; its path becomes the origin of the entries. It stays loaded.
/// @throws std::runtime_error naming the file: it cannot be loaded, is no plugin, was built for
///   another assay (with both ABIs), or brings a name that is taken. What it added before that
///   stays.
void load_plugin(const std::filesystem::path& path);
/// What was loaded, with its hashes: results may rest on its code, so records name it.
const std::vector<axioms::Source>& loaded_plugins();

}  // namespace assay

/// Defines what load_plugin() looks for.
#define ASSAY_PLUGIN(registries)                                              \
  extern "C" __attribute__((visibility("default"))) const char* assay_abi() { \
    static const std::string abi = assay::abi();                              \
    return abi.c_str();                                                       \
  }                                                                           \
  extern "C" __attribute__((visibility("default"))) void assay_register(      \
      assay::Registries& registries)
