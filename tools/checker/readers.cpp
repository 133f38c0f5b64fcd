#include "readers.h"

#include <openssl/evp.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace checker {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie");
constexpr uint64_t kLargestFile = uint64_t{1} << 29;
constexpr int kDeepest = 128;

std::string sha256(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 failed");
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

std::vector<double> numbers(const char* data, const std::string& type, uint64_t count,
                            const std::string& where) {
  std::vector<double> values(count);
  for (uint64_t i = 0; i < count; ++i) {
    float single = 0;
    int64_t whole = 0;
    if (type == "F32") {
      std::memcpy(&single, data + 4 * i, 4);
      values[i] = single;
    } else if (type == "F64") {
      std::memcpy(&values[i], data + 8 * i, 8);
    } else {
      std::memcpy(&whole, data + 8 * i, 8);
      if (whole > int64_t{1} << 53 || whole < -(int64_t{1} << 53))
        throw BadInput(where + ": a number beyond 2^53");
      values[i] = static_cast<double>(whole);
    }
    if (type != "I64" && !(std::fabs(values[i]) <= 1e12))
      throw BadInput(where + ": holds NaN, infinity or a number beyond 1e12");
  }
  return values;
}

}  // namespace

File read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw BadInput(path + ": not a regular file");
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error || size > kLargestFile) throw BadInput(path + ": larger than 512 MiB");
  File file;
  file.bytes.resize(size);
  std::ifstream stream(path, std::ios::binary);
  if (!stream.read(file.bytes.data(), static_cast<std::streamsize>(size)))
    throw BadInput(path + ": cannot be read");
  file.sha256 = sha256(file.bytes);
  return file;
}

Json parse_json(const std::string& text, const std::string& where) {
  std::vector<std::set<std::string>> seen;  // members so far, of each object that is open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kDeepest) throw BadInput(where + ": too many lists and objects inside each other");
    if (event == Json::parse_event_t::object_start) seen.emplace_back();
    if (event == Json::parse_event_t::object_end) seen.pop_back();
    if (event == Json::parse_event_t::key && !seen.back().insert(value.get<std::string>()).second)
      throw BadInput(where + ": member '" + value.get<std::string>() +
                     "' stands twice in an object");
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::exception& problem) {
    throw BadInput(where + ": " + problem.what());
  }
}

void require_members(const Json& object, const std::set<std::string>& names,
                     const std::string& where) {
  if (!object.is_object()) throw BadInput(where + ": expected an object");
  for (const auto& [name, value] : object.items())
    if (!names.contains(name)) throw BadInput(where + ": unknown member '" + name + "'");
  for (const std::string& name : names)
    if (!object.contains(name)) throw BadInput(where + ": member '" + name + "' is missing");
}

int64_t integer(const Json& value, int64_t least, int64_t most, const std::string& where) {
  const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= uint64_t{INT64_MAX}
                                               : value.is_number_integer();
  if (!fits || value.get<int64_t>() < least || value.get<int64_t>() > most)
    throw BadInput(where + ": expected a whole number from " + std::to_string(least) + " to " +
                   std::to_string(most));
  return value.get<int64_t>();
}

double real(const Json& value, const std::string& where) {
  if (!value.is_number() || !(std::fabs(value.get<double>()) <= 1e12))
    throw BadInput(where + ": expected a number up to 1e12 in size");
  return value.get<double>();
}

const std::string& text(const Json& value, const std::string& where) {
  if (!value.is_string()) throw BadInput(where + ": expected a text");
  return value.get_ref<const std::string&>();
}

const Json& list(const Json& value, const std::string& where) {
  if (!value.is_array()) throw BadInput(where + ": expected a list");
  return value;
}

std::vector<int64_t> integers(const Json& value, int64_t least, int64_t most,
                              const std::string& where) {
  std::vector<int64_t> numbers;
  for (const Json& item : list(value, where)) numbers.push_back(integer(item, least, most, where));
  return numbers;
}

Safetensors read_safetensors(const std::string& bytes, const std::string& where) {
  uint64_t length = 0;
  if (bytes.size() < 8) throw BadInput(where + ": no header");
  std::memcpy(&length, bytes.data(), 8);
  if (length > bytes.size() - 8) throw BadInput(where + ": the header is longer than the file");
  const char* data = bytes.data() + 8 + length;
  const auto available = static_cast<int64_t>(bytes.size() - 8 - length);

  Safetensors content;
  const Json header = parse_json(bytes.substr(8, length), where + ": header");
  if (!header.is_object()) throw BadInput(where + ": the header is no object");
  std::map<int64_t, int64_t> extents;  // begin -> end, to see that the tensors fill the file
  for (const auto& [name, entry] : header.items()) {
    const std::string here = where + ": '" + name + "'";
    if (name == "__metadata__") {
      if (!entry.is_object()) throw BadInput(here + ": expected an object");
      for (const auto& [key, value] : entry.items()) content.metadata[key] = text(value, here);
      continue;
    }
    require_members(entry, {"dtype", "shape", "data_offsets"}, here);
    Tensor tensor{.type = text(entry["dtype"], here),
                  .shape = integers(entry["shape"], 1, available, here),
                  .data = {}};
    if (tensor.type != "F32" && tensor.type != "F64" && tensor.type != "I64")
      throw BadInput(here + ": type " + tensor.type + " is not read");
    const std::vector<int64_t> offsets = integers(entry["data_offsets"], 0, available, here);
    int64_t size = tensor.type == "F32" ? 4 : 8;
    for (const int64_t axis : tensor.shape)
      if (__builtin_mul_overflow(size, axis, &size) || size > available)
        throw BadInput(here + ": larger than the file");
    if (offsets.size() != 2 || offsets[1] - offsets[0] != size ||
        !extents.emplace(offsets[0], offsets[1]).second)
      throw BadInput(here + ": its place does not fit its shape");
    tensor.data = numbers(data + offsets[0], tensor.type,
                          static_cast<uint64_t>(size) / (tensor.type == "F32" ? 4 : 8), here);
    content.tensors[name] = std::move(tensor);
  }
  int64_t position = 0;
  for (const auto& [begin, end] : extents)
    if (std::exchange(position, end) != begin) throw BadInput(where + ": a gap or an overlap");
  if (position != available) throw BadInput(where + ": bytes that belong to no tensor");
  return content;
}

Tensor take(std::map<std::string, Tensor>& tensors, const std::string& name,
            const std::vector<int64_t>& shape) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw BadInput("tensor '" + name + "' is missing");
  bool fits = found->second.shape.size() == shape.size();
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = shape[i] < 0 || shape[i] == found->second.shape[i];
  if (!fits) throw BadInput("tensor '" + name + "' has another shape than expected");
  Tensor tensor = std::move(found->second);
  tensors.erase(found);
  return tensor;
}

}  // namespace checker
