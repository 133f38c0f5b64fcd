#include "interp/files/json_shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "interp/files/fail.h"

namespace assay::interp {
namespace {

using Json = nlohmann::ordered_json;
using Mismatch = std::optional<std::string>;

constexpr size_t kWordsOfValue = 60;

/// A value in a few words.
std::string found_in_words(const Json& value) {
  if (value.is_array()) return value.empty() ? "an empty list" : "a list";
  if (value.is_object()) return "an object";
  return cut_short(value.dump(-1, ' ', false, Json::error_handler_t::replace), kWordsOfValue);
}

std::string field_at(const JsonPlace& place) {
  const std::string path = place.path();
  return path.empty() ? "" : fmt::format("field '{}': ", path);
}

std::string unexpected(const std::string& expected, const Json& value, const JsonPlace& place) {
  return fmt::format("{}expected {}, found {}", field_at(place), expected, found_in_words(value));
}

/// A shape that one look at the value decides.
Shape simple(std::string one, std::string many, std::function<bool(const Json&)> fits) {
  return {one, std::move(many), [one, fits](const Json& value, const JsonPlace& place) -> Mismatch {
            if (fits(value)) return std::nullopt;
            return unexpected(one, value, place);
          }};
}

Shape object_of(std::vector<json_shapes::Field> fields, bool closed) {
  const auto problem = [fields = std::move(fields), closed](const Json& value,
                                                            const JsonPlace& place) -> Mismatch {
    if (!value.is_object()) return unexpected("an object", value, place);
    for (const json_shapes::Field& field : fields) {
      const JsonPlace inside{.parent = &place, .key = field.name};
      const auto found = value.find(field.name);
      if (found == value.end()) {
        if (field.required) return field_at(inside) + "is missing";
        continue;
      }
      if (auto problem = field.shape.problem(*found, inside)) return problem;
    }
    if (!closed) return std::nullopt;
    for (const auto& [name, member] : value.items()) {
      if (std::ranges::count(fields, name, &json_shapes::Field::name) > 0) continue;
      std::vector<std::string> known;
      for (const json_shapes::Field& field : fields) known.push_back(field.name);
      return fmt::format("{}is unknown; there are {}", field_at({.parent = &place, .key = name}),
                         fmt::join(known, ", "));
    }
    return std::nullopt;
  };
  return {"an object", "objects", problem};
}

std::string in_range(const std::string& noun, const std::string& least, const std::string& most) {
  if (least.empty() && most.empty()) return noun;
  if (most.empty()) return fmt::format("{} of at least {}", noun, least);
  if (least.empty()) return fmt::format("{} of at most {}", noun, most);
  return fmt::format("{} from {} to {}", noun, least, most);
}

template <typename Number>
std::string bound(Number value, Number none) {
  return value == none ? "" : fmt::format("{}", value);
}

/// Whether an int64_t holds it without loss.
bool is_int64(const Json& value) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() || std::in_range<int64_t>(value.get<uint64_t>()));
}

}  // namespace

std::string cut_short(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return fmt::format("{}…", text.substr(0, bytes));
}

std::string member_path(const std::string& object, std::string_view key) {
  return fmt::format("{}{}{}", object, object.empty() ? "" : ".", cut_short(key, 80));
}

std::string element_path(const std::string& list, size_t index) {
  return fmt::format("{}[{}]", list, index);
}

std::string JsonPlace::path() const {
  if (!parent) return "";
  return is_element ? element_path(parent->path(), index) : member_path(parent->path(), key);
}

