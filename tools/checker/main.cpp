// assay-check CERTIFICATE --model M --interpretation I
// Verifies a certificate of `assay prove`. Read the headers in the order readers, interval,
// network, interpretation, domain, proofs, fractional; docs/checker.md says why each check
// suffices.

#include <cstdio>

#include "fractional.h"

namespace checker {
namespace {

// Guards the transcription of the architecture: logits that another program computed in float32.
void check_replay(const Json& json, Network& network, int64_t length) {
  require_members(json, {"tokens", "logits"});
  const Json &tokens = list(json["tokens"]), &logits = list(json["logits"]);
  require(tokens.size() == 100 && logits.size() == 100, "replay: expected 100 inputs");
  double worst = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto input = integers(tokens[i], 0, network.d_vocab - 1);
    require(std::ssize(input) == length && std::ssize(list(logits[i])) == network.d_output,
            "replay: an input or its logits have another length");
    double largest = 0, off = 0;
    const Vector exact = network.logits(input);
    for (int64_t t = 0; t < network.d_output; ++t) {
      const double stated = real(logits[i][t]);
      largest = std::max({largest, exact[t].low(), -exact[t].high});
      off = std::max({off, stated + exact[t].minus_low, exact[t].high - stated});
    }
    require(off <= 1e-4 * largest,
            "replay: the logits of input " + std::to_string(i) + " are not those of this network");
    worst = std::max(worst, off / largest);
  }
  std::printf("replay: 100 inputs recomputed, off by at most %.1e of the largest logit\n", worst);
}

// One line on the terminal. Files could hold line breaks, and words that look like a verdict.
void say(std::string line, std::FILE* to = stdout) {
  for (char& c : line)
    if (c < ' ' || c > '~') c = '?';
  std::fprintf(to, "%s\n", line.c_str());
}

std::string check_statement(Subject& subject, const Json& json, bool proved) {
  const Json& proof = json["proof"];
  require(proof.is_object() && proof.contains("kind"), "it has no proof");
  const std::string &statement = text(json["statement"]), &kind = text(proof["kind"]);
  const bool of_h = statement == "h = specification",
             of_network = statement == "output = specification";
  if (statement == "suffix" && kind == "affine")
    return check_suffix(subject, subject.claim.node(json["node"]), proof, proved);
  if (statement == "node = program" && kind == "fractional")
    return NearestPrototype(subject, subject.claim.node(json["node"])).check(proof, proved);
  if ((of_h || of_network) && !proved && kind == "witness")
    return check_witness(subject, proof, of_network);
  if (of_h && proved && kind == "covering") return check_covering(subject, proof);
  if ((of_network && kind == "enumeration") || (of_h && proved && kind == "listing"))
    return check_every_input(subject, proof, of_network, proved);
  throw Rejected("a proof of kind '" + kind + "' does not show it");
}

struct Outcome {
  int shown = 0, rejected = 0, unchecked = 0;
  std::set<std::string> seen;
};

void report(Subject& subject, const Json& json, Outcome& outcome) {
  const std::set<std::string> of_all = {"h = specification", "output = specification"},
                              of_nodes = {"suffix", "node = program"};
  require_members(json, {"statement", "node", "verdict", "words", "proof", "float32"});
  text(json["words"]);
  if (!json["float32"].is_null()) require_members(json["float32"], {"error", "words"});
  const std::string verdict = text(json["verdict"]), statement = text(json["statement"]);
  const bool known = of_all.contains(statement) || of_nodes.contains(statement);
  std::string title = known ? statement : "a statement that is called " + json["statement"].dump();
  if (!json["node"].is_null()) title += ", node " + text(json["node"]);
  try {
    require(outcome.seen.insert(title).second, "the statement stands twice");
    require<CannotCheck>(known, "it is unknown");
    require(of_nodes.contains(statement) == json["node"].is_string(),
            "it is about a node, or should be");
    if (json["node"].is_string()) subject.claim.node(json["node"]);
    if (verdict == "open") return say(title + ": open");
    require(verdict == "proved" || verdict == "refuted", "its verdict is '" + verdict + "'");
    const std::string shown = check_statement(subject, json, verdict == "proved");
    require_no_overflow();
    say(title + ": " + verdict + " and checked: " + shown);
    ++outcome.shown;
  } catch (const Rejected& why) {
    ++outcome.rejected;
    say(title + ": REJECTED: " + why.what());
  } catch (const CannotCheck& why) {
    ++outcome.unchecked;
    say(title + ": cannot be checked by this program: " + why.what());
  }
}

void say_what_is_trusted(const Domain& domain, bool named) {
  std::map<size_t, int> count;  // alternatives -> slots
  for (const Slot& slot : domain.slots) ++count[slot.alternatives.size()];
  std::printf("\nInputs: %.4g, of %ld tokens:", domain.size(), static_cast<long>(domain.length));
  for (const auto& [alternatives, slots] : count)
    std::printf(" %d x %zu alternative%s,", slots, alternatives, alternatives == 1 ? "" : "s");
  const std::string whose = named ? "the task's domain '" + domain.name + "', rebuilt here"
                                  : "a domain of the certificate's own";
  std::printf(" chosen independently; %s.\n", whose.c_str());
  std::puts(
      R"(All of it is about exact arithmetic on the numbers in the model's file. What the certificate says
of rounding in float32 is not checked.
Trusted: the source of this program (tools/checker), its readers, and the architecture as it is
written there; the compiler, and that the processor rounds as it says; Arb and FLINT for exp, cos and
sin, GMP for rationals, OpenSSL for SHA-256, nlohmann_json for JSON; that the inputs and the
specification are what you care about. Not trusted: the program that wrote the certificate.)");
}

int check(const std::string& path, const std::string& model, const std::string& interpretation) {
  const Json json = parse_json(read_file(path).bytes);
  require_members(json, {"kind", "schema", "model", "interpretation", "task", "domain",
                         "specification", "hints", "statements", "replay"});
  expect(json["kind"] == "certificate" && json["schema"] == 1, json["kind"],
         "a certificate of schema 1");
  require_members(json["model"], {"sha256"});
  require_members(json["interpretation"], {"sha256", "tensors_sha256"});
  const File model_file = read_file(model);
  const Interpretation claim(interpretation);
  require<BadInput>(json["model"]["sha256"] == model_file.sha256,
                    "the certificate is about another model: SHA-256");
  require<BadInput>(json["interpretation"]["sha256"] == claim.sha256 &&
                        json["interpretation"]["tensors_sha256"] == claim.tensors_sha256,
                    "the certificate is about another interpretation: SHA-256");
  require<BadInput>(claim.model_sha256 == model_file.sha256,
                    "the interpretation is about another model");
  require<BadInput>(claim.task == json["task"], "the interpretation is about another task");

  Network network(model_file.bytes);
  const Domain domain(json["domain"], network.d_vocab, network.n_ctx, network.summed);
  const Task task(json["task"], domain.name);
  const bool named = task.require_domain(domain);
  task.require_specification(json["specification"], domain);
  Subject subject{network, claim, domain, task, {}};
  if (const Json& hints = json["hints"]; !hints.is_null()) {
    require_members(hints, {"file", "sha256"});
    const std::filesystem::path name = text(hints["file"]);
    expect(name == name.filename(), hints, "the name of a file beside the certificate");
    const File side = read_file(std::filesystem::path(path).replace_filename(name));
    require(side.sha256 == hints["sha256"], "the hints are not those of the certificate (SHA-256)");
    subject.hints = read_safetensors(side.bytes);
  }
  check_replay(json["replay"], network, domain.length);
  Outcome outcome;
  for (const Json& statement : list(json["statements"])) report(subject, statement, outcome);
  say_what_is_trusted(domain, named);
  if (outcome.rejected) return 1;
  if (!outcome.shown) std::puts("Nothing was shown.");
  return outcome.unchecked || !outcome.shown ? 3 : 0;
}

}  // namespace
}  // namespace checker

int main(int count, char** arguments) {
  std::map<std::string, std::string> given;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const bool option = argument.starts_with("--") && i + 1 < count;
    given[option ? argument : "certificate"] = option ? arguments[++i] : argument;
  }
  if (count != 6 || given.size() != 3 || !given.contains("--model") ||
      !given.contains("--interpretation") || !given.contains("certificate")) {
    std::fputs("usage: assay-check CERTIFICATE --model M --interpretation I\n", stderr);
    return 2;
  }
  try {
    checker::round_up();
    return checker::check(given["certificate"], given["--model"], given["--interpretation"]);
  } catch (const checker::Rejected& why) {
    checker::say(std::string("REJECTED: ") + why.what());
    return 1;
  } catch (const checker::CannotCheck& why) {
    checker::say(std::string("cannot be checked by this program: ") + why.what());
    return 3;
  } catch (const std::exception& problem) {
    checker::say(std::string("assay-check: ") + problem.what(), stderr);
    return 2;
  }
}
