// A run that ends when its claims are decided, although nobody runs it from its beginning to its
// end. One process looks at the counts after every chunk and ends at the first look at which the
// last claim is decided. Workers count the parts of the same stream, and each returns, beside its
// record, what was to be seen after each of its chunks. Here these looks are taken in the order of
// the inputs, on top of the sums of all parts before. The look that ends the run is therefore the
// one at which one process would have ended; the part that it falls into is then asked for up to
// there, and nothing behind it is counted. So neither the number of workers nor the size of parts
// changes the report.

#include "tools/python/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "axioms/looks.h"
#include "axioms/merge.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_text.h"
#include "tools/validation_record.h"

namespace assay::python {
namespace {

axioms::Report part_from(const std::string& json) {
  return tools::validation_from_json(interp::parse_json(json, "a part"), "a part").report;
}

std::vector<axioms::Claim> claims_of(const axioms::Report& report) {
  std::vector<axioms::Claim> claims;
  for (const axioms::ReportRow& row : report.rows)
    if (row.claim) claims.push_back(row.as_claim());
  return claims;
}

/// @param counts  of the rows with claims. @return all that Looks reads of a check.
axioms::CheckResult seen(const std::vector<axioms::Claim>& claims, const Look& counts) {
  axioms::CheckResult result;
  for (size_t i = 0; i < claims.size(); ++i) {
    const auto& [n, failures, unrelated, unrelated_failures] = counts.at(i);
    const axioms::Counts sums{{.n = n, .failures = failures},
                              {.n = unrelated, .failures = unrelated_failures}};
    auto node = std::ranges::find(result.nodes, claims[i].node, &axioms::NodeResult::node);
    if (node == result.nodes.end())
      node = result.nodes.insert(node, {.node = claims[i].node, .axioms = {}});
    axioms::AxiomResult& row = (*node)[claims[i].axiom];
    if (claims[i].answer_index) {
      row.by_answer[*claims[i].answer_index] = sums;
    } else {
      row.estimate = sums.estimate;
      row.unrelated = sums.unrelated;
    }
  }
  return result;
}

/// Parts of one run, given in the order of their inputs.
class PartsInOrder {
 public:
  /// Looks at the next part, chunk by chunk, unless all claims are decided already.
  /// @param looks  what its worker saw, one for each chunk.
  /// @return how many of its inputs are counted when the last claim is decided; none: the run goes
  ///   on behind it.
  std::optional<int64_t> look(const std::string& json, const std::vector<Look>& looks) {
    const axioms::Report report = part_from(json);
    if (!report.part) throw std::invalid_argument("expected a part of a run");
    if (!report.sequential) return std::nullopt;
    if (!looks_) {
      claims_ = claims_of(report);
      looks_.emplace(claims_, report.confidence);
      sums_.resize(claims_.size());
    }
    const int64_t chunk = report.part->chunk;
    const int64_t chunks = interp::Chunks(report.inputs, chunk).count();
    if (std::ssize(looks) != chunks || !std::ranges::all_of(looks, [&](const Look& look) {
          return look.size() == claims_.size();
        }))
      throw std::invalid_argument(
          fmt::format("part {} of {}: expected what {} claims had counted after each of its {} "
                      "chunks",
                      report.part->shard.index, report.part->shard.of, claims_.size(), chunks));
    for (size_t i = 0; i < looks.size(); ++i) {
      if (!looks_->look(seen(claims_, added(looks[i])))) continue;
      decided_ = true;
      return std::min(report.inputs, static_cast<int64_t>(i + 1) * chunk);
    }
    sums_ = added(looks.back());
    return std::nullopt;
  }

  /// Adds up what the next part has counted. @throws std::invalid_argument as axioms::merge().
  void take(const std::string& json) {
    axioms::NamedReport part{"", part_from(json)};
    if (!part.report.part) throw std::invalid_argument("expected a part of a run");
    const interp::Shard shard = part.report.part->shard;
    part.name = fmt::format("part {} of {}", shard.index, shard.of);
    axioms::require_part(part);
    if (shard.index != ++taken_)
      throw std::invalid_argument(fmt::format("{}: expected part {}", part.name, taken_));
    if (!first_) {
      first_ = part;
      total_ = std::move(part.report);
      return;
    }
    axioms::require_same_run(*first_, part);
    axioms::add_counts(total_, part.report);
  }

  /// The report of what was taken: of the whole run, or an interrupted one if inputs are missing.
  std::string report(const std::string& command) const {
    if (!first_) throw std::invalid_argument("expected the parts of a run");
    axioms::Report whole = total_;
    whole.part->shard = {};
    whole.partial = !decided_ && whole.inputs < whole.part->inputs;
    whole.facts.command = command;
    if (looks_) looks_->note(whole);
    axioms::complete(whole);
    return interp::json_text(axioms::to_json(whole), 1) + "\n";
  }

 private:
  Look added(const Look& look) const {
    Look sums = sums_;
    for (size_t i = 0; i < sums.size(); ++i)
      for (size_t k = 0; k < sums[i].size(); ++k) sums[i][k] += look.at(i)[k];
    return sums;
  }

  int64_t taken_ = 0;
  bool decided_ = false;
  std::optional<axioms::NamedReport> first_;
  axioms::Report total_;
  std::vector<axioms::Claim> claims_;
  std::optional<axioms::Looks> looks_;
  Look sums_;  ///< of all parts looked at so far
};

}  // namespace

std::optional<Share> share_from(const py::object& given) {
  if (given.is_none()) return std::nullopt;
  const auto [index, of, inputs] =
      given.cast<std::tuple<int64_t, int64_t, std::optional<int64_t>>>();
  return Share{{index, of}, inputs};
}

tools::Portion portion_of(const Share& share, const tools::Validation& validation) {
  tools::Portion portion = tools::Portion::whole(validation);
  portion.shard = share.shard;
  portion.own = interp::range_of(share.shard, validation.inputs.count, portion.chunk);
  interp::Range left = portion.own;
  if (share.inputs) left.count = std::min(left.count, *share.inputs);
  portion.left = {left};
  return portion;
}

Look look_of(const axioms::Report& report) {
  Look look;
  for (const axioms::ReportRow& row : report.rows)
    if (row.claim)
      look.push_back(
          {row.estimate.n, row.estimate.failures, row.unrelated.n, row.unrelated.failures});
  return look;
}

void bind_engine(py::module_& m) {
  py::class_<PartsInOrder>(m, "PartsInOrder")
      .def(py::init<>())
      .def("look", &PartsInOrder::look)
      .def("take", &PartsInOrder::take)
      .def("report", &PartsInOrder::report);
}

}  // namespace assay::python
