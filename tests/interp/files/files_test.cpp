#include "interp/files/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>
#include <vector>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace files_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FilesTest : public Scratch {
 protected:
  size_t entries() const {
    return std::distance(fs::directory_iterator(at("")), fs::directory_iterator());
  }
};

TEST_F(FilesTest, WhatIsWrittenIsRead) {
  const std::string content("a\0b\r\n\xff", 6);
  write_file(at("x"), content);
  EXPECT_EQ(read_file(at("x")), content);
  write_file(at("x"), "");
  EXPECT_EQ(read_file(at("x")), "");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FilesTest, ErrorsNameThePathAndTheReason) {
  EXPECT_EQ(message_of([&] { read_file(at("none")); }),
            at("none").string() + ": cannot open: No such file or directory");
  EXPECT_EQ(message_of([&] { read_file(at("")); }),
            at("").string() + ": cannot read: Is a directory");
  EXPECT_EQ(message_of([&] { write_file(at("no/x"), "a"); }),
            at("no/x").string() + ": cannot write: No such file or directory");
  EXPECT_THAT(message_of([&] { sha256_of_file(at("none")); }), HasSubstr("No such file"));
}

TEST_F(FilesTest, WhatHasNoEndIsRefused) {
  EXPECT_EQ(message_of([&] { read_file("/dev/zero"); }),
            "/dev/zero: expected a regular file, found a device");
  EXPECT_EQ(message_of([&] { read_stream("/dev/zero", 1 << 20); }),
            "/dev/zero: more than 1 MiB, which is the most that is read");
  mkfifo(at("pipe").c_str(), 0600);  // nobody writes into it: opening it would wait forever
  const std::string message = at("pipe").string() + ": expected a regular file, found a pipe";
  EXPECT_EQ(message_of([&] { read_file(at("pipe")); }), message);
  EXPECT_EQ(message_of([&] { sha256_of_file(at("pipe")); }), message);
  put("x", std::string(1 << 20, 'a'));
  EXPECT_EQ(read_file(at("x"), 1 << 20).size(), 1u << 20);
  put("x", std::string((1 << 20) + 1, 'a'));
  EXPECT_THAT(message_of([&] { read_file(at("x"), 1 << 20); }), HasSubstr("more than 1 MiB"));
}

TEST_F(FilesTest, AStreamIsReadToItsEnd) {
  mkfifo(at("pipe").c_str(), 0600);
  const std::string content(3'000'000, 'a');
  std::thread writer([&] { std::ofstream(at("pipe")) << content; });
  EXPECT_EQ(read_stream(at("pipe"), 1 << 22), content);
  writer.join();
}

TEST_F(FilesTest, AFolderIsNotReplaced) {
  fs::create_directory(at("x"));
  EXPECT_EQ(message_of([&] { write_file(at("x"), "a"); }),
            at("x").string() + ": cannot write: Is a directory");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FilesTest, ADiskThatIsFullIsAnError) {
  put("x", "former");
  rlimit former{};
  getrlimit(RLIMIT_FSIZE, &former);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tiny{.rlim_cur = 4096, .rlim_max = former.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tiny);
  const std::string message = message_of([&] { write_file(at("x"), std::string(1 << 20, 'a')); });
  setrlimit(RLIMIT_FSIZE, &former);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, at("x").string() + ": cannot write: File too large");
  EXPECT_EQ(read_file(at("x")), "former");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FilesTest, WritersAtTheSameTimeDoNotMix) {
  std::vector<std::thread> writers;
  for (char letter = 'a'; letter < 'e'; ++letter) {
    writers.emplace_back([&, letter] { write_file(at("x"), std::string(100'000, letter)); });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string content = read_file(at("x"));
  EXPECT_EQ(content, std::string(100'000, content[0]));
  EXPECT_EQ(entries(), 1);
}

TEST_F(FilesTest, HashesAreThoseOfTheStandard) {  // FIPS 180-4, examples
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string long_text(3'000'000, 'a');
  put("x", long_text);
  EXPECT_EQ(sha256_of_file(at("x")), sha256(long_text));
}

}  // namespace files_test
}  // namespace assay::interp
