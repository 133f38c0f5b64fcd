#include "tools/failure.h"

#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "tools/commands.h"
#include "tools/streams.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

constexpr const char* kOutOfMemory = "out of memory";

void replace(std::string& text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size())
    text.replace(at, what.size(), by);
}

[[noreturn]] void terminate_in_one_line() {
  try {
    if (const auto failure = std::current_exception()) std::rethrow_exception(failure);
    std::fputs("assay: ended unexpectedly\n", stderr);
  } catch (const std::bad_alloc&) {  // no memory to make a message of
    std::fprintf(stderr, "assay: %s\n", kOutOfMemory);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "assay: %s\n", failure_line(error.what()).c_str());
  } catch (...) {
    std::fputs("assay: ended by an exception of an unknown kind\n", stderr);
  }
  _exit(kBadInput);
}

}  // namespace

std::string failure_line(std::string message) {
  for (const char* backtrace : {"\nException raised from ", "\nframe #0: "})
    message.resize(std::min(message.size(), message.find(backtrace)));
  while (message.ends_with('\n')) message.pop_back();
  replace(message, "std::bad_alloc", kOutOfMemory);
  replace(message, "DefaultCPUAllocator: can't allocate memory", kOutOfMemory);
  for (char& c : message)
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  return printable(message);
}

void end_failures_in_one_line() {
  c10::SetStackTraceFetcher([] { return std::string(); });
  std::set_terminate(terminate_in_one_line);
}

}  // namespace assay::tools
