#pragma once
// Running the real binary, as a user does.

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace assay::tools {

struct Finished {
  int code = 0;  ///< exit code; 128 + signal if one ended it
  std::string out, error;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Runs `assay ARGUMENTS`, quoted for the shell, in `folder`; its output goes to two files there.
/// @param before  shell commands that precede it, such as a `ulimit`.
/// @param program  what is run in its place, such as the command without its front (ASSAY_CORE).
inline Finished run_assay(const std::string& arguments, const std::filesystem::path& folder,
                          const std::string& before = "",
                          const std::string& program = ASSAY_BINARY) {
  const std::string command = "cd " + folder.string() + " || exit; " + before + " exec " + program +
                              " " + arguments + " > out.txt 2> error.txt < /dev/null";
  const int status = std::system(("bash -c \"" + command + "\"").c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, content_of(folder / "out.txt"), content_of(folder / "error.txt")};
}

/// Bad input: exit code 2 and one line that holds all of these words.
inline void expect_refusal(const Finished& run, const std::vector<std::string>& words) {
  EXPECT_EQ(run.code, 2) << run.out << run.error;
  EXPECT_EQ(std::ranges::count(run.error, '\n'), 1) << run.error;
  for (const std::string& word : words) EXPECT_THAT(run.error, testing::HasSubstr(word));
}

}  // namespace assay::tools
