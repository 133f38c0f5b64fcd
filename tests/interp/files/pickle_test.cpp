#include "interp/files/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/interp/files/checkpoint_bytes.h"
#include "tests/interp/scratch.h"

namespace assay::interp::pickle {
namespace pickle_test {

using namespace checkpoint_bytes;  // NOLINT(google-build-using-namespace)
using std::string_literals::operator""s;
using testing::HasSubstr;

std::string refusal(const std::string& bytes) {
  return message_of([&] { unpickle(bytes, "x"); });
}

template <typename Kind>
Kind only(const std::string& body) {
  return std::get<Kind>(unpickle(program(body), "x").root);
}

const std::string kTensor = tensor(storage("FloatStorage", "k", 12), 6, {2, 3}, {1, 4});

TEST(PickleTest, ConstantsAreRead) {
  EXPECT_EQ(only<std::monostate>("N"), std::monostate());
  EXPECT_EQ(only<bool>("\x88"), true);
  EXPECT_EQ(only<bool>("\x89"), false);
  EXPECT_EQ(only<int64_t>("K\xff"), 255);
  EXPECT_EQ(only<int64_t>("M\xff\xff"), 65535);
  EXPECT_EQ(only<int64_t>("J\xff\xff\xff\xff"), -1);
  EXPECT_EQ(only<int64_t>("\x8a\x00"s), 0);
  EXPECT_EQ(only<int64_t>("\x8a\x02\x00\xff"s), -256);
  EXPECT_EQ(only<int64_t>("\x8a\x05\x00\x00\x00\x00\x01"s), int64_t{1} << 32);
  EXPECT_EQ(only<int64_t>("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80"s), INT64_MIN);
  EXPECT_EQ(only<double>("G\x3f\xe0\x00\x00\x00\x00\x00\x00"s), 0.5);
}

TEST(PickleTest, ContainersKeepTheirOrder) {
  const Pickle result = unpickle(program(dict(text("b") + number(1) + text("a") +
                                              "](K\x02K\x03"
                                              "e")),
                                 "x");
  const Dict& root = *std::get<Dict*>(result.root);
  ASSERT_EQ(root.items.size(), 2);
  EXPECT_EQ(*std::get<const std::string*>(root.items[0].first), "b");
  EXPECT_EQ(std::get<List*>(root.items[1].second)->items, (std::vector<Value>{2L, 3L}));
}

TEST(PickleTest, TensorsAreDescribed) {
  const Pickle result = unpickle(program(kTensor), "x");
  const Tensor& found = *std::get<const Tensor*>(result.root);
  EXPECT_EQ(*found.storage->key, "k");
  EXPECT_EQ(found.storage->dtype, at::kFloat);
  EXPECT_EQ(found.storage->size, 12);
  EXPECT_EQ(found.offset, 6);
  EXPECT_EQ(found.sizes, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(found.strides, (std::vector<int64_t>{1, 4}));
}

TEST(PickleTest, ParametersAreTheirTensors) {
  const Pickle result = unpickle(program(global("torch._utils", "_rebuild_parameter") +
                                         tuple(kTensor + "\x88" + ordered_dict()) + "R"),
                                 "x");
  EXPECT_EQ(std::get<const Tensor*>(result.root)->offset, 6);
}

TEST(PickleTest, TheMemoSharesObjectsFilledLater) {
  const Pickle result = unpickle(program("}q\x01(" + text("a") + number(1) + "u" +  // memo 1
                                         "r\x00\x01\x00\x00"s +                     // memo 256
                                         "0(h\x01j\x00\x01\x00\x00t"s),
                                 "x");
  const List& pair = *std::get<List*>(result.root);
  EXPECT_EQ(pair.items.at(0), pair.items.at(1));
  EXPECT_EQ(std::get<Dict*>(pair.items[0])->items.size(), 1);
}

TEST(PickleTest, AContainerMayHoldItself) {
  const Pickle result = unpickle(program("]q\x00h\x00"s + "a"), "x");
  const Value self = std::get<List*>(result.root)->items.at(0);
  EXPECT_EQ(self, result.root);
}

TEST(PickleTest, ProtocolFourIsRead) {
  const std::string body =
      "\x80\x04\x95\x20\0\0\0\0\0\0\0\x8c\x0b"
      "collections\x8c\x0bOrderedDict\x93)R\x94."s;
  const Pickle result = unpickle(body, "x");
  EXPECT_TRUE(std::get<Dict*>(result.root)->items.empty());
  EXPECT_EQ(refusal("\x80\x05."), "x: byte 0: expected protocol 4 or lower, found 5");
}

TEST(PickleTest, EveryOtherFunctionIsRefusedByName) {
  const std::string tail = ": only tensors, numbers and plain containers are read";
  EXPECT_EQ(refusal(program(global("os", "system") + tuple(text("true")) + "R")),
            "x: byte 2: refuses global os.system" + tail);
  EXPECT_EQ(refusal(program(global("builtins", "eval") + tuple(text("1")) + "R")),
            "x: byte 2: refuses global builtins.eval" + tail);
  EXPECT_EQ(refusal(program(text("posix") + text("system") + "\x93")),
            "x: byte 23: refuses global posix.system" + tail);
  EXPECT_EQ(refusal(program(global("torch", "load"))),
            "x: byte 2: refuses global torch.load" + tail);
  EXPECT_EQ(refusal(program(global("collections", "OrderedDict.clear"))),
            "x: byte 2: refuses global collections.OrderedDict.clear" + tail);
  EXPECT_LT(refusal(program(global(std::string(1 << 20, 'a'), "b"))).size(), 400);
}

/// A loss as NumPy's scalar, a dtype in a configuration, a set, a seed of 72 bits.
TEST(PickleTest, PlainDataBesideTensorsIsPassedOver) {
  const std::string dtype = global("numpy", "dtype") + tuple(text("f8") + "\x89\x88") + "R" +
                            tuple(number(3) + text("<") + "NNN") + "b";
  const std::string bytes =
      global("_codecs", "encode") + tuple(text("01234567") + text("latin1")) + "R";
  const std::string scalar = global("numpy.core.multiarray", "scalar") + tuple(dtype + bytes) + "R";
  const std::string set = global("builtins", "set") +
                          tuple(
                              "](K\x01"
                              "e") +
                          "R";
  const std::string object =
      global("types", "SimpleNamespace") + ")\x81" + dict(text("rate") + number(1)) + "b";
  const std::string counted = global("collections", "Counter") + ")R" + number(1) + number(2) + "s";
  for (const std::string& plain : {scalar, global("torch", "float32"), set, object, counted,
                                   "\x8a\x09" + std::string(9, 'a'), "\x8f("s + "K\x01\x90"}) {
    EXPECT_EQ(only<Inert>(plain), Inert());
    const Pickle result =
        unpickle(program(dict(text("w") + kTensor + text("beside") + plain)), "x");
    EXPECT_EQ(std::get<Dict*>(result.root)->items.size(), 2U);
  }
  const Pickle complex =
      unpickle(program(tensor(storage("ComplexFloatStorage", "k", 4), 0, {4}, {1})), "x");
  EXPECT_EQ(std::get<const Tensor*>(complex.root)->storage->dtype, at::ScalarType::Undefined);
}

TEST(PickleTest, OnlyWhatIsKnownIsCalled) {
  EXPECT_EQ(refusal(program(text("os.system") + ")R")), "x: byte 17: expected a function");
  EXPECT_EQ(refusal(program(global("torch", "FloatStorage") + ")R")),
            "x: byte 23: expected a function");
  EXPECT_EQ(refusal(program(global("collections", "OrderedDict") + "K\x01R")),
            "x: byte 29: expected a tuple of arguments");
  EXPECT_THAT(refusal(program(global("collections", "OrderedDict") + "]\x85R")),
              HasSubstr("OrderedDict: expected no arguments"));
  EXPECT_THAT(refusal(program("](K\x01K\x02"
                              "eK\x01"
                              "b")),
              HasSubstr("expected a dictionary"));
  EXPECT_EQ(refusal(program(global("torch", "FloatStorage") + ")\x81")),
            "x: byte 23: expected a class of plain data");
  EXPECT_EQ(refusal(program("i")), "x: byte 2: unknown instruction 0x69");
}

TEST(PickleTest, TensorsMustBeWellFormed) {
  const std::string stored = storage("FloatStorage", "k", 4);
  const std::string function = global("torch._utils", "_rebuild_tensor_v2");
  EXPECT_THAT(refusal(program(function + tuple(stored + number(0)) + "R")),
              HasSubstr("a tensor: expected 4 fields, found 2"));
  EXPECT_THAT(refusal(program(tensor(text("storage"), 0, {1}, {1}))),
              HasSubstr("expected a storage"));
  EXPECT_THAT(refusal(program(tensor(stored, -1, {1}, {1}))),
              HasSubstr("expected a count, found -1"));
  EXPECT_THAT(refusal(program(tensor(stored, 0, {1}, {-1}))), HasSubstr("expected a count"));
  EXPECT_THAT(refusal(program(tensor(stored, 0, {1, 1}, {1}))),
              HasSubstr("expected a stride per size"));
  EXPECT_THAT(
      refusal(program(tensor(stored, 0, std::vector<int32_t>(9, 1), std::vector<int32_t>(9, 1)))),
      HasSubstr("expected at most 8 sizes"));
  EXPECT_THAT(refusal(program(storage("FloatStorage", "k", -4))), HasSubstr("expected a count"));
  EXPECT_THAT(refusal(program(tuple(text("module")) + "Q")),
              HasSubstr("expected a storage of 5 fields, found 1"));
}

TEST(PickleTest, StackAndMemoErrorsNameTheByte) {
  for (const char* body :
       {"", "0", "R", "Q", "a", "s", "b", "\x85", "\x93", "q\x01", "\x94", "K\x01\x86"}) {
    EXPECT_THAT(refusal(program(body)), HasSubstr("the stack is empty")) << body;
  }
  for (const char* body : {"t", "l", "e", "u", "1"}) {
    EXPECT_EQ(refusal(program(body)), "x: byte 2: no mark on the stack");
  }
  EXPECT_EQ(refusal(program("K\x01(0")), "x: byte 5: the stack is empty");  // below the mark
  EXPECT_EQ(refusal(program("h\x07")), "x: byte 2: nothing was remembered as 7");
  EXPECT_EQ(refusal(program("j\xff\xff\xff\xff")),
            "x: byte 2: nothing was remembered as 4294967295");
  EXPECT_EQ(refusal(program("}(K\x01u")), "x: byte 6: a key without a value");
  EXPECT_EQ(refusal(program("K\x01(K\x01"
                            "e")),
            "x: byte 7: expected a list");
}

TEST(PickleTest, LengthsBeyondTheEndAreRefused) {
  EXPECT_EQ(refusal("X\xff\xff\xff\xff"),
            "x: byte 0: truncated: expected 4294967295 more bytes, found 0");
  EXPECT_THAT(refusal("cos"), HasSubstr("truncated: expected the end of a line"));
  EXPECT_THAT(refusal(std::string((8 << 20) + 1, 'N')),
              HasSubstr("expected at most 8388608 bytes"));
}

TEST(PickleTest, EveryTruncationIsRefused) {
  const std::string whole = program(dict(text("model") + ordered_dict(text("w") + kTensor)));
  EXPECT_EQ(refusal(whole), "");
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
  }
}

/// The worst programs of the largest size: each byte makes an object, a copy or a mark.
TEST(PickleTest, HostileProgramsStayWithinMemory) {
  const size_t size = 8 << 20;
  for (const std::string piece : {"}", "(", "}\x94"}) {
    std::string body;
    while (body.size() + piece.size() < size) body += piece;
    message_of([&] { unpickle(body + ".", "x"); });
  }
  std::string copies = text(std::string(1 << 20, 'a')) + "q\x01";
  while (copies.size() + 3 < size) copies += "h\x01";
  EXPECT_EQ(refusal(copies + "."), "");
}

TEST(PickleTest, FlippedBytesNeverCrash) {
  const std::string whole = program(dict(text("model") + ordered_dict(text("w") + kTensor) +
                                         text("epoch") + "K\x05" + text("l") +
                                         "]q\x02(h\x02"
                                         "e"));
  std::mt19937 random(1);
  for (int i = 0; i < 50'000; ++i) {
    std::string changed = whole;
    for (int flips = 0; flips < 1 + i % 4; ++flips) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    refusal(changed);
  }
}

}  // namespace pickle_test
}  // namespace assay::interp::pickle
