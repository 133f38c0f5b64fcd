#include "tools/plugin.h"

#include <dlfcn.h>

#include <stdexcept>

#include "interp/files/fail.h"
#include "interp/files/files.h"

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
          .sections = tools::page::sections()};
}

void load_plugin(const std::filesystem::path& path) {
  // Without a slash dlopen() would look through the system's folders.
  const std::string file = std::filesystem::absolute(path).string();
  if (!std::filesystem::is_regular_file(file))
    interp::fail("--load {}: no such file", path.string());
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
  } catch (const std::exception& error) {
    interp::fail("--load {}: {}", path.string(), error.what());
  }
  loaded().push_back({path.string(), interp::sha256_of_file(path)});
}

}  // namespace assay
