#include "tasks/two_sat/observations.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "interp/execution/parallel.h"
#include "interp/files/files.h"
#include "sat2/masks.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks::two_sat {
namespace observations_test {

using at::Tensor;

constexpr int64_t kObserved = 300;  // two chunks and a part of a third

/// The number of threads is put back as it was.
class Threads {
 public:
  explicit Threads(int threads) : before_(interp::threads()) { interp::set_threads(threads); }
  ~Threads() { interp::set_threads(before_); }

 private:
  int before_;
};

struct Observed {
  std::unique_ptr<Task> task = small_task();
  std::unique_ptr<interp::Transformer> model = small_model();
  DeriveConfig config{.variant = {}, .inputs = kObserved, .seed = 3};
  Observations observations = observe(*task, *model, config);
  Tensor tokens = task->sample(Part::Derive, 3, 0, kObserved).tokens;
};

testing::AssertionResult close(const Tensor& found, const Tensor& expected) {
  if (found.sizes() != expected.sizes())
    return testing::AssertionFailure() << found.sizes() << ", expected " << expected.sizes();
  if (at::allclose(found.to(torch::kFloat64), expected.to(torch::kFloat64), 1e-5, 1e-5))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << found << "\nexpected " << expected;
}

TEST(Observe, AveragesWhatTraceRecords) {
  const Observed o;
  const int64_t readout = o.task->readout();
  const auto recorded = [&](std::string place) {
    return record(*o.model, o.tokens, {.place = std::move(place)}).to(torch::kFloat64);
  };
  const auto at_readout = [&](std::string place) {
    return recorded(std::move(place)).select(1, readout);
  };
  EXPECT_TRUE(close(o.observations.mean_stream, recorded(interp::hook::resid_post(0)).mean(0)));
  EXPECT_TRUE(close(o.observations.mean_mid, at_readout(interp::hook::resid_mid(1)).mean(0)));
  EXPECT_TRUE(close(o.observations.mean_attn_out, at_readout(interp::hook::attn_out(1)).mean(0)));
  EXPECT_TRUE(close(o.observations.hidden, at_readout(interp::hook::mlp_post(1))));
  EXPECT_TRUE(close(o.observations.mean_hidden, at_readout(interp::hook::mlp_post(1)).mean(0)));
}

TEST(Observe, TakesTheLargerOfTheTwoAnswersLogits) {
  const Observed o;
  const Tokens tokens{kVariables};
  const at::NoGradGuard no_grad;
  const Tensor logits = interp::logits_at(*o.model, o.tokens, o.task->readout());
  const Tensor says_sat = logits.select(1, tokens.sat()).gt(logits.select(1, tokens.unsat()));
  EXPECT_TRUE(o.observations.answers.equal(says_sat.to(torch::kInt64)));
  EXPECT_TRUE(says_sat.any().item<bool>());
  EXPECT_FALSE(says_sat.all().item<bool>());
}

TEST(Observe, FilesEachFormulaUnderItsTruthTable) {
  const Observed o;
  const auto& tables = o.observations.truth_tables;
  EXPECT_TRUE(std::ranges::is_sorted(tables));
  EXPECT_EQ(std::ranges::adjacent_find(tables), tables.end());
  ASSERT_EQ(o.observations.table_of.size(), static_cast<size_t>(kObserved));
  std::vector<bool> used(tables.size());
  for (int64_t i = 0; i < kObserved; ++i) {
    const int32_t index = o.observations.table_of[i];
    EXPECT_EQ(tables.at(index), sat2::satisfying(formula_of(o.tokens[i], kVariables)));
    used.at(index) = true;
  }
  EXPECT_THAT(used, testing::Each(true));
}

TEST(Observe, HashesTheTokensOfAllFormulasInOrder) {
  const Observed o;
  std::string bytes;
  for (int64_t i = 0; i < kObserved; ++i)
    for (int64_t p = 0; p < n_ctx(kClauses); ++p)
      bytes.push_back(static_cast<char>(o.tokens[i][p].item<int64_t>()));
  EXPECT_EQ(o.observations.sha256, interp::sha256(bytes));
}

TEST(Observe, DoesNotDependOnThreads) {
  const auto task = small_task();
  const auto model = small_model();
  const auto with = [&](int threads) {
    const Threads set(threads);
    return observe(*task, *model, {.variant = {}, .inputs = kObserved});
  };
  const Observations one = with(1), two = with(2);
  EXPECT_TRUE(one.hidden.equal(two.hidden));
  EXPECT_TRUE(one.mean_stream.equal(two.mean_stream));
  EXPECT_TRUE(one.mean_mid.equal(two.mean_mid));
  EXPECT_TRUE(one.mean_attn_out.equal(two.mean_attn_out));
  EXPECT_TRUE(one.mean_hidden.equal(two.mean_hidden));
  EXPECT_TRUE(one.answers.equal(two.answers));
  EXPECT_EQ(one.truth_tables, two.truth_tables);
  EXPECT_EQ(one.table_of, two.table_of);
  EXPECT_EQ(one.sha256, two.sha256);
}

TEST(Observe, ReportsHowFarItIs) {
  std::vector<int64_t> done;
  DeriveConfig config{.variant = {}, .inputs = kObserved};
  config.on_progress = [&](int64_t now, int64_t of) {
    EXPECT_EQ(of, kObserved);
    done.push_back(now);
  };
  observe(*small_task(), *small_model(), config);
  EXPECT_EQ(done.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(done));
  EXPECT_EQ(done.back(), kObserved);
}

/// Block 1 on two literals, with their positions' embeddings, as if there was nothing else.
Tensor second_of_two(const interp::Transformer& model, int64_t left, int64_t right,
                     int64_t left_position, int64_t right_position) {
  const at::NoGradGuard no_grad;
  const auto wide = [](const Tensor& weight) { return weight.to(torch::kFloat64); };
  const auto attn = [&](const std::string& name) { return model.weight("blocks.0.attn." + name); };
  const auto mlp = [&](const std::string& name) { return model.weight("blocks.0.mlp." + name); };
  const Tensor x =
      at::stack({wide(model.W_E()[left] + model.weight("pos_embed.W_pos")[left_position]),
                 wide(model.W_E()[right] + model.weight("pos_embed.W_pos")[right_position])});
  Tensor mid = x[1];
  for (int64_t head = 0; head < attn("W_Q").size(0); ++head) {
    const Tensor query = at::matmul(x[1], wide(attn("W_Q")[head]));
    const Tensor keys = at::matmul(x, wide(attn("W_K")[head]));
    const Tensor pattern =
        at::softmax(at::matmul(keys, query) / std::sqrt(double(query.size(0))), 0);
    const Tensor z = at::matmul(pattern, at::matmul(x, wide(attn("W_V")[head])));
    mid = mid + at::matmul(z, wide(attn("W_O")[head]));
  }
  const Tensor hidden = at::relu(at::matmul(mid, wide(mlp("W_in"))) + wide(mlp("b_in")));
  return mid + at::matmul(hidden, wide(mlp("W_out"))) + wide(mlp("b_out"));
}

TEST(Prototypes, AreBlock1OnTwoTokens) {
  const auto model = small_model();
  const Tokens tokens{kVariables};
  const Prototypes one = prototypes(*model, tokens, /*clauses=*/1);  // a single position
  EXPECT_EQ(one.labels.sizes().vec(), (std::vector<int64_t>{36, 2}));
  for (const int64_t row : {0, 11, 35}) {
    const auto left = one.labels[row][0].item<int64_t>(),
               right = one.labels[row][1].item<int64_t>();
    EXPECT_EQ(row, 6 * left + right);
    EXPECT_TRUE(close(one.vectors[row], second_of_two(*model, left, right, 1, 2)));
  }
}

TEST(Prototypes, AreAveragedOverTheClauses) {
  interp::TransformerConfig config = small_config();
  config.n_heads = {2, 1};
  config.d_head = {8, 16};
  const auto model = small_model(2, config);
  const Prototypes all = prototypes(*model, Tokens{kVariables}, kClauses);
  for (const int64_t row : {1, 20}) {
    Tensor sum = at::zeros({16}, torch::kFloat64);
    for (const int64_t end : {2, 6, 10, 14})
      sum += second_of_two(*model, row / 6, row % 6, end - 1, end);
    EXPECT_TRUE(close(all.vectors[row], sum / 4));
  }
}

TEST(Prototypes, HaveOneForAMissingClauseWhereAClauseMayBeMissing) {
  const auto model = small_model();
  const Tokens tokens{kVariables};
  const Prototypes present = prototypes(*model, tokens, kClauses);
  const Prototypes all = prototypes(*model, tokens, kClauses, /*absent=*/3);
  EXPECT_TRUE(all.labels.narrow(0, 0, 36).equal(present.labels));
  EXPECT_TRUE(all.vectors.narrow(0, 0, 36).equal(present.vectors));
  EXPECT_TRUE(all.labels[36].eq(tokens.padding()).all().item<bool>());
  // A formula of one clause: what stands where the three missing ones would end.
  const auto task =
      make_task("two-sat", {{"variables", kVariables}, {"clauses", kClauses}, {"min_clauses", 1}});
  const Tensor shortest = task->to_tokens("( x0 Not(x1) ) :").unsqueeze(0);
  const interp::Site ends{.place = interp::hook::resid_post(0), .positions = {2, 6, 10}};
  EXPECT_TRUE(close(all.vectors[36], record(*model, shortest, ends)[0].mean(0)));
}

TEST(SatCoefficients, AreHalfTheDifferenceThatANeuronMakesByHand) {
  interp::TransformerConfig config = small_config();
  config.d_model = 2;
  config.d_mlp = 3;
  const auto model = small_model(1, config);
  const Tokens tokens{kVariables};
  const at::NoGradGuard no_grad;
  model->W_U().zero_();
  model->W_U().select(1, tokens.sat()).copy_(torch::tensor({3.0F, 1.0F}));
  model->W_U().select(1, tokens.unsat()).copy_(torch::tensor({-1.0F, 5.0F}));
  model->weight("blocks.1.mlp.W_out")
      .copy_(torch::tensor({1.0F, 0.0F, 0.0F, 1.0F, 2.0F, 3.0F}).view({3, 2}));
  EXPECT_TRUE(close(sat_coefficients(*model, tokens), torch::tensor({2.0F, -2.0F, -2.0F})));
}

TEST(RestingDifference, IsWhatTheResidualPathAndTheOtherNeuronsSay) {
  const Observed o;
  const Tokens tokens{kVariables};
  const at::NoGradGuard no_grad;
  const auto mlp = [&](const std::string& name) { return o.model->weight("blocks.1.mlp." + name); };
  for (const std::vector<int64_t>& off : {std::vector<int64_t>{}, {3}, {0, 7, 31}}) {
    Tensor hidden = o.observations.mean_hidden.clone();
    for (const int64_t neuron : off) hidden[neuron] = 0;
    const Tensor stream = o.observations.mean_mid + at::matmul(hidden, mlp("W_out")) + mlp("b_out");
    const Tensor logits = at::matmul(stream, o.model->W_U());
    const double expected =
        (logits[tokens.sat()].item<double>() - logits[tokens.unsat()].item<double>()) / 2;
    EXPECT_NEAR(resting_difference(*o.model, tokens, o.observations, off), expected, 1e-5);
  }
}

TEST(Summarise, CountsEveryFormulaOnce) {
  const Observed o;
  for (const int64_t neuron : {0, 5, 31}) {
    for (const double threshold : {0.0, 0.3, 1e9}) {
      const auto rows = summarise(o.observations, neuron, threshold);
      ASSERT_EQ(rows.size(), o.observations.truth_tables.size());
      int64_t count = 0, on = 0;
      for (size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].truth_table, o.observations.truth_tables[i]);
        EXPECT_GT(rows[i].count, 0);
        EXPECT_LE(rows[i].on, rows[i].count);
        count += rows[i].count;
        on += rows[i].on;
      }
      EXPECT_EQ(count, kObserved);
      EXPECT_EQ(on, o.observations.hidden.select(1, neuron).ge(threshold).sum().item<int64_t>());
    }
  }
}

TEST(Summarise, ByHand) {
  Observations observed;
  observed.hidden = torch::tensor({9.0F, 0.0F, 9.0F, 0.5F, 9.0F, 0.6F, 9.0F, 0.4F}).view({4, 2});
  observed.truth_tables = {2, 7};
  observed.table_of = {0, 1, 1, 1};
  const auto rows = summarise(observed, 1, 0.5);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].truth_table, 2U);
  EXPECT_EQ(rows[0].count, 1);
  EXPECT_EQ(rows[0].on, 0);
  EXPECT_EQ(rows[1].truth_table, 7U);
  EXPECT_EQ(rows[1].count, 3);
  EXPECT_EQ(rows[1].on, 2);  // 0.5 is on
}

}  // namespace observations_test
}  // namespace assay::tasks::two_sat
