#pragma once
// Files of inputs, with their answers and counterfactual partners where they are known:
//   {"prompts": [{"clean", "corrupt", "answers": […], "wrong_answers": […]}]}
// with clean and corrupt as text or as token ids, answers as token names or ids. All but `clean`
// may be left out, but then in every prompt. Or as text, one prompt per line, parts between bars:
//   3 17 5 | 20          # tokens | answers
//   3 17 5 | 20 | 3 9 5  # tokens | answers | partner

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace assay::tasks {

struct Prompt {
  int64_t place = 0;  ///< its line, or in JSON its number among the prompts, from 1
  std::vector<int64_t> clean;
  std::vector<int64_t> corrupt = {};        ///< empty: no partner
  std::vector<int64_t> answers = {};        ///< empty: not known
  std::vector<int64_t> wrong_answers = {};  ///< empty: all other answers
};

/// How a file's words become tokens. Each throws std::invalid_argument for what is none.
struct PromptReader {
  std::function<std::vector<int64_t>(const std::string& text)> tokens;  ///< of a whole input
  std::function<int64_t(const std::string& name)> token;                ///< of an answer
};
/// Numbers with blanks between them.
PromptReader token_ids();

struct Prompts {
  std::vector<Prompt> all;  ///< at least one
  std::string file;
  bool is_text = false;
  std::string sha256;  ///< of the file

  /// Where one stands, for messages: `FILE:7` or `FILE: prompt 3`.
  std::string where(int64_t place) const;
};
/// From a file, a pipe or standard input. @throws std::runtime_error naming the file, the prompt
/// and what is wrong with it.
Prompts read_prompts(const std::filesystem::path& path, const PromptReader& reader);

}  // namespace assay::tasks
