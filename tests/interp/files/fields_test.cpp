#include "interp/files/fields.h"

#include <gmock/gmock.h>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace fields_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

struct Inner {
  int64_t hits = 0;
};

struct Outer {
  std::string name;
  Inner one;
  std::vector<Inner> many;
  std::optional<double> share;
  std::vector<std::string> words;
  bool odd = false;
  nlohmann::json anything;
  double twice() const { return 2.0 * static_cast<double>(one.hits); }
};

template <class V>
void fields(V& v, Inner& inner) {
  v("hits", inner.hits, "how often", counts());
}

template <class V>
void fields(V& v, Outer& outer) {
  v("name", outer.name, "what it is called");
  v("one", outer.one, "one");
  v("many", outer.many, "many");
  v.derived("twice", outer.twice(), "two times one", json_shapes::number(0));
  v("share", outer.share, "a share", shares());
  v.if_any("words", outer.words, "words");
  v.through(
      "parity", outer.odd, [](bool odd) { return odd ? "odd" : "even"; },
      [](const ordered_json& text) { return text == "odd"; },
      json_shapes::text_among({"odd", "even"}), "odd or even");
  v("anything", outer.anything, "anything");
}

const Outer kOuter = {.name = "n",
                      .one = {3},
                      .many = {{1}, {2}},
                      .share = 0.25,
                      .words = {"w"},
                      .odd = true,
                      .anything = {{"b", 1}, {"a", nullptr}}};
constexpr const char* kText =
    R"({"name":"n","one":{"hits":3},"many":[{"hits":1},{"hits":2}],"twice":6.0,"share":0.25,)"
    R"("words":["w"],"parity":"odd","anything":{"a":null,"b":1}})";

TEST(FieldsTest, WriteMembersInOrderAndReadThemAgain) {
  EXPECT_EQ(write_record(kOuter).dump(), kText);
  const auto same = read_record<Outer>(ordered_json::parse(kText), "o.json");
  EXPECT_EQ(write_record(same).dump(), kText);
  const auto bare = write_record(Outer{});
  EXPECT_FALSE(bare.contains("share"));
  EXPECT_FALSE(bare.contains("words"));
  EXPECT_EQ(write_record(read_record<Outer>(bare, "o.json")), bare);
}

TEST(FieldsTest, WhatIsDerivedIsCheckedButNotBelieved) {
  auto json = ordered_json::parse(kText);
  json["twice"] = 100;
  EXPECT_EQ(read_record<Outer>(json, "o.json").twice(), 6);
  json["twice"] = -1;
  EXPECT_EQ(message_of([&] { read_record<Outer>(json, "o.json"); }),
            "o.json: field 'twice': expected a number of at least 0, found -1");
}

TEST(FieldsTest, ErrorsNameTheFieldAndItsPlace) {
  const auto refusal = [](const char* place, const ordered_json& value) {
    auto json = ordered_json::parse(kText);
    json[ordered_json::json_pointer(place)] = value;
    return message_of([&] { read_record<Outer>(json, "o.json"); });
  };
  EXPECT_THAT(refusal("/many/1/hits", -1), HasSubstr("o.json: field 'many[1].hits': expected a"));
  EXPECT_THAT(refusal("/one/hits", 2.5), HasSubstr("'one.hits': expected a whole number"));
  EXPECT_THAT(refusal("/one/hits", 1e308), HasSubstr("'one.hits': expected a whole number"));
  EXPECT_THAT(refusal("/share", 1.5), HasSubstr("'share': expected a number from 0 to 1"));
  EXPECT_THAT(refusal("/parity", "none"), HasSubstr("'parity': expected one of odd, even"));
  EXPECT_THAT(refusal("/words", {1}), HasSubstr("'words[0]': expected a text"));
  EXPECT_EQ(message_of([] {
              read_record<Outer>({{"name", "n"}}, "o.json");
            }),
            "o.json: field 'one': is missing");
}

TEST(FieldsTest, AreDescribedWithTheirPlaces) {
  EXPECT_EQ(description_of<Outer>(),
            "| `name` | what it is called |\n| `one` | one |\n| `one.hits` | how often |\n"
            "| `many[]` | many |\n| `many[].hits` | how often |\n| `twice` | two times one |\n"
            "| `share` | a share |\n| `words[]` | words |\n| `parity` | odd or even |\n"
            "| `anything` | anything |\n");
}

}  // namespace fields_test
}  // namespace assay::interp