namespace json_shapes {

Shape anything() {
  return {"anything", "anything", [](const Json&, const JsonPlace&) { return std::nullopt; }};
}

Shape boolean() {
  return simple("true or false", "true or false",
                [](const Json& value) { return value.is_boolean(); });
}

Shape text() {
  return simple("a text", "texts", [](const Json& value) { return value.is_string(); });
}

Shape text_among(const std::vector<std::string>& texts) {
  const std::string one =
      texts.size() == 1 ? texts[0] : fmt::format("one of {}", fmt::join(texts, ", "));
  return simple(one, one, [texts](const Json& value) {
    return value.is_string() && std::ranges::count(texts, value.get<std::string>()) > 0;
  });
}

Shape number(double least, double most) {
  using Limits = std::numeric_limits<double>;
  const std::string from = bound(least, Limits::lowest()), to = bound(most, Limits::max());
  return simple(
      in_range("a number", from, to), in_range("numbers", from, to), [=](const Json& value) {
        // Of reports that were just made, NaN says that there is nothing to say.
        return value.is_number() && !(value.get<double>() < least) && !(value.get<double>() > most);
      });
}

Shape integer(int64_t least, int64_t most) {
  using Limits = std::numeric_limits<int64_t>;
  const std::string from = bound(least, Limits::min()), to = bound(most, Limits::max());
  return simple(in_range("a whole number", from, to), in_range("whole numbers", from, to),
                [=](const Json& value) {
                  return is_int64(value) && value.get<int64_t>() >= least &&
                         value.get<int64_t>() <= most;
                });
}

Shape natural() {
  return simple("a whole number from 0", "whole numbers from 0", [](const Json& value) {
    return value.is_number_unsigned() || (is_int64(value) && value.get<int64_t>() >= 0);
  });
}

Shape list(Shape element, size_t at_least, size_t at_most) {
  const std::string of =
      at_least == 0 && at_most == std::numeric_limits<size_t>::max() ? element.many
      : at_least == at_most ? fmt::format("{} {}", at_least, element.many)
                            : fmt::format("at least {} {}", at_least, element.many);
  const std::string one = fmt::format("a list of {}", of), many = fmt::format("lists of {}", of);
  return {one, many,
          [=, element = std::move(element)](const Json& value, const JsonPlace& place) -> Mismatch {
            if (!value.is_array() || value.size() < at_least || value.size() > at_most)
              return unexpected(one, value, place);
            for (size_t i = 0; i < value.size(); ++i)
              if (auto problem =
                      element.problem(value[i], {.parent = &place, .index = i, .is_element = true}))
                return problem;
            return std::nullopt;
          }};
}

Shape map(Shape value) {
  return {"an object", "objects",
          [value = std::move(value)](const Json& json, const JsonPlace& place) -> Mismatch {
            if (!json.is_object()) return unexpected("an object", json, place);
            for (const auto& [name, member] : json.items())
              if (auto problem = value.problem(member, {.parent = &place, .key = name}))
                return problem;
            return std::nullopt;
          }};
}

Shape nullable(Shape shape) {
  return {shape.one + " or null", shape.many + " or null",
          [shape](const Json& value, const JsonPlace& place) -> Mismatch {
            return value.is_null() ? std::nullopt : shape.problem(value, place);
          }};
}

Shape either(Shape first, Shape second) {
  const std::string one = fmt::format("{} or {}", first.one, second.one);
  return {one, fmt::format("{} or {}", first.many, second.many),
          [=](const Json& value, const JsonPlace& place) -> Mismatch {
            if (!first.problem(value, place) || !second.problem(value, place)) return std::nullopt;
            return unexpected(one, value, place);
          }};
}

Shape with_or_without(std::string field, Shape with, Shape without) {
  return {without.one, without.many, [=](const Json& value, const JsonPlace& place) -> Mismatch {
            return value.contains(field) ? with.problem(value, place)
                                         : without.problem(value, place);
          }};
}

Field optional(std::string name, Shape shape) {
  return {std::move(name), std::move(shape), false};
}

Shape object(std::vector<Field> fields) {
  return object_of(std::move(fields), false);
}

Shape closed_object(std::vector<Field> fields) {
  return object_of(std::move(fields), true);
}

}  // namespace json_shapes

std::optional<std::string> mismatch(const Json& value, const Shape& shape) {
  return shape.problem(value, {});
}

void require_shape(const Json& value, const Shape& shape, const std::string& where) {
  if (const auto problem = mismatch(value, shape)) fail("{}: {}", where, *problem);
}

}  // namespace assay::interp
