#pragma once
// What the tests of files share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace assay::interp {

/// A folder of its own for one test, gone afterwards.
class Scratch : public testing::Test {
 protected:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "assay_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Scratch() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path at(const std::string& name) const { return folder_ / name; }

  /// Plainly, so that the tests do not lean on what they test.
  std::filesystem::path put(const std::string& name, std::string_view bytes) const {
    std::filesystem::remove(at(name));  // overwriting is slow: file systems sync it
    std::ofstream(at(name), std::ios::binary) << bytes;
    return at(name);
  }

 private:
  std::filesystem::path folder_;
};

/// The message of the exception that `action` throws; empty if it throws none.
template <typename Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace assay::interp
