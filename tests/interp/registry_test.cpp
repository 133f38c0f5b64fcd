#include "interp/registry.h"

#include <gmock/gmock.h>

namespace assay::interp {
namespace registry_test {

using testing::ElementsAre;
using testing::ThrowsMessage;

struct Fruit {
  std::string name, help;
};

Registry<Fruit> fruits() {
  return {"fruit", {{"apple", "round"}, {"banana", "bent"}}};
}

TEST(Registry, KeepsTheOrderInWhichEntriesWereAdded) {
  Registry<Fruit> all = fruits();
  const Fruit& apple = all.at("apple");
  for (int i = 0; i < 100; ++i) all.add({"a" + std::to_string(i), ""});
  EXPECT_EQ(&all.at("apple"), &apple);  // entries never move
  EXPECT_EQ(all.begin()->name, "apple");
  EXPECT_EQ(all.size(), 102);
}

TEST(Registry, RefusesUnknownNamesWithThoseThatExist) {
  EXPECT_THAT([] { fruits().at("bananna"); },
              ThrowsMessage<std::invalid_argument>(
                  "unknown fruit 'bananna'; there are apple, banana; did you mean 'banana'?"));
}

TEST(Registry, TakesEveryNameOnce) {
  Registry<Fruit> all = fruits();
  EXPECT_THAT(
      [&] {
        all.add({"apple", "green"});
      },
      ThrowsMessage<std::invalid_argument>("there is a fruit 'apple' already"));
  EXPECT_THAT(
      [&] {
        all.add({"", "green"});
      },
      ThrowsMessage<std::invalid_argument>("a fruit without a name"));
  EXPECT_EQ(all.at("apple").help, "round");
  EXPECT_EQ(all.size(), 2);
}

TEST(Registry, KnowsWhoBroughtAnEntry) {
  Registry<Fruit> all = fruits();
  {
    const AddedBy origin("libpear.so");
    all.add({"pear", ""});
  }
  all.add({"plum", ""});
  EXPECT_EQ(all.origin_of("apple"), "");
  EXPECT_EQ(all.origin_of("pear"), "libpear.so");
  EXPECT_EQ(all.origin_of("plum"), "");
}

const std::vector<Option>& options() {
  static const std::vector<Option> all = {{"n", "--n", "", 3},
                                          {"rate", "--rate", "", 0.5},
                                          {"strict", "--strict", "", false},
                                          {"kind", "--kind", "", "a", {"a", "b"}},
                                          {"file", "--file", "", "", {}, true}};
  return all;
}

TEST(Option, TakesItsDefaultWhereNothingIsGiven) {
  EXPECT_EQ(
      complete(options(), {}, "x"),
      (OptionValues{{"n", 3}, {"rate", 0.5}, {"strict", false}, {"kind", "a"}, {"file", ""}}));
}

TEST(Option, IsOfTheTypeOfItsDefault) {
  const OptionValues given = complete(
      options(), {{"n", 4}, {"rate", 1}, {"strict", true}, {"kind", "b"}, {"file", "f.txt"}}, "x");
  EXPECT_EQ(
      given,
      (OptionValues{{"n", 4}, {"rate", 1.0}, {"strict", true}, {"kind", "b"}, {"file", "f.txt"}}));
  EXPECT_TRUE(given.at("rate").is_number_float());
  const auto refused = [&](const OptionValues& settings, const char* message) {
    EXPECT_THAT([&] { complete(options(), settings, "x"); },
                ThrowsMessage<std::invalid_argument>(message));
  };
  refused({{"n", 4.5}}, "x: n: expected a whole number, got 4.5");
  refused({{"rate", "half"}}, "x: rate: expected a number, got \"half\"");
  refused({{"strict", 1}}, "x: strict: expected true or false, got 1");
  refused({{"kind", "c"}}, "x: kind: expected one of a, b, got \"c\"");
  refused({{"kind", 1}}, "x: kind: expected one of a, b, got 1");
  refused({{"file", 7}}, "x: file: expected the path of a file, got 7");
  refused({{"m", 1}}, "x has no setting 'm'; there are n, rate, strict, kind, file");
}

}  // namespace registry_test
}  // namespace assay::interp
