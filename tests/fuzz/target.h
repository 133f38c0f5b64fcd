#pragma once
// What is fuzzed: one target per reader of untrusted bytes.
//
// A target reads one input and may only return or throw a std::exception. What it must not do is
// what the sanitizers and libFuzzer's limits catch, and std::abort() where it contradicts itself:
// require() states what holds of everything that was read.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::fuzz {

/// How inputs are mutated: byte by byte, or as the trees that they spell.
enum class Form { Bytes, Json, JsonLines, Safetensors };

struct Target {
  std::string name;
  Form form = Form::Bytes;
  std::function<void(std::string_view input)> read;
  std::function<std::vector<std::string>()> seeds;  ///< inputs to begin with
};

std::vector<Target> text_targets();     ///< formulas, sites, claims, inputs of tasks
std::vector<Target> network_targets();  ///< weights, whatever the layout, and checkpoints
std::vector<Target> circuit_targets();  ///< circuits
std::vector<Target> claim_targets();    ///< interpretations, tasks, counterfactuals
std::vector<Target> report_targets();   ///< what runs wrote, up to the page
std::vector<Target> shard_targets();    ///< parts of runs that are lists of items

/// Aborts, which libFuzzer reports with the input, where something that was read contradicts
/// itself.
void require(bool holds, const char* what);
/// The same where `action` throws.
void require_done(const std::function<void()>& action, const char* what);

/// A folder of this process, emptied before each input.
const std::filesystem::path& folder();
/// Where it stands in JSON, 100,000 nested lists are written instead: so deep a tree stays small,
/// and other mutations of it go on.
inline constexpr std::string_view kDeep = "\"<deep>\"";
/// Writes a file of that folder. Plainly, not as the project does: nothing is synced.
std::filesystem::path put(const std::string& name, std::string_view bytes);

/// Writes an input that describes several files,
///   {"config.json": {…}, "model.safetensors": {"metadata": {…}, "tensors": {NAME: {"dtype",
///   "shape"}}}}
/// so that mutations reach names, types and shapes and still give well-formed files. Tensors are
/// zero; metadata that is no text is written as JSON. `"tensors_sha256": "right"` becomes the hash
/// of the tensors beside it. Data beyond 1 MB is left out, as in a file that lies.
void put_files(std::string_view description);
/// Describes a file of tensors as put_files() takes it.
std::string description_of(const std::filesystem::path& safetensors);

}  // namespace assay::fuzz
