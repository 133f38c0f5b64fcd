#include "interp/files/json_difference.h"

#include <fmt/format.h>

#include "interp/files/json_shape.h"
#include "interp/files/json_text.h"

namespace assay::interp {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kBytesShown = 80;

std::string shown(const Json* value) {
  return value ? cut_short(json_text(*value), kBytesShown) : "not there";
}

const Json* member(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> difference_at(const std::string& path, const Json* one,
                                         const Json* other) {
  if (one && other && *one == *other) return std::nullopt;
  if (one && other && one->is_object() && other->is_object()) {
    for (const auto& [name, value] : one->items())
      if (auto found = difference_at(member_path(path, name), &value, member(*other, name)))
        return found;
    for (const auto& [name, value] : other->items())
      if (!one->contains(name)) return difference_at(member_path(path, name), nullptr, &value);
  }
  if (one && other && one->is_array() && other->is_array() && one->size() == other->size())
    for (size_t i = 0; i < one->size(); ++i)
      if (auto found = difference_at(element_path(path, i), &(*one)[i], &(*other)[i])) return found;
  return fmt::format("{} is {} in the one and {} in the other", path, shown(one), shown(other));
}

}  // namespace

std::optional<std::string> first_difference(const Json& one, const Json& other) {
  return difference_at("", &one, &other);
}

}  // namespace assay::interp
