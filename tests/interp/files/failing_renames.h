#pragma once
// Makes the nth call of rename(2) in this process fail, or be the last thing that the process does.
// Included by one source file of a test binary, whose rename() then takes the C library's place.

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>

namespace assay::interp {

struct RenameFault {
  enum Kind { None, Fails, DiesBefore, DiesAfter } kind = None;
  int at = 0;  ///< which call, counted from 1
  int calls = 0;
};
inline RenameFault rename_fault;

}  // namespace assay::interp

extern "C" int rename(const char* from, const char* to) noexcept {
  using assay::interp::RenameFault;
  static const auto real =
      reinterpret_cast<int (*)(const char*, const char*)>(dlsym(RTLD_NEXT, "rename"));
  RenameFault& fault = assay::interp::rename_fault;
  const bool hit = fault.kind != RenameFault::None && ++fault.calls == fault.at;
  if (hit && fault.kind == RenameFault::DiesBefore) _exit(1);
  if (hit && fault.kind == RenameFault::Fails) {
    errno = EIO;
    return -1;
  }
  const int result = real(from, to);
  if (hit && fault.kind == RenameFault::DiesAfter) _exit(1);
  return result;
}
