#pragma once
// How files are read: whole, with their SHA-256, and strictly. Nothing is converted, no member is
// passed over, and every size is checked before it is used.

#include <openssl/evp.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace checker {

using Json = nlohmann::json;

struct BadInput : std::runtime_error {  ///< cannot be read, or does not belong together
  using runtime_error::runtime_error;
};
struct Rejected : std::runtime_error {  ///< the certificate says something that is not shown
  using runtime_error::runtime_error;
};
struct CannotCheck : std::runtime_error {  ///< beyond what this program implements
  using runtime_error::runtime_error;
};

struct File {
  std::string bytes, sha256;
};

inline File read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw BadInput(path + ": no regular file");
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > 1 << 29) throw BadInput(path + ": larger than 512 MiB");
  File file;
  file.bytes.resize(size);
  if (!std::ifstream(path, std::ios::binary).read(file.bytes.data(), static_cast<long>(size)))
    throw BadInput(path + ": cannot be read");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!EVP_Digest(file.bytes.data(), size, digest, &length, EVP_sha256(), nullptr))
    throw std::runtime_error("SHA-256 failed");
  for (unsigned i = 0; i < 2 * length; ++i)
    file.sha256 += "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
  return file;
}

/// UTF-8, no member twice, numbers finite, at most 128 levels deep.
inline Json parse_json(const std::string& text) {
  std::vector<std::set<std::string>> seen;  // members so far, of each object that is open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > 128) throw BadInput("JSON: too many lists and objects inside each other");
    if (event == Json::parse_event_t::object_start) seen.emplace_back();
    if (event == Json::parse_event_t::object_end) seen.pop_back();
    if (event == Json::parse_event_t::key && !seen.back().insert(value.get<std::string>()).second)
      throw BadInput("JSON: member '" + value.get<std::string>() + "' stands twice in an object");
    return true;
  };
  return Json::parse(text, watch);
}

[[noreturn]] inline void refuse(const Json& value, const std::string& expected) {
  throw BadInput("expected " + expected + ", found " + value.dump().substr(0, 80));
}

/// An object has these members and no others.
inline void require_members(const Json& object, const std::set<std::string>& names) {
  if (!object.is_object()) refuse(object, "an object");
  for (const auto& [name, value] : object.items())
    if (!names.contains(name)) refuse(object, "no member '" + name + "'");
  for (const std::string& name : names)
    if (!object.contains(name)) refuse(object, "a member '" + name + "'");
}

inline int64_t integer(const Json& value, int64_t least, int64_t most) {
  const bool huge = value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX};
  if (!value.is_number_integer() || huge || value.get<int64_t>() < least ||
      value.get<int64_t>() > most)
    refuse(value, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value.get<int64_t>();
}

inline double real(const Json& value) {
  if (!value.is_number() || !(std::fabs(value.get<double>()) <= 1e12))
    refuse(value, "a number up to 1e12 in size");
  return value.get<double>();
}

inline const std::string& text(const Json& value) {
  if (!value.is_string()) refuse(value, "a text");
  return value.get_ref<const std::string&>();
}

inline const Json& list(const Json& value) {
  if (!value.is_array()) refuse(value, "a list");
  return value;
}

inline std::vector<int64_t> integers(const Json& value, int64_t least, int64_t most) {
  std::vector<int64_t> numbers;
  for (const Json& item : list(value)) numbers.push_back(integer(item, least, most));
  return numbers;
}

/// float32, float64 and int64 numbers, taken as exact. They are bounded by 1e12 in size, so that no
/// sum or product of this program overflows, and integers stay whole.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<double> data;
};
using Tensors = std::map<std::string, Tensor>;

template <typename Number>
double number_at(const char* data) {
  Number number;
  std::memcpy(&number, data, sizeof number);
  if (!(std::fabs(static_cast<double>(number)) <= 1e12))
    throw BadInput("a tensor holds NaN or a number beyond 1e12");
  return static_cast<double>(number);
}

/// @param metadata  receives what stands under `__metadata__`.
inline Tensors read_safetensors(const std::string& bytes, Json* metadata = nullptr) {
  static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie");
  uint64_t length = 0;
  if (bytes.size() < 8) throw BadInput("safetensors: no header");
  std::memcpy(&length, bytes.data(), 8);
  if (length > bytes.size() - 8) throw BadInput("safetensors: the header is longer than the file");
  const char* data = bytes.data() + 8 + length;
  const auto available = static_cast<int64_t>(bytes.size() - 8 - length);
  const Json header = parse_json(bytes.substr(8, length));
  if (!header.is_object()) refuse(header, "an object");
  Tensors tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (metadata) *metadata = entry;
      continue;
    }
    require_members(entry, {"dtype", "shape", "data_offsets"});
    const std::string& type = text(entry["dtype"]);
    if (type != "F32" && type != "F64" && type != "I64") refuse(entry, "F32, F64 or I64");
    Tensor tensor{integers(entry["shape"], 1, available), {}};
    const auto place = integers(entry["data_offsets"], 0, available);
    const int64_t width = type == "F32" ? 4 : 8;
    int64_t bytes_needed = width;
    for (const int64_t axis : tensor.shape)
      if (__builtin_mul_overflow(bytes_needed, axis, &bytes_needed) || bytes_needed > available)
        refuse(entry, "a tensor no larger than the file");
    if (place.size() != 2 || place[1] - place[0] != bytes_needed)
      refuse(entry, "a place that fits the shape");
    const auto read = type == "F32"   ? number_at<float>
                      : type == "F64" ? number_at<double>
                                      : number_at<int64_t>;
    for (int64_t at = place[0]; at < place[1]; at += width) tensor.data.push_back(read(data + at));
    tensors[name] = std::move(tensor);
  }
  return tensors;
}

/// Takes a tensor of this shape out of the map; -1 is any size.
inline Tensor take(Tensors& tensors, const std::string& name, const std::vector<int64_t>& shape) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw BadInput("tensor '" + name + "' is missing");
  const auto fits = [](int64_t wanted, int64_t there) { return wanted < 0 || wanted == there; };
  if (!std::ranges::equal(shape, found->second.shape, fits))
    throw BadInput("tensor '" + name + "' has another shape than expected");
  Tensor tensor = std::move(found->second);
  tensors.erase(found);
  return tensor;
}

}  // namespace checker
