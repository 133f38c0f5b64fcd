#include "interp/files/safetensors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstring>
#include <random>

#include "interp/files/files.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace safetensors_test {

using testing::HasSubstr;

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + data;
}

class SafetensorsTest : public Scratch {
 protected:
  Safetensors read(const std::string& bytes) const { return read_safetensors(put("x", bytes)); }
  /// What reading says, without the path that begins every message.
  std::string refusal(const std::string& header, const std::string& data) const {
    const std::string message = message_of([&] { read(file_of(header, data)); });
    EXPECT_TRUE(message.starts_with(at("x").string() + ": ")) << message;
    return message.substr(std::min(message.size(), at("x").string().size() + 2));
  }
};

constexpr const char* kTwo = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                             R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})";

TEST_F(SafetensorsTest, GoldenBytes) {
  write_safetensors(at("x"), {.tensors = {{"w", at::tensor({1.0F, -2.0F}).view({1, 2})},
                                          {"s", at::scalar_tensor(7, at::kByte)}},
                              .metadata = {{"k", "v"}}});
  const std::string header =
      R"({"__metadata__":{"k":"v"},"s":{"data_offsets":[0,1],"dtype":"U8","shape":[]},)"
      R"("w":{"data_offsets":[1,9],"dtype":"F32","shape":[1,2]}})";
  const std::string padding((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(read_file(at("x")),
            file_of(header + padding, std::string("\x07\0\0\x80\x3f\0\0\0\xc0", 9)));
}

TEST_F(SafetensorsTest, EveryTypeSurvives) {
  Safetensors content{.metadata = {{"config", "{\"a\": \"ü\"}"}}};
  for (const auto dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                           at::kShort, at::kChar, at::kByte, at::kBool}) {
    content.tensors[c10::toString(dtype)] = at::arange(-3, 3).view({2, 3}).to(dtype);
  }
  content.tensors["empty"] = at::zeros({0, 3});
  write_safetensors(at("x"), content);
  const Safetensors again = read_safetensors(at("x"));
  EXPECT_EQ(again.metadata, content.metadata);
  ASSERT_EQ(again.tensors.size(), content.tensors.size());
  for (const auto& [name, tensor] : content.tensors) {
    EXPECT_EQ(again.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(again.tensors.at(name).equal(tensor)) << name;
  }
}

TEST_F(SafetensorsTest, ViewsAreWrittenAsTheyRead) {
  const at::Tensor transposed = at::arange(6, at::kFloat).view({2, 3}).t();
  write_safetensors(at("x"), {.tensors = {{"t", transposed}}});
  EXPECT_TRUE(read_safetensors(at("x")).tensors.at("t").equal(transposed));
}

TEST_F(SafetensorsTest, ForeignOrderAndPaddingAreRead) {
  const Safetensors content =
      read(file_of(R"(  {"a":{"shape":[1],"data_offsets":[4,8],"dtype":"F32"}, )"
                   R"("b":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}   )",
                   std::string("\x05\0\0\0\0\0\x80\x3f", 8)));
  EXPECT_EQ(content.tensors.at("b").item<int>(), 5);
  EXPECT_EQ(content.tensors.at("a").item<float>(), 1.0F);
  EXPECT_TRUE(read(file_of("{}", "")).tensors.empty());
}

TEST_F(SafetensorsTest, EveryTruncationIsRefused) {
  const std::string whole = file_of(kTwo, "abcd");
  EXPECT_NO_THROW(read(whole));
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(read(whole.substr(0, length)), std::runtime_error) << length;
  }
  EXPECT_THROW(read(whole + "e"), std::runtime_error);
}

TEST_F(SafetensorsTest, FlippedBytesNeverCrash) {
  const std::string whole = file_of(kTwo, "abcd");
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string changed = whole;
    for (int flips = 0; flips < 1 + i % 3; ++flips) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    message_of([&] { read(changed); });
  }
}

TEST_F(SafetensorsTest, LyingHeaderLengthsAreRefusedBeforeAllocating) {
  std::string bytes = file_of(kTwo, "abcd");
  for (const uint64_t length : {uint64_t{1} << 20, uint64_t{1} << 40, ~uint64_t{0}}) {
    std::memcpy(bytes.data(), &length, sizeof length);
    EXPECT_THAT(message_of([&] { read(bytes); }),
                HasSubstr("header: expected at most 109 bytes, found a length of"));
  }
}

TEST_F(SafetensorsTest, OverlapsAndGapsAreRefused) {
  const auto with = [](const char* a, const char* b) {
    return fmt::format(R"({{"a":{{"dtype":"U8","shape":[2],"data_offsets":{}}},)"
                       R"("b":{{"dtype":"U8","shape":[2],"data_offsets":{}}}}})",
                       a, b);
  };
  EXPECT_EQ(refusal(with("[0,2]", "[1,3]"), "abc"),
            "tensor 'b': expected its data at byte 2, found it at 1: it overlaps another tensor");
  EXPECT_EQ(refusal(with("[0,2]", "[0,2]"), "ab"),
            "tensor 'b': expected its data at byte 2, found it at 0: it overlaps another tensor");
  EXPECT_EQ(refusal(with("[0,2]", "[3,5]"), "abcde"),
            "tensor 'b': expected its data at byte 2, found it at 3: a gap");
  EXPECT_EQ(refusal(with("[1,3]", "[3,5]"), "abcde"),
            "tensor 'a': expected its data at byte 0, found it at 1: a gap");
  EXPECT_EQ(refusal(with("[0,2]", "[2,4]"), "abcde"), "expected 4 bytes of data, found 5");
}

