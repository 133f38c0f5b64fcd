// What failing_regions_fields.h says in another way than the members.

#include "axioms/failing_regions_fields.h"
#include "interp/names.h"

namespace assay::axioms {
namespace {

using nlohmann::ordered_json;
using statistics::Relation;

const interp::Names<Relation> kRelations = {{Relation::AtMost, "at most"},
                                            {Relation::AtLeast, "at least"},
                                            {Relation::Is, "is"},
                                            {Relation::IsNot, "is not"}};

}  // namespace

ordered_json relation_as_json(Relation relation) {
  return interp::name_of(relation, kRelations);
}

Relation relation_from_json(const ordered_json& name) {
  return interp::value_of(name.get<std::string>(), kRelations, "relation");
}

ordered_json cells_as_json(const FeatureCounts& counts) {
  ordered_json list = ordered_json::array();
  for (const auto& [key, count] : counts.cells) {
    ordered_json failures = ordered_json::array();
    for (const auto& [row, n] : count.failures) failures.push_back({row, n});
    list.push_back({{"features", key}, {"inputs", count.inputs}, {"failures", failures}});
  }
  return list;
}

FeatureCounts cells_from_json(const ordered_json& list) {
  FeatureCounts counts;
  for (const ordered_json& cell : list) {
    FeatureCounts::Count count{.inputs = cell.at("inputs")};
    for (const ordered_json& failures : cell.at("failures"))
      count.failures[failures[0]] = failures[1];
    counts.cells[cell.at("features").get<std::vector<int64_t>>()] = std::move(count);
  }
  return counts;
}

interp::Shape cells_shape() {
  using namespace interp::json_shapes;
  return list(object({{"features", list(interp::counts(), 1)},
                      {"inputs", integer(1, interp::kMostCounted)},
                      {"failures", list(list(interp::counts(), 2, 2))}}));
}

}  // namespace assay::axioms
