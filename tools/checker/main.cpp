// assay-check CERTIFICATE --model M --interpretation I
// Verifies a certificate of `assay prove`. Read the headers in the order readers, interval,
// network, interpretation, program, domain, proofs, fractional; docs/checker.md says why each check
// suffices.

#include <cstdio>

#include "fractional.h"

namespace checker {
namespace {

// One line on the terminal. Files could hold line breaks, and words that look like a verdict.
void say(std::string line, std::FILE* to = stdout) {
  for (char& c : line)
    if (c < ' ' || c > '~') c = '?';
  std::fprintf(to, "%s\n", line.c_str());
}

// @return the exit code.
int say_problem(const std::string& about, const Failure& why) {
  const char* is[] = {"", "REJECTED: ", "assay-check: ", "cannot be checked by this program: "};
  say(about + is[why.problem] + why.what(), why.problem == BadInput ? stderr : stdout);
  return why.problem;
}

// Guards the transcription of the architecture: logits that another program computed in float32.
void check_replay(const Json& json, const Domain& domain, Network& network) {
  require_members(json, {"tokens", "logits"});
  const Json &tokens = list(json["tokens"]), &logits = list(json["logits"]);
  require(tokens.size() == 100 && logits.size() == 100, "replay: expected 100 inputs");
  double worst = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Vector exact = network.logits(domain.input(tokens[i]));
    require(list(logits[i]).size() == exact.size(), "replay: not one logit per token");
    double largest = 0, off = 0;
    for (size_t t = 0; t < exact.size(); ++t) {
      const Interval difference = exact[t] - real(logits[i][t]);
      largest = std::max({largest, exact[t].low(), -exact[t].high});
      off = std::max({off, difference.minus_low, difference.high});
    }
    require(off <= 1e-4 * largest, "replay: the logits of input ", i,
            " are not those of this network");
    worst = std::max(worst, off / largest);
  }
  std::printf("replay: 100 inputs recomputed, off by at most %.1e of the largest logit\n", worst);
}

// @return what was shown, in words.
std::string check_statement(const Subject& subject, const Json& json, bool proved) {
  const std::string &statement = text(json["statement"]), &kind = text(json["proof"]["kind"]);
  const Json &node = json["node"], &proof = json["proof"];
  const bool of_h = statement == "h = specification",
             of_network = statement == "output = specification";
  if (of_h || of_network) {
    require(node.is_null(), "it is not about a node");
    if (kind == "witness" && !proved) return check_witness(subject, proof, of_network);
    if (kind == "covering" && of_h && proved) return check_covering(subject, proof);
    if ((kind == "listing" && of_h && proved) || (kind == "enumeration" && of_network))
      return check_every_input(subject, proof, of_network, proved);
  } else {
    require(node.is_string(), "it is about no node");
    const Json& about = subject.claim.node(node);
    if (statement == "suffix" && kind == "affine")
      return check_suffix(subject, about, proof, proved);
    if (statement == "node = program" && kind == "fractional")
      return NearestPrototype(subject, about).check(proof, proved);
  }
  throw Failure(Rejected, "a proof of kind '" + kind + "' does not show it");
}

// @return 0: shown; 1: rejected; 3: it cannot be checked; 4: it is open.
int report(const Subject& subject, const Json& json, std::set<std::string>& titles) {
  const std::set<std::string> known = {"h = specification", "output = specification", "suffix",
                                       "node = program"};
  require_members(json, {"statement", "node", "verdict", "words", "proof", "float32"});
  const std::string statement = text(json["statement"]), verdict = text(json["verdict"]);
  const bool is_known = known.contains(statement);
  std::string title =
      is_known ? statement : words("a statement that is called ", json["statement"]);
  if (!json["node"].is_null()) title += ", node " + text(json["node"]);
  text(json["words"]);
  if (!json["float32"].is_null()) require_members(json["float32"], {"error", "words"});
  try {
    require(titles.insert(title).second, "the statement stands twice");
    require<CannotCheck>(is_known, "it is unknown");
    if (verdict == "open") return say(title + ": open"), 4;
    require(verdict == "proved" || verdict == "refuted", "its verdict is '", verdict, "'");
    require(json["proof"].contains("kind"), "it has no proof");
    const std::string shown = check_statement(subject, json, verdict == "proved");
    require_no_overflow();
    say(title + ": " + verdict + " and checked: " + shown);
    return 0;
  } catch (const Failure& why) {
    if (why.problem == BadInput) throw;
    return say_problem(title + ": ", why);
  }
}

void say_what_is_trusted(const Subject& subject) {
  const Domain& domain = subject.domain;
  std::map<size_t, int> count;  // alternatives -> slots
  for (const Slot& slot : domain.slots) ++count[slot.alternatives.size()];
  std::printf("\nInputs: %.4g, of %ld tokens:", domain.size(), static_cast<long>(domain.length));
  for (const auto& [alternatives, slots] : count)
    std::printf(" %d x %zu alternative%s,", slots, alternatives, alternatives == 1 ? "" : "s");
  say(" chosen independently; " + (subject.named
                                       ? "the task's domain '" + domain.name + "', rebuilt here."
                                       : "a domain of the certificate's own."));
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
  require_members(json, {"kind", "schema", "model", "interpretation", "task", "domain", "hints",
                         "statements", "replay"});
  expect(json["kind"] == "certificate", json["kind"], "the kind \"certificate\"");
  expect(json["schema"] == 2, json["schema"], "schema 2");
  const File model_file = read_file(model);
  const Interpretation claim(interpretation);
  require<BadInput>(json["model"] == Json{{"sha256", model_file.sha256}},
                    "the certificate is about another model: SHA-256");
  require<BadInput>(json["interpretation"] ==
                        Json{{"sha256", claim.sha256}, {"tensors_sha256", claim.tensors_sha256}},
                    "the certificate is about another interpretation: SHA-256");
  require<BadInput>(claim.json["model_sha256"] == model_file.sha256,
                    "the interpretation is about another model");
  require<BadInput>(claim.json["task"] == json["task"], "the interpretation is about another task");

  Network network(model_file.bytes);
  const Domain domain(json["domain"], network.d_vocab, network.n_ctx, network.summed);
  const Task task(json["task"], domain.name);
  const bool named = task.require_domain(domain);
  Subject subject{network, claim, domain, task, named, {}};
  if (const Json& hints = json["hints"]; !hints.is_null()) {
    require_members(hints, {"file", "sha256"});
    const std::filesystem::path name = text(hints["file"]);
    expect(name == name.filename(), hints, "the name of a file beside the certificate");
    const File side = read_file(std::filesystem::path(path).replace_filename(name));
    require(hints["sha256"] == side.sha256, "the hints are not those of the certificate (SHA-256)");
    subject.hints = read_safetensors(side.bytes);
  }
  check_replay(json["replay"], domain, network);
  std::set<std::string> titles;
  std::map<int, int> count;  // of outcomes
  for (const Json& statement : list(json["statements"]))
    ++count[report(subject, statement, titles)];
  say_what_is_trusted(subject);
  if (!count[0]) std::puts("Nothing was shown.");
  return count[Rejected] ? Rejected : count[CannotCheck] || !count[0] ? CannotCheck : 0;
}

}  // namespace
}  // namespace checker

int main(int count, char** arguments) {
  using checker::Failure;
  std::map<std::string, std::string> given;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const bool option = argument.starts_with("--") && i + 1 < count;
    given[option ? argument : "certificate"] = option ? arguments[++i] : argument;
  }
  try {
    checker::require<checker::BadInput>(
        count == 6 && given.size() == 3 && given.contains("certificate") &&
            given.contains("--model") && given.contains("--interpretation"),
        "usage: assay-check CERTIFICATE --model M --interpretation I");
    checker::round_up();
    return checker::check(given["certificate"], given["--model"], given["--interpretation"]);
  } catch (const Failure& why) {
    return checker::say_problem("", why);
  } catch (const std::exception& problem) {
    return checker::say_problem("", Failure(checker::BadInput, problem.what()));
  }
}
