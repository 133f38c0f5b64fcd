#include "interp/files/pickle.h"

#include <cstring>
#include <sstream>
#include <unordered_map>

#include "interp/files/byte_cursor.h"

namespace assay::interp::pickle {
namespace {

constexpr size_t kLargestPickle = 8 << 20;
constexpr size_t kMostSizes = 8;

/// Classes, functions and constants of plain data, which nobody here looks into: module, names.
constexpr std::pair<const char*, const char*> kInert[] = {
    {"numpy", "dtype ndarray"},
    {"numpy.core.multiarray", "scalar _reconstruct"},
    {"numpy._core.multiarray", "scalar _reconstruct"},
    {"numpy.core.numeric", "_frombuffer"},
    {"numpy._core.numeric", "_frombuffer"},
    {"_codecs", "encode"},
    {"torch",
     "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 bfloat16 "
     "float8_e4m3fn float8_e5m2 complex64 complex128 device Size per_tensor_affine "
     "per_channel_affine"},
    {"torch.serialization", "_get_layout"},
    {"torch._utils", "_rebuild_qtensor"},
    {"builtins", "set frozenset complex bytearray slice range dict list int float"},
    {"__builtin__", "set frozenset complex bytearray slice xrange dict list int float"},
    {"collections", "defaultdict Counter deque"},
    {"datetime", "datetime date timedelta"},
    {"pathlib", "Path PosixPath PurePosixPath"},
    {"argparse", "Namespace"},
    {"types", "SimpleNamespace"},
};

/// The names that a checkpoint may mention; everything else is refused.
const std::unordered_map<std::string, Value>& allowed_globals() {
  static const std::unordered_map<std::string, Value> globals = [] {
    std::unordered_map<std::string, Value> globals = {
        {"collections.OrderedDict", Function::OrderedDict},
        {"torch._utils._rebuild_tensor_v2", Function::RebuildTensor},
        {"torch._utils._rebuild_tensor_v3", Function::RebuildTensor},
        {"torch._utils._rebuild_parameter", Function::RebuildParameter},
        {"torch.DoubleStorage", StorageType{at::kDouble}},
        {"torch.FloatStorage", StorageType{at::kFloat}},
        {"torch.HalfStorage", StorageType{at::kHalf}},
        {"torch.BFloat16Storage", StorageType{at::kBFloat16}},
        {"torch.LongStorage", StorageType{at::kLong}},
        {"torch.IntStorage", StorageType{at::kInt}},
        {"torch.ShortStorage", StorageType{at::kShort}},
        {"torch.CharStorage", StorageType{at::kChar}},
        {"torch.ByteStorage", StorageType{at::kByte}},
        {"torch.BoolStorage", StorageType{at::kBool}},
    };
    for (const std::string other :
         {"torch.ComplexFloatStorage", "torch.ComplexDoubleStorage", "torch.QInt8Storage",
          "torch.QUInt8Storage", "torch.QInt32Storage", "torch.UntypedStorage",
          "torch.storage.UntypedStorage"}) {
      globals[other] = StorageType{at::ScalarType::Undefined};
    }
    for (const auto& [module, names] : kInert) {
      std::istringstream words(names);
      for (std::string name; words >> name;) globals[fmt::format("{}.{}", module, name)] = Inert{};
    }
    return globals;
  }();
  return globals;
}

/// Python's stack machine (Lib/pickletools.py describes it), reduced to data.
class Machine {
 public:
  Machine(std::string_view bytes, const std::string& where) : bytes_(bytes, where) {
    if (bytes.size() > kLargestPickle) {
      bytes_.fail("expected at most {} bytes, found {}", kLargestPickle, bytes.size());
    }
  }
  Pickle run();

 private:
  using Instruction = void (*)(Machine&);
  static const std::unordered_map<uint8_t, Instruction>& instructions();

