#pragma once
// What was asked of a circuit, and what follows from the answers on all inputs: what measure does
// when all chunks are answered, and merge when all parts are there.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "circuits/components/circuit_file.h"
#include "circuits/measures/certified_stability.h"
#include "circuits/measures/evaluation.h"
#include "circuits/measures/hypothesis_tests.h"
#include "tools/circuit_options.h"

namespace assay::tools {

/// The options of a measurement. Parts of one run agree in them.
struct MeasureRequest {
  ExperimentOptions experiment;  ///< its ablation may be `all`
  std::filesystem::path circuit, interpretation;
  std::string method = "eap-ig", correction = "benjamini-hochberg";
  int64_t draws = 199;
  double alpha = 0.05, margin = circuits::TestConfig().margin;
  bool curve = false, completeness = false, tests = false, stability = false;
  bool certified_stability = false;
  double deleted = circuits::CertificationConfig().deleted;
  uint64_t seed = 1;
};
nlohmann::ordered_json to_json(const MeasureRequest& request);
/// @throws std::runtime_error "WHERE: field …".
MeasureRequest measure_request_from_json(const nlohmann::ordered_json& json,
                                         const std::string& where);

/// A chunk of inputs under one ablation: what a measurement is made of.
struct MeasuredChunk {
  std::string ablation;
  int64_t chunk = 0;
};

class Measurement;
/// One of the items of a record. @param index  in chunks(). @throws std::invalid_argument "field
/// …".
circuits::ChunkAnswers measured_chunk_from_json(const nlohmann::ordered_json& json,
                                                const Measurement& measurement, int64_t index);

class Measurement {
 public:
  /// Reads the network, the circuit and the inputs.
  /// @throws std::invalid_argument, std::runtime_error for options that mean nothing together and
  ///   files that do not fit.
  explicit Measurement(MeasureRequest request);

  const MeasureRequest& request() const { return request_; }
  void print_subject(const Session& session) const;
  /// Model, task, inputs and circuit.
  const nlohmann::ordered_json& facts() const { return facts_; }

  /// Of all ablations that these inputs allow, in the order of their names.
  const std::vector<MeasuredChunk>& chunks() const { return chunks_; }
  const circuits::Inquiry& inquiry(const MeasuredChunk& chunk) const {
    return inquiries_.at(chunk.ablation);
  }
  /// Answers those of chunks() with these indices.
  /// @param use  takes an index and its answers, from several threads but one at a time.
  void answer(const std::vector<int64_t>& indices,
              const std::function<void(int64_t index, circuits::ChunkAnswers answers)>& use,
              const circuits::Watch& watch) const;
  /// Whether something is measured whose questions depend on the answers on all inputs; its name.
  std::string decides_on_all_inputs() const;

  /// Prints what is measured. @param answers  of all chunks().
  /// @param report  its head. @return all of it.
  nlohmann::ordered_json conclude(std::vector<circuits::ChunkAnswers> answers,
                                  nlohmann::ordered_json report, bool quiet,
                                  const Console& console) const;

 private:
  circuits::Experiment experiment(const std::string& ablation) const;
  std::vector<std::string> ablations() const;
  std::map<std::string, circuits::Questions> questions(const std::string& ablation) const;
  std::shared_ptr<const circuits::AnsweredByAblation> sorted(
      std::vector<circuits::ChunkAnswers> answers) const;

  MeasureRequest request_;
  circuits::CircuitFile file_;
  ExperimentSubject subject_;
  nlohmann::ordered_json facts_;
  std::map<std::string, circuits::Inquiry> inquiries_;
  std::vector<MeasuredChunk> chunks_;
};

}  // namespace assay::tools
