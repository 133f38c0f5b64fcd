#include "tools/sentences.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "tasks/wording.h"

namespace assay::tools {
namespace {

std::string stream_in_words(const std::string& hook, const std::string& block) {
  if (hook == "hook_resid_pre") return "before block " + block;
  if (hook == "hook_resid_mid") return "in block " + block + ", after its attention";
  if (hook == "hook_resid_post") return "after block " + block;
  if (hook == "hook_attn_out") return "what the attention of block " + block + " adds";
  if (hook == "hook_mlp_out") return "what the hidden neurons of block " + block + " add";
  if (hook.starts_with("mlp.")) return "hidden neurons of block " + block;
  if (hook.starts_with("attn.")) return "heads of block " + block;
  return "inside block " + block;
}

/// The place alone: `after block 1`.
std::string place_in_words(const std::string& name) {
  constexpr std::string_view kBlocks = "blocks.";
  if (name.starts_with(kBlocks)) {
    int64_t block = 0;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kBlocks.size(), end, block);
    if (error == std::errc() && stop != end && *stop == '.')
      return stream_in_words(std::string(stop + 1, end), fmt::to_string(block + 1));
  }
  if (name.find("logits") != name.npos) return "the logits";
  if (name.find("embed") != name.npos) return "the embedding";
  if (name.starts_with("ln_final")) return "after the last block";
  return name;
}

/// "at the “:”", "at position 3", "at 10 positions".
std::string positions_in_words(const tasks::Task& task, const std::string& list) {
  const auto count = std::ranges::count(list, ',') + 1;
  if (count > 1) return fmt::format(", at {} positions", count);
  if (list == fmt::to_string(task.readout())) return ", where the answer is read";
  return ", at position " + list;
}

}  // namespace

std::string plain_text(const std::vector<TextPiece>& pieces) {
  std::string text;
  for (const TextPiece& piece : pieces) text += piece.text;
  return text;
}

std::string answer_in_prose(const tasks::Task* task, const std::string& name) {
  if (!task) return name;
  for (const int64_t token : task->answers())
    if (name == task->answer_name(token)) return tasks::answer_in_words(*task, token);
  return name;
}

std::string place_words(const tasks::Task& task, const std::string& site) {
  const size_t open = site.find('[');
  std::string text = place_in_words(site.substr(0, open));
  if (open == site.npos) return text;
  std::string_view rest = std::string_view(site).substr(open + 1);
  while (!rest.empty()) {  // pos=2,6;neuron=3]
    const std::string part(rest.substr(0, rest.find_first_of(";]")));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const size_t equals = part.find('=');
    if (equals == part.npos) continue;
    const std::string what = part.substr(0, equals), list = part.substr(equals + 1);
    if (what == "pos") text += positions_in_words(task, list);
    if (what == "neuron")
      text = fmt::format("{} of the {}", std::ranges::count(list, ',') + 1, text);
    if (what == "head") text += ", head " + list;
  }
  return text;
}

}  // namespace assay::tools
