#pragma once
// How files are read: whole, with their SHA-256, and strictly. Nothing is converted, no member is
// passed over, and every size is checked before it is used.

#include <openssl/evp.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace checker {

using Json = nlohmann::json;
using Integers = std::vector<int64_t>;

/// What is wrong, by the exit code that it leads to.
enum Problem {
  Rejected = 1,    ///< the certificate says something that is not shown
  BadInput = 2,    ///< cannot be read, or does not belong together
  CannotCheck = 3  ///< beyond what this program implements
};

struct Failure : std::runtime_error {
  Failure(Problem problem, const std::string& why) : runtime_error(why), problem(problem) {}
  Problem problem;
};

template <typename... Parts>
std::string words(const Parts&... parts) {
  std::ostringstream all;
  (all << ... << parts);
  return all.str();
}

template <Problem problem = Rejected, typename... Parts>
void require(bool holds, const Parts&... otherwise) {
  if (!holds) throw Failure(problem, words(otherwise...));
}

struct File {
  std::string bytes, sha256;
};

inline File read_file(const std::string& path) {
  namespace fs = std::filesystem;
  std::ostringstream content;
  require<BadInput>(fs::is_regular_file(path) && fs::file_size(path) <= 1 << 29 &&
                        content << std::ifstream(path, std::ios::binary).rdbuf(),
                    path, ": no regular file of 1 byte to 512 MiB that can be read");
  File file{content.str(), ""};
  unsigned char digest[32];
  if (!EVP_Digest(file.bytes.data(), file.bytes.size(), digest, nullptr, EVP_sha256(), nullptr))
    throw std::runtime_error("SHA-256 failed");
  for (const unsigned char byte : digest)
    for (const int digit : {byte >> 4, byte & 15}) file.sha256 += "0123456789abcdef"[digit];
  return file;
}

/// UTF-8, no member twice, numbers finite, at most 128 levels deep.
inline Json parse_json(const std::string& text) {
  std::vector<std::set<Json>> seen;  // members so far, of each object that is open
  return Json::parse(text, [&](int depth, Json::parse_event_t event, const Json& value) {
    require<BadInput>(depth <= 128, "JSON: too many lists and objects inside each other");
    if (event == Json::parse_event_t::object_start) seen.emplace_back();
    if (event == Json::parse_event_t::object_end) seen.pop_back();
    if (event == Json::parse_event_t::key)
      require<BadInput>(seen.back().insert(value).second, "JSON: member ", value,
                        " stands twice in an object");
    return true;
  });
}

inline void expect(bool fits, const Json& value, const std::string& expected) {
  require<BadInput>(fits, "expected ", expected, ", found ", value.dump().substr(0, 80));
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
  const bool beyond = value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX;
  expect(value.is_number_integer() && !beyond && value >= least && value <= most, value,
         words("a whole number from ", least, " to ", most));
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

/// @param metadata  receives what stands under `__metadata__`.
inline Tensors read_safetensors(const std::string& bytes, Json* metadata = nullptr) {
  uint64_t length = 0;
  require<BadInput>(bytes.size() >= 8, "safetensors: no header");
  std::memcpy(&length, bytes.data(), 8);
  require<BadInput>(length <= bytes.size() - 8, "safetensors: the header is longer than the file");
  const std::string data = bytes.substr(8 + length);
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
    const auto available = static_cast<int64_t>(data.size());
    const Integers place = integers(entry["data_offsets"], 0, available);
    Tensor& tensor = tensors[name];
    tensor.shape = integers(entry["shape"], 1, available);
    int64_t needed = type == "F32" ? 4 : 8;
    for (const int64_t axis : tensor.shape)  // both factors are below 2^30
      expect((needed *= axis) <= available, entry, "a tensor no larger than the file");
    expect(place.size() == 2 && place[1] - place[0] == needed, entry,
           "a place that fits the shape");
    const auto read_as = [&](auto number) {
      for (int64_t at = place[0]; at < place[1]; at += sizeof number) {
        std::memcpy(&number, &data[at], sizeof number);
        tensor.data.push_back(static_cast<double>(number));
        require<BadInput>(std::fabs(tensor.data.back()) <= 1e12,
                          "a tensor holds NaN or a number beyond 1e12");
      }
    };
    type == "F32" ? read_as(0.0F) : type == "F64" ? read_as(0.0) : read_as(int64_t{0});
  }
  return tensors;
}

/// @param shape  as it must be; -1 is any size.
inline const Tensor& tensor(const Tensors& tensors, const std::string& name,
                            const Integers& shape) {
  const auto found = tensors.find(name);
  require<BadInput>(found != tensors.end(), "tensor '", name, "' is missing");
  const auto fits = [](int64_t wanted, int64_t there) { return wanted < 0 || wanted == there; };
  require<BadInput>(std::ranges::equal(shape, found->second.shape, fits), "tensor '", name,
                    "' has another shape than expected");
  return found->second;
}

}  // namespace checker
