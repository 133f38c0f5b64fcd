#pragma once
// PyTorch checkpoints written by hand, instruction by instruction, so that they can also lie.

#include <zip.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace assay::interp::checkpoint_bytes {

template <typename Number>
std::string little_endian(Number number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof number);
}

inline std::string text(const std::string& content) {
  return "X" + little_endian(static_cast<uint32_t>(content.size())) + content;
}
inline std::string number(int32_t value) {
  return "J" + little_endian(value);
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::string& items) {
  return "(" + items + "t";
}
inline std::string numbers(const std::vector<int32_t>& values) {
  std::string items;
  for (const int32_t value : values) items += number(value);
  return tuple(items);
}
inline std::string dict(const std::string& keys_and_values) {
  return "}(" + keys_and_values + "u";
}
inline std::string ordered_dict(const std::string& keys_and_values = "") {
  return global("collections", "OrderedDict") + ")R(" + keys_and_values + "u";
}
inline std::string storage(const std::string& type, const std::string& key, int32_t size) {
  return tuple(text("storage") + global("torch", type) + text(key) + text("cuda:0") +
               number(size)) +
         "Q";
}
inline std::string tensor(const std::string& storage, int32_t offset,
                          const std::vector<int32_t>& sizes, const std::vector<int32_t>& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple(storage + number(offset) + numbers(sizes) + numbers(strides) + "\x89" +
               ordered_dict()) +
         "R";
}
inline std::string program(const std::string& body) {
  return "\x80\x02" + body + ".";
}

/// Writes a zip archive of these entries.
inline void write_zip(const std::filesystem::path& path,
                      const std::map<std::string, std::string>& entries,
                      zip_int32_t method = ZIP_CM_STORE) {
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, content] : entries) {
    zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), method, 0);
  }
  if (zip_close(archive) != 0) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace assay::interp::checkpoint_bytes
