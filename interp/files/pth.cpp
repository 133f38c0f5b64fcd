#include "interp/files/pth.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "interp/files/pickle.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestEntry = uint64_t{8} << 30;
constexpr uint64_t kMostExpansion = 100;  // of the whole archive; torch.save does not compress
constexpr int kDeepestNesting = 8;
constexpr size_t kMostEntries = 100'000;  // in all dictionaries together, however often shared
constexpr size_t kLongestKey = 256;

/// The archive's entries, within limits that a bomb exceeds.
class Archive {
 public:
  explicit Archive(const fs::path& path) : path_(path) {
    if (fs::exists(path) && !fs::is_regular_file(path)) fail("expected a regular file");
    int error = 0;
    zip_.reset(zip_open(path.c_str(), ZIP_RDONLY, &error));
    if (!zip_) {
      zip_error_t reason;
      zip_error_init_with_code(&reason, error);
      const std::string text = zip_error_strerror(&reason);
      zip_error_fini(&reason);
      fail("cannot read as a zip archive of torch.save: {}", text);
    }
    budget_ = fs::file_size(path) * kMostExpansion;
  }

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw std::runtime_error(
        fmt::format("{}: {}", path_.string(), fmt::format(format, std::forward<Args>(args)...)));
  }
  std::string where(const std::string& entry) const { return path_.string() + ": " + entry; }

  /// @return the archive's folder, found by its one entry `<folder>/data.pkl`.
  std::string folder() const {
    constexpr std::string_view kSuffix = "/data.pkl";
    std::optional<std::string> found;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip_.get(), 0); ++i) {
      const char* name = zip_get_name(zip_.get(), i, 0);
      if (name == nullptr || !std::string_view(name).ends_with(kSuffix)) continue;
      if (found) fail("expected one entry {}, found several", kSuffix);
      found = std::string(name, std::strlen(name) - kSuffix.size());
    }
    if (!found) fail("expected an entry {}, found none", kSuffix);
    return *found;
  }

  bool contains(const std::string& entry) const {
    return zip_name_locate(zip_.get(), entry.c_str(), 0) >= 0;
  }

  /// @return the entry's bytes, uint8 [bytes].
  at::Tensor read(const std::string& entry) {
    const uint64_t size = checked_size(entry);
    const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(
        zip_fopen(zip_.get(), entry.c_str(), 0), zip_fclose);
    if (!file) fail("entry '{}': {}", entry, zip_strerror(zip_.get()));
    at::Tensor bytes = at::empty({static_cast<int64_t>(size)}, at::kByte);
    const zip_int64_t count = zip_fread(file.get(), bytes.data_ptr(), size);
    char beyond = 0;  // reading past the end makes libzip compare the checksum
    if (!std::cmp_equal(count, size) || zip_fread(file.get(), &beyond, 1) != 0) {
      fail("entry '{}': expected {} bytes with the checksum of the archive: {}", entry, size,
           zip_file_strerror(file.get()));
    }
    return bytes;
  }

 private:
  uint64_t checked_size(const std::string& entry) {
    zip_stat_t stat;
    if (zip_stat(zip_.get(), entry.c_str(), 0, &stat) != 0) {
      fail("entry '{}': {}", entry, zip_strerror(zip_.get()));
    }
    constexpr unsigned kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD;
    if ((stat.valid & kNeeded) != kNeeded ||
        (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)) {
      fail("entry '{}': expected it stored or deflated", entry);
    }
    const uint64_t limit = std::min(kLargestEntry, budget_);
    if (stat.size > limit) {
      fail("entry '{}': expected at most {} bytes, found {}", entry, limit, stat.size);
    }
    budget_ -= stat.size;
    return stat.size;
  }

  fs::path path_;
  std::unique_ptr<zip_t, decltype(&zip_discard)> zip_{nullptr, zip_discard};
  uint64_t budget_ = 0;  ///< bytes that may still be unpacked
};

/// Turns the pickle's descriptions into tensors.
class PthReader {
 public:
  explicit PthReader(const fs::path& path) : archive_(path), folder_(archive_.folder()) {}

  Checkpoint read() {
    const std::string entry = folder_ + "/data.pkl";
    const at::Tensor bytes = archive_.read(entry);
    require_little_endian();
    const pickle::Pickle pickle = pickle::unpickle(
        {static_cast<const char*>(bytes.data_ptr()), bytes.nbytes()}, archive_.where(entry));
    if (!std::holds_alternative<pickle::Dict*>(pickle.root)) {
      archive_.fail("expected a dictionary of tensors");
    }
    const pickle::Dict& root = *std::get<pickle::Dict*>(pickle.root);
    flatten(weights_of(root), "", 0);
    if (result_.tensors.empty()) archive_.fail("expected tensors, found none");
    result_.numbers = numbers_of(root);
    return std::move(result_);
  }

