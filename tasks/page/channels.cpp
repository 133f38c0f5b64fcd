#include "tasks/page/channels.h"

namespace assay::tasks::page {

Json lines_by(const char* field) {
  return {{"field", field}, {"type", "nominal"}, {"sort", nullptr}, {"title", nullptr}};
}

Json shaded_by(const char* field) {
  return {{"field", field},
          {"type", "quantitative"},
          {"legend", nullptr},
          {"scale", {{"domain", {0, 1}}, {"range", {0, 1}}}}};
}

Json hover(std::initializer_list<const char*> fields) {
  Json channels = Json::array();
  for (const char* field : fields) channels.push_back({{"field", field}});
  return channels;
}

}  // namespace assay::tasks::page
