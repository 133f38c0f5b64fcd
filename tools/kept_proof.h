#pragma once
// What `assay prove` keeps of the statement that it is working on: its pieces (cases of a position,
// inputs that were gone through), in a file beside the certificate that holds the statements which
// are decided. Both together are where --resume goes on; when all is done the file is removed.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "axioms/proofs/pieces.h"
#include "tools/kept_run.h"

namespace assay::tools {

class KeptProof {
 public:
  /// @param certificate  empty: nothing is kept. @param asked  what the run is about, as its report
  ///   begins: a run that goes on must agree in it. @param resume  whether this is such a run.
  KeptProof(const std::filesystem::path& certificate, nlohmann::ordered_json asked, bool resume);

  /// The file beside a certificate NAME.json: NAME.unfinished.json.
  static std::filesystem::path file_of(const std::filesystem::path& certificate);

  /// For proofs::prove(). What is kept is that of one statement at a time.
  /// @throws std::invalid_argument from `begin` if the file is one of another run.
  proofs::Kept kept();

  /// At the end of a run: keeps what is done of a statement that was not finished, and removes the
  /// file if the run came to its end without leaving any. @param early  whether it was ended.
  void end(bool early);

 private:
  std::vector<nlohmann::ordered_json> begin(const std::string& statement, const std::string& node,
                                            int64_t pieces);

  CommonOptions to_;  ///< of which `json` alone is used: the file
  nlohmann::ordered_json asked_;
  bool resume_;
  std::optional<KeptRun<nlohmann::ordered_json>> run_ = {};
};

}  // namespace assay::tools
