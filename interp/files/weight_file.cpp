#include "interp/files/weight_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "interp/files/fail.h"
#include "interp/files/pth.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using std::string_view_literals::operator""sv;

constexpr size_t kLongestStart = 512;

std::string start_of(const fs::path& path) {
  if (fs::exists(path) && !fs::is_regular_file(path)) {
    fail("{}: expected a regular file, found a {}", path.string(),
         fs::is_directory(path) ? "folder"
         : fs::is_fifo(path)    ? "pipe"
                                : "device");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fail("{}: cannot open: {}", path.string(), std::generic_category().message(errno));
  }
  std::string start(kLongestStart, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(file.gcount()));
  return start;
}

/// The size that a Git LFS pointer tells; its lines are keys and values.
std::string size_in_pointer(const std::string& start) {
  const size_t line = start.find("\nsize ");
  if (line == start.npos) return "";
  const size_t begin = line + 6, end = start.find_first_not_of("0123456789", begin);
  return fmt::format(" to a file of {} bytes", start.substr(begin, end - begin));
}

bool is_web_page(const std::string& start) {
  std::string text;
  for (const unsigned char c : start) text += static_cast<char>(std::tolower(c));
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  return text.starts_with("<!doctype") || text.starts_with("<html") || text.starts_with("<?xml");
}

/// @return what the file is instead, as the rest of a sentence; empty if it may hold weights.
std::string found_instead(const std::string& start) {
  constexpr std::string_view kLegacy =
      "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv;
  if (start.empty()) return "is empty";
  if (start.starts_with("version https://git-lfs.github.com/spec/")) {
    return fmt::format("is a Git LFS pointer{}, not the file itself: git lfs pull fetches it",
                       size_in_pointer(start));
  }
  if (is_web_page(start)) return "is a web page: a download that went wrong?";
  if (start.starts_with(kLegacy)) {
    return "is a checkpoint in the format before PyTorch 1.6: save it again with a later one, "
           "torch.save(torch.load(FILE), NEW_FILE)";
  }
  constexpr std::pair<std::string_view, const char*> kOthers[] = {
      {"\x1f\x8b"sv, "is compressed by gzip: unpack it"},
      {"BZh"sv, "is compressed by bzip2: unpack it"},
      {"\xfd"
       "7zXZ"sv,
       "is compressed by xz: unpack it"},
      {"\x28\xb5\x2f\xfd"sv, "is compressed by zstd: unpack it"},
      {"\x89HDF"sv, "is HDF5 (Keras), which is not read"},
      {"GGUF"sv, "is GGUF (llama.cpp), which is not read"},
      {"\x93NUMPY"sv, "is an array of NumPy, not a model"},
      {"\x80\x02"sv, "is a bare pickle, which torch.save did not write"},
      {"\x80\x03"sv, "is a bare pickle, which torch.save did not write"},
      {"\x80\x04"sv, "is a bare pickle, which torch.save did not write"},
      {"\x80\x05"sv, "is a bare pickle, which torch.save did not write"},
  };
  // Safetensors begin with the header's length, which may look like anything, and the header.
  const size_t header = start.find_first_not_of(" \t\r\n", sizeof(uint64_t));
  if (header != start.npos && start[header] == '{') return "";
  for (const auto& [begin, what] : kOthers) {
    if (start.starts_with(begin)) return what;
  }
  return start.starts_with("PK") ? "" : "is neither safetensors nor a checkpoint of torch.save";
}

/// `module.` is from DataParallel, `_orig_mod.` from torch.compile; either may be anywhere.
std::string without_wrappers(const std::string& name) {
  std::string plain;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    if (part != "module" && part != "_orig_mod") plain += (plain.empty() ? "" : ".") + part;
    begin = end + 1;
  }
  return plain;
}

}  // namespace

WeightFile read_weight_file(const fs::path& path) {
  const std::string start = start_of(path);
  const std::string instead = found_instead(start);
  if (!instead.empty()) fail("{}: {}", path.string(), instead);
  WeightFile file;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    if (!file.tensors.emplace(without_wrappers(name), tensor).second) {
      fail("{}: tensor '{}': stands twice, with and without a wrapper", path.string(), name);
    }
  };
  const auto add_all = [&](const auto& content) {
    for (const auto& [name, tensor] : content.tensors) add(name, tensor);
    for (const auto& [name, type] : content.unread) add(name, {});
  };
  if (start.starts_with("PK")) {  // a zip archive
    Checkpoint content = read_checkpoint(path);
    add_all(content);
    file.numbers = std::move(content.numbers);
  } else {
    Safetensors content = read_safetensors(path);
    add_all(content);
    file.texts = std::move(content.metadata);
  }
  return file;
}

}  // namespace assay::interp
