#include "interp/files/pth.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <random>

#include "interp/files/files.h"
#include "tests/interp/files/checkpoint_bytes.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace pth_test {

using namespace checkpoint_bytes;  // NOLINT(google-build-using-namespace)
using testing::HasSubstr;

/// The bytes of 0, 1, …, count - 1 as float32.
std::string floats(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += little_endian(static_cast<float>(i));
  return bytes;
}

const std::string kStorage = storage("FloatStorage", "0", 12);
const std::string kPlain = tensor(kStorage, 0, {3, 4}, {4, 1});

class PthTest : public Scratch {
 protected:
  Checkpoint read(const std::string& body, const std::string& data = floats(12),
                  zip_int32_t method = ZIP_CM_STORE) const {
    write_zip(at("x"), {{"top/data.pkl", program(body)}, {"top/data/0", data}}, method);
    return read_checkpoint(at("x"));
  }
  std::string refusal(const std::string& body, const std::string& data = floats(12)) const {
    const std::string message = message_of([&] { read(body, data); });
    EXPECT_TRUE(message.starts_with(at("x").string() + ": ")) << message;
    return message.substr(std::min(message.size(), at("x").string().size() + 2));
  }
  at::Tensor only(const std::string& tensor) const {
    return read(dict(text("w") + tensor)).tensors.at("w");
  }
};

TEST_F(PthTest, StridesAndOffsetsAreHonoured) {
  const at::Tensor all = at::arange(12, at::kFloat).view({3, 4});
  EXPECT_TRUE(only(kPlain).equal(all));
  EXPECT_TRUE(only(tensor(kStorage, 0, {4, 3}, {1, 4})).equal(all.t()));
  EXPECT_TRUE(only(tensor(kStorage, 6, {2}, {4})).equal(at::tensor({6.0F, 10.0F})));
  EXPECT_TRUE(only(tensor(kStorage, 11, {}, {})).equal(at::scalar_tensor(11.0F)));
  EXPECT_EQ(only(tensor(kStorage, 12, {0, 5}, {5, 1})).numel(), 0);
}

TEST_F(PthTest, EveryTypeIsRead) {
  const std::map<std::string, at::ScalarType> types = {
      {"Double", at::kDouble},     {"Float", at::kFloat}, {"Half", at::kHalf},
      {"BFloat16", at::kBFloat16}, {"Long", at::kLong},   {"Int", at::kInt},
      {"Short", at::kShort},       {"Char", at::kChar},   {"Byte", at::kByte},
      {"Bool", at::kBool}};
  for (const auto& [name, type] : types) {
    const at::Tensor expected = at::tensor({0, 1}).to(type);
    const std::string bytes(static_cast<const char*>(expected.data_ptr()), expected.nbytes());
    const std::string described = tensor(storage(name + "Storage", "0", 2), 0, {2}, {1});
    EXPECT_TRUE(read(dict(text("w") + described), bytes).tensors.at("w").equal(expected)) << name;
  }
}

TEST_F(PthTest, NestedDictionariesGiveDottedNames) {
  const Checkpoint checkpoint =
      read(dict(text("a") + dict(text("b") + kPlain + number(3) + kPlain) + text("note") +
                text("hello") + text("c") + kPlain));
  EXPECT_THAT(checkpoint.tensors, testing::UnorderedElementsAre(
                                      testing::Key("a.b"), testing::Key("a.3"), testing::Key("c")));
  EXPECT_TRUE(checkpoint.tensors.at("c").is_alias_of(checkpoint.tensors.at("a.b")));
}

TEST_F(PthTest, TheStateDictIsFoundBesideOtherThings) {
  for (const std::string wrapper : {"model", "state_dict", "model_state_dict"}) {
    const Checkpoint checkpoint =
        read(dict(text("optimizer") + dict(text("momentum") + kPlain) + text(wrapper) +
                  ordered_dict(text("w") + kPlain) + text("epoch") + number(7) + text("loss") +
                  std::string("G\x3f\xe0\0\0\0\0\0\0", 9)));
    EXPECT_THAT(checkpoint.tensors, testing::ElementsAre(testing::Key("w"))) << wrapper;
    EXPECT_EQ(checkpoint.numbers, (nlohmann::json{{"epoch", 7}, {"loss", 0.5}}));
  }
}

