// The files that targets read, in a folder of this process.

#include <c10/core/ScalarType.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "interp/files/files.h"
#include "interp/files/safetensors.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr uint64_t kMostData = 1 << 20;

uint64_t width_of(const std::string& dtype) {
  if (dtype.ends_with("64")) return 8;
  if (dtype.ends_with("32")) return 4;
  return dtype.ends_with("16") ? 2 : 1;
}

std::string deepened(std::string text) {
  constexpr size_t kDepth = 100'000;
  const size_t mark = text.find(kDeep);  // one is enough
  if (mark == text.npos) return text;
  return text.replace(mark, kDeep.size(), std::string(kDepth, '[') + std::string(kDepth, ']'));
}

/// The bytes of a tensor as it describes itself; the products of absurd shapes wrap.
uint64_t bytes_of(const Json& tensor) {
  uint64_t bytes = width_of(tensor.at("dtype").get<std::string>());
  for (const Json& size : tensor.at("shape"))
    bytes *= static_cast<uint64_t>(std::clamp(size.get<double>(), 0.0, 1e15));
  return bytes;
}

std::string safetensors_of(const Json& description) {
  Json header = Json::object();
  const Json metadata = description.value("metadata", Json::object());
  for (const auto& [name, value] : metadata.items())
    header["__metadata__"][name] = value.is_string() ? value : Json(deepened(value.dump()));
  uint64_t end = 0;
  for (const auto& [name, tensor] : description.at("tensors").items()) {
    const uint64_t begin = end;
    end += bytes_of(tensor);
    header[name] = tensor;
    header[name]["data_offsets"] = {begin, end};
  }
  const std::string text = deepened(header.dump());
  const uint64_t length = text.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  return file + text + std::string(std::min(end, kMostData), '\0');
}

std::string dtype_name(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return "F64";
    case at::kLong:
      return "I64";
    case at::kInt:
      return "I32";
    case at::kBool:
      return "BOOL";
    case at::kByte:
      return "U8";
    default:
      return "F32";
  }
}

/// The members of `description` that are files of this kind, by plain names.
std::vector<std::pair<std::string, Json>> files_of(const Json& description, const char* extension) {
  std::vector<std::pair<std::string, Json>> files;
  for (const auto& [name, content] : description.items())
    if (name.ends_with(extension) && name.size() < 100 && name.find('/') == name.npos &&
        name.find('\0') == name.npos)
      files.emplace_back(name, content);
  return files;
}

}  // namespace

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "contradicts itself: {}\n", what);
  std::abort();
}

void require_done(const std::function<void()>& action, const char* what) {
  try {
    action();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    require(false, what);
  }
}

const fs::path& folder() {
  static const fs::path path = [] {
    std::string name = (fs::temp_directory_path() / "assay_fuzz_XXXXXX").string();
    fs::path made = mkdtemp(name.data());
    std::atexit([] { fs::remove_all(folder()); });
    return made;
  }();
  return path;
}

fs::path put(const std::string& name, std::string_view bytes) {
  std::ofstream(folder() / name, std::ios::binary) << deepened(std::string(bytes));
  return folder() / name;
}

void put_files(std::string_view input) {
  const Json description = Json::parse(input);
  std::string sha256;
  for (const auto& [name, content] : files_of(description, ".safetensors")) {
    const std::string file = safetensors_of(content);
    sha256 = interp::sha256(file);
    put(name, file);
  }
  for (auto& [name, content] : files_of(description, ".json")) {
    Json file = content;
    if (file.is_object() && file.value("tensors_sha256", Json()) == "right")
      file["tensors_sha256"] = sha256;
    put(name, file.dump());
  }
}

std::string description_of(const fs::path& safetensors) {
  const interp::Safetensors content = interp::read_safetensors(safetensors);
  Json described = {{"metadata", Json::object()}, {"tensors", Json::object()}};
  for (const auto& [name, text] : content.metadata)
    described["metadata"][name] = Json::accept(text) ? Json::parse(text) : Json(text);
  for (const auto& [name, tensor] : content.tensors)
    described["tensors"][name] = {{"dtype", dtype_name(tensor.scalar_type())},
                                  {"shape", tensor.sizes().vec()}};
  return described.dump();
}

}  // namespace assay::fuzz
