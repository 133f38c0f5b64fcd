#include "interp/files/file_pair.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <set>
#include <thread>
#include <vector>

#include "interp/files/files.h"
#include "tests/interp/files/failing_renames.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace file_pair_test {

namespace fs = std::filesystem;

class FilePairTest : public Scratch {
 protected:
  ~FilePairTest() override { rename_fault = {}; }

  /// The index is nothing but the hash of the data.
  void write_pair(const std::string& content) const {
    FileWriter data(at("x.data")), index(at("x.index"));
    data.write(content);
    index.write(data.sha256());
    put_pair_in_place(data, index);
  }

  /// The data that the index names, as a reader finds them; empty without an index.
  std::string read_pair() const {
    if (!fs::exists(at("x.index"))) return "";
    const std::string hash = read_file(at("x.index"));
    const std::string content = read_file(data_of_pair(at("x.data"), hash));
    EXPECT_EQ(sha256(content), hash);
    return content;
  }

  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(at("")))
      names.insert(entry.path().filename().string());
    return names;
  }

  /// Writes the pair in a process that ends at its nth renaming.
  void write_and_die(const std::string& content, RenameFault::Kind kind, int n) const {
    const pid_t child = fork();
    if (child == 0) {
      rename_fault = {.kind = kind, .at = n};
      write_pair(content);
      _exit(0);
    }
    waitpid(child, nullptr, 0);
  }
};

const std::set<std::string> kPair = {"x.data", "x.index"};

TEST_F(FilePairTest, WhatIsWrittenIsFoundAndNothingElseIsLeft) {
  for (const char* content : {"first", "second", "second"}) {
    write_pair(content);
    EXPECT_EQ(read_pair(), content);
    EXPECT_EQ(read_file(at("x.data")), content);
    EXPECT_EQ(names(), kPair);
  }
}

TEST_F(FilePairTest, KilledAnywhereTheFormerPairOrTheNewOneIsThere) {
  for (const auto kind : {RenameFault::DiesBefore, RenameFault::DiesAfter}) {
    for (int n = 1; n <= 2; ++n) {  // of the data, of the index
      for (const auto& name : names()) fs::remove(at(name));
      write_pair("former");
      write_and_die("new", kind, n);
      const bool done = kind == RenameFault::DiesAfter && n == 2;
      EXPECT_EQ(read_pair(), done ? "new" : "former") << n;
      // A second process may be killed in what the first left.
      write_and_die("newer", RenameFault::DiesAfter, 1);
      EXPECT_EQ(read_pair(), done ? "new" : "former") << n;
      write_pair("newest");
      EXPECT_EQ(read_pair(), "newest");
      remove_stale_temporaries(at(""));
      EXPECT_EQ(names(), kPair);
    }
  }
}

TEST_F(FilePairTest, ARenamingThatFailsLeavesTheFormerPair) {
  for (int n = 1; n <= 2; ++n) {
    write_pair("former");
    rename_fault = {.kind = RenameFault::Fails, .at = n};
    EXPECT_THAT(message_of([&] { write_pair("new"); }), testing::HasSubstr("Input/output error"));
    rename_fault = {};
    EXPECT_EQ(read_pair(), "former");
    EXPECT_EQ(read_file(at("x.data")), "former");
    EXPECT_EQ(names(), kPair);
  }
}

TEST_F(FilePairTest, WithoutAFormerPairNothingIsLeft) {
  for (int n = 1; n <= 2; ++n) {
    rename_fault = {.kind = RenameFault::Fails, .at = n};
    EXPECT_THROW(write_pair("new"), std::runtime_error);
    rename_fault = {};
    EXPECT_EQ(names(), std::set<std::string>());
  }
}

TEST_F(FilePairTest, ManyWritersLeaveOnePair) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) write_pair(fmt::format("{} {}", i, j));
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(read_pair(), read_file(at("x.data")));
  EXPECT_EQ(names(), kPair);
}

TEST_F(FilePairTest, DataThatNoIndexNamesAreLeftForTheReaderToRefuse) {
  put("x.data", "others");
  EXPECT_EQ(data_of_pair(at("x.data"), sha256("mine")), at("x.data"));
  EXPECT_EQ(data_of_pair(at("none"), sha256("mine")), at("none"));
}

}  // namespace file_pair_test
}  // namespace assay::interp