TEST_F(PthTest, TypesThatAreNotReadAreNamedAndPassedOver) {
  const std::string odd = tensor(storage("ComplexFloatStorage", "9", 6), 0, {6}, {1});
  const Checkpoint checkpoint = read(dict(text("phase") + odd + text("w") + kPlain));
  EXPECT_THAT(checkpoint.tensors, testing::ElementsAre(testing::Key("w")));
  EXPECT_THAT(checkpoint.unread, testing::ElementsAre(testing::Key("phase")));
}

TEST_F(PthTest, AttributesOfADictionaryAreSkipped) {  // nn.Module.state_dict leaves _metadata
  const std::string metadata = dict(text("_metadata") + ordered_dict(text("") + dict("")));
  EXPECT_EQ(read(ordered_dict(text("w") + kPlain) + metadata + "b").tensors.size(), 1);
}

TEST_F(PthTest, DeflatedEntriesAreRead) {
  const Checkpoint checkpoint = read(dict(text("w") + kPlain), floats(12), ZIP_CM_DEFLATE);
  EXPECT_TRUE(checkpoint.tensors.at("w").equal(at::arange(12, at::kFloat).view({3, 4})));
}

TEST_F(PthTest, ExtentsBeyondTheStorageAreRefused) {
  const auto refused = [&](const std::string& described) {
    return refusal(dict(text("w") + described));
  };
  EXPECT_EQ(refused(tensor(kStorage, 1, {3, 4}, {4, 1})),
            "tensor 'w': expected its elements within a storage of 12, found shape [3, 4], strides "
            "[4, 1], offset 1");
  const std::string within = "expected its elements within a storage of 12";
  EXPECT_THAT(refused(tensor(kStorage, 0, {4, 4}, {4, 1})), HasSubstr(within));
  EXPECT_THAT(refused(tensor(kStorage, 12, {}, {})), HasSubstr(within));
  EXPECT_THAT(refused(tensor(kStorage, 13, {0}, {1})), HasSubstr(within));
  EXPECT_THAT(refused(tensor(kStorage, 0, {1 << 30, 1 << 30, 1 << 30}, {0, 0, 0})),
              HasSubstr(within));
  EXPECT_THAT(refused(tensor(kStorage, 0, {0, 1 << 30, 1 << 30, 1 << 30}, {1, 1, 1, 1})),
              HasSubstr(within));
  EXPECT_THAT(refused(tensor(kStorage, 0, {13}, {0})), HasSubstr(within));  // expanded
}

TEST_F(PthTest, StoragesMustHaveTheSizeThatIsClaimed) {
  EXPECT_EQ(refusal(dict(text("w") + kPlain), floats(11)),
            "entry 'top/data/0': expected 12 elements of Float, found 44 bytes");
  EXPECT_EQ(refusal(dict(text("w") + kPlain), floats(13)),
            "entry 'top/data/0': expected 12 elements of Float, found 52 bytes");
  EXPECT_EQ(refusal(dict(text("w") + tensor(storage("FloatStorage", "7", 12), 0, {1}, {1}))),
            "entry 'top/data/7': No such file");
}

TEST_F(PthTest, WhatHoldsNoWeightsIsRefused) {
  EXPECT_EQ(refusal("K\x01"), "expected a dictionary of tensors");
  EXPECT_EQ(refusal(dict(text("epoch") + number(1))), "expected tensors, found none");
  EXPECT_EQ(refusal(dict(text("w") + kPlain + text("w") + kPlain)), "tensor 'w': appears twice");
  EXPECT_EQ(refusal(dict("N" + kPlain)), "expected texts or integers as keys of dictionaries");
  EXPECT_EQ(refusal(dict(text(std::string(300, 'k')) + kPlain)), "a key of 300 bytes");
  EXPECT_EQ(refusal(global("os", "system") + tuple(text("true")) + "R"),
            "top/data.pkl: byte 2: refuses global os.system: only tensors, numbers and plain "
            "containers are read");
}

TEST_F(PthTest, CirclesAndExplosionsAreRefused) {
  EXPECT_THAT(refusal("}q\x01(" + text("a") + "h\x01u"), HasSubstr("nested too deeply"));
  std::string body = dict(text("w") + kPlain) + "q\x01";  // 100 references to 100 references to …
  for (char level = 2; level < 7; ++level) {
    std::string references;
    for (int i = 0; i < 100; ++i) references += text(std::to_string(i)) + "h" + char(level - 1);
    body += dict(references) + "q" + level;
  }
  EXPECT_EQ(refusal(body), "more than 100000 entries");
}

