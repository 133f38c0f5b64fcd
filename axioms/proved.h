#pragma once
// What is proved of a report's rows, so that counts need not say it: rows that fail on no input,
// and rows that fail on the same inputs. This is plain data. The proofs themselves are made in
// axioms/proofs, or were made by whoever wrote a certificate.

#include <optional>
#include <string>
#include <vector>

#include "axioms/claim.h"

namespace assay::axioms {

struct Report;
struct ReportRow;

/// A file that the run read.
struct Source {
  std::string path;
  std::string sha256;
};

/// A statement about every input of a domain.
struct ProvedStatement {
  std::string statement;                     ///< `node = program`
  std::string node;                          ///< empty: the whole interpretation
  std::string verdict;                       ///< `proved`, `refuted`, `open`
  std::string words;                         ///< what was shown, or what is left
  std::optional<double> margin = {};         ///< the least one, a lower bound
  std::optional<double> float32_error = {};  ///< how far float32 can move it, an upper bound

  /// Of the network as it runs, not only of its weights as exact numbers.
  bool proved_as_it_runs() const;
};

/// Rows (`evaluate.PR`) that fail on the same inputs.
struct ProvedRows {
  std::vector<std::string> rows;
  bool never = false;                 ///< on none
  std::optional<double> margin = {};  ///< by which they never do, where that has a number
  std::string because;                ///< the statements that it follows from

  bool contain(const std::string& row) const;
  /// The row whose counts stand for all: the first of PE, else of CE, since these need no run of
  /// their own.
  const std::string& evidence() const;
};

struct Proofs {
  /// Where the statements were read: they were not checked again. None: proved by this run.
  std::optional<Source> certificate = {};
  std::string domain, words;  ///< its name, and which inputs these are
  std::string inputs;         ///< how many: `1.05e16`
  std::vector<ProvedStatement> statements = {};
  std::vector<ProvedRows> rows = {};  ///< what follows from them

  const ProvedRows* of(const std::string& row) const;  ///< null: nothing is proved of it
  /// `proved by reference.json, not checked here`, `proved in this run`.
  std::string source() const;
};

/// Whether the runs of the network that this row needs were left out, because another row, with
/// runs that are needed anyway, is proved to be equal to it. That is done where it is true of both
/// PR and CR of a node, which share their runs.
bool left_out(const std::optional<Proofs>& proofs, const std::string& node, Axiom axiom);

/// Writes into every row what is proved of it.
/// @throws std::invalid_argument if counts contradict what is proved. A row that is proved never to
///   fail and did is no rate: the proof, or this program, is wrong.
void apply_proofs(Report& report);

/// The row that carries the evidence: the row itself unless it is proved to be equal to another
/// one. A row of a claim about one answer has its counts from there already.
const ReportRow& evidence_of(const Report& report, const ReportRow& row);

/// `Proved for every one of 1.05e16 inputs (…): parse.PE = parse.CE = 0; …`. Empty: nothing.
std::string proofs_sentence(const Report& report);

}  // namespace assay::axioms
