// assay-check CERTIFICATE --model M --interpretation I
// Verifies a certificate of `assay prove`. docs/checker.md says why each check suffices.

#include <cstdio>

#include "proofs.h"

namespace checker {
namespace {

constexpr double kReplayTolerance = 1e-4;
constexpr size_t kReplays = 100;

struct Outcome {
  int shown = 0, open = 0, rejected = 0, unchecked = 0;
};

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash + 1);
}

void require_same(const Json& json, const std::string& member, const std::string& sha256,
                  const std::string& what) {
  if (text(json[member], what) != sha256)
    throw BadInput("the certificate is about another " + what + ": SHA-256 " +
                   text(json[member], what) + ", not " + sha256);
}

// Guards the transcription of the architecture: logits that another program computed in float32.
void check_replay(const Json& json, const Network& network, int64_t length) {
  require_members(json, {"tokens", "logits"}, "replay");
  const Json &tokens = list(json["tokens"], "replay: tokens"),
             &logits = list(json["logits"], "replay: logits");
  if (tokens.size() != kReplays || logits.size() != kReplays)
    throw Rejected("expected " + std::to_string(kReplays) + " inputs");
  double largest_difference = 0;
  for (size_t i = 0; i < kReplays; ++i) {
    const auto input = integers(tokens[i], 0, network.d_vocab - 1, "replay: tokens");
    if (static_cast<int64_t>(input.size()) != length ||
        list(logits[i], "replay: logits").size() != static_cast<size_t>(network.d_vocab))
      throw Rejected("input " + std::to_string(i) + " or its logits have another length");
    const Vector exact = network.logits(input);
    double largest = 0, difference = 0;
    for (int64_t t = 0; t < network.d_vocab; ++t) {
      const double stated = real(logits[i][t], "replay: logits");
      largest =
          std::max(largest, -std::min(std::fabs(exact[t].low()), std::fabs(exact[t].high)) * -1);
      difference = std::max({difference, stated - exact[t].low(), exact[t].high - stated});
    }
    if (!(difference <= kReplayTolerance * largest))
      throw Rejected("input " + std::to_string(i) + ": the logits are not those of this network");
    largest_difference = std::max(largest_difference, difference / largest);
  }
  std::printf("replay: %zu inputs recomputed, off by at most %.1e of the largest logit\n", kReplays,
              largest_difference);
}

std::string check_statement(Subject& subject, const Json& json, const std::string& statement,
                            bool proved) {
  const Json& proof = json["proof"];
  if (!proof.is_object() || !proof.contains("kind")) throw Rejected("it has no proof");
  const std::string kind = text(proof["kind"], "proof: kind");
  const bool of_node = statement == "suffix" || statement == "node = program";
  if (of_node != json["node"].is_string())
    throw Rejected("the statement is about " + std::string(of_node ? "a" : "no") + " node");
  if (statement == "h = specification") {
    if (proved && kind == "covering") return check_covering(subject, proof);
    if (proved && kind == "listing") return check_listing(subject, proof);
    if (!proved && kind == "witness") return check_witness(subject, proof, false);
  } else if (statement == "output = specification") {
    if (kind == "enumeration") return check_enumeration(subject, proof, proved);
    if (!proved && kind == "witness") return check_witness(subject, proof, true);
  } else if (of_node) {
    const Node& node = subject.interpretation.node(json["node"]);
    if (statement == "suffix" && kind == "affine")
      return check_affine(subject, node, proof, proved);
    if (statement == "node = program" && kind == "fractional")
      return check_fractional(subject, node, proof, proved);
  } else {
    throw CannotCheck("no statement that this program knows");
  }
  throw Rejected("a proof of kind '" + kind + "' does not show that it is " +
                 (proved ? "proved" : "refuted"));
}

void report_statement(Subject& subject, const Json& json, std::set<std::string>& seen,
                      Outcome& outcome) {
  require_members(json, {"statement", "node", "verdict", "words", "proof", "float32"}, "statement");
  const std::string statement = text(json["statement"], "statement"),
                    verdict = text(json["verdict"], "verdict");
  const std::string title =
      statement + (json["node"].is_null() ? "" : ", node " + text(json["node"], "node"));
  const auto say = [&](const std::string& what) {
    std::printf("%s: %s\n", title.c_str(), what.c_str());
  };
  try {
    if (!seen.insert(title).second) throw Rejected("the statement stands twice");
    if (verdict == "open") {
      ++outcome.open;
      say("open");
      return;
    }
    if (verdict != "proved" && verdict != "refuted")
      throw Rejected("no verdict '" + verdict + "' is known");
    say(verdict +
        " and checked: " + check_statement(subject, json, statement, verdict == "proved"));
    ++outcome.shown;
    if (!json["float32"].is_null()) say("what the certificate says of float32 is not checked");
  } catch (const Rejected& why) {
    ++outcome.rejected;
    say(std::string("REJECTED: ") + why.what());
  } catch (const CannotCheck& why) {
    ++outcome.unchecked;
    say(std::string("cannot be checked by this program: ") + why.what());
  }
}

