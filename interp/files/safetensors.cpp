#include "interp/files/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "interp/files/file_writer.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_text.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "the data is copied as it lies");

constexpr uint64_t kLargestHeader = 100'000'000;  // the reference implementation's limit
constexpr size_t kMostAxes = 64;
constexpr const char* kMetadataEntry = "__metadata__";

constexpr std::array<std::pair<const char*, at::ScalarType>, 10> kTypes{{{"F64", at::kDouble},
                                                                         {"F32", at::kFloat},
                                                                         {"F16", at::kHalf},
                                                                         {"BF16", at::kBFloat16},
                                                                         {"I64", at::kLong},
                                                                         {"I32", at::kInt},
                                                                         {"I16", at::kShort},
                                                                         {"I8", at::kChar},
                                                                         {"U8", at::kByte},
                                                                         {"BOOL", at::kBool}}};

/// One line of the header: where a tensor lies in the data part of the file.
struct Entry {
  std::string name, type;
  std::optional<at::ScalarType> dtype;  ///< none for types that are not read
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  ///< bytes from the start of the data
};

class SafetensorsReader {
 public:
  explicit SafetensorsReader(const fs::path& path) : path_(path) {
    if (fs::exists(path) && !fs::is_regular_file(path)) fail("expected a regular file");
    file_.open(path, std::ios::binary);
    if (!file_) fail("cannot open: {}", std::generic_category().message(errno));
    size_ = fs::file_size(path);
  }

  Safetensors read() {
    std::string header(read_header_length(), '\0');
    read_into(header.data(), header.size());
    data_begin_ = sizeof(uint64_t) + header.size();
    Safetensors content;
    std::vector<Entry> entries;
    const Json parsed = parse_json(header, path_.string() + ": header");
    if (!parsed.is_object()) fail("header: expected a JSON object");
    for (const auto& [name, value] : parsed.items()) {
      if (name == kMetadataEntry) {
        content.metadata = texts(value);
      } else {
        entries.push_back(entry(name, value));
      }
    }
    require_seamless(entries);
    for (const Entry& entry : entries) {
      if (entry.dtype) {
        content.tensors[entry.name] = read_tensor(entry);
      } else {
        content.unread[entry.name] = entry.type;
        file_.seekg(static_cast<std::streamoff>(entry.end - entry.begin), std::ios::cur);
      }
    }
    return content;
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw std::runtime_error(
        fmt::format("{}: {}", path_.string(), fmt::format(format, std::forward<Args>(args)...)));
  }

  void read_into(void* to, uint64_t length) {
    file_.read(static_cast<char*>(to), static_cast<std::streamsize>(length));
    if (!file_) fail("cannot read: the file changed or the disk failed");
  }

  uint64_t read_header_length() {
    uint64_t length = 0;
    if (size_ < sizeof length) fail("expected 8 bytes of header length, found {}", size_);
    read_into(&length, sizeof length);
    const uint64_t available = std::min(size_ - sizeof length, kLargestHeader);
    if (length > available) {
      fail("header: expected at most {} bytes, found a length of {}", available, length);
    }
    return length;
  }

  std::map<std::string, std::string> texts(const Json& metadata) const {
    std::map<std::string, std::string> texts;
    if (!metadata.is_object()) fail("{}: expected a JSON object", kMetadataEntry);
    for (const auto& [name, value] : metadata.items()) {
      if (!value.is_string()) fail("{}: '{}': expected a text", kMetadataEntry, name);
      texts[name] = value.get<std::string>();
    }
    return texts;
  }

  /// @return the named field of a tensor's entry, a list of non-negative integers.
  std::vector<int64_t> integers(const std::string& tensor, const Json& value,
                                const char* field) const {
    const Json& list = value.at(field);
    const auto is_size = [](const Json& item) {
      return item.is_number_unsigned() && std::in_range<int64_t>(item.get<uint64_t>());
    };
    if (!list.is_array() || !std::ranges::all_of(list, is_size)) {
      fail("tensor '{}': {}: expected a list of sizes, found {:.200}", tensor, field, list.dump());
    }
    return list.get<std::vector<int64_t>>();
  }