  void push(Value value) { stack_.push_back(value); }
  void push_text(std::string_view text) { push(&result_.strings.emplace_back(text)); }
  void push_list(std::vector<Value> items) {
    push(&result_.lists.emplace_back(List{std::move(items)}));
  }
  void push_dict() { push(&result_.dicts.emplace_back()); }
  Value pop() {
    if (stack_.size() == (marks_.empty() ? 0 : marks_.back())) bytes_.fail("the stack is empty");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }
  std::vector<Value> pop(size_t count) {
    std::vector<Value> values(count);
    for (size_t i = count; i-- > 0;) values[i] = pop();
    return values;
  }
  std::vector<Value> pop_to_mark() {
    if (marks_.empty()) bytes_.fail("no mark on the stack");
    std::vector<Value> values(stack_.begin() + static_cast<ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return values;
  }
  Value top() {
    const Value value = pop();
    push(value);
    return value;
  }

  template <typename Kind>
  Kind expect(const Value& value, const char* kind) const {
    if (!std::holds_alternative<Kind>(value)) bytes_.fail("expected {}", kind);
    return std::get<Kind>(value);
  }
  int64_t expect_count(const Value& value) const {
    const auto count = expect<int64_t>(value, "an integer");
    if (count < 0) bytes_.fail("expected a count, found {}", count);
    return count;
  }

  void check_protocol() {
    const int version = bytes_.number<uint8_t>();
    if (version > 4) bytes_.fail("expected protocol 4 or lower, found {}", version);
  }
  void push_long_integer() {
    const std::string_view digits = bytes_.text<uint8_t>();
    if (digits.size() > sizeof(int64_t)) return push(Inert{});       // a seed, say
    int64_t number = !digits.empty() && digits.back() < 0 ? -1 : 0;  // extends the sign
    std::memcpy(&number, digits.data(), digits.size());
    push(number);
  }
  bool on_inert() { return std::holds_alternative<Inert>(top()); }
  void append(const std::vector<Value>& values) {
    if (on_inert()) return;
    List& list = *expect<List*>(top(), "a list");
    list.items.insert(list.items.end(), values.begin(), values.end());
  }
  void set_items(const std::vector<Value>& values) {
    if (on_inert()) return;
    Dict& dict = *expect<Dict*>(top(), "a dictionary");
    if (values.size() % 2 != 0) bytes_.fail("a key without a value");
    for (size_t i = 0; i < values.size(); i += 2) dict.items.emplace_back(values[i], values[i + 1]);
  }
  void remember(size_t index) { memo_[index] = top(); }
  void recall(size_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) bytes_.fail("nothing was remembered as {}", index);
    push(found->second);
  }
  void push_global(const std::string& name) {
    const auto found = allowed_globals().find(name);
    if (found == allowed_globals().end()) {
      bytes_.fail("refuses global {:.200}: only tensors, numbers and plain containers are read",
                  name);
    }
    push(found->second);
  }
  void push_global_of_lines() {
    const std::string module(bytes_.line());
    push_global(module + "." + std::string(bytes_.line()));
  }
  void push_global_of_stack() {
    const std::string& name = *expect<const std::string*>(pop(), "a function's name");
    push_global(*expect<const std::string*>(pop(), "a module's name") + "." + name);
  }

  void call() {
    const std::vector<Value>& arguments = expect<List*>(pop(), "a tuple of arguments")->items;
    const Value callee = pop();
    if (std::holds_alternative<Inert>(callee)) return push(Inert{});
    switch (expect<Function>(callee, "a function")) {
      case Function::OrderedDict:
        if (!arguments.empty()) bytes_.fail("OrderedDict: expected no arguments");
        return push_dict();
      case Function::RebuildTensor:
        return push(tensor(arguments));
      case Function::RebuildParameter:  // (tensor, requires_grad, hooks)
        if (arguments.empty()) bytes_.fail("_rebuild_parameter: expected a tensor");
        return push(expect<const Tensor*>(arguments[0], "a tensor"));
    }
  }
  void make_object() {
    expect<List*>(pop(), "a tuple of arguments");
    push(expect<Inert>(pop(), "a class of plain data"));
  }
  /// Python sets attributes here; those of a dictionary are of no interest.
  void skip_attributes() {
    pop();
    if (!on_inert()) expect<Dict*>(top(), "a dictionary");
  }

  /// From ("storage", type, key, device, size); the device does not matter here.
  const Storage* storage(const std::vector<Value>& id) {
    if (id.size() != 5) bytes_.fail("expected a storage of 5 fields, found {}", id.size());
    if (*expect<const std::string*>(id[0], "a text") != "storage") bytes_.fail("not a storage");
    return &result_.storages.emplace_back(
        Storage{.dtype = expect<StorageType>(id[1], "a storage type").dtype,
                .key = expect<const std::string*>(id[2], "a storage's key"),
                .size = expect_count(id[4])});
  }

  /// From (storage, offset, sizes, strides, requires_grad, hooks, …).
  const Tensor* tensor(const std::vector<Value>& fields) {
    if (fields.size() < 4) bytes_.fail("a tensor: expected 4 fields, found {}", fields.size());
    Tensor tensor{.storage = expect<const Storage*>(fields[0], "a storage"),
                  .offset = expect_count(fields[1]),
                  .sizes = counts(fields[2]),
                  .strides = counts(fields[3])};
    if (tensor.sizes.size() != tensor.strides.size()) bytes_.fail("expected a stride per size");
    return &result_.tensors.emplace_back(std::move(tensor));
  }
  std::vector<int64_t> counts(const Value& value) const {
    const List& list = *expect<List*>(value, "a tuple of sizes");
    if (list.items.size() > kMostSizes) bytes_.fail("expected at most {} sizes", kMostSizes);
    std::vector<int64_t> numbers;
    for (const Value& item : list.items) numbers.push_back(expect_count(item));
    return numbers;
  }

