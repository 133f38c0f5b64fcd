#pragma once
// What the pickle of a PyTorch checkpoint says, without ever running it.
//
// A pickle is a program for a stack machine that may call any Python function. This reader knows
// only the instructions and the few functions that dictionaries of tensors need. It calls nothing:
// it builds a description. What stands beside tensors and does no harm (NumPy's scalars, dtypes,
// devices, sets, …) is passed over, and every other function is refused by its name.

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace assay::interp::pickle {

struct List;
struct Dict;

/// A run of numbers kept beside the pickle, in the archive's entry `data/<key>`.
struct Storage {
  at::ScalarType dtype;  ///< Undefined for types that are not read
  const std::string* key;
  int64_t size;  ///< elements
};

/// A view into a storage. Nothing but its form is checked: the extent may lie about the storage.
struct Tensor {
  const Storage* storage;
  int64_t offset;                ///< elements, not negative
  std::vector<int64_t> sizes;    ///< none is negative, at most 8
  std::vector<int64_t> strides;  ///< elements, none is negative, as many as sizes
};

enum class Function { OrderedDict, RebuildTensor, RebuildParameter };
struct StorageType {
  at::ScalarType dtype;
  bool operator==(const StorageType&) const = default;
};

/// A class or an object that nothing here looks into.
struct Inert {
  bool operator==(const Inert&) const = default;
};

/// One object; monostate is None. Storages and what follows only make sense inside a pickle.
using Value = std::variant<std::monostate, bool, int64_t, double, const std::string*, List*, Dict*,
                           const Tensor*, Inert, const Storage*, Function, StorageType>;

/// A list or a tuple.
struct List {
  std::vector<Value> items;
};
/// In order of insertion. Keys may repeat, and a container may hold itself.
struct Dict {
  std::vector<std::pair<Value, Value>> items;
};

/// Owns all that `root` points to. Objects refer to each other freely (Python's memo shares them,
/// even in circles), so they belong to the whole and never to one another.
struct Pickle {
  Pickle() = default;
  Pickle(Pickle&&) = default;  // a deque's elements stay where they are

  Value root;
  std::deque<std::string> strings;
  std::deque<List> lists;
  std::deque<Dict> dicts;
  std::deque<Tensor> tensors;
  std::deque<Storage> storages;
};

/// Reads protocols up to 4 in at most 8 MiB; memory stays within a small multiple of `bytes`.
/// @param where  begins every message: the file, the entry.
/// @throws std::runtime_error with the byte offset of the instruction that is unknown, truncated,
///   finds too little on the stack, or names a function that is not allowed.
Pickle unpickle(std::string_view bytes, const std::string& where);

}  // namespace assay::interp::pickle
