#include "tools/graphviz.h"

#include <gvc.h>

#include <memory>
#include <mutex>
#include <stdexcept>

namespace assay::tools {

namespace {

using Graph = std::unique_ptr<Agraph_t, int (*)(Agraph_t*)>;

/// One for the process: what Graphviz loads for one context it takes down with it, although it
/// belongs to all, so that a second context would use what is gone.
GVC_t* shared_context() {
  static const std::unique_ptr<GVC_t, int (*)(GVC_t*)> context(gvContext(), gvFreeContext);
  if (!context) throw std::runtime_error("Graphviz cannot be started");
  return context.get();
}

/// Steps of the simplex methods that place nodes, as a multiple of the number of nodes: without a
/// bound 200 nodes take minutes.
void bound_time_of_layout(Agraph_t* graph) {
  char of_places[] = "nslimit", of_ranks[] = "nslimit1",
       once[] = "1";  // what it takes is not const
  for (char* name : {of_places, of_ranks}) agattr(graph, AGRAPH, name, once);
}

}  // namespace

std::string svg_of_dot(const std::string& dot) {
  static std::mutex one_at_a_time;  // Graphviz keeps state of its own
  const std::lock_guard lock(one_at_a_time);
  GVC_t* const context = shared_context();
  const Graph graph(agmemread(dot.c_str()), agclose);
  if (!graph) throw std::runtime_error("Graphviz cannot read the graph");
  bound_time_of_layout(graph.get());
  if (gvLayout(context, graph.get(), "dot") != 0)
    throw std::runtime_error("Graphviz cannot lay the graph out");
  char* data = nullptr;
  unsigned int length = 0;
  const int failed = gvRenderData(context, graph.get(), "svg", &data, &length);
  const std::string svg = failed ? "" : std::string(data, length);
  gvFreeRenderData(data);
  gvFreeLayout(context, graph.get());
  if (failed) throw std::runtime_error("Graphviz cannot draw SVG; is the package graphviz there?");
  return svg;
}

}  // namespace assay::tools
