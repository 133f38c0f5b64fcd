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
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace checker {

using Json = nlohmann::json;
using Integers = std::vector<int64_t>;

template <int exit_code>
struct Error : std::runtime_error {
  using runtime_error::runtime_error;
};
using Rejected = Error<1>;     ///< the certificate says something that is not shown
using BadInput = Error<2>;     ///< cannot be read, or does not belong together
using CannotCheck = Error<3>;  ///< beyond what this program implements

template <typename Kind = Rejected>
void require(bool holds, const std::string& otherwise) {
  if (!holds) throw Kind(otherwise);
}

struct File {
  std::string bytes, sha256;
};

inline File read_file(const std::string& path) {
  namespace fs = std::filesystem;
  std::stringstream content;
  require<BadInput>(fs::is_regular_file(path) && fs::file_size(path) <= 1 << 29 &&
                        content << std::ifstream(path, std::ios::binary).rdbuf(),
                    path + ": no regular file of 1 byte to 512 MiB that can be read");
  File file{std::move(content).str(), ""};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!EVP_Digest(file.bytes.data(), file.bytes.size(), digest, &length, EVP_sha256(), nullptr))
    throw std::runtime_error("SHA-256 failed");
  for (unsigned i = 0; i < 2 * length; ++i)
    file.sha256 += "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
  return file;
}

/// UTF-8, no member twice, numbers finite, at most 128 levels deep.
inline Json parse_json(const std::string& text) {
  std::vector<std::set<std::string>> seen;  // members so far, of each object that is open
  return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& value) {
    require<BadInput>(depth <= 128, "JSON: too many lists and objects inside each other");
    if (event == Json::parse_event_t::object_start) seen.emplace_back();
    if (event == Json::parse_event_t::object_end) seen.pop_back();
    if (event == Json::parse_event_t::key)
      require<BadInput>(seen.back().insert(value.get<std::string>()).second,
                        "JSON: member " + value.dump() + " stands twice in an object");
    return true;
  });
}

inline void expect(bool fits, const Json& value, const std::string& expected) {
  if (!fits) throw BadInput("expected " + expected + ", found " + value.dump().substr(0, 80));
}

/// An object has these members and no others.
inline void require_members(const Json& object, const std::set<std::string>& names) {
  expect(object.is_object(), object, "an object");
  for (const auto& [name, value] : object.items())
    expect(names.contains(name), object, "no member '" + name + "'");
  for (const std::string& name : names)
    expect(object.contains(name), object, "a member '" + name + "'");
}

inline int64_t integer(const Json& value, int64_t least, int64_t most) {
  const bool huge = value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX};
  const bool whole = value.is_number_integer() && !huge;
  expect(whole && value.get<int64_t>() >= least && value.get<int64_t>() <= most, value,
         "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}
inline double real(const Json& value) {
  expect(value.is_number() && std::fabs(value.get<double>()) <= 1e12, value,
         "a number up to 1e12 in size");
  return value;
}
inline const std::string& text(const Json& value) {
  expect(value.is_string(), value, "a text");
  return value.get_ref<const std::string&>();
}
inline const Json& list(const Json& value) {
  expect(value.is_array(), value, "a list");
  return value;
}
inline Integers integers(const Json& value, int64_t least, int64_t most) {
  Integers numbers;
  for (const Json& item : list(value)) numbers.push_back(integer(item, least, most));
  return numbers;
}

/// float32, float64 and int64 numbers, taken as exact. They are bounded by 1e12 in size, so that no
/// sum or product of this program overflows, and integers stay whole.
struct Tensor {
  Integers shape;
  std::vector<double> data;
};
using Tensors = std::map<std::string, Tensor>;

template <typename Number>
double number_at(const char* data) {
  Number number;
  std::memcpy(&number, data, sizeof number);
  return static_cast<double>(number);
}

/// @param metadata  receives what stands under `__metadata__`.
inline Tensors read_safetensors(const std::string& bytes, Json* metadata = nullptr) {
  static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie");
  uint64_t length = 0;
  require<BadInput>(bytes.size() >= 8, "safetensors: no header");
  std::memcpy(&length, bytes.data(), 8);
  require<BadInput>(length <= bytes.size() - 8, "safetensors: the header is longer than the file");
  const char* data = bytes.data() + 8 + length;
  const auto available = static_cast<int64_t>(bytes.size() - 8 - length);
  const Json header = parse_json(bytes.substr(8, length));
  expect(header.is_object(), header, "an object");
  Tensors tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (metadata) *metadata = entry;
      continue;
    }
    require_members(entry, {"dtype", "shape", "data_offsets"});
    const std::string& type = text(entry["dtype"]);
    expect(type == "F32" || type == "F64" || type == "I64", entry, "F32, F64 or I64");
    const auto read = type == "F32"   ? number_at<float>
                      : type == "F64" ? number_at<double>
                                      : number_at<int64_t>;
    Tensor tensor{integers(entry["shape"], 1, available), {}};
    const Integers place = integers(entry["data_offsets"], 0, available);
    int64_t width = type == "F32" ? 4 : 8, needed = width;
    for (const int64_t axis : tensor.shape)
      expect(!__builtin_mul_overflow(needed, axis, &needed) && needed <= available, entry,
             "a tensor no larger than the file");
    expect(place.size() == 2 && place[1] - place[0] == needed, entry,
           "a place that fits the shape");
    for (int64_t at = place[0]; at < place[1]; at += width) {
      tensor.data.push_back(read(data + at));
      require<BadInput>(std::fabs(tensor.data.back()) <= 1e12,
                        "a tensor holds NaN or a number beyond 1e12");
    }
    tensors[name] = std::move(tensor);
  }
  return tensors;
}

/// Takes a tensor of this shape out of the map; -1 is any size.
inline Tensor take(Tensors& tensors, const std::string& name, const Integers& shape) {
  require<BadInput>(tensors.contains(name), "tensor '" + name + "' is missing");
  Tensor tensor = std::move(tensors.extract(name).mapped());
  const auto fits = [](int64_t wanted, int64_t there) { return wanted < 0 || wanted == there; };
  require<BadInput>(std::ranges::equal(shape, tensor.shape, fits),
                    "tensor '" + name + "' has another shape than expected");
  return tensor;
}

}  // namespace checker