TEST_F(SafetensorsTest, ShapesAndRangesMustAgree) {
  const auto entry = [](const char* shape, const char* offsets, const char* dtype = "\"U8\"") {
    return fmt::format(R"({{"a":{{"dtype":{},"shape":{},"data_offsets":{}}}}})", dtype, shape,
                       offsets);
  };
  EXPECT_EQ(refusal(entry("[2]", "[2,0]"), "ab"),
            "tensor 'a': data_offsets: expected a range within 2 bytes of data, found [2, 0]");
  EXPECT_EQ(refusal(entry("[3]", "[0,3]"), "ab"),
            "tensor 'a': data_offsets: expected a range within 2 bytes of data, found [0, 3]");
  EXPECT_EQ(refusal(entry("[3]", "[0,2]"), "ab"),
            "tensor 'a': shape [3]: expected 3 bytes, found data_offsets of 2");
  EXPECT_EQ(refusal(entry("[0,4611686018427387904,4]", "[0,0]"), ""),
            "tensor 'a': shape [0, 4611686018427387904, 4]: overflows");
  EXPECT_EQ(refusal(entry("[2]", "[0,2]", "7"), "ab"),
            "tensor 'a': dtype: expected a text, found 7");
  EXPECT_EQ(refusal(entry("[3]", "[0,3]", "\"F8_E5M2\""), "ab"),
            "tensor 'a': data_offsets: expected a range within 2 bytes of data, found [0, 3]");
  EXPECT_EQ(refusal(entry("[-2]", "[0,2]"), "ab"),
            "tensor 'a': shape: expected a list of sizes, found [-2]");
  EXPECT_EQ(refusal(entry("[2.0]", "[0,2]"), "ab"),
            "tensor 'a': shape: expected a list of sizes, found [2.0]");
  EXPECT_EQ(refusal(entry("[2]", "[0,18446744073709551615]"), "ab"),
            "tensor 'a': data_offsets: expected a list of sizes, found [0,18446744073709551615]");
  EXPECT_EQ(refusal(entry("[2]", "[0,1,2]"), "ab"),
            "tensor 'a': data_offsets: expected two numbers");
}

TEST_F(SafetensorsTest, HeadersMustBeWhatTheFormatSays) {
  const std::string entry = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_EQ(refusal(R"({"a":)" + entry + R"(,"a":)" + entry + "}", "a"),
            "header: field 'a': stands twice");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", "a"),
            "header: field 'a.dtype': stands twice");
  EXPECT_EQ(
      refusal(R"({"a":{"dtype":"U8","shape":[1]}})", ""),
      R"(tensor 'a': expected dtype, shape and data_offsets, found {"dtype":"U8","shape":[1]})");
  EXPECT_EQ(refusal(R"({"a":3})", ""),
            "tensor 'a': expected dtype, shape and data_offsets, found 3");
  EXPECT_EQ(refusal(R"({"__metadata__":{"a":1}})", ""), "__metadata__: 'a': expected a text");
  EXPECT_EQ(refusal(R"({"__metadata__":[]})", ""), "__metadata__: expected a JSON object");
  EXPECT_EQ(refusal("[]", ""), "header: expected a JSON object");
  EXPECT_THAT(refusal("{} x", ""), HasSubstr("parse error"));
  EXPECT_THAT(refusal("{\"\xff\":1}", ""), HasSubstr("invalid string"));
  EXPECT_THAT(refusal(std::string(1'000'000, '['), ""), HasSubstr("nested more than"));
}

TEST_F(SafetensorsTest, TypesThatAreNotReadAreNamedAndPassedOver) {
  const Safetensors content =
      read(file_of(R"({"a":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]},)"
                   R"("b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
                   "xyz\x01\x02"));
  EXPECT_EQ(content.unread, (std::map<std::string, std::string>{{"a", "F8_E4M3"}}));
  ASSERT_EQ(content.tensors.size(), 1U);
  EXPECT_TRUE(content.tensors.at("b").equal(at::tensor({1, 2}, at::kByte)));
}

/// 200,000 tensors took minutes where each was compared with those before it.
TEST_F(SafetensorsTest, TimeIsLinearInTheNumberOfTensors) {
  std::string header;
  const int count = 200'000;
  for (int i = 0; i < count; ++i) {
    header += fmt::format(R"({}"t{}":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}})",
                          i == 0 ? "{" : ",", i, i, i + 1);
  }
  const Safetensors content = read(file_of(header + "}", std::string(count, '\7')));
  EXPECT_EQ(content.tensors.size(), static_cast<size_t>(count));
  EXPECT_EQ(content.tensors.at("t199999").item<int>(), 7);
}

TEST_F(SafetensorsTest, FoldersAndMissingFilesAreErrors) {
  EXPECT_EQ(message_of([&] { read_safetensors(at("none")); }),
            at("none").string() + ": cannot open: No such file or directory");
  EXPECT_THAT(message_of([&] { read_safetensors(at("")); }), HasSubstr("a regular file"));
  EXPECT_EQ(message_of([&] { read_safetensors("/dev/zero"); }),
            "/dev/zero: expected a regular file");
}

TEST_F(SafetensorsTest, WhatTheFormatCannotNameIsNotWritten) {
  EXPECT_THROW(write_safetensors(at("x"), {.tensors = {{"__metadata__", at::zeros({1})}}}),
               std::invalid_argument);
  EXPECT_THROW(write_safetensors(at("x"), {.tensors = {{"c", at::zeros({1}, at::kComplexFloat)}}}),
               std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(at("x")));
}

}  // namespace safetensors_test
}  // namespace assay::interp
