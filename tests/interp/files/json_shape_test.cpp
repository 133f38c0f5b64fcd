#include "interp/files/json_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace json_shape_test {

using namespace json_shapes;
using Json = nlohmann::ordered_json;

std::string problem(const Json& value, const Shape& shape) {
  return mismatch(value, shape).value_or("");
}

TEST(JsonShape, SimpleValuesAreTakenForNothingElse) {
  const Json values[] = {nullptr, true, 1, 1.5, "a", Json::array(), Json::object()};
  const auto fitting = [&](const Shape& shape) {
    std::string kinds;
    for (const Json& value : values) kinds += problem(value, shape).empty() ? 'x' : '-';
    return kinds;
  };
  EXPECT_EQ(fitting(anything()), "xxxxxxx");
  EXPECT_EQ(fitting(boolean()), "-x-----");
  EXPECT_EQ(fitting(integer()), "--x----");
  EXPECT_EQ(fitting(number()), "--xx---");
  EXPECT_EQ(fitting(text()), "----x--");
  EXPECT_EQ(fitting(list(anything())), "-----x-");
  EXPECT_EQ(fitting(map(anything())), "------x");
  EXPECT_EQ(fitting(object({})), "------x");
  EXPECT_EQ(fitting(nullable(number())), "x-xx---");
  EXPECT_EQ(fitting(either(integer(), text())), "--x-x--");
  EXPECT_EQ(fitting(with_or_without("a", text(), object({}))), "------x");
  EXPECT_EQ(problem({{"a", 1}}, with_or_without("a", object({{"a", text()}}), object({}))),
            "field 'a': expected a text, found 1");
}

TEST(JsonShape, NumbersAreHeldAgainstTheirRange) {
  EXPECT_EQ(problem(std::numeric_limits<uint64_t>::max(), integer()),
            "expected a whole number, found 18446744073709551615");
  EXPECT_EQ(problem(-1, integer(0)), "expected a whole number of at least 0, found -1");
  EXPECT_EQ(problem(9, integer(1, 8)), "expected a whole number from 1 to 8, found 9");
  EXPECT_EQ(problem(1.5, number(0, 1)), "expected a number from 0 to 1, found 1.5");
  EXPECT_EQ(problem(2.0, integer()), "expected a whole number, found 2.0");
}

TEST(JsonShape, PlacesAndExpectationsAreNamed) {
  const Shape report = object(
      {{"rows", list(object({{"rate", number()}, optional("bounds", list(number(), 2, 2))}), 1)},
       {"names", map(text_among({"a", "b"}))}});
  Json json = {{"rows", Json::array({{{"rate", 0.5}}, {{"rate", 1}, {"bounds", {0, 1}}}})},
               {"names", {{"x", "a"}}},
               {"more", 1}};
  EXPECT_EQ(problem(json, report), "");
  const auto problem_with = [&](const auto& change) {
    Json changed = json;
    change(changed);
    return problem(changed, report);
  };
  EXPECT_EQ(problem_with([](Json& j) { j.erase("rows"); }), "field 'rows': is missing");
  EXPECT_EQ(problem_with([](Json& j) { j["rows"] = Json::array(); }),
            "field 'rows': expected a list of at least 1 objects, found an empty list");
  EXPECT_EQ(problem_with([](Json& j) { j["rows"][1]["rate"] = nullptr; }),
            "field 'rows[1].rate': expected a number, found null");
  EXPECT_EQ(problem_with([](Json& j) { j["rows"][1]["bounds"].push_back(1); }),
            "field 'rows[1].bounds': expected a list of 2 numbers, found a list");
  EXPECT_EQ(problem_with([](Json& j) { j["names"]["x"] = "c"; }),
            "field 'names.x': expected one of a, b, found \"c\"");
  EXPECT_EQ(problem_with([](Json& j) { j = 3; }), "expected an object, found 3");
  EXPECT_EQ(message_of([&] { require_shape(3, report, "r.json"); }),
            "r.json: expected an object, found 3");
}

TEST(JsonShape, ClosedObjectsRefuseWhatTheyDoNotKnow) {
  const Shape closed = object({{"x", closed_object({{"a", anything()}, {"b", anything()}})}});
  EXPECT_EQ(problem({{"x", {{"a", 1}, {"b", 2}, {"c", 3}}}}, closed),
            "field 'x.c': is unknown; there are a, b");
}

TEST(JsonShape, OfATypeIsWhatCanBeReadWithoutLoss) {
  EXPECT_EQ(problem({{1, 2}, {3.5}}, of<std::vector<std::vector<int64_t>>>()),
            "field '[1][0]': expected a whole number, found 3.5");
  EXPECT_EQ(problem({"a"}, of<std::vector<std::string>>()), "");
  EXPECT_EQ(problem(true, of<int64_t>()), "expected a whole number, found true");
}

TEST(JsonShape, MessagesStayShort) {
  EXPECT_LT(problem(std::string(1'000'000, 'a'), number()).size(), 200u);
  EXPECT_LT(problem({{std::string(1'000'000, 'a'), 1}}, map(text())).size(), 200u);
  EXPECT_EQ(cut_short("ääää", 5), "ää…");
}

}  // namespace json_shape_test
}  // namespace assay::interp
