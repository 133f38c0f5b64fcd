// A network that is not Assay's own: a module written by hand, of which only names and axes of
// places are known. It is validated and explained; what cannot be known of it is said, and what
// needs components refuses it by name.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>

#include <functional>

#include "axioms/report.h"
#include "axioms/vacuity.h"
#include "circuits/components/component_graph.h"
#include "circuits/interpretation/abstract_values.h"
#include "interp/attribution/embedded_input.h"
#include "interp/attribution/method.h"
#include "tests/axioms/or_network.h"

namespace assay::axioms {
namespace foreign_network_test {

using interp::Axis;
using interp::Place;
using interp::Places;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kVocab = 6, kWidth = kVocab + 1, kHidden = 2, kFeature = kVocab;

/// "Has a 1 or a 3 been seen so far?": embeddings hold the token and a feature, which a sum over
/// positions counts.
struct Counter : torch::nn::Module {
  using Hook = std::function<Tensor(const std::string& place, const Tensor& value)>;

  Counter()
      : embed(register_module("embed", torch::nn::Embedding(kVocab, kWidth))),
        count(register_module("count", torch::nn::Linear(kWidth, kHidden))),
        answer(register_module("answer", torch::nn::Linear(kHidden, kVocab))) {
    const at::NoGradGuard no_grad;
    for (const Tensor& parameter : parameters()) parameter.zero_();
    for (int64_t token = 0; token < kVocab; ++token) embed->weight[token][token] = 1;
    for (const int64_t token : {1, 3}) embed->weight[token][kFeature] = 1;
    count->weight[0][kFeature] = 1;
    answer->weight[1][0] = 1;  // "yes"
    answer->bias[0] = 0.5;     // "no"
  }

  Tensor forward(const Tensor& tokens, const Hook& hook) {
    const Tensor x = hook("embed", embed->forward(tokens));
    const Tensor counted = hook("hidden", at::relu(count->forward(x).cumsum(1)));
    return hook("logits", answer->forward(counted));
  }

  torch::nn::Embedding embed;
  torch::nn::Linear count, answer;
};

class ForeignNetwork : public interp::Network {
 public:
  explicit ForeignNetwork(bool knows_its_embedding = true) {
    const auto place = [](const char* name, Axis axis, int64_t size) {
      return Place{.name = name, .axes = {{Axis::Position, -1}, {axis, size}}};
    };
    places_.all = {place("embed", Axis::Model, kWidth), place("hidden", Axis::Neuron, kHidden),
                   place("logits", Axis::Output, kVocab)};
    places_.logits = 2;
    if (knows_its_embedding) places_.embedding = 0;
    places_.n_ctx = 3;
    places_.n_tokens = kVocab;
    places_.additive = false;
  }

  const Places& places() const override { return places_; }
  c10::Device device() const override { return at::kCPU; }

  std::vector<Tensor> trace(const Tensor& tokens,
                            const interp::TraceRequest& request) const override {
    std::map<std::string, Tensor> seen;
    module_->forward(tokens, [&](const std::string& place, const Tensor& computed) {
      Tensor value = computed;
      for (const interp::Overwrite& overwrite : request.overwrite)
        if (overwrite.site.place == place) value = overwritten(value, overwrite);
      return seen[place] = value;
    });
    std::vector<Tensor> recorded;
    for (const Site& site : request.record) recorded.push_back(narrowed(seen.at(site.place), site));
    return recorded;
  }

  interp::Around path_around(const std::vector<Site>&, const Site&) const override {
    return {interp::Found::Unknown, {}};
  }
  interp::Found reaches(const std::vector<Site>&, const Site&) const override {
    return interp::Found::Unknown;
  }

