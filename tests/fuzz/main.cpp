// assay_fuzz list                       the targets
// assay_fuzz seeds FOLDER               inputs to begin with, FOLDER/TARGET/N; FOLDER/subject holds
//                                       what the command can be run on to make more
// assay_fuzz vary FOLDER                beside each input in FOLDER/TARGET that is JSON, a copy for
//                                       each of its values, with another value in its place
// assay_fuzz TARGET [libFuzzer's own]   fuzzes from the folders, or reads the files that are named
//
// One program for all targets, because linking twenty with sanitizers takes longer than running
// them.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "interp/execution/parallel.h"
#include "interp/files/files.h"
#include "tests/fuzz/json_mutator.h"
#include "tests/fuzz/subject.h"
#include "tests/fuzz/target.h"

extern "C" {
int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*read)(const uint8_t* data, size_t size));
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
}

// Runs end anyway, and LibTorch and Graphviz leave much behind on purpose; libFuzzer saves the
// input where a process aborts.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0:quarantine_size_mb=16";
}
extern "C" const char* __ubsan_default_options() {
  return "abort_on_error=1:print_stacktrace=1";
}

namespace {

using namespace assay::fuzz;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

Target target;  // the one that runs

std::string_view view(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

int read(const uint8_t* data, size_t size) {
  for (const auto& entry : fs::directory_iterator(folder())) fs::remove_all(entry.path());
  try {
    target.read(view(data, size));
  } catch (const std::exception&) {  // refused
  }
  return 0;
}

/// A line that parses, replaced by a mutation.
std::string mutate_line(std::string_view text, Random& random) {
  std::vector<std::string> lines = {""};
  for (const char c : text) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += c;
  }
  std::string& line = lines[random() % lines.size()];
  if (const std::string mutated = mutate_json(line, random); !mutated.empty()) line = mutated;
  if (random() % 8 == 0) lines.push_back(line);
  std::string all = lines[0];
  for (size_t i = 1; i < lines.size(); ++i) all += '\n' + lines[i];
  return all;
}

/// The JSON header of a safetensors file, whose length stands before it.
std::string mutate_header(std::string_view file, Random& random) {
  uint64_t length = 0;
  if (file.size() < sizeof length) return "";
  std::memcpy(&length, file.data(), sizeof length);
  if (length > file.size() - sizeof length) return "";
  const std::string header = mutate_json(file.substr(sizeof length, length), random);
  if (header.empty()) return "";
  const uint64_t new_length = header.size();
  std::string mutated(reinterpret_cast<const char*>(&new_length), sizeof new_length);
  return mutated + header + std::string(file.substr(sizeof length + length));
}

std::string mutate(std::string_view text, Random& random) {
  switch (target.form) {
    case Form::Json:
      return mutate_json(text, random);
    case Form::JsonLines:
      return mutate_line(text, random);
    case Form::Safetensors:
      return mutate_header(text, random);
    case Form::Bytes:
      break;
  }
  return "";
}

/// @return the size of what now stands in `data`, or 0 if it does not fit.
size_t place(const std::string& text, uint8_t* data, size_t room) {
  if (text.size() > room) return 0;
  std::ranges::copy(text, data);
  return text.size();
}

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const auto& some : {text_targets(), network_targets(), circuit_targets(), claim_targets(),
                           report_targets(), shard_targets()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

/// What an input may cost, seconds and megabytes, and how long it may be: deep trees are long.
std::vector<std::string> limits() {
  std::vector<std::string> options = {"-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1"};
  if (target.form == Form::Bytes) {
    options.push_back("-max_len=65536");
  } else {
    options.insert(options.end(), {"-max_len=300000", "-len_control=0"});
  }
  return options;
}

int fuzz(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {program};
  for (const auto& some : {limits(), arguments}) all.insert(all.end(), some.begin(), some.end());
  std::vector<char*> pointers;
  for (std::string& argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  auto count = static_cast<int>(all.size());
  char** values = pointers.data();
  return LLVMFuzzerRunDriver(&count, &values, read);
}

void write_seeds(const fs::path& into) {
  fs::create_directories(into / "subject");
  write_subject(into / "subject");
  for (const Target& each : targets()) {
    fs::create_directories(into / each.name);
    size_t number = 0;
    for (const std::string& seed : each.seeds())
      std::ofstream(into / each.name / fmt::format("{}", number++), std::ios::binary) << seed;
  }
}

/// The variants of a text of one target; of lines, the last one varies.
std::vector<std::string> variants(const Target& of, const std::string& text,
                                  std::set<std::string>& seen) {
  if (of.form == Form::Json) return each_value_replaced(text, seen);
  if (of.form != Form::JsonLines) return {};
  const size_t end = text.find_last_not_of('\n') + 1, before = text.rfind('\n', end - 1) + 1;
  std::vector<std::string> lines = each_value_replaced(text.substr(before, end - before), seen);
  for (std::string& line : lines) line = text.substr(0, before) + line + '\n';
  return lines;
}

void vary_seeds(const fs::path& folder) {
  for (const Target& each : targets()) {
    std::set<std::string> seen;
    const std::vector<fs::path> seeds(fs::directory_iterator(folder / each.name), {});
    for (const fs::path& seed : seeds) {
      size_t number = 0;
      for (const std::string& text : variants(each, assay::interp::read_file(seed), seen))
        std::ofstream(fmt::format("{}.{}", seed.string(), number++), std::ios::binary) << text;
    }
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t room, unsigned seed) {
  Random random(seed);
  if (target.form != Form::Bytes && random() % 10 != 0)
    if (const size_t written = place(mutate(view(data, size), random), data, room)) return written;
  return LLVMFuzzerMutate(data, size, room);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data, size_t size, const uint8_t* other,
                                            size_t other_size, uint8_t* out, size_t room,
                                            unsigned seed) {
  Random random(seed);
  if (target.form != Form::Json) return 0;  // libFuzzer then goes on with another mutation
  return place(cross_json(view(data, size), view(other, other_size), random), out, room);
}

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  assay::interp::set_threads(1);
  assay::interp::own_process();
  if (what == "list") {
    for (const Target& each : targets()) fmt::print("{}\n", each.name);
    return 0;
  }
  if (what == "seeds" && argc == 3) {
    write_seeds(argv[2]);
    return 0;
  }
  if (what == "vary" && argc == 3) {
    vary_seeds(argv[2]);
    return 0;
  }
  const std::vector<Target> all = targets();
  const auto found = std::ranges::find(all, what, &Target::name);
  if (found == all.end()) {
    fmt::print(
        stderr,
        "assay_fuzz list | seeds FOLDER | vary FOLDER | TARGET [options of libFuzzer] [FILE…]\n");
    return 2;
  }
  target = *found;
  return fuzz(argv[0], {argv + 2, argv + argc});
}
