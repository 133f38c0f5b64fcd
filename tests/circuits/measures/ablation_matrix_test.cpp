#include "circuits/measures/ablation_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "circuits/components/random_circuits.h"
#include "tests/circuits/known_circuit.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace ablation_matrix_test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(AblationMatrix, HoldsTheMeasuresUnderEveryAblation) {
  const RandomExperiment random(true, false, 40);
  statistics::Engine engine(1);
  const at::Tensor kept = random_circuit(random.graph, 15, engine);
  const AblationMatrix matrix = ablation_matrix(random.experiment(), kept);
  ASSERT_EQ(matrix.rows.size(), 5U);
  EXPECT_TRUE(matrix.skipped.empty());
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(matrix.rows[i].ablation, interp::names_of(ablations())[i]);
    EXPECT_EQ(
        to_json(matrix.rows[i]),
        to_json(measure(Evaluation(random.experiment(interp::names_of(ablations())[i])), kept)));
  }
}

TEST(AblationMatrix, OfTheKnownCircuitOnlyZeroDisagrees) {
  const KnownCircuit known;  // of its edges none reads a constant
  for (const Measures& row : ablation_matrix(known.experiment(), known.circuit()).rows) {
    if (row.ablation == "zero") {
      EXPECT_LT(row.faithfulness.circuit, 0.5);
    } else {
      EXPECT_NEAR(row.faithfulness.normalised, 1, 1e-4);
    }
  }
}

TEST(AblationMatrix, SaysWhatItSkips) {
  RandomExperiment random(true, false, 40);
  random.data.corrupt = at::Tensor();
  const AblationMatrix no_pairs = ablation_matrix(random.experiment(), random.all());
  EXPECT_EQ(no_pairs.rows.size(), 4U);
  EXPECT_THAT(no_pairs.skipped, ElementsAre(HasSubstr("no counterfactual partners")));
  random.data = random.data.slice(0, 1);
  const AblationMatrix one_input = ablation_matrix(random.experiment(), random.all());
  EXPECT_THAT(one_input.skipped, ElementsAre(HasSubstr("'pair'"), HasSubstr("at least two inputs"),
                                             HasSubstr("'mean-per-position' changes nothing")));
  EXPECT_EQ(to_json(one_input)["skipped"].size(), 3U);
}

TEST(AblationMatrix, DoesNotSkipWhatIsWrongUnderAllOfThem) {
  const RandomExperiment random(true, false, 40);
  Experiment experiment = random.experiment();
  experiment.readout = 99;
  EXPECT_THROW(ablation_matrix(experiment, random.all()), std::invalid_argument);
  EXPECT_THROW(ablation_matrix(random.experiment(), random.all().narrow(1, 0, 2)),
               std::invalid_argument);
}

}  // namespace ablation_matrix_test
}  // namespace assay::circuits
