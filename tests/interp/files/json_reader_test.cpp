#include "interp/files/json_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace json_reader_test {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(const std::string& text, BareWords words = BareWords::Refused) {
  const std::string message = message_of([&] { parse_json(text, "x.json", words); });
  EXPECT_THAT(message, StartsWith("x.json: "));
  EXPECT_EQ(message.find('\n'), message.npos) << message;
  EXPECT_LT(message.size(), 500u);
  return message;
}

TEST(JsonReader, ReadsWhatNlohmannReads) {
  const std::string texts[] = {
      R"({"b": [1, -2, 18446744073709551615, 2.5, 1e300, -0.0], "a": {"": null, "x": true}})",
      R"([[], {}, "", "\u00e4\ud83d\ude00\n\"", [[{"a": [1]}]], false])",
      "3",
      "\"text\"",
      "null",
      " [ ] "};
  for (const std::string& text : texts)
    EXPECT_EQ(parse_json(text, "x").dump(), Json::parse(text).dump()) << text;
}

TEST(JsonReader, NamesAKeyThatStandsTwice) {
  EXPECT_EQ(refusal(R"({"a": 1, "b": 2, "a": 1})"), "x.json: field 'a': stands twice");
  EXPECT_EQ(refusal(R"({"nodes": [1, {"h": {"x": 1, "x": {}}}]})"),
            "x.json: field 'nodes[1].h.x': stands twice");
  EXPECT_NO_THROW(parse_json(R"([{"a": 1}, {"a": {"a": 1}}])", "x"));
}

TEST(JsonReader, RefusesNestingThatWouldExhaustTheStack) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_NO_THROW(parse_json(nested(kJsonDepth), "x"));
  EXPECT_THAT(refusal(nested(kJsonDepth + 1)), HasSubstr("nested more than 128 deep"));
  EXPECT_THAT(refusal(R"({"a": {"b": )" + nested(1'000'000) + "}}"),
              HasSubstr("field 'a.b[0][0][0]"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_THAT(refusal(objects), HasSubstr("nested more than"));
}

TEST(JsonReader, RefusesWhatIsNoJsonWithItsPlace) {
  EXPECT_THAT(refusal(""), HasSubstr("line 1"));
  EXPECT_THAT(refusal("{\n\"a\": ]"), HasSubstr("line 2, column 6"));
  EXPECT_THAT(refusal("[1] 2"), HasSubstr("expected end of input"));
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("number overflow"));
  EXPECT_THAT(refusal("\"\xff\""), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("\"\xc0\x80\""), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("\"\xed\xa0\x80\""), HasSubstr("UTF-8"));  // half a surrogate pair
  EXPECT_THAT(refusal("\"" + std::string(1'000'000, 'a')), HasSubstr("missing closing quote"));
  EXPECT_THAT(refusal(std::string("[1]\0", 4)), HasSubstr("zero byte"));
}

TEST(JsonReader, TakesBareWordsForTextsOnlyWhereItIsToldTo) {
  for (const std::string word : {"NaN", "Infinity", "-Infinity"}) {
    EXPECT_THAT(refusal("[" + word + "]"), HasSubstr("invalid"));
    const Json read = parse_json("{\"a\":" + word + ",\"b\": [ " + word + "," + word + "]}", "x",
                                 BareWords::AsTexts);
    EXPECT_EQ(read, Json({{"a", word}, {"b", {word, word}}}));
  }
  // Inside a text they are text, also after an escaped quote.
  const std::string texts = R"({"x: NaN": "y: NaN, \": -Infinity \\", "z": NaN})";
  EXPECT_EQ(parse_json(texts, "x", BareWords::AsTexts),
            Json({{"x: NaN", "y: NaN, \": -Infinity \\"}, {"z", "NaN"}}));
  refusal("[nullNaN]", BareWords::AsTexts);
  refusal("[--Infinity]", BareWords::AsTexts);
  refusal("[\"\\", BareWords::AsTexts);
}

TEST(JsonReader, TakesTimeInProportionToTheNumberOfKeys) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += fmt::format("\"{}\":0,", i);
  EXPECT_EQ(parse_json(text + "\"x\":0}", "x").size(), 200'001u);
}

class JsonFiles : public Scratch {};

TEST_F(JsonFiles, AreNamedAndMustBeRegularFiles) {
  EXPECT_EQ(read_json(put("a.json", "[1]")), Json({1}));
  EXPECT_THAT(message_of([&] { read_json(put("b.json", "[")); }),
              StartsWith(at("b.json").string() + ": parse error at line 1"));
  EXPECT_EQ(message_of([&] { read_json("/dev/zero"); }),
            "/dev/zero: expected a regular file, found a device");
  mkfifo(at("pipe").c_str(), 0600);  // nobody ever writes into it
  EXPECT_EQ(message_of([&] { read_json(at("pipe")); }),
            at("pipe").string() + ": expected a regular file, found a pipe");
}

}  // namespace json_reader_test
}  // namespace assay::interp
