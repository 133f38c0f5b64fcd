#pragma once
// Intervals, and numbers that may be undefined, as members of records (files/fields.h).

#include <limits>

#include "interp/files/json_shape.h"
#include "interp/statistics/interval.h"

namespace assay::interp {

/// [low, high], an end that nothing bounds as null; null where there is no interval.
inline Shape intervals() {
  using namespace json_shapes;
  return nullable(list(nullable(number()), 2, 2));
}
inline statistics::Interval interval_from_json(const nlohmann::ordered_json& json) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (json.is_null()) return statistics::kNoInterval;
  return {json.at(0).is_null() ? -kInfinity : json.at(0).get<double>(),
          json.at(1).is_null() ? kInfinity : json.at(1).get<double>()};
}
template <class V>
void interval_field(V& v, const char* name, statistics::Interval& interval, const char* help) {
  const auto as_json = [](const statistics::Interval& i) { return statistics::to_json(i); };
  v.through(name, interval, as_json, interval_from_json, intervals(), help);
}

/// NaN is null in a file, and is read from there again.
inline Shape numbers_if_any() {
  return json_shapes::nullable(json_shapes::number());
}

}  // namespace assay::interp
