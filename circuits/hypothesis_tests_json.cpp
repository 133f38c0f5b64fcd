#include "circuits/hypothesis_tests.h"

namespace assay::circuits {

using Json = nlohmann::ordered_json;

Json to_json(const Equivalence& test) {
  Json json = {{"null", "circuit and network score higher equally often"},
               {"wins", test.wins},
               {"losses", test.losses},
               {"ties", test.ties},
               {"epsilon", test.epsilon},
               {"win_rate_interval", to_json(test.win_rate)},
               {"p_value", test.p_value},
               {"rejected", test.is_rejected}};
  if (test.p_value_of_difference) json["p_value_of_difference"] = *test.p_value_of_difference;
  return json;
}

Json to_json(const Independence& test) {
  return {{"null", "what lies outside the circuit is independent of the network's output"},
          {"ablation", to_string(test.ablation)},
          {"inputs", test.inputs},
          {"hsic", test.test.statistic},
          {"normalised_hsic", test.test.normalised},
          {"p_value", test.test.p_value},
          {"rejected", test.is_rejected}};
}

Json to_json(const MinimalityTest& test, const ComponentGraph& graph) {
  Json edges = Json::array();
  for (const EdgeTest& edge : test.edges)
    edges.push_back({{"edge", graph.name(edge.edge)},
                     {"effect", edge.effect},
                     {"p_value", edge.p_value},
                     {"adjusted_p_value", edge.adjusted},
                     {"needed", edge.is_needed}});
  return {{"null", "the edge matters no more than a random edge added to the circuit"},
          {"correction", to_string(test.correction)},
          {"not_needed", test.not_needed()},
          {"edges", edges},
          {"random_effects", test.random}};
}

Json to_json(const AgainstRandom& test) {
  return {{"value", test.value},
          {"p_value", test.p_value},
          {"rejected", test.is_rejected},
          {"random_values", test.random}};
}

Json to_json(const HypothesisTests& tests, const ComponentGraph& graph) {
  Json json = {
      {"alpha", tests.config.alpha}, {"draws", tests.config.draws}, {"seed", tests.config.seed}};
  const auto with_null = [](const char* null, const AgainstRandom& test) {
    Json whole = {{"null", null}};
    whole.update(to_json(test));
    return whole;
  };
  if (tests.equivalence) json["equivalence"] = to_json(*tests.equivalence);
  if (tests.independence) json["independence"] = to_json(*tests.independence);
  if (tests.minimality) json["minimality"] = to_json(*tests.minimality, graph);
  if (tests.sufficiency)
    json["sufficiency"] = with_null(
        "the circuit is no more faithful than random circuits of its size", *tests.sufficiency);
  if (tests.partial_necessity)
    json["partial_necessity"] =
        with_null("the network misses the circuit no more than random circuits of its size",
                  *tests.partial_necessity);
  json["skipped"] = tests.skipped;
  return json;
}

}  // namespace assay::circuits
