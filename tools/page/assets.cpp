#include "tools/page/assets.h"

// assets.S
#define ASSET(name)                                                 \
  extern "C" const char page_##name##_begin[], page_##name##_end[]; \
  std::string_view assay::tools::page::name() {                     \
    return {page_##name##_begin, page_##name##_end};                \
  }

ASSET(frame)
ASSET(style)
ASSET(script)

#undef ASSET