  ByteCursor bytes_;
  Pickle result_;
  std::vector<Value> stack_;
  std::vector<size_t> marks_;  ///< stack heights
  std::unordered_map<size_t, Value> memo_;
};

const std::unordered_map<uint8_t, Machine::Instruction>& Machine::instructions() {
  static const std::unordered_map<uint8_t, Instruction> known = {
      {0x80, [](Machine& m) { m.check_protocol(); }},
      {0x95, [](Machine& m) { m.bytes_.take(sizeof(uint64_t)); }},  // FRAME, a hint for buffers
      {'N', [](Machine& m) { m.push(std::monostate{}); }},
      {0x88, [](Machine& m) { m.push(true); }},
      {0x89, [](Machine& m) { m.push(false); }},
      {'J', [](Machine& m) { m.push(int64_t{m.bytes_.number<int32_t>()}); }},
      {'K', [](Machine& m) { m.push(int64_t{m.bytes_.number<uint8_t>()}); }},
      {'M', [](Machine& m) { m.push(int64_t{m.bytes_.number<uint16_t>()}); }},
      {0x8a, [](Machine& m) { m.push_long_integer(); }},
      {'G', [](Machine& m) { m.push(m.bytes_.big_endian_double()); }},
      {'X', [](Machine& m) { m.push_text(m.bytes_.text<uint32_t>()); }},
      {0x8c, [](Machine& m) { m.push_text(m.bytes_.text<uint8_t>()); }},
      {'B', [](Machine& m) { m.push_text(m.bytes_.text<uint32_t>()); }},
      {'C', [](Machine& m) { m.push_text(m.bytes_.text<uint8_t>()); }},
      {'(', [](Machine& m) { m.marks_.push_back(m.stack_.size()); }},
      {'0', [](Machine& m) { m.pop(); }},
      {'1', [](Machine& m) { m.pop_to_mark(); }},
      {')', [](Machine& m) { m.push_list({}); }},
      {']', [](Machine& m) { m.push_list({}); }},
      {'t', [](Machine& m) { m.push_list(m.pop_to_mark()); }},
      {'l', [](Machine& m) { m.push_list(m.pop_to_mark()); }},
      {0x85, [](Machine& m) { m.push_list(m.pop(1)); }},
      {0x86, [](Machine& m) { m.push_list(m.pop(2)); }},
      {0x87, [](Machine& m) { m.push_list(m.pop(3)); }},
      {'a', [](Machine& m) { m.append(m.pop(1)); }},
      {'e', [](Machine& m) { m.append(m.pop_to_mark()); }},
      {'}', [](Machine& m) { m.push_dict(); }},
      {'s', [](Machine& m) { m.set_items(m.pop(2)); }},
      {'u', [](Machine& m) { m.set_items(m.pop_to_mark()); }},
      {'q', [](Machine& m) { m.remember(m.bytes_.number<uint8_t>()); }},
      {'r', [](Machine& m) { m.remember(m.bytes_.number<uint32_t>()); }},
      {0x94, [](Machine& m) { m.remember(m.memo_.size()); }},
      {'h', [](Machine& m) { m.recall(m.bytes_.number<uint8_t>()); }},
      {'j', [](Machine& m) { m.recall(m.bytes_.number<uint32_t>()); }},
      {'c', [](Machine& m) { m.push_global_of_lines(); }},
      {0x93, [](Machine& m) { m.push_global_of_stack(); }},
      {'R', [](Machine& m) { m.call(); }},
      {0x81, [](Machine& m) { m.make_object(); }},
      {0x8f, [](Machine& m) { m.push(Inert{}); }},  // a set
      {0x90, [](Machine& m) { m.append(m.pop_to_mark()); }},
      {0x91, [](Machine& m) { m.pop_to_mark(), m.push(Inert{}); }},
      {'Q', [](Machine& m) { m.push(m.storage(m.expect<List*>(m.pop(), "a tuple")->items)); }},
      {'b', [](Machine& m) { m.skip_attributes(); }},
  };
  return known;
}

Pickle Machine::run() {
  while (true) {
    bytes_.mark_item();
    const auto instruction = bytes_.number<uint8_t>();
    if (instruction == '.') break;
    const auto known = instructions().find(instruction);
    if (known == instructions().end()) bytes_.fail("unknown instruction 0x{:02x}", instruction);
    known->second(*this);
  }
  result_.root = pop();
  return std::move(result_);
}

}  // namespace

Pickle unpickle(std::string_view bytes, const std::string& where) {
  return Machine(bytes, where).run();
}

}  // namespace assay::interp::pickle
