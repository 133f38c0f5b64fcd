#include "tools/kept_proof.h"

#include "interp/files/json_reader.h"
#include "tools/parts.h"

namespace assay::tools {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

ordered_json same(int64_t, const ordered_json& piece) {
  return piece;
}

/// Whether the file is about this statement. What is kept of one that was decided since is out of
/// date: a kill can come between a certificate and the removal of the file.
bool is_about(const fs::path& file, const std::string& statement, const std::string& node) {
  const ordered_json record = interp::read_json(file);
  return !record.is_object() || (record.value("statement", ordered_json(statement)) == statement &&
                                 record.value("node", ordered_json(node)) == node);
}

}  // namespace

KeptProof::KeptProof(const fs::path& certificate, ordered_json asked, bool resume)
    : asked_(std::move(asked)), resume_(resume) {
  if (!certificate.empty()) to_.json = file_of(certificate);
}

fs::path KeptProof::file_of(const fs::path& certificate) {
  return fs::path(certificate).replace_extension(".unfinished.json");
}

proofs::Kept KeptProof::kept() {
  if (to_.json.empty()) return {};
  return {.begin = [this](const std::string& statement, const std::string& node,
                          int64_t pieces) { return begin(statement, node, pieces); },
          .add = [this](int64_t piece, ordered_json done) { run_->add(piece, std::move(done)); },
          .where = to_.json.string()};
}

std::vector<ordered_json> KeptProof::begin(const std::string& statement, const std::string& node,
                                           int64_t pieces) {
  ordered_json asked = asked_;
  asked["statement"] = statement;
  asked["node"] = node;
  asked["shard"] = shard_member({}, pieces);
  std::vector<ordered_json> begun(static_cast<size_t>(pieces));
  run_.emplace(to_, KeptForm{.list = "pieces", .asked = std::move(asked)},
               interp::Range{.first = 0, .count = pieces}, same);
  if (resume_ && fs::exists(to_.json) && is_about(to_.json, statement, node))
    run_->resume([&](int64_t piece, const ordered_json& json) {
      begun.at(static_cast<size_t>(piece)) = json;
      return json;
    });
  return begun;
}

void KeptProof::end(bool early) {
  if (to_.json.empty()) return;
  if (run_ && !run_->is_done())
    run_->save();
  else if (!early)
    fs::remove(to_.json);
}

}  // namespace assay::tools
