#include "axioms/proofs/certificate.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "interp/files/file_pair.h"
#include "interp/files/files.h"
#include "interp/files/json_text.h"
#include "interp/files/safetensors.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr int64_t kReplayed = 100;  // inputs whose logits are written down; some may repeat
constexpr uint64_t kReplaySeed = 0;

ordered_json to_json(const Statement& statement) {
  ordered_json json = {{"statement", statement.statement},
                       {"node", nullptr},
                       {"verdict", to_string(statement.verdict)},
                       {"words", statement.words},
                       {"proof", statement.verdict == Verdict::Open ? nullptr : statement.proof},
                       {"float32", nullptr}};
  if (!statement.node.empty()) json["node"] = statement.node;
  if (statement.float32)
    json["float32"] = {{"error", statement.float32->error}, {"words", statement.float32->words}};
  return json;
}

// Logits as the network gives them, by which a checker sees that it has read the architecture
// right.
ordered_json replay(const Study& study) {
  const at::NoGradGuard no_grad;
  const Domain& domain = study.domain();
  const Tensor tokens = domain.drawn(kReplaySeed, 0, kReplayed).contiguous();
  const Tensor logits =
      interp::logits_at(study.network, tokens, domain.readout).to(torch::kCPU).contiguous();
  ordered_json rows = ordered_json::array(), numbers = ordered_json::array();
  for (int64_t i = 0; i < kReplayed; ++i) {
    const auto* token = tokens.data_ptr<int64_t>() + i * tokens.size(1);
    const auto* logit = logits.data_ptr<float>() + i * logits.size(1);
    rows.push_back(std::vector<int64_t>(token, token + tokens.size(1)));
    numbers.push_back(std::vector<double>(logit, logit + logits.size(1)));
  }
  return {{"tokens", std::move(rows)}, {"logits", std::move(numbers)}};
}

}  // namespace

fs::path hints_beside(const fs::path& certificate) {
  if (certificate.extension() != ".json")
    throw std::invalid_argument(
        fmt::format("{}: a certificate's name ends in .json", certificate.string()));
  return fs::path(certificate).replace_extension(".safetensors");
}

void write_certificate(const Study& study, const std::vector<Statement>& statements,
                       const CertifiedFiles& files, const fs::path& path) {
  const fs::path beside = hints_beside(path);
  fs::path tensors = files.interpretation;
  tensors.replace_extension(".safetensors");

  interp::Safetensors hints;
  ordered_json list = ordered_json::array();
  for (const Statement& statement : statements) {
    list.push_back(to_json(statement));
    if (statement.verdict != Verdict::Open)
      hints.tensors.insert(statement.hints.begin(), statement.hints.end());
  }
  interp::FileWriter hint_file(beside), index(path);
  ordered_json hinted = nullptr;
  if (!hints.tensors.empty()) {
    interp::write_safetensors(hint_file, hints);
    hinted = {{"file", beside.filename().string()}, {"sha256", hint_file.sha256()}};
  }
  const nlohmann::json& task = study.interpretation.task;
  const ordered_json certificate = {
      {"kind", "certificate"},
      {"schema", 2},
      {"model", {{"sha256", interp::sha256_of_file(files.model)}}},
      {"interpretation",
       {{"sha256", interp::sha256_of_file(files.interpretation)},
        {"tensors_sha256", interp::sha256_of_file(tensors)}}},
      {"task", {{"name", task.at("name")}, {"settings", task.at("settings")}}},
      {"domain", to_json(study.domain())},
      {"hints", std::move(hinted)},
      {"statements", std::move(list)},
      {"replay", replay(study)}};
  index.write(interp::json_text(certificate, 1) + "\n");
  if (hints.tensors.empty())
    index.put_in_place();
  else
    interp::put_pair_in_place(hint_file, index);
}

}  // namespace assay::proofs
