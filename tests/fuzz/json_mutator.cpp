#include "tests/fuzz/json_mutator.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/fuzz/target.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace assay::fuzz {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDeepest = 300;  // copying and printing JSON recurses

// What a tree cannot hold is written by marks in its strings and keys: raw text instead of a
// string, and the rest of a key, which may so stand twice.
constexpr char kRaw = '\x01', kKey = '\x02';

size_t below(size_t n, Random& random) {
  return random() % n;
}

template <typename Choices>
const auto& one_of(const Choices& choices, Random& random) {
  return choices[below(std::size(choices), random)];
}

int depth_of(std::string_view text) {
  int depth = 0, deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

Json parsed(std::string_view text) {
  if (depth_of(text) > kDeepest) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

/// The tree's text, its marks resolved.
std::string written(const Json& tree) {
  const std::string text = tree.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string raw = "\"\\u0001", key = "\"\\u0002";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    const size_t quote = rest.find('"', 1);
    if (rest.starts_with(raw) && quote != rest.npos) {
      out += rest.substr(raw.size(), quote - raw.size());
      at += quote + 1;
    } else if (rest.starts_with(key)) {
      out += '"';
      at += key.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

void collect(Json& value, std::vector<Json*>& all) {
  all.push_back(&value);
  if (!value.is_structured()) return;
  for (Json& child : value) collect(child, all);
}

std::vector<Json*> values_of(Json& tree) {
  std::vector<Json*> all;
  collect(tree, all);
  return all;
}

Json boundary(Random& random) {
  static const std::vector<Json> values = {nullptr,
                                           true,
                                           false,
                                           0,
                                           1,
                                           -1,
                                           2,
                                           7,
                                           255,
                                           65536,
                                           2147483647,
                                           2147483648,
                                           4294967296,
                                           INT64_MAX,
                                           INT64_MIN,
                                           UINT64_MAX,
                                           0.5,
                                           -0.0,
                                           1e-320,
                                           1e308,
                                           2e9,
                                           "",
                                           "0",
                                           "NaN",
                                           "tokens",
                                           "../x",
                                           "/dev/zero",
                                           "\xff",
                                           "\x1b[31m",
                                           "<script>",
                                           Json::array(),
                                           Json::object(),
                                           Json::array({Json::array()}),
                                           Json::array({0, -1}),
                                           Json{{"", nullptr}}};
  static const std::array<std::string, 6> raw = {
      "NaN", "Infinity", "1e999", "-0", "18446744073709551616", "\\ud800"};
  if (below(8, random) == 0) return kRaw + one_of(raw, random);
  return one_of(values, random);
}

Json deep(Random& random) {
  static const std::array<size_t, 3> depths = {3, 90, 120};
  if (below(3, random) == 0) return kDeep.substr(1, kDeep.size() - 2);  // without its quotes
  const size_t depth = one_of(depths, random);
  return kRaw + std::string(depth, '[') + std::string(depth, ']');
}

std::string mutated_text(std::string text, Random& random) {
  const size_t room = text.size() + 1 + below(16, random), size = text.size();
  text.resize(room);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text.data()), size, room));
  return text;
}

Json mutated_scalar(const Json& value, Random& random) {
  if (value.is_string()) return mutated_text(value.get<std::string>(), random);
  if (value.is_number_float()) return value.get<double>() * (below(2, random) ? -2 : 1e3);
  if (value.is_boolean()) return !value.get<bool>();
  if (!value.is_number()) return boundary(random);
  const auto number = static_cast<uint64_t>(value.get<int64_t>());
  switch (below(4, random)) {
    case 0:
      return static_cast<int64_t>(number + 1);
    case 1:
      return static_cast<int64_t>(number - 1);
    case 2:
      return static_cast<int64_t>(0 - number);
    default:
      return static_cast<int64_t>(number << below(40, random));
  }
}

Json::iterator child_of(Json& parent, Random& random) {
  return std::next(parent.begin(), static_cast<std::ptrdiff_t>(below(parent.size(), random)));
}

void repeat_child(Json& parent, Random& random) {
  const auto child = child_of(parent, random);
  const Json copy = *child;
  if (parent.is_array()) {
    const size_t copies = below(8, random) == 0 ? 300 : 1;
    for (size_t i = 0; i < copies; ++i) parent.push_back(copy);
  } else {
    parent[kKey + child.key()] = copy;
  }
}

void rename_child(Json& object, const std::vector<Json*>& all, Random& random) {
  const auto child = child_of(object, random);
  const Json value = *child;
  std::string name = child.key();
  const Json& other = *one_of(all, random);
  if (other.is_object() && !other.empty())
    name = std::next(other.begin(), static_cast<std::ptrdiff_t>(below(other.size(), random))).key();
  else
    name = mutated_text(name, random);
  object.erase(child);
  object[name] = value;
}

/// The places of all values below `at`, the indices of lists left out of their names.
void collect_places(const Json& value, const Json::json_pointer& at, const std::string& name,
                    std::vector<std::pair<std::string, Json::json_pointer>>& all) {
  all.emplace_back(name, at);
  if (value.is_object())
    for (const auto& [key, child] : value.items())
      collect_places(child, at / key, name + '/' + key, all);
  if (value.is_array())
    for (size_t i = 0; i < value.size(); ++i) collect_places(value[i], at / i, name + "/*", all);
}

void mutate_once(Json& tree, Random& random) {
  const std::vector<Json*> all = values_of(tree);
  Json& value = *one_of(all, random);
  const bool parent = value.is_structured() && !value.empty();
  switch (below(10, random)) {
    case 0:
      if (parent) value.erase(child_of(value, random));
      break;
    case 1:
      if (parent) repeat_child(value, random);
      break;
    case 2:
      if (value.is_object() && parent) rename_child(value, all, random);
      break;
    case 3: {
      const Json copy = *one_of(all, random);  // a value of the same document
      value = copy;
      break;
    }
    case 4: {
      const Json copy = value;
      value = below(2, random) ? Json::array({copy}) : Json{{"x", copy}};
      break;
    }
    case 5:
      if (below(4, random) == 0) value = deep(random);
      break;
    case 6:
    case 7:
      if (!parent) value = boundary(random);
      break;
    default:
      if (!value.is_structured()) value = mutated_scalar(value, random);
  }
}

}  // namespace

std::string mutate_json(std::string_view text, Random& random) {
  Json tree = parsed(text);
  if (tree.is_discarded()) return "";
  for (size_t left = 1 + below(4, random); left > 0; --left) mutate_once(tree, random);
  return written(tree);
}

std::string cross_json(std::string_view text, std::string_view other, Random& random) {
  Json tree = parsed(text), from = parsed(other);
  if (tree.is_discarded() || from.is_discarded()) return "";
  Json* parent = one_of(values_of(tree), random);
  Json* source = one_of(values_of(from), random);
  if (parent->is_object() && source->is_object() && !source->empty()) {
    const auto child = child_of(*source, random);
    (*parent)[child.key()] = *child;
  } else {
    *parent = *source;
  }
  return written(tree);
}

std::vector<std::string> each_value_replaced(std::string_view text, std::set<std::string>& seen) {
  const Json tree = parsed(text);
  if (tree.is_discarded()) return {};
  std::vector<std::pair<std::string, Json::json_pointer>> places;
  collect_places(tree, Json::json_pointer(), "", places);
  std::vector<std::string> replaced;
  for (const auto& [name, place] : places) {
    if (!seen.insert(name).second) continue;
    Json copy = tree;
    copy[place] = 1e308;
    replaced.push_back(written(copy));
  }
  return replaced;
}

}  // namespace assay::fuzz
