#include "interp/files/file_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "interp/files/files.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace file_writer_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileWriterTest : public Scratch {
 protected:
  mode_t mode_of(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(stat(at(name).c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  size_t entries() const {
    return std::distance(fs::directory_iterator(at("")), fs::directory_iterator());
  }
};

TEST_F(FileWriterTest, NothingIsReplacedBeforeItIsPutInPlace) {
  put("x", "former");
  {
    FileWriter file(at("x"));
    file.write("half");
    EXPECT_EQ(read_file(at("x")), "former");
  }
  EXPECT_EQ(read_file(at("x")), "former");
  EXPECT_EQ(entries(), 1);
  FileWriter file(at("x"));
  file.write("new ");
  file.write("content");
  file.put_in_place();
  EXPECT_EQ(read_file(at("x")), "new content");
  EXPECT_EQ(file.sha256(), sha256("new content"));
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileWriterTest, LinksStayAndWhatTheyLeadToIsReplaced) {
  fs::create_directory(at("folder"));
  put("folder/target", "former");
  fs::create_symlink("folder/target", at("link"));
  fs::create_symlink("link", at("link_to_link"));
  fs::create_symlink("folder/none_yet", at("dangling"));
  write_file(at("link_to_link"), "new");
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_TRUE(fs::is_symlink(at("link_to_link")));
  EXPECT_EQ(read_file(at("folder/target")), "new");
  write_file(at("dangling"), "made");
  EXPECT_TRUE(fs::is_symlink(at("dangling")));
  EXPECT_EQ(read_file(at("folder/none_yet")), "made");
  fs::create_symlink("circle", at("circle"));
  EXPECT_THAT(message_of([&] { write_file(at("circle"), "a"); }),
              HasSubstr("circle: cannot write: Too many levels of symbolic links"));
}

TEST_F(FileWriterTest, PermissionsStayAndNewFilesHonourTheUmask) {
  const mode_t before = umask(027);
  for (const mode_t mode : {0600, 0664, 0755}) {
    put("x", "former");
    chmod(at("x").c_str(), mode);
    write_file(at("x"), "new");
    EXPECT_EQ(mode_of("x"), mode);
  }
  write_file(at("y"), "new");
  umask(before);
  EXPECT_EQ(mode_of("y"), 0640);
}

TEST_F(FileWriterTest, TheOwnerStaysWhereTheSystemAllowsThat) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  put("x", "former");
  ASSERT_EQ(chown(at("x").c_str(), 12345, 23456), 0);
  write_file(at("x"), "new");
  struct stat status {};
  stat(at("x").c_str(), &status);
  EXPECT_EQ(status.st_uid, 12345);
  EXPECT_EQ(status.st_gid, 23456);
}

TEST_F(FileWriterTest, PipesAreWrittenToAndStay) {
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] {
    std::ifstream pipe(at("pipe"));
    std::getline(pipe, received, '\0');
  });
  EXPECT_TRUE(destination_of(at("pipe")).in_place);
  require_writable(at("pipe"));  // does not open it: the reader would see its end
  write_file(at("pipe"), std::string(200'000, 'a'));
  reader.join();
  EXPECT_EQ(received, std::string(200'000, 'a'));
  EXPECT_TRUE(fs::is_fifo(at("pipe")));
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileWriterTest, DevicesAreWrittenToAndStay) {
  // Copies of /dev/null and /dev/full, not the machine's own.
  if (mknod(at("null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0 ||
      mknod(at("full").c_str(), S_IFCHR | 0666, makedev(1, 7)) != 0 ||
      access(at("null").c_str(), W_OK) != 0) {
    GTEST_SKIP() << "no devices can be made here";
  }
  const int trial = open(at("null").c_str(), O_WRONLY);
  if (trial < 0) GTEST_SKIP() << "devices cannot be opened here";
  close(trial);
  fs::create_symlink("full", at("link"));
  write_file(at("null"), "content");
  for (const char* name : {"full", "link"})
    EXPECT_EQ(message_of([&] { write_file(at(name), "content"); }),
              at(name).string() + ": cannot write: No space left on device");
  EXPECT_TRUE(fs::is_character_file(fs::symlink_status(at("null"))));
  EXPECT_TRUE(fs::is_character_file(fs::symlink_status(at("full"))));
  EXPECT_EQ(entries(), 3);
}

/// What a process prints whose standard output is `name` and which writes to `path` in between.
int print_around(const fs::path& output, const fs::path& path) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDOUT_FILENO);
    std::fputs("before\n", stdout);
    write_file(path, "file\n");
    std::fputs("after\n", stdout);
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST_F(FileWriterTest, TheFileThatIsStandardOutputIsAddedToNotReplaced) {
  for (const fs::path& path : {fs::path("/dev/stdout"), fs::path("/proc/self/fd/1"), at("out")}) {
    ASSERT_EQ(print_around(at("out"), path), 0);
    EXPECT_EQ(read_file(at("out")), "before\nfile\nafter\n") << path;
  }
}

TEST_F(FileWriterTest, AFileWithoutAName) {
  const int file = open(at("x").c_str(), O_RDWR | O_CREAT, 0600);
  fs::remove(at("x"));
  const fs::path path = "/proc/self/fd/" + std::to_string(file);
  write_file(path, "content");
  std::string content(100, '\0');
  content.resize(pread(file, content.data(), content.size(), 0));
  close(file);
  EXPECT_EQ(content, "content");
  EXPECT_EQ(entries(), 0);
}

TEST_F(FileWriterTest, WhatCannotBeWrittenIsKnownBeforehandAndNothingIsLeft) {
  put("x", "former");
  fs::create_directory(at("folder"));
  require_writable(at("x"));
  require_writable(at("new"));
  EXPECT_EQ(read_file(at("x")), "former");
  EXPECT_EQ(entries(), 2);
  EXPECT_THAT(message_of([&] { require_writable(at("no/x")); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of([&] { require_writable(at("x/y")); }), HasSubstr("Not a directory"));
  EXPECT_THAT(message_of([&] { require_writable(at("folder")); }), HasSubstr("Is a directory"));
  EXPECT_THAT(message_of([&] { require_writable("/proc/x"); }), HasSubstr("/proc/x: cannot write"));
}

TEST_F(FileWriterTest, NamesAsLongAsTheFileSystemAllows) {
  const std::string name(255, 'n');
  write_file(at(name), "content");
  EXPECT_EQ(read_file(at(name)), "content");
}

TEST_F(FileWriterTest, StaleTemporariesAreRemovedAndNothingElse) {
  const std::vector<std::string> stale = {".x.0123456789abcdef.tmp", ".a.b.0000000000000000.tmp"};
  const std::vector<std::string> others = {"x.0123456789abcdef.tmp",      ".x.0123456789abcdeg.tmp",
                                           ".x.123456789abcdef.tmp",      ".0123456789abcdef.tmp",
                                           ".x.0123456789abcdef.tmp.txt", "model.safetensors"};
  for (const auto& names : {stale, others})
    for (const std::string& name : names) put(name, "");
  FileWriter in_use(at("x"));
  in_use.write("content");
  remove_stale_temporaries(at(""));
  for (const std::string& name : stale) EXPECT_FALSE(fs::exists(at(name))) << name;
  for (const std::string& name : others) EXPECT_TRUE(fs::exists(at(name))) << name;
  in_use.put_in_place();
  EXPECT_EQ(read_file(at("x")), "content");
}

TEST_F(FileWriterTest, AKilledWriterLeavesATemporaryThatCanBeTold) {
  const pid_t child = fork();
  if (child == 0) {
    FileWriter file(at("x"));
    file.write("half");
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(entries(), 1);
  remove_stale_temporaries(at(""));
  EXPECT_EQ(entries(), 0);
}

}  // namespace file_writer_test
}  // namespace assay::interp