 private:
  void require_little_endian() {
    const std::string entry = folder_ + "/byteorder";
    if (!archive_.contains(entry)) return;  // older than PyTorch 2.1
    const at::Tensor order = archive_.read(entry);
    const std::string_view text(static_cast<const char*>(order.data_ptr()), order.nbytes());
    if (text != "little") archive_.fail("{}: expected 'little', found '{:.20}'", entry, text);
  }

  std::string name_of(const pickle::Value& key) const {
    if (const auto* number = std::get_if<int64_t>(&key)) return std::to_string(*number);
    const auto* text = std::get_if<const std::string*>(&key);
    if (text == nullptr) archive_.fail("expected texts or integers as keys of dictionaries");
    if ((*text)->size() > kLongestKey) archive_.fail("a key of {} bytes", (*text)->size());
    return **text;
  }

  /// The weights themselves, where they lie beside an optimiser's state and progress.
  const pickle::Dict& weights_of(const pickle::Dict& root) const {
    constexpr std::array<std::string_view, 3> kWrappers = {"model", "state_dict",
                                                           "model_state_dict"};
    for (const auto& [key, value] : root.items) {
      const auto* inner = std::get_if<pickle::Dict*>(&value);
      if (inner != nullptr && std::ranges::count(kWrappers, name_of(key)) > 0) return **inner;
    }
    return root;
  }

  nlohmann::json numbers_of(const pickle::Dict& root) const {
    nlohmann::json numbers = nlohmann::json::object();
    for (const auto& [key, value] : root.items) {
      if (const auto* whole = std::get_if<int64_t>(&value)) numbers[name_of(key)] = *whole;
      const auto* real = std::get_if<double>(&value);
      if (real != nullptr && std::isfinite(*real)) numbers[name_of(key)] = *real;
    }
    return numbers;
  }

  void flatten(const pickle::Dict& dict, const std::string& prefix, int depth) {
    if (depth > kDeepestNesting) archive_.fail("'{}': nested too deeply", prefix);
    for (const auto& [key, value] : dict.items) {
      if (++entries_ > kMostEntries) archive_.fail("more than {} entries", kMostEntries);
      const std::string name = prefix + name_of(key);
      if (const auto* inner = std::get_if<pickle::Dict*>(&value)) {
        flatten(**inner, name + ".", depth + 1);
      } else if (const auto* tensor = std::get_if<const pickle::Tensor*>(&value)) {
        if (result_.tensors.contains(name)) archive_.fail("tensor '{}': appears twice", name);
        if ((*tensor)->storage->dtype == at::ScalarType::Undefined) {
          result_.unread[name] = "of another kind";
        } else {
          result_.tensors[name] = view(name, **tensor);
        }
      }
    }
  }

  at::Tensor view(const std::string& name, const pickle::Tensor& tensor) {
    const at::Tensor storage = read_storage(*tensor.storage);
    require_within(name, tensor);
    return storage.as_strided(tensor.sizes, tensor.strides, tensor.offset);
  }

  /// An expanded tensor (stride 0) would let a few bytes ask for any amount of memory later on.
  void require_within(const std::string& name, const pickle::Tensor& tensor) const {
    int64_t count = 1, last = tensor.offset, step = 0;
    bool overflow = false;
    for (size_t i = 0; i < tensor.sizes.size(); ++i) {
      const int64_t size = std::max<int64_t>(tensor.sizes[i], 1);
      overflow |= __builtin_mul_overflow(count, size, &count);
      overflow |= __builtin_mul_overflow(size - 1, tensor.strides[i], &step);
      overflow |= __builtin_add_overflow(last, step, &last);
    }
    const bool empty = std::ranges::count(tensor.sizes, 0) > 0;
    const int64_t available = tensor.storage->size;
    if (overflow || tensor.offset > available ||
        (!empty && (last >= available || count > available))) {
      archive_.fail(
          "tensor '{}': expected its elements within a storage of {}, found shape [{}], "
          "strides [{}], offset {}",
          name, available, fmt::join(tensor.sizes, ", "), fmt::join(tensor.strides, ", "),
          tensor.offset);
    }
  }

  /// @return the storage's elements, [size]; read once, however many tensors share it.
  at::Tensor read_storage(const pickle::Storage& storage) {
    const std::string entry = folder_ + "/data/" + *storage.key;
    auto known = storages_.find(entry);
    if (known == storages_.end()) known = storages_.emplace(entry, archive_.read(entry)).first;
    const at::Tensor& bytes = known->second;
    int64_t expected = 0;
    if (__builtin_mul_overflow(storage.size, c10::elementSize(storage.dtype), &expected) ||
        expected != bytes.numel()) {
      archive_.fail("entry '{}': expected {} elements of {}, found {} bytes", entry, storage.size,
                    c10::toString(storage.dtype), bytes.numel());
    }
    return bytes.view(storage.dtype);
  }

  Archive archive_;
  std::string folder_;
  Checkpoint result_;
  TensorMap storages_;  ///< uint8, by entry
  size_t entries_ = 0;
};

}  // namespace

Checkpoint read_checkpoint(const fs::path& path) {
  return PthReader(path).read();
}

}  // namespace assay::interp
