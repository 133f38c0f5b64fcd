#include "circuits/measures/hypothesis_tests.h"

namespace assay::circuits {

using Json = nlohmann::ordered_json;

namespace {

// The finding first, then the figures.
Json with_finding(const Finding& finding, const Json& figures) {
  Json json = {{"claim", finding.claim},
               {"outcome", to_string(finding.outcome)},
               {"because", finding.because}};
  json.update(figures);
  return json;
}

}  // namespace

Json to_json(const Equivalence& test) {
  return with_finding(test.finding, {{"wins", test.wins},
                                     {"losses", test.losses},
                                     {"ties", test.ties},
                                     {"margin", test.margin},
                                     {"win_rate_bounds", to_json(test.win_rate)},
                                     {"smallest_margin", test.smallest_margin}});
}

Json to_json(const Independence& test) {
  return with_finding(test.finding,
                      {{"ablation", test.ablation},
                       {"inputs", test.inputs},
                       {"hsic", test.test.statistic},
                       {"normalised_hsic", test.test.normalised},
                       {"p_value", test.test.p_value},
                       {"detectable_share", test.detectable ? Json(*test.detectable) : Json()}});
}

Json to_json(const MinimalityTest& test, const ComponentGraph& graph) {
  Json edges = Json::array();
  for (const EdgeTest& edge : test.edges)
    edges.push_back({{"edge", graph.name(edge.edge)},
                     {"effect", edge.effect},
                     {"p_value", edge.p_value},
                     {"adjusted_p_value", edge.adjusted},
                     {"needed", edge.is_needed}});
  return with_finding(test.finding, {{"correction", to_string(test.correction)},
                                     {"not_needed", test.not_needed()},
                                     {"edges", edges},
                                     {"random_effects", test.random}});
}

Json to_json(const AgainstRandom& test) {
  return with_finding(
      test.finding,
      {{"value", test.value}, {"p_value", test.p_value}, {"random_values", test.random}});
}

Json to_json(const HypothesisTests& tests, const ComponentGraph& graph) {
  Json json = {
      {"alpha", tests.config.alpha}, {"draws", tests.config.draws}, {"seed", tests.config.seed}};
  if (tests.equivalence) json["equivalence"] = to_json(*tests.equivalence);
  if (tests.independence) json["independence"] = to_json(*tests.independence);
  if (tests.minimality) json["minimality"] = to_json(*tests.minimality, graph);
  if (tests.sufficiency) json["sufficiency"] = to_json(*tests.sufficiency);
  if (tests.partial_necessity) json["partial_necessity"] = to_json(*tests.partial_necessity);
  json["skipped"] = tests.skipped;
  return json;
}

}  // namespace assay::circuits
