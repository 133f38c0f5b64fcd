#include "axioms/proofs/certificate_reader.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>

#include "axioms/proofs/exact.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/files/safetensors.h"

namespace assay::proofs {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

interp::Shape certificate_shape() {
  using namespace interp::json_shapes;
  const interp::Shape float32 = object({{"error", number(0)}, {"words", text()}});
  const interp::Shape statement = object({{"statement", text()},
                                          {"node", nullable(text())},
                                          {"verdict", text_among({"proved", "refuted", "open"})},
                                          {"words", text()},
                                          {"proof", nullable(object({{"kind", text()}}))},
                                          {"float32", nullable(float32)}});
  return object({{"kind", text_among({"certificate"})},
                 {"schema", integer(2, 2)},
                 {"model", object({{"sha256", text()}})},
                 {"interpretation", object({{"sha256", text()}, {"tensors_sha256", text()}})},
                 {"hints", nullable(object({{"file", text()}, {"sha256", text()}}))},
                 {"statements", list(statement)}});
}

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

void require_hash(const fs::path& file, const ordered_json& sha256, const std::string& what) {
  const std::string found = interp::sha256_of_file(file), said = sha256;
  require(
      found == said,
      fmt::format("it is about another {}: {} has the SHA-256 {}…, and the certificate says {}…",
                  what, file.string(), found.substr(0, 12), said.substr(0, 12)));
}

// --- what a proof says of its verdict

// The least margin of cases that are all proved: one of each position that the node reads and each
// alternative there.
double margin_of_cases(const ordered_json& proof, const circuits::Node& node,
                       const Domain& domain) {
  using namespace interp::json_shapes;
  const interp::Shape of = object({{"position", integer(0)},
                                   {"alternative", integer(0)},
                                   {"verdict", text()},
                                   {"margin", nullable(number())}});
  interp::require_shape(proof, object({{"cases", list(of, 1)}}), "its proof");
  double least = std::numeric_limits<double>::infinity();
  std::set<std::pair<int64_t, int64_t>> seen;
  for (const ordered_json& one : proof["cases"]) {
    require(one["verdict"] == "proved" && one["margin"].is_number() && one["margin"] > 0,
            "it says proved, and one of its cases is not");
    const int64_t position = one["position"];
    require(seen.emplace(position, one["alternative"]).second, "one of its cases stands twice");
    least = std::min(least, one["margin"].get<double>());
  }
  size_t expected = 0;
  for (const interp::Site& site : node.reads)
    for (const int64_t position : site.positions) {
      const auto n = std::ssize(domain.slots.at(domain.slot_at(position)).alternatives);
      expected += n;
      for (int64_t alternative = 0; alternative < n; ++alternative)
        require(seen.contains({position, alternative}),
                fmt::format("position {} has no case of alternative {}", position, alternative));
    }
  require(seen.size() == expected, "it has cases that the node does not read");
  return least;
}

double margin_of_suffix(const ordered_json& proof) {
  using namespace interp::json_shapes;
  interp::require_shape(proof, object({{"all_off", text()}, {"least_on", text()}}), "its proof");
  try {
    const Rational off(proof["all_off"].get<std::string>()),
        on(proof["least_on"].get<std::string>());
    require(off < 0 && on > 0, "it says proved, and its numbers have the wrong signs");
    return std::min(-off.convert_to<double>(), on.convert_to<double>());
  } catch (const std::runtime_error&) {
    throw;
  } catch (const std::exception&) {
    throw std::runtime_error("its numbers are no fractions");
  }
}

// None where the statement has no margin. @throws where the proof is not one of the statement.
std::optional<double> margin_of(const Statement& statement, const Domain& domain,
                                const circuits::Interpretation& interpretation) {
  require(!statement.proof.is_null(), "it says proved, and has no proof");
  const std::string kind = statement.proof["kind"];
  const auto require_kind = [&](std::initializer_list<const char*> kinds) {
    require(std::ranges::count(kinds, kind) > 0,
            fmt::format("a proof of the kind '{}' does not belong to it", kind));
  };
  if (statement.statement == kNode) {
    require_kind({"fractional"});
    const auto node =
        std::ranges::find(interpretation.nodes, statement.node, &circuits::Node::name);
    require(node != interpretation.nodes.end(), "there is no node " + statement.node);
    return margin_of_cases(statement.proof, *node, domain);
  }
  if (statement.statement == kSuffix) {
    require_kind({"affine"});
    return margin_of_suffix(statement.proof);
  }
  if (statement.statement == kProgram) require_kind({"covering", "listing"});
  return std::nullopt;
}

// The input that refutes, as the proof has it.
std::optional<at::Tensor> witness_of(const ordered_json& proof) {
  using namespace interp::json_shapes;
  const interp::Shape input = list(integer(0), 1);
  const auto tensor = [&](const ordered_json& tokens) -> std::optional<at::Tensor> {
    if (interp::mismatch(tokens, input)) return std::nullopt;
    return torch::tensor(tokens.get<std::vector<int64_t>>(), torch::kInt64);
  };
  if (proof.contains("tokens")) return tensor(proof["tokens"]);
  for (const ordered_json& one : proof.value("cases", ordered_json::array()))
    if (one.is_object() && one.value("verdict", "") == "refuted" && one.contains("worst"))
      return tensor(one["worst"]);
  return std::nullopt;
}

Statement statement_from_json(const ordered_json& json, const Domain& domain,
                              const circuits::Interpretation& interpretation) {
  Statement statement{.statement = json["statement"], .words = json["words"]};
  if (!json["node"].is_null()) statement.node = json["node"];
  statement.proof = json["proof"];
  if (json["verdict"] == "refuted") {
    require(!statement.proof.is_null(), "it says refuted, and has no proof");
    statement.verdict = Verdict::Refuted;
    statement.witness = witness_of(statement.proof);
  }
  if (json["verdict"] == "proved") {
    statement.verdict = Verdict::Proved;
    statement.margin = margin_of(statement, domain, interpretation);
  }
  if (!json["float32"].is_null()) {
    statement.float32 = {.error = json["float32"]["error"], .words = json["float32"]["words"]};
    statement.float32->shown = statement.margin && *statement.margin > statement.float32->error;
  }
  return statement;
}

Certificate read(const fs::path& path, const CertifiedFiles& files,
                 const circuits::Interpretation& interpretation) {
  const ordered_json json = interp::parse_json(interp::read_file(path, interp::kJsonBytes), "JSON");
  interp::require_shape(json, certificate_shape(), "no certificate");
  require_hash(files.model, json["model"]["sha256"], "network");
  require_hash(files.interpretation, json["interpretation"]["sha256"], "interpretation");
  fs::path tensors = files.interpretation;
  tensors.replace_extension(".safetensors");
  require_hash(tensors, json["interpretation"]["tensors_sha256"], "interpretation");
  interp::TensorMap tensors_of_hints;
  if (const ordered_json& hints = json["hints"]; !hints.is_null()) {
    const fs::path name = hints["file"].get<std::string>();
    require(name == name.filename(), "its hints must lie beside it");
    require(interp::sha256_of_file(path.parent_path() / name) == hints["sha256"],
            fmt::format("its hints {} are other ones: their hash differs", name.string()));
    tensors_of_hints = interp::read_safetensors(path.parent_path() / name).tensors;
  }
  require(json.contains("domain"), "field 'domain': is missing");
  Certificate certificate{.sha256 = interp::sha256_of_file(path),
                          .domain = domain_from_json(json["domain"], "field 'domain'"),
                          .statements = {}};
  validate(certificate.domain, std::numeric_limits<int64_t>::max());
  for (const ordered_json& statement : json["statements"]) {
    try {
      certificate.statements.push_back(
          statement_from_json(statement, certificate.domain, interpretation));
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format(
          "the statement '{}': {}", statement["statement"].get<std::string>(), error.what()));
    }
  }
  for (Statement& statement : certificate.statements)  // NODE.POSITION.… belong to the node
    for (const auto& [name, hint] : tensors_of_hints)
      if (statement.statement == kNode && name.starts_with(statement.node + "."))
        statement.hints.emplace(name, hint);
  return certificate;
}

}  // namespace

Certificate read_certificate(const fs::path& path, const CertifiedFiles& files,
                             const circuits::Interpretation& interpretation) {
  try {
    return read(path, files, interpretation);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace assay::proofs
