#pragma once
// What an interpretation claims: nodes, each with what it computes (h), how it is read off the
// network (alpha), how it is written (gamma), and which values count as equal.

#include "interval.h"
#include "readers.h"

namespace checker {

struct Operation {
  std::string name;
  Json parameters;
  std::map<std::string, Tensor> tensors;

  /// @throws CannotCheck unless it is this one with these parameters and tensors and no others.
  void require(const std::string& expected, const std::set<std::string>& parameter_names,
               const std::set<std::string>& tensor_names) const;
};

struct Node {
  std::string name;
  std::vector<std::string> parents, sites, reads;
  Operation h, alpha, gamma, equality;
};

struct Interpretation {
  std::string sha256, tensors_sha256, model_sha256, output;
  Json task;  ///< name and settings
  std::vector<Node> nodes;

  /// Reads X.json and X.safetensors beside it. @throws BadInput
  explicit Interpretation(const std::string& path);
  const Node& node(const std::string& name) const;  ///< @throws BadInput if there is none
  /// The tokens that the output's alpha chooses from; h's value is an index into them.
  std::vector<int64_t> answers(int64_t d_vocab) const;
};

/// A program over which assignments satisfy the clauses (`satisfied[a]`; -1: not known):
///   true | false | {"assignment": a, "yes": program, "no": program} | {"any_of": [a, …]}
/// @return whether it is on for every way in which the unknown ones can turn out.
/// @throws BadInput for an ill-formed one.
bool always_on(const Json& program, std::vector<int>& satisfied);

/// The composed h, from tokens to the output, of the two kinds that this program knows.
class Program {
 public:
  /// @throws CannotCheck if the nodes are none of these chains:
  ///   tokens_at -> truth_table_programs -> any
  ///   fourier_components -> angle_sums -> argmax_of_differences
  Program(const Interpretation& interpretation, int64_t length, int64_t d_vocab);

  bool of_clauses() const { return variables_ > 0; }
  int64_t variables() const { return variables_; }
  const std::vector<std::vector<int64_t>>& positions() const { return positions_; }  ///< of clauses
  const Json& programs() const { return programs_; }
  const std::vector<int64_t>& answers() const { return answers_; }

  struct Answer {
    int64_t token = -1;  ///< -1: the enclosures leave it open
    Interval margin;     ///< the largest value less the next, where h ends in a maximum
  };
  Answer run(const std::vector<int64_t>& tokens) const;

 private:
  Answer largest_wave(const std::vector<int64_t>& tokens) const;

  std::vector<int64_t> answers_;
  int64_t variables_ = 0;
  std::vector<std::vector<int64_t>> positions_;
  Json programs_;
  std::vector<Vector> read_waves_, answer_waves_;  // [p][2 · frequencies]: cosines, then sines
};

/// Which assignments satisfy a clause of two literal tokens: bit a of the mask, where bit i of a is
/// the value of variable i. Token i is x_i, n + i its negation; two paddings (2n + 5) are always
/// true.
uint64_t truth_table(int64_t left, int64_t right, int64_t variables);

}  // namespace checker