 private:
  static std::vector<int64_t> all_or(const std::vector<int64_t>& some, int64_t n) {
    if (!some.empty()) return some;
    std::vector<int64_t> all(n);
    for (int64_t i = 0; i < n; ++i) all[i] = i;
    return all;
  }
  static Tensor index(const std::vector<int64_t>& some, int64_t n) {
    return torch::tensor(all_or(some, n), torch::kInt64);
  }
  static Tensor narrowed(const Tensor& value, const Site& site) {
    return value.index_select(1, index(site.positions, value.size(1)))
        .index_select(2, index(site.neurons, value.size(2)));
  }
  static Tensor overwritten(const Tensor& value, const interp::Overwrite& overwrite) {
    Tensor result = value.clone();
    const auto positions = all_or(overwrite.site.positions, value.size(1));
    const auto neurons = all_or(overwrite.site.neurons, value.size(2));
    for (size_t p = 0; p < positions.size(); ++p)
      for (size_t n = 0; n < neurons.size(); ++n)
        result.select(2, neurons[n])
            .select(1, positions[p])
            .copy_(overwrite.value.select(2, static_cast<int64_t>(n))
                       .select(1, static_cast<int64_t>(p)));
    return result;
  }

  Places places_;
  std::shared_ptr<Counter> module_ = std::make_shared<Counter>();
};

/// tokens -> the two tokens -> is one of them 1 or 3? -> the answer.
Interpretation claim() {
  const ForeignNetwork network;
  const Site hidden{.place = "hidden", .positions = {2}},
      logits{.place = "logits", .positions = {2}};
  Interpretation interpretation = or_interpretation();
  Node &answer = node(interpretation, "answer"), &some = node(interpretation, "some"),
       &words = node(interpretation, "words");
  answer.sites = answer.reads = {logits};
  words.sites = {{.place = "embed"}};
  words.reads = {{.place = "embed", .positions = {0, 1}}};
  const Tensor embeddings = interp::token_embeddings(network);
  words.alpha.tensors["prototypes"] = words.gamma.tensors["prototypes"] = embeddings;
  words.gamma.tensors["mean"] = embeddings[5].repeat({3, 1});
  some.sites = {hidden};
  some.reads = {{.place = "hidden", .positions = {2}, .neurons = {0}}};
  some.gamma = {.name = "write_bit", .tensors = {}};
  return interpretation;
}

Operations with_write_bit() {
  Operations all = operations();
  all.concretisations.add({"write_bit", "", [](const Operation&) -> circuits::Concretisation {
                             return [](const circuits::Value& value) {
                               const Tensor on = value.to(at::kFloat).unsqueeze(1);
                               return circuits::Activations{at::cat({on, at::zeros_like(on)}, 2)};
                             };
                           }});
  return all;
}

struct Validated {
  CheckResult result;
  Vacuity found;
  Report report;
};

Validated validated(const Interpretation& interpretation) {
  const ForeignNetwork network;
  const circuits::Program program =
      circuits::compile(interpretation, with_write_bit(), network.places());
  const Experiment experiment{network, program, or_decision()};
  Validated all{.result = check(experiment, or_inputs, {.inputs = kInputs}),
                .found = vacuity(experiment, or_inputs, kInputs, /*exhaustive=*/true),
                .report = {}};
  all.report =
      make_report(interpretation, all.result,
                  {{"words", Axiom::PE, 0.1}, {"some", Axiom::PE, 0.1}, {"answer", Axiom::PE, 0.1}},
                  0.95, network, 2, Scope::Domain);
  add_vacuity(all.report, all.found);
  return all;
}

TEST(ForeignNetwork, IsValidatedAndWhatIsNotKnownOfItIsSaid) {
  const Validated all = validated(claim());
  EXPECT_EQ(failures(all.result), (Failures{{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}));
  for (const Objection& objection : all.found.objections)
    ADD_FAILURE() << objection.node << ": " << objection.reason;
  const nlohmann::ordered_json json = to_json(all.report);
  EXPECT_TRUE(json["nodes"][0]["complete_cut"].is_null());
  EXPECT_EQ(json["vacuity"], "not tested");
  for (const size_t row : {0, 4, 8}) {  // PE of each node, the output included: never `holds`
    EXPECT_EQ(all.report.rows[row].verdict, Verdict::Undecided) << row;
    EXPECT_THAT(all.report.rows[row].because, HasSubstr("nobody has said what its places read"));
  }
}

TEST(ForeignNetwork, AFalseClaimAboutItFails) {
  Interpretation wrong = claim();
  node(wrong, "some").h.parameters["yes"] = {1, 2};
  const Validated all = validated(wrong);
  int64_t different = 0;  // inputs on which "a 1 or a 2" is another answer
  for (int64_t left = 0; left < kWords; ++left)
    for (int64_t right = 0; right < kWords; ++right) {
      const auto any = [&](int64_t a, int64_t b) {
        return left == a || left == b || right == a || right == b;
      };
      different += any(1, 3) != any(1, 2);
    }
  EXPECT_EQ(all.result.nodes[1][Axiom::PE].estimate.failures, different);
  EXPECT_EQ(all.result.nodes[1][Axiom::PR].estimate.failures, different);
  EXPECT_EQ(all.report.rows[4].verdict, Verdict::Violated);
}

TEST(ForeignNetwork, SitesThatItLacksAreRefusedWithThoseThatItHas) {
  const ForeignNetwork network;
  EXPECT_THAT(
      [&] { interp::parse_site("blocks.0.hook_resid_post", network.places()); },
      ThrowsMessage<std::invalid_argument>(HasSubstr("this model has embed, hidden, logits")));
  Places unplaced = network.places();
  unplaced.all[1].axes = {{Axis::Neuron, kHidden}};
  unplaced.logits = -1;
  EXPECT_THAT([&] { interp::parse_site("hidden[pos=1]", unplaced); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("has no positions")));
  EXPECT_THAT([&] { interp::parse_site("logits[neuron=1]", network.places()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("has no neurons")));
}

interp::attribution::Problem problem_on(const interp::Network& network) {
  const interp::attribution::Target target{
      .kind = interp::attribution::TargetKind::LogitDifference, .token = 1, .foil = 0};
  return {.input = {.tokens = {1, 4, 5},
                    .features = {{.name = "left", .positions = {0}},
                                 {.name = "right", .positions = {1}},
                                 {.name = "question", .positions = {2}}}},
          .scorer = interp::attribution::scorer_of(network, target),
          .logits = interp::attribution::logits_scorer_of(network),
          .target = target,
          .framing = {},
          .network = &network};
}

TEST(ForeignNetwork, IsExplained) {
  const ForeignNetwork network;
  const auto problem = problem_on(network);
  // logit "yes" - "no" = features counted - 1/2, and only token 1 of these three has the feature.
  EXPECT_NEAR(problem.scorer.score({1, 4, 5}), 0.5, 1e-6);
  const at::Tensor integrated =
      interp::attribution::explain("integrated-gradients:zero", problem).scores;
  EXPECT_NEAR(integrated[0].item<double>(), 1, 1e-5);
  EXPECT_NEAR(integrated[1].item<double>(), 0, 1e-5);
  const at::Tensor black_box = interp::attribution::explain("occlusion:deletion", problem).scores;
  EXPECT_NEAR(black_box[0].item<double>(), 1, 1e-5);
}

TEST(ForeignNetwork, MethodsSayWhatTheyMiss) {
  const ForeignNetwork network, unnamed(/*knows_its_embedding=*/false);
  EXPECT_THAT(
      [&] { interp::attribution::explain("attention", problem_on(network)); },
      ThrowsMessage<std::invalid_argument>(HasSubstr("no place is known to be an attention")));
  EXPECT_THAT([&] { interp::attribution::explain("integrated-gradients", problem_on(unnamed)); },
              ThrowsMessage<std::invalid_argument>(
                  HasSubstr("nobody has said at which place its tokens become vectors")));
}

TEST(ForeignNetwork, HasNoComponents) {
  const ForeignNetwork network;
  EXPECT_THAT(
      [&] { circuits::ComponentGraph graph(network.places()); },
      ThrowsMessage<std::invalid_argument>(HasSubstr("component graph: expected a network")));
  EXPECT_THAT([&] { interp::require_transformer(network, "discovering a circuit"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("discovering a circuit: expected")));
}

}  // namespace foreign_network_test
}  // namespace assay::axioms
