#pragma once
// What was asked of a circuit, and what follows from the answers on all inputs: what measure does
// when all chunks are answered, and merge when all parts are there.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "circuits/components/circuit_file.h"
#include "circuits/measures/evaluation.h"
#include "tools/measure_request.h"

namespace assay::tools {

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
  /// MeasuredFiles, which the parts of a run agree in.
  nlohmann::ordered_json facts() const;

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
  axioms::Source circuit_;
  std::optional<std::string> interpretation_sha256_;
  std::map<std::string, circuits::Inquiry> inquiries_;
  std::vector<MeasuredChunk> chunks_;
};

}  // namespace assay::tools