  Entry entry(const std::string& name, const Json& value) const {
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
        !value.contains("shape") || !value.contains("data_offsets")) {
      fail("tensor '{}': expected dtype, shape and data_offsets, found {:.200}", name,
           value.dump());
    }
    const auto type = std::ranges::find_if(
        kTypes, [&](const auto& known) { return value.at("dtype") == known.first; });
    if (!value.at("dtype").is_string()) {
      fail("tensor '{}': dtype: expected a text, found {:.200}", name, value.at("dtype").dump());
    }
    const std::vector<int64_t> offsets = integers(name, value, "data_offsets");
    if (offsets.size() != 2) fail("tensor '{}': data_offsets: expected two numbers", name);
    Entry entry{.name = name,
                .type = value.at("dtype").get<std::string>(),
                .dtype = type == kTypes.end() ? std::nullopt : std::optional(type->second),
                .shape = integers(name, value, "shape"),
                .begin = static_cast<uint64_t>(offsets[0]),
                .end = static_cast<uint64_t>(offsets[1])};
    require_consistent(entry);
    return entry;
  }

  void require_consistent(const Entry& entry) const {
    const uint64_t available = size_ - data_begin_;
    if (entry.begin > entry.end || entry.end > available) {
      fail("tensor '{}': data_offsets: expected a range within {} bytes of data, found [{}, {}]",
           entry.name, available, entry.begin, entry.end);
    }
    if (entry.shape.size() > kMostAxes) {
      fail("tensor '{}': expected at most {} axes, found {}", entry.name, kMostAxes,
           entry.shape.size());
    }
    if (!entry.dtype) return;
    auto bytes = static_cast<int64_t>(c10::elementSize(*entry.dtype));
    for (const int64_t size : entry.shape) {  // a zero must not hide that the others overflow
      if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) {
        fail("tensor '{}': shape [{}]: overflows", entry.name, fmt::join(entry.shape, ", "));
      }
    }
    if (std::ranges::count(entry.shape, 0) > 0) bytes = 0;
    if (std::cmp_not_equal(bytes, entry.end - entry.begin)) {
      fail("tensor '{}': shape [{}]: expected {} bytes, found data_offsets of {}", entry.name,
           fmt::join(entry.shape, ", "), bytes, entry.end - entry.begin);
    }
  }

  /// Sorts by place in the file and demands that the tensors fill the data without gap or overlap.
  void require_seamless(std::vector<Entry>& entries) const {
    std::ranges::sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
    uint64_t position = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != position) {
        fail("tensor '{}': expected its data at byte {}, found it at {}: {}", entry.name, position,
             entry.begin, entry.begin < position ? "it overlaps another tensor" : "a gap");
      }
      position = entry.end;
    }
    const uint64_t available = size_ - data_begin_;
    if (position != available) fail("expected {} bytes of data, found {}", position, available);
  }

  /// Of the entry whose data come next.
  at::Tensor read_tensor(const Entry& entry) {
    at::Tensor tensor = at::empty(entry.shape, *entry.dtype);
    read_into(tensor.data_ptr(), entry.end - entry.begin);
    return tensor;
  }

  fs::path path_;
  std::ifstream file_;
  uint64_t size_ = 0;        ///< of the file
  uint64_t data_begin_ = 0;  ///< where the header ends
};

const char* type_name(at::ScalarType dtype) {
  for (const auto& [name, known] : kTypes) {
    if (known == dtype) return name;
  }
  throw std::invalid_argument(fmt::format("safetensors: no name for {}", c10::toString(dtype)));
}

/// The JSON header, padded with blanks so that the data starts at a multiple of 8.
std::string header_of(const Safetensors& content) {
  nlohmann::json header = nlohmann::json::object();
  if (!content.metadata.empty()) header[kMetadataEntry] = content.metadata;
  size_t position = 0;
  for (const auto& [name, tensor] : content.tensors) {
    if (name == kMetadataEntry)
      throw std::invalid_argument("safetensors: a tensor named __metadata__");
    const size_t end = position + tensor.nbytes();
    header[name] = {{"dtype", type_name(tensor.scalar_type())},
                    {"shape", tensor.sizes()},
                    {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = json_text(header);
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

Safetensors read_safetensors(const fs::path& path) {
  return SafetensorsReader(path).read();
}

void write_safetensors(FileWriter& file, const Safetensors& content) {
  const std::string header = header_of(content);
  const uint64_t length = header.size();
  const auto write = [&](const void* bytes, size_t size) {
    file.write({static_cast<const char*>(bytes), size});
  };
  write(&length, sizeof length);
  file.write(header);
  for (const auto& [name, tensor] : content.tensors) {
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    write(plain.data_ptr(), plain.nbytes());
  }
}

std::string write_safetensors(const fs::path& path, const Safetensors& content) {
  FileWriter file(path);
  write_safetensors(file, content);
  file.put_in_place();
  return file.sha256();
}

}  // namespace assay::interp