void say_what_is_trusted(const Domain& domain, bool named) {
  std::printf(
      "\nAll of this is about the network in exact arithmetic on the weights of its file, with "
      "softmax and ReLU.\n"
      "The inputs: %s%s\n",
      domain.in_words().c_str(),
      named ? (", the domain '" + domain.name + "' of the task, rebuilt here.").c_str()
            : ", a domain of the certificate's own.");
  std::printf(
      "Trusted: the source of this program (tools/checker) with its readers and the architecture "
      "as it is written\n"
      "there; the compiler and the processor's rounding; Arb (FLINT) for exp, cos and sin, GMP for "
      "rationals,\n"
      "OpenSSL for SHA-256, nlohmann_json for JSON; that the domain and the specification are what "
      "you care about.\n"
      "Not trusted: what wrote the certificate, its search, its bounds and its words.\n");
}

int check(const std::string& path, const std::string& model,
          const std::string& interpretation_path) {
  const Json certificate = parse_json(read_file(path).bytes, path);
  require_members(certificate,
                  {"kind", "schema", "model", "interpretation", "task", "domain", "specification",
                   "hints", "statements", "replay"},
                  path);
  if (certificate["kind"] != "certificate" || certificate["schema"] != 1)
    throw BadInput(path + ": not a certificate of schema 1");
  require_members(certificate["model"], {"sha256"}, "model");
  require_members(certificate["interpretation"], {"sha256", "tensors_sha256"}, "interpretation");
  require_members(certificate["task"], {"name", "settings"}, "task");
  const File model_file = read_file(model);
  require_same(certificate["model"], "sha256", model_file.sha256, "model");
  const Interpretation interpretation(interpretation_path);
  require_same(certificate["interpretation"], "sha256", interpretation.sha256, "interpretation");
  require_same(certificate["interpretation"], "tensors_sha256", interpretation.tensors_sha256,
               "interpretation");
  if (interpretation.model_sha256 != model_file.sha256)
    throw BadInput("the interpretation is about another model");
  if (interpretation.task != certificate["task"])
    throw BadInput("the certificate is about another task than the interpretation");

  const Network network(model_file.bytes, model);
  const Domain domain(certificate["domain"], network.d_vocab, network.n_ctx);
  const bool named = domain.require_as_named(certificate["task"]);
  const Specification specification(certificate["specification"], certificate["task"], domain);
  Subject subject{network, interpretation, domain, specification, {}};
  if (const Json& hints = certificate["hints"]; !hints.is_null()) {
    require_members(hints, {"file", "sha256"}, "hints");
    const std::string& name = text(hints["file"], "hints: file");
    if (name.empty() || name.find('/') != name.npos)
      throw BadInput("hints: expected the name of a file beside the certificate");
    const File side = read_file(folder_of(path) + name);
    if (side.sha256 != text(hints["sha256"], "hints: sha256"))
      throw Rejected("the hints in " + name + " are not those of the certificate (SHA-256)");
    subject.hints = read_safetensors(side.bytes, name).tensors;
  }
  try {
    check_replay(certificate["replay"], network, domain.length);
  } catch (const Rejected& why) {
    throw Rejected(std::string("replay: ") + why.what());
  }
  Outcome outcome;
  std::set<std::string> seen;
  for (const Json& statement : list(certificate["statements"], "statements"))
    report_statement(subject, statement, seen, outcome);
  if (!outcome.rejected && !outcome.unchecked && !subject.hints.empty())
    throw Rejected("hints: tensor '" + subject.hints.begin()->first + "' belongs to no statement");
  say_what_is_trusted(domain, named);
  if (outcome.rejected) return 1;
  if (!outcome.shown) std::printf("Nothing was shown.\n");
  return outcome.unchecked || !outcome.shown ? 3 : 0;
}

}  // namespace
}  // namespace checker

int main(int count, char** arguments) {
  std::string certificate, model, interpretation;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    std::string& target = argument == "--model"            ? model
                          : argument == "--interpretation" ? interpretation
                                                           : certificate;
    if (&target != &certificate && i + 1 == count) break;
    if (!target.empty())
      target = "", i = count;
    else
      target = &target == &certificate ? argument : arguments[++i];
  }
  if (certificate.empty() || model.empty() || interpretation.empty()) {
    std::fprintf(stderr, "usage: assay-check CERTIFICATE --model M --interpretation I\n");
    return 2;
  }
  try {
    checker::round_up();
    return checker::check(certificate, model, interpretation);
  } catch (const checker::Rejected& why) {
    std::printf("REJECTED: %s\n", why.what());
    return 1;
  } catch (const checker::CannotCheck& why) {
    std::printf("cannot be checked by this program: %s\n", why.what());
    return 3;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "assay-check: %s\n", problem.what());
    return 2;
  }
}
