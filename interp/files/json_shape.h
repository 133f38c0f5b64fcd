#pragma once
// What a JSON value must be, written down as data and checked in one place, so that code which
// reads the value afterwards can rely on it:
//
//   using namespace json_shapes;
//   const Shape rate = object({{"hits", integer(0)}, {"interval", list(number(), 2, 2)}});
//   require_shape(json, rate, "r.json");  // r.json: field 'interval[1]': expected a number, found
//                                         // null

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace assay::interp {

/// A place in a value: a member of an object or an element of a list, and where that is.
struct JsonPlace {
  const JsonPlace* parent = nullptr;
  std::string_view key = {};
  size_t index = 0;
  bool is_element = false;
  std::string path() const;  ///< `a.b[3]`, empty for the whole value
};

struct Shape {
  std::string one, many;  ///< in words: `a number`, `numbers`
  /// What is wrong with the value at this place, if anything is.
  std::function<std::optional<std::string>(const nlohmann::ordered_json& value,
                                           const JsonPlace& place)>
      problem;
};

/// @return "field 'a.b[3]': expected a number, found null", or nothing if the value has the shape.
std::optional<std::string> mismatch(const nlohmann::ordered_json& value, const Shape& shape);
/// @throws std::runtime_error "WHERE: field …" if the value does not have the shape.
void require_shape(const nlohmann::ordered_json& value, const Shape& shape,
                   const std::string& where);

namespace json_shapes {

Shape anything();
Shape boolean();
Shape text();
Shape text_among(const std::vector<std::string>& texts);
Shape number(double least = std::numeric_limits<double>::lowest(),
             double most = std::numeric_limits<double>::max());
/// A number without a fraction that an int64_t holds.
Shape integer(int64_t least = std::numeric_limits<int64_t>::min(),
              int64_t most = std::numeric_limits<int64_t>::max());
Shape natural();  ///< one from 0 that a uint64_t holds: a seed
Shape list(Shape element, size_t at_least = 0, size_t at_most = std::numeric_limits<size_t>::max());
Shape map(Shape value);  ///< an object whose keys are free
Shape nullable(Shape shape);
Shape either(Shape first, Shape second);
/// `with` for what has the field, `without` for everything else.
Shape with_or_without(std::string field, Shape with, Shape without);

struct Field {
  std::string name;
  Shape shape;
  bool required = true;
};
Field optional(std::string name, Shape shape);
/// Other fields are let pass.
Shape object(std::vector<Field> fields);
/// Other fields are refused by name, listing those that exist.
Shape closed_object(std::vector<Field> fields);

/// The shape of what can be read as a T, without any conversion that loses something.
template <typename T>
Shape of() {
  if constexpr (std::is_same_v<T, bool>) {
    return boolean();
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return integer();
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return natural();
  } else if constexpr (std::is_same_v<T, double>) {
    return number();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return text();
  } else if constexpr (std::is_same_v<T, nlohmann::json>) {
    return anything();
  } else {
    return list(of<typename T::value_type>());
  }
}

}  // namespace json_shapes

/// The value as a T. Unlike get<T>(), which lets 1e308 be any integer, this throws
/// std::runtime_error, "{where}: expected …", unless the value is exactly a T.
template <typename T>
T read_as(const nlohmann::ordered_json& value, const std::string& where) {
  require_shape(value, json_shapes::of<T>(), where);
  return value.get<T>();
}

/// Places as messages name them.
std::string member_path(const std::string& object, std::string_view key);
std::string element_path(const std::string& list, size_t index);
/// At most so many bytes of a text, cut between characters and marked by an ellipsis.
std::string cut_short(std::string_view text, size_t bytes);

}  // namespace assay::interp
