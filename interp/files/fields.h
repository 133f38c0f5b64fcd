#pragma once
// One function per struct lists the members of its JSON. Writing, reading, checking and documenting
// all follow that list, so that they cannot disagree:
//
//   template <class V>
//   void fields(V& v, Row& row) {
//     v("node", row.node, "name of the node");
//     v("failures", row.failures, "inputs on which it fails", json_shapes::integer(0));
//     v.derived("rate", row.rate(), "failures / n");
//   }
//   ordered_json json = write_record(row);
//   Row same = read_record<Row>(json, "r.json");  // r.json: field 'failures': expected …
//
// Members are numbers, texts, booleans, JSON, structs with fields(), and vectors of these; an
// optional that is empty is left out. What is derived is written and its shape is checked, but it
// is never read: whoever reads a record computes it anew. fields() stands in the namespace of its
// struct and is declared before the struct is first read or written.

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "interp/files/json_shape.h"

namespace assay::interp {

class FieldWriter;
template <typename T>
concept Record = requires(FieldWriter& v, T& record) {
  fields(v, record);
};

/// Of inputs, edges and the like: sums of a few of them are no overflow.
inline constexpr int64_t kMostCounted = 1'000'000'000'000'000;
inline Shape counts() {
  return json_shapes::integer(0, kMostCounted);
}
inline Shape shares() {
  return json_shapes::number(0, 1);
}

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsList = false;
template <typename T>
inline constexpr bool kIsList<std::vector<T>> = true;

template <typename T>
nlohmann::ordered_json write_record(const T& value);
template <typename T>
Shape shape_of();
template <typename T>
T read_checked(const nlohmann::ordered_json& json);

class FieldWriter {
 public:
  nlohmann::ordered_json json = nlohmann::ordered_json::object();

  template <typename T>
  void operator()(const char* name, const T& member, const char*, const Shape& = {}) {
    if constexpr (!kIsOptional<T>)
      json[name] = write_record(member);
    else if (member)
      json[name] = write_record(*member);
  }
  /// Left out where it is empty.
  template <typename T>
  void if_any(const char* name, const T& member, const char* help) {
    if (!member.empty()) (*this)(name, member, help);
  }
  /// Written as `encode` gives it, and read back by `decode`.
  template <typename T, typename Encode, typename Decode>
  void through(const char* name, const T& member, const Encode& encode, const Decode&, const Shape&,
               const char*) {
    json[name] = encode(member);
  }
  template <typename T>
  void derived(const char* name, const T& value, const char* help, const Shape& = {}) {
    (*this)(name, value, help);
  }
};

/// Collects what the members must be, and what they mean.
class FieldShapes {
 public:
  std::vector<json_shapes::Field> members;
  std::string table = {};   ///< a line of Markdown for each member
  std::string prefix = {};  ///< of names in the table

  template <typename T>
  void operator()(const char* name, const T&, const char* help, const Shape& shape = {}) {
    add<T>(name, help, shape, !kIsOptional<T>);
  }
  template <typename T>
  void if_any(const char* name, const T&, const char* help) {
    add<T>(name, help, {}, false);
  }
  template <typename T, typename Encode, typename Decode>
  void through(const char* name, const T&, const Encode&, const Decode&, const Shape& shape,
               const char* help) {
    add<std::string>(name, help, shape, true);
  }
  template <typename T>
  void derived(const char* name, const T& value, const char* help, const Shape& shape = {}) {
    (*this)(name, value, help, shape);
  }

 private:
  template <typename T>
  void add(const std::string& name, const char* help, const Shape& shape, bool required) {
    if constexpr (kIsOptional<T>) {
      add<typename T::value_type>(name, help, shape, required);
    } else {
      members.push_back({name, shape.problem ? shape : shape_of<T>(), required});
      table += "| `" + prefix + name + (kIsList<T> ? "[]" : "") + "` | " + help + " |\n";
      if constexpr (kIsList<T>)
        describe<typename T::value_type>(name + "[].");
      else
        describe<T>(name + ".");
    }
  }
  template <typename T>
  void describe(const std::string& below) {
    if constexpr (Record<T>) {
      FieldShapes inner{.members = {}, .table = {}, .prefix = prefix + below};
      T sample{};
      fields(inner, sample);
      table += inner.table;
    }
  }
};

/// Reads what has been checked.
class FieldReader {
 public:
  const nlohmann::ordered_json& json;

