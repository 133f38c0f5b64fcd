// Every attack that docs/methods.md lists is caught by tests that exist.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "tests/interp/scratch.h"

namespace assay::axioms {
namespace attacks_test {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// `Suite.Name` of every test in the sources.
std::set<std::string> tests() {
  static const std::regex test(R"(\nTEST(?:_F)?\((\w+),\s*(\w+)\))");
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(ASSAY_SOURCE) / "tests")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator match(text.begin(), text.end(), test), end; match != end; ++match)
      names.insert((*match)[1].str() + "." + (*match)[2].str());
  }
  return names;
}

TEST(Attacks, AreCaughtByTestsThatExist) {
  const std::string page = text_of(fs::path(ASSAY_SOURCE) / "docs/methods.md");
  const size_t begin = page.find("## Attacks"), end = page.find("\n## ", begin + 1);
  ASSERT_NE(begin, std::string::npos);
  const std::string section = page.substr(begin, end - begin);
  static const std::regex name(R"(`(\w+\.\w+)`)");
  const std::set<std::string> known = tests();
  int64_t named = 0;
  for (std::sregex_iterator match(section.begin(), section.end(), name), none; match != none;
       ++match, ++named)
    EXPECT_EQ(known.count((*match)[1].str()), 1) << (*match)[1].str();
  EXPECT_GT(named, 30);
}

}  // namespace attacks_test
}  // namespace assay::axioms
