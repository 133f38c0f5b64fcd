#include "tools/numbers.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <optional>

namespace assay::tools {
namespace numbers_test {

/// What the option reads from `text`, or why it refuses it.
template <typename Number>
struct Read {
  std::optional<Number> value;
  std::string refusal;
};
template <typename Number>
Read<Number> read_as(const std::string& text, const CLI::Validator& validator) {
  CLI::App app;
  Read<Number> read;
  app.add_option("--n", read.value)->transform(validator);
  try {
    app.parse(std::vector<std::string>{text, "--n"});  // CLI11 takes them in reverse
  } catch (const CLI::ParseError& error) {
    read.value.reset();
    read.refusal = error.what();
  }
  return read;
}

TEST(Numbers, AreReadWholeAndInDecimal) {
  EXPECT_EQ(read_as<int64_t>("12", whole_number(1)).value, 12);
  EXPECT_EQ(read_as<int64_t>("007", whole_number(1)).value, 7);
  EXPECT_EQ(read_as<int64_t>("010", whole_number(1)).value, 10);  // no octal number
  EXPECT_EQ(read_as<int64_t>("-3", whole_number()).value, -3);
  EXPECT_EQ(read_as<int64_t>("9223372036854775807", whole_number(1)).value, INT64_MAX);
  EXPECT_EQ(read_as<uint64_t>("18446744073709551615", seed_number()).value, UINT64_MAX);
  EXPECT_EQ(read_as<double>("1e-3", number_from(0, 1)).value, 1e-3);
  EXPECT_EQ(read_as<double>("-.5", number()).value, -0.5);
}

TEST(Numbers, ThatAreNoneAreRefusedInOneShortLine) {
  const auto refusal = [](const std::string& text) {
    return read_as<int64_t>(text, whole_number(1)).refusal;
  };
  EXPECT_EQ(refusal("-5"), "--n: expected a whole number of at least 1, got -5");
  for (const char* text : {"0", "1e3", "3.5", "0x10", "12x", "x", " 1", "+1", "1'000"})
    EXPECT_EQ(refusal(text),
              std::string("--n: expected a whole number of at least 1, got ") + text);
  EXPECT_EQ(refusal("9223372036854775808"),
            "--n: expected a whole number from 1 to 9223372036854775807, got 9223372036854775808");
  EXPECT_LT(refusal(std::string(5000, '1')).size(), 150U);
  EXPECT_EQ(read_as<int>("2000", whole_number(1, 1024)).refusal,
            "--n: expected a whole number from 1 to 1024, got 2000");
}

TEST(Numbers, SeedsDoNotWrapAround) {
  for (const char* text : {"-1", "18446744073709551616", "1.0"})
    EXPECT_EQ(
        read_as<uint64_t>(text, seed_number()).refusal,
        std::string("--n: expected a whole number from 0 to 18446744073709551615, got ") + text);
}

TEST(Numbers, OfARangeAreFiniteAndInside) {
  const auto refusal = [](const std::string& text, const CLI::Validator& validator) {
    return read_as<double>(text, validator).refusal;
  };
  for (const char* text : {"0", "1", "nan", "1.5", "half"})
    EXPECT_EQ(refusal(text, number_strictly_between(0, 1)),
              std::string("--n: expected a number between 0 and 1, got ") + text);
  EXPECT_EQ(refusal("1.01", number_from(0, 1)), "--n: expected a number from 0 to 1, got 1.01");
  EXPECT_EQ(refusal("-1", number_at_least(0)), "--n: expected a number of at least 0, got -1");
  EXPECT_EQ(refusal("inf", number()), "--n: expected a number, got inf");
}

}  // namespace numbers_test
}  // namespace assay::tools