  template <typename T>
  void operator()(const char* name, T& member, const char*, const Shape& = {}) {
    if constexpr (!kIsOptional<T>)
      member = read_checked<T>(json.at(name));
    else if (json.contains(name))
      member = read_checked<typename T::value_type>(json.at(name));
  }
  template <typename T>
  void if_any(const char* name, T& member, const char*) {
    if (json.contains(name)) member = read_checked<T>(json.at(name));
  }
  template <typename T, typename Encode, typename Decode>
  void through(const char* name, T& member, const Encode&, const Decode& decode, const Shape&,
               const char*) {
    member = decode(json.at(name));
  }
  template <typename T>
  void derived(const char*, const T&, const char*, const Shape& = {}) {}
};

template <typename T>
nlohmann::ordered_json write_record(const T& value) {
  if constexpr (Record<T>) {
    FieldWriter writer;
    fields(writer, const_cast<T&>(value));  // which a writer does not change
    return std::move(writer.json);
  } else if constexpr (kIsList<T>) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& element : value) list.push_back(write_record(element));
    return list;
  } else {
    return value;
  }
}

template <typename T>
FieldShapes fields_of() {
  FieldShapes shapes;
  T sample{};
  fields(shapes, sample);
  return shapes;
}

template <typename T>
Shape shape_of() {
  if constexpr (Record<T>)
    return json_shapes::object(fields_of<T>().members);
  else if constexpr (kIsList<T>)
    return json_shapes::list(shape_of<typename T::value_type>());
  else if constexpr (std::is_same_v<T, nlohmann::ordered_json>)
    return json_shapes::anything();
  else
    return json_shapes::of<T>();
}

template <typename T>
T read_checked(const nlohmann::ordered_json& json) {
  if constexpr (Record<T>) {
    T record{};
    FieldReader reader{json};
    fields(reader, record);
    return record;
  } else if constexpr (kIsList<T>) {
    T list;
    for (const auto& element : json) list.push_back(read_checked<typename T::value_type>(element));
    return list;
  } else if constexpr (std::is_same_v<T, nlohmann::json> ||
                       std::is_same_v<T, nlohmann::ordered_json>) {
    return json;
  } else if constexpr (std::is_same_v<T, double>) {
    // Where the shape allows null, it is a NaN that was written.
    return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
  } else {
    return json.get<T>();
  }
}

/// Members by name, of a std::map or of a vector of pairs, which keeps their order. An empty one is
/// written as `none`.
template <class V, class Named, class Encode, class Decode>
void by_name(V& v, const char* name, Named& members, const Encode& encode, const Decode& decode,
             const Shape& shape, const char* help, const nlohmann::ordered_json& none = nullptr) {
  v.through(
      name, members,
      [&](const Named& all) {
        nlohmann::ordered_json json = none;
        for (const auto& [key, value] : all) json[key] = encode(value);
        return json;
      },
      [&](const nlohmann::ordered_json& json) {
        Named all;
        for (const auto& [key, value] : json.items())
          all.insert(all.end(), typename Named::value_type(key, decode(value)));
        return all;
      },
      json_shapes::nullable(json_shapes::map(shape)), help);
}
template <class V, class Named>
void by_name(V& v, const char* name, Named& members, const char* help,
             const nlohmann::ordered_json& none = nullptr) {
  using T = typename Named::value_type::second_type;
  by_name(v, name, members, write_record<T>, read_checked<T>, shape_of<T>(), help, none);
}

/// @throws std::runtime_error "WHERE: field …: expected …, found …".
template <typename T>
T read_record(const nlohmann::ordered_json& json, const std::string& where) {
  static const Shape shape = shape_of<T>();
  require_shape(json, shape, where);
  return read_checked<T>(json);
}

/// The members as lines of a Markdown table, for docs/formats.md.
template <typename T>
std::string description_of() {
  return fields_of<T>().table;
}

}  // namespace assay::interp
