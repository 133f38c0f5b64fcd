// The command without its front.

#include "tools/assay.h"

int main(int argc, char** argv) {
  return assay_main(argc, argv);
}
