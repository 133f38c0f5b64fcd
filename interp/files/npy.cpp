#include "interp/files/npy.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "interp/files/fail.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kLongestHeader = 4096, kMostNpyAxes = 8;

const std::map<std::string, at::ScalarType>& npy_types() {
  static const std::map<std::string, at::ScalarType> known = {
      {"<f2", at::kHalf}, {"<f4", at::kFloat}, {"<f8", at::kDouble},
      {"|i1", at::kChar}, {"<i2", at::kShort}, {"<i4", at::kInt},
      {"<i8", at::kLong}, {"|u1", at::kByte},  {"|b1", at::kBool}};
  return known;
}

class NpyReader {
 public:
  explicit NpyReader(const fs::path& path) : where_(path.string()) {
    if (fs::exists(path) && !fs::is_regular_file(path)) {
      fail("{}: expected a regular file", where_);
    }
    file_.open(path, std::ios::binary);
    if (!file_) fail("{}: cannot open: {}", where_, std::generic_category().message(errno));
    left_ = fs::file_size(path);
  }

  at::Tensor read() {
    if (take(kMagic.size()) != kMagic) fail("{}: expected an array of NumPy (.npy)", where_);
    const auto version = static_cast<uint8_t>(take(2)[0]);
    const std::string length = take(version == 1 ? 2 : 4);
    uint32_t bytes = 0;
    std::memcpy(&bytes, length.data(), length.size());
    if (bytes > kLongestHeader) fail("{}: header: {} bytes, too many", where_, bytes);
    header_ = take(bytes);
    return data(shape());
  }

 private:
  std::string take(uint64_t length) {
    if (length > left_) fail("{}: truncated: expected {} more bytes", where_, length - left_);
    std::string bytes(length, '\0');
    file_.read(bytes.data(), static_cast<std::streamsize>(length));
    left_ -= length;
    return bytes;
  }

  /// What stands behind a key of the header, which is a dictionary as Python prints it.
  std::string_view after(const char* key) const {
    const std::string quoted = fmt::format("'{}': ", key);
    const size_t at = header_.find(quoted);
    if (at == header_.npos) fail("{}: header: expected {}", where_, quoted);
    return std::string_view(header_).substr(at + quoted.size());
  }

  at::ScalarType type() const {
    std::string_view text = after("descr");
    std::string name;
    if (text.starts_with('\'')) {
      text.remove_prefix(1);
      name = text.substr(0, text.find('\''));
    }
    const auto known = npy_types().find(name);
    if (known == npy_types().end()) {
      fail("{}: expected numbers, found a type '{:.20}' that is not read", where_, name);
    }
    return known->second;
  }

  std::vector<int64_t> shape() const {
    std::string_view text = after("shape");
    std::vector<int64_t> sizes;
    if (!text.starts_with('(')) text = {};
    for (text.remove_prefix(std::min<size_t>(1, text.size())); !text.starts_with(')');) {
      int64_t size = -1;
      const auto [end, error] = std::from_chars(text.begin(), text.end(), size);
      if (error != std::errc() || size < 0 || sizes.size() == kMostNpyAxes) {
        fail("{}: header: expected a shape of at most {} sizes", where_, kMostNpyAxes);
      }
      sizes.push_back(size);
      text.remove_prefix(static_cast<size_t>(end - text.begin()));
      text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    }
    return sizes;
  }

  at::Tensor data(std::vector<int64_t> sizes) {
    const at::ScalarType dtype = type();
    auto bytes = static_cast<int64_t>(c10::elementSize(dtype));
    for (const int64_t size : sizes) {
      if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) {
        fail("{}: the shape overflows", where_);
      }
    }
    if (std::ranges::count(sizes, 0) > 0) bytes = 0;
    if (!std::cmp_equal(bytes, left_)) {
      fail("{}: expected {} bytes of data, found {}", where_, bytes, left_);
    }
    const bool columns_first = after("fortran_order").starts_with("True");
    if (columns_first) std::ranges::reverse(sizes);
    at::Tensor tensor = at::empty(sizes, dtype);
    file_.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(bytes));
    if (!file_) fail("{}: cannot read: the file changed or the disk failed", where_);
    return columns_first ? tensor.permute(reversed_axes(tensor.dim())).contiguous() : tensor;
  }

  static std::vector<int64_t> reversed_axes(int64_t n) {
    std::vector<int64_t> axes;
    for (int64_t axis = n; axis-- > 0;) axes.push_back(axis);
    return axes;
  }

  std::string where_, header_;
  std::ifstream file_;
  uint64_t left_ = 0;  ///< bytes that were not read yet
};

}  // namespace

at::Tensor read_npy(const fs::path& path) {
  return NpyReader(path).read();
}

bool is_npy(const fs::path& path) {
  if (!fs::is_regular_file(path)) return false;
  std::string start(kMagic.size(), '\0');
  std::ifstream(path, std::ios::binary)
      .read(start.data(), static_cast<std::streamsize>(start.size()));
  return start == kMagic;
}

}  // namespace assay::interp
