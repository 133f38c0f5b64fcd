#include "tools/plugin.h"

#include <dlfcn.h>

#include <stdexcept>

#include "interp/files/fail.h"
#include "interp/files/files.h"
#include "tools/hand_over.h"

namespace assay {
namespace {

/// A function that the object exports by this name, or null.
template <typename Function>
Function* exported(void* object, const char* name) {
  return reinterpret_cast<Function*>(dlsym(object, name));
}

std::vector<axioms::Source>& loaded() {
  static std::vector<axioms::Source> all;
  return all;
}

/// Refuses entries that an object added without the function that they are there for: it would be
/// missed only when they are used, far from what forgot it.
class Completeness {
 public:
  explicit Completeness(std::string origin) : origin_(std::move(origin)) {}

  /// @param function  of an entry. @param what  its name in the entry.
  template <typename Entry, typename Member>
  void require(const interp::Registry<Entry>& entries, const Member& function,
               const char* what) const {
    for (const Entry& entry : entries)
      if (entries.origin_of(entry.name) == origin_ && !function(entry))
        throw std::invalid_argument(fmt::format("the {} '{}' is added without its function: {}",
                                                entries.noun(), entry.name, what));
  }

 private:
  std::string origin_;
};

template <typename F>
void require_makers(const Completeness& added,
                    const interp::Registry<circuits::OperationEntry<F>>& operations) {
  added.require(
      operations, [](const auto& entry) { return bool(entry.make); }, "make");
}

void require_complete(const Registries& all, const std::string& origin) {
  const Completeness added(origin);
  const auto makes = [](const auto& entry) { return bool(entry.make); };
  added.require(all.tasks, makes, "make");
  require_makers(added, all.operations.functions);
  require_makers(added, all.operations.abstractions);
  require_makers(added, all.operations.concretisations);
  require_makers(added, all.operations.equalities);
  added.require(
      all.mutations, [](const auto& entry) { return bool(entry.apply); }, "apply");
  added.require(
      all.metrics, [](const auto& entry) { return bool(entry.score); }, "score");
  added.require(all.ablations, makes, "make");
  added.require(
      all.discoverers, [](const auto& entry) { return entry.effects || entry.on_all; },
      "effects or on_all");
  added.require(
      all.explainers, [](const auto& entry) { return bool(entry.explain); }, "explain");
  added.require(
      all.explainers, [](const auto& entry) { return !entry.presets.empty(); },
      "at least one preset");
  added.require(all.replacers, makes, "make");
  added.require(
      all.sections, [](const auto& entry) { return bool(entry.make); }, "make");
  added.require(
      all.layouts, [](const auto& entry) { return entry.recognises && entry.read; },
      "recognises and read");
  added.require(
      all.families, [](const auto& entry) { return bool(entry.read); }, "read");
  added.require(
      all.records, [](const auto& entry) { return !entry.page || bool(entry.page->shape.problem); },
      "page.shape");
}

}  // namespace

const std::vector<axioms::Source>& loaded_plugins() {
  return loaded();
}

Registries registries() {
  return {.tasks = tasks::task_entries(),
          .operations = tasks::operations(),
          .mutations = tasks::mutations(),
          .metrics = circuits::metrics(),
          .ablations = circuits::ablations(),
          .discoverers = circuits::discoverers(),
          .explainers = interp::attribution::methods(),
          .replacers = tasks::replacers(),
          .sections = tools::page::sections(),
          .records = tools::record_kinds(),
          .layouts = interp::layouts(),
          .families = interp::families()};
}

void load_plugin(const std::filesystem::path& path) {
  // Without a slash dlopen() would look through the system's folders.
  const std::string file = std::filesystem::absolute(path).string();
  if (!std::filesystem::is_regular_file(file))
    interp::fail("--load {}: {}", path.string(),
                 std::filesystem::exists(file) ? "no regular file" : "no such file");
  if (path.extension() == ".py")
    interp::fail(
        "--load {}: Python is loaded by the Python package, which {} cannot import: install it "
        "(docs/python.md), or say in ASSAY_PYTHON which interpreter has it",
        path.string(), tools::interpreter());
  void* object = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!object) interp::fail("--load {}: cannot be loaded: {}", path.string(), dlerror());
  auto* abi_of = exported<const char*()>(object, "assay_abi");
  auto* add_to = exported<void(Registries&)>(object, "assay_register");
  if (!abi_of || !add_to)
    interp::fail("--load {}: no plugin of assay: it lacks {}", path.string(),
                 abi_of ? "assay_register" : "assay_abi");
  if (abi_of() != abi())
    interp::fail("--load {}: built for {}; this is {}; build it again", path.string(), abi_of(),
                 abi());
  Registries all = registries();
  const interp::AddedBy origin(path.string());
  try {
    add_to(all);
    require_complete(all, path.string());
  } catch (const std::exception& error) {
    interp::fail("--load {}: {}", path.string(), error.what());
  }
  loaded().push_back({path.string(), interp::sha256_of_file(path)});
}

}  // namespace assay