TEST_F(PthTest, ArchivesMustBeThoseOfTorch) {
  put("text", "hello");
  EXPECT_EQ(
      message_of([&] { read_checkpoint(at("text")); }),
      at("text").string() + ": cannot read as a zip archive of torch.save: Not a zip archive");
  EXPECT_THAT(message_of([&] { read_checkpoint(at("none")); }), HasSubstr("No such file"));
  write_zip(at("x"), {{"a/other", "b"}});
  EXPECT_THAT(message_of([&] { read_checkpoint(at("x")); }),
              HasSubstr("expected an entry /data.pkl, found none"));
  write_zip(at("x"), {{"a/data.pkl", "b"}, {"b/data.pkl", "b"}});
  EXPECT_THAT(message_of([&] { read_checkpoint(at("x")); }), HasSubstr("found several"));
  write_zip(at("x"), {{"a/data.pkl", program(dict(""))}, {"a/byteorder", "big"}});
  EXPECT_THAT(message_of([&] { read_checkpoint(at("x")); }),
              HasSubstr("a/byteorder: expected 'little', found 'big'"));
}

TEST_F(PthTest, BombsAreRefusedBeforeTheyUnpack) {
  const std::string zeros(4 << 20, '\0');
  const int32_t count = 1 << 20;
  std::map<std::string, std::string> entries;
  std::string items;
  for (const std::string key : {"0", "1", "2"}) {
    items += text(key) + tensor(storage("FloatStorage", key, count), 0, {count}, {1});
    entries["a/data/" + key] = zeros;
  }
  entries["a/data.pkl"] = program(dict(items));
  write_zip(at("x"), entries, ZIP_CM_DEFLATE);  // 12 MiB in about 13 kB
  EXPECT_THAT(message_of([&] { read_checkpoint(at("x")); }), HasSubstr("': expected at most"));
}

TEST_F(PthTest, DamagedDataIsNoticedByItsChecksum) {
  read(dict(text("w") + kPlain));
  std::string bytes = read_file(at("x"));
  bytes[bytes.find(floats(12)) + 3] ^= 1;
  put("x", bytes);
  EXPECT_THAT(message_of([&] { read_checkpoint(at("x")); }), HasSubstr("checksum"));
}

TEST_F(PthTest, EveryTruncationIsRefused) {
  read(dict(text("w") + kPlain));
  const std::string whole = read_file(at("x"));
  for (size_t length = 0; length < whole.size(); ++length) {
    put("x", whole.substr(0, length));
    EXPECT_THROW(read_checkpoint(at("x")), std::runtime_error) << length;
  }
}

TEST_F(PthTest, FlippedBytesNeverCrash) {
  const std::string body =
      program(dict(text("w") + kPlain + text("v") + tensor(kStorage, 2, {2, 2}, {4, 1})));
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string changed = body;
    changed[random() % changed.size()] = static_cast<char>(random());
    write_zip(at("x"), {{"top/data.pkl", changed}, {"top/data/0", floats(12)}});
    message_of([&] { read_checkpoint(at("x")); });
  }
  write_zip(at("x"), {{"top/data.pkl", body}, {"top/data/0", floats(12)}});
  const std::string whole = read_file(at("x"));
  for (int i = 0; i < 2000; ++i) {  // the archive's own structure
    std::string changed = whole;
    changed[random() % changed.size()] = static_cast<char>(random());
    put("x", changed);
    message_of([&] { read_checkpoint(at("x")); });
  }
}

TEST_F(PthTest, ThePublishedCheckpointIsRead) {
  const char* published = std::getenv("ASSAY_PUBLISHED");
  if (published == nullptr) GTEST_SKIP() << "ASSAY_PUBLISHED is not set";
  const auto path = std::filesystem::path(published) / "sat2_published/900.pth";
  const Checkpoint checkpoint = read_checkpoint(path);
  EXPECT_EQ(checkpoint.tensors.size(), 21);
  EXPECT_EQ(checkpoint.numbers.at("epoch"), 900);
  EXPECT_NEAR(checkpoint.numbers.at("test_loss").get<double>(), 0.0113339, 1e-7);
  EXPECT_EQ(checkpoint.tensors.at("blocks.1.attn.W_Q").sizes(), (std::vector<int64_t>{4, 32, 128}));
}

}  // namespace pth_test
}  // namespace assay::interp
