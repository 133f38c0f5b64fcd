#include "interp/training/checkpoint.h"

#include <fmt/format.h>
#include <torch/optim/adamw.h>
#include <torch/serialize.h>
#include <torch/types.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/network/transformer.h"
#include "interp/training/training_config.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What the file holds, read but not believed.
struct UncheckedCheckpoint {
  TrainingState state;
  std::string config, model;  // as JSON
  torch::serialize::InputArchive weights, moments;
};

// A line of text, then PyTorch's archive. PyTorch would read a damaged archive as other weights.
constexpr std::string_view kHead = "assay checkpoint, sha256 ";
constexpr size_t kHashLength = 64;

std::string with_checksum(const std::string& archive) {
  return fmt::format("{}{}\n{}", kHead, sha256(archive), archive);
}

/// @return the archive in the file. @throws std::runtime_error unless it is as it was written.
std::string archive_in(const fs::path& path) {
  std::string content = read_file(path);
  if (content.starts_with("PK\x03\x04"))
    throw std::runtime_error(
        fmt::format("{}: a checkpoint without checksum, as earlier versions wrote them: finish the "
                    "run with the version that began it, or begin it anew",
                    path.string()));
  const size_t begin = kHead.size() + kHashLength + 1;
  if (!content.starts_with(kHead) || content.size() < begin || content[begin - 1] != '\n')
    throw std::runtime_error(fmt::format("{}: not a checkpoint of assay train", path.string()));
  const std::string expected = content.substr(kHead.size(), kHashLength);
  content.erase(0, begin);
  const std::string found = sha256(content);
  if (found != expected)
    throw std::runtime_error(fmt::format(
        "{}: damaged: expected content of sha256 {:.12}…, found {:.12}…: the run cannot "
        "be resumed, begin it anew",
        path.string(), expected, found));
  return content;
}

UncheckedCheckpoint read(const fs::path& path) {
  const std::string bytes = archive_in(path);
  UncheckedCheckpoint checkpoint;
  torch::serialize::InputArchive archive;
  c10::IValue step, cpu_seconds, config, model;
  try {
    archive.load_from(bytes.data(), bytes.size());
    archive.read("config", config);
    archive.read("model", model);
    archive.read("step", step);
    archive.read("cpu_seconds", cpu_seconds);
    archive.read("weights", checkpoint.weights);
    archive.read("moments", checkpoint.moments);
  } catch (const c10::Error&) {
    throw std::runtime_error(fmt::format("{}: not a checkpoint of assay train", path.string()));
  }
  checkpoint.state = {.step = step.toInt(), .cpu_seconds = cpu_seconds.toDouble()};
  checkpoint.config = config.toStringRef();
  checkpoint.model = model.toStringRef();
  return checkpoint;
}

void require_same_past(const UncheckedCheckpoint& checkpoint, const TrainingConfig& config,
                       const fs::path& path) {
  const int64_t last_step = std::max<int64_t>(0, checkpoint.state.step - 1);
  const size_t begun = phase_step(config, last_step).phase + 1;
  json written = parse_json(checkpoint.config, path.string() + ": its settings");
  json wanted = json::parse(to_json(config).dump());  // as a file says it: infinity is null
  for (json* settings : {&written, &wanted}) {
    json& phases = settings->at("phases");
    while (phases.size() > begun) phases.erase(phases.size() - 1);
  }
  if (written != wanted)
    throw std::invalid_argument(fmt::format(
        "{}: this checkpoint belongs to a run with other settings:\n  there {}\n  here  {}",
        path.string(), written.dump(), wanted.dump()));
  if (checkpoint.state.step > config.steps())
    throw std::invalid_argument(
        fmt::format("{}: this checkpoint is {} steps old, but the run has only {}", path.string(),
                    checkpoint.state.step, config.steps()));
}

void require_same_network(const UncheckedCheckpoint& checkpoint, const Transformer& model,
                          const fs::path& path) {
  const std::string network = to_json(model.config()).dump();
  if (checkpoint.model != network)
    throw std::invalid_argument(
        fmt::format("{}: this checkpoint belongs to another network:\n  there {}\n  here  {}",
                    path.string(), checkpoint.model, network));
}

}  // namespace

void save_checkpoint(const fs::path& path, const Transformer& model,
                     const torch::optim::AdamW& optimizer, const TrainingConfig& config,
                     const TrainingState& state) {
  torch::serialize::OutputArchive archive, weights, moments;
  model.save(weights);
  optimizer.save(moments);
  archive.write("weights", weights);
  archive.write("moments", moments);
  archive.write("step", c10::IValue(state.step));
  archive.write("cpu_seconds", c10::IValue(state.cpu_seconds));
  archive.write("config", c10::IValue(to_json(config).dump()));
  archive.write("model", c10::IValue(to_json(model.config()).dump()));
  // In memory first: PyTorch ends the process if it cannot write a file to its end.
  std::ostringstream bytes;
  archive.save_to(bytes);
  write_file(path, with_checksum(bytes.str()));
}

TrainingState load_checkpoint(const fs::path& path, Transformer& model,
                              torch::optim::AdamW& optimizer, const TrainingConfig& config) {
  UncheckedCheckpoint checkpoint = read(path);
  require_same_past(checkpoint, config, path);
  require_same_network(checkpoint, model, path);
  model.load(checkpoint.weights);
  optimizer.load(checkpoint.moments);
  return checkpoint.state;
}

}  // namespace assay::interp
