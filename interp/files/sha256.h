#pragma once
// SHA-256 of bytes that come in pieces.

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace assay::interp {

class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  /// In lower-case hex, of everything that was added. Called once, last.
  std::string hex();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

}  // namespace assay::interp
