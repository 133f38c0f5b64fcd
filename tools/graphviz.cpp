#include "tools/graphviz.h"

#include <gvc.h>

#include <memory>
#include <stdexcept>

namespace assay::tools {

std::string svg_of_dot(const std::string& dot) {
  const std::unique_ptr<GVC_t, int (*)(GVC_t*)> context(gvContext(), gvFreeContext);
  const std::unique_ptr<Agraph_t, int (*)(Agraph_t*)> graph(agmemread(dot.c_str()), agclose);
  if (!context || !graph) throw std::runtime_error("Graphviz cannot read the graph");
  if (gvLayout(context.get(), graph.get(), "dot") != 0)
    throw std::runtime_error("Graphviz cannot lay the graph out");
  char* data = nullptr;
  unsigned int length = 0;
  const int failed = gvRenderData(context.get(), graph.get(), "svg", &data, &length);
  const std::string svg = failed ? "" : std::string(data, length);
  gvFreeRenderData(data);
  gvFreeLayout(context.get(), graph.get());
  if (failed) throw std::runtime_error("Graphviz cannot draw SVG; is the package graphviz there?");
  return svg;
}

}  // namespace assay::tools
