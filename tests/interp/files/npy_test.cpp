#include "interp/files/npy.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace npy_test {

using std::string_literals::operator""s;
using testing::HasSubstr;

class NpyTest : public Scratch {
 protected:
  static std::string file_of(const std::string& dictionary, const std::string& data) {
    const auto length = static_cast<uint16_t>(dictionary.size());
    return "\x93NUMPY\x01\x00"s + std::string(reinterpret_cast<const char*>(&length), 2) +
           dictionary + data;
  }
  static std::string header(const char* type, const char* order, const char* shape) {
    return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}   \n", type, order,
                       shape);
  }
  at::Tensor read(const std::string& dictionary, const std::string& data) const {
    return read_npy(put("x.npy", file_of(dictionary, data)));
  }
  std::string refusal(const std::string& dictionary, const std::string& data) const {
    return message_of([&] { read(dictionary, data); });
  }
};

/// The bytes that numpy.save writes.
TEST_F(NpyTest, ArraysAreRead) {
  const std::string bytes("\x01\x02\x03\x04\x05\x06", 6);
  const at::Tensor all = at::arange(1, 7).view({2, 3}).to(at::kByte);
  EXPECT_TRUE(read(header("|u1", "False", "(2, 3)"), bytes).equal(all));
  EXPECT_TRUE(read(header("|u1", "True", "(3, 2)"), bytes).equal(all.t())) << "columns first";
  EXPECT_TRUE(read(header("|u1", "False", "(6,)"), bytes).equal(all.view({6})));
  EXPECT_TRUE(
      read(header("<i2", "False", "()"), "\x02\x01").equal(at::scalar_tensor(258, at::kShort)));
  EXPECT_TRUE(read(header("<f4", "False", "(1,)"), "\0\0\x80\x3f"s).equal(at::tensor({1.0F})));
  EXPECT_EQ(read(header("<f8", "False", "(0, 3)"), "").numel(), 0);
  EXPECT_TRUE(is_npy(at("x.npy")));
  EXPECT_FALSE(is_npy(put("y", "no")));
  EXPECT_FALSE(is_npy(at("nosuch")));
}

TEST_F(NpyTest, SizesAreCheckedBeforeAnythingIsAllocated) {
  EXPECT_THAT(refusal(header("<f4", "False", "(1000000000000,)"), "abcd"),
              HasSubstr("expected 4000000000000 bytes of data, found 4"));
  EXPECT_THAT(refusal(header("<f4", "False", "(4611686018427387904, 4611686018427387904)"), ""),
              HasSubstr("overflows"));
  EXPECT_THAT(refusal(header("|u1", "False", "(2,)"), "abc"), HasSubstr("found 3"));
  EXPECT_THAT(refusal(header("|u1", "False", "(-2,)"), "ab"), HasSubstr("a shape of at most"));
  EXPECT_THAT(refusal(header("|u1", "False", "(1,1,1,1,1,1,1,1,1)"), "a"), HasSubstr("at most 8"));
  EXPECT_THAT(refusal(header("|O", "False", "(1,)"), "a"),
              HasSubstr("a type '|O' that is not read"));
  EXPECT_THAT(refusal("{'descr': , 'shape': (1,", ""), HasSubstr("a shape of at most"));
  EXPECT_THAT(refusal("{'descr': , 'shape': (1,)}", "a"), HasSubstr("is not read"));
  EXPECT_THAT(refusal("{}", ""), HasSubstr("expected 'shape'"));
  EXPECT_THAT(message_of([&] { read_npy(put("x.npy", "\x93NUMPY")); }), HasSubstr("truncated"));
  EXPECT_THAT(message_of([&] { read_npy(put("x.npy", "hello world")); }),
              HasSubstr("expected an array of NumPy"));
  EXPECT_THAT(message_of([&] { read_npy("/dev/zero"); }), HasSubstr("a regular file"));
}

TEST_F(NpyTest, EveryTruncationIsRefused) {
  const std::string whole = file_of(header("<i4", "False", "(2,)"), "abcdefgh");
  EXPECT_NO_THROW(read_npy(put("x.npy", whole)));
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(read_npy(put("x.npy", whole.substr(0, length))), std::runtime_error) << length;
  }
}

}  // namespace npy_test
}  // namespace assay::interp
