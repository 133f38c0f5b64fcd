#pragma once
// Certified stability in JSON, member by member (interp/files/fields.h).

#include "circuits/measures/certified_stability.h"
#include "interp/files/fields.h"

namespace assay::circuits {

template <class V>
void fields(V& v, Certificate& certificate) {
  v.derived("stays", to_string(certificate.stays), "`in`, `out` or `abstained`",
            interp::json_shapes::text_among({"in", "out", "abstained"}));
  v.derived("deletions", certificate.deletions, "of any so many inputs, which it survives",
            interp::counts());
  v.derived("exchanges", certificate.exchanges,
            "of any so many inputs for others, which it survives", interp::counts());
}

template <class V>
void fields(V& v, CertifiedEdge& edge) {
  v("edge", edge.edge, "its name");
  v("in_circuit", edge.in_circuit, "among the first of all inputs");
  v("chosen", edge.chosen, "draws that chose it", interp::counts());
  v.derived("certificate", edge.certificate, "what follows");
}

template <class V>
void fields(V& v, CertifiedStability& stability) {
  using namespace interp::json_shapes;
  v("method", stability.method, "that scores edges");
  v("ablation", stability.ablation, "what cut edges carry");
  v("inputs", stability.inputs, "of the dataset", interp::counts());
  v("edges", stability.edges, "of each circuit", interp::counts());
  v("of_edges", stability.of_edges, "of the graph", interp::counts());
  v("deleted", stability.deleted, "probability that a draw leaves an input out", number(0, 1));
  v("draws", stability.draws, "random parts of the inputs", interp::counts());
  v("confidence", stability.confidence, "that all certificates hold", number(0, 1));
  v("seed", stability.seed, "of the draws");
  v("chosen", stability.chosen, "the edges that a draw chose, or that the circuit has");
  v.derived("others", stability.others, "the certificate of every other edge of the graph");
}

}  // namespace assay::circuits
