// Answers that were shared out, written, read and put in a row again are the answers of one run.

#include "circuits/measures/chunk_answers.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "circuits/components/random_circuits.h"
#include "circuits/measures/faithfulness_curve.h"
#include "circuits/measures/hypothesis_tests.h"
#include "circuits/measures/measures.h"
#include "circuits/measures/test_fields.h"
#include "tests/circuits/random_experiment.h"
#include "tests/interp/with_threads.h"

namespace assay::circuits {
namespace chunk_answers_test {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kInputs = 70;  // three chunks, the last one of six inputs

struct Asked {
  RandomExperiment random = RandomExperiment(true, false, kInputs);
  statistics::Engine engine = statistics::Engine(3);
  at::Tensor kept = random_circuit(random.graph, 9, engine);
  at::Tensor scores =
      torch::rand({random.graph.rows(), random.graph.columns()}, torch::kFloat64) - 0.5;
  TestConfig config = {.draws = 19};
  std::map<std::string, Inquiry> inquiries;

  explicit Asked(const std::string& ablation) {
    ask(ablation, questions_of_measure(kept));
    ask(ablation, questions_of_mib_scores(random.graph, scores, Selection::Greedy));
    for (const auto& [other, questions] :
         questions_of_tests(random.experiment(ablation), kept, config))
      ask(other, questions);
  }
  void ask(const std::string& ablation, const Questions& questions) {
    Inquiry& inquiry = inquiries[ablation];
    if (!inquiry.batches)
      inquiry.batches = std::make_shared<const PatchBatches>(random.experiment(ablation));
    add(inquiry.questions, questions);
  }
  /// Each chunk on its own, last one first, through text.
  std::shared_ptr<const AnsweredByAblation> answered(int64_t* runs = nullptr) const {
    auto all = std::make_shared<AnsweredByAblation>();
    for (const auto& [ablation, inquiry] : inquiries) {
      Answered& known = (*all)[ablation];
      known.inquiry = inquiry;
      known.chunks.resize(inquiry.batches->chunks().count());
      for (int64_t chunk = std::ssize(known.chunks) - 1; chunk >= 0; --chunk)
        answer(inquiry, {chunk}, [&](int64_t index, const ChunkAnswers& answers) {
          const std::string text = to_json(answers, inquiry, index).dump();
          known.chunks.at(index) =
              chunk_answers_from_json(ordered_json::parse(text), inquiry, index);
          if (runs) ++*runs;
        });
    }
    return all;
  }
};

ordered_json all_of(const Evaluation& evaluation, const Asked& asked) {
  return {to_json(measure(evaluation, asked.kept)),
          to_json(mib_scores(evaluation, asked.scores, Selection::Greedy)),
          interp::write_record(test_hypotheses(evaluation, asked.kept, asked.config))};
}

TEST(ChunkAnswers, OfAllChunksGiveWhatOneRunGives) {
  for (const std::string ablation : {"pair", "mean", "shuffle", "zero"}) {
    const Asked asked(ablation);
    int64_t progress = 0;
    const Experiment experiment = asked.random.experiment(ablation);
    const Evaluation recalled(
        experiment, [&](int64_t, int64_t) { ++progress; }, asked.answered());
    EXPECT_EQ(all_of(recalled, asked).dump(), all_of(Evaluation(experiment), asked).dump());
    EXPECT_EQ(progress, 0) << "something was asked again under " << ablation;
  }
}

TEST(ChunkAnswers, WhatWasNotAskedBeforeIsAskedThen) {
  const Asked asked("mean");
  const Experiment experiment = asked.random.experiment("mean");
  const Evaluation recalled(experiment, {}, asked.answered()), fresh(experiment);
  const std::vector<at::Tensor> circuits = {asked.random.none(), asked.kept, asked.random.all()};
  EXPECT_TRUE(recalled.metrics(circuits).equal(fresh.metrics(circuits)));
  EXPECT_TRUE(recalled.run(asked.random.all()).logits.equal(fresh.run(asked.random.all()).logits));
}

TEST(ChunkAnswers, StopsWithWholeChunksOnly) {
  const Asked asked("zero");
  const Inquiry& inquiry = asked.inquiries.at("zero");
  std::atomic<bool> stop = false;
  std::vector<int64_t> answered;
  const interp::WithThreads one(1);
  answer(inquiry, {0, 1, 2},
         [&](int64_t chunk, const ChunkAnswers& answers) {
           answered.push_back(chunk);
           EXPECT_EQ(answers.self_check.inputs, inquiry.batches->chunks()[chunk].count);
           stop = true;
         },
         {.stop = &stop});
  EXPECT_EQ(answered, std::vector<int64_t>{0});
}

TEST(ChunkAnswers, RefusesWhatAreNone) {
  const Asked asked("mean");
  const Inquiry& inquiry = asked.inquiries.at("mean");
  ordered_json json;
  answer(inquiry, {2}, [&](int64_t index, const ChunkAnswers& answers) {
    json = to_json(answers, inquiry, index);
  });
  chunk_answers_from_json(json, inquiry, 2);
  const auto refuse = [&](const char* pointer, const ordered_json& value, const char* words) {
    ordered_json changed = json;
    changed[ordered_json::json_pointer(pointer)] = value;
    EXPECT_THAT([&] { chunk_answers_from_json(changed, inquiry, 2); },
                ThrowsMessage<std::invalid_argument>(HasSubstr(words)));
  };
  EXPECT_THROW(chunk_answers_from_json(json, inquiry, 1), std::invalid_argument);
  refuse("/ablation", "zero", "field 'ablation'");
  refuse("/network/metric/3", nullptr, "field 'network.metric[3]'");  // what JSON makes of NaN
  refuse("/network/metric", ordered_json::array({1.0}), "field 'network.metric'");
  refuse("/empty/decision/0", 1'000, "field 'empty.decision[0]'");
  refuse("/empty/decision/0", -1, "field 'empty.decision[0]'");
  refuse("/empty/logits/0/0", 1e300, "field 'empty.logits[0][0]'");  // no float32
  refuse("/circuits", ordered_json::array(), "field 'circuits'");
  refuse("/circuits/0/logits/0", ordered_json::array({1.0}), "field 'circuits[0].logits[0]'");
  refuse("/metrics/0/0", "a", "field 'metrics[0][0]'");
  refuse("/self_check/inputs", 5, "field 'self_check.inputs'");
  refuse("/more", 1, "more");
}

}  // namespace chunk_answers_test
}  // namespace assay::circuits
