// Preloaded, lets OpenBLAS believe that it runs on a processor which it does not know, as newer
// ones are to an older release: it then takes its oldest kernels. Who reads the variable elsewhere,
// or sets it, does so undisturbed.

#include <dlfcn.h>

#include <cstring>
#include <string_view>

extern char** environ;

namespace {

char* value_of(std::string_view name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    if (std::string_view(*entry).starts_with(name) && (*entry)[name.size()] == '=')
      return *entry + name.size() + 1;
  return nullptr;
}

bool is_openblas(const void* caller) {
  Dl_info info{};
  return dladdr(caller, &info) != 0 && std::strstr(info.dli_fname, "openblas") != nullptr;
}

}  // namespace

extern "C" char* getenv(const char* name) noexcept {
  static char oldest[] = "Prescott";
  char* value = value_of(name);
  const bool asked = value == nullptr && std::string_view(name) == "OPENBLAS_CORETYPE";
  return asked && is_openblas(__builtin_return_address(0)) ? oldest : value;
}
