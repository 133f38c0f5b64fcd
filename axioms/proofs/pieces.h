#pragma once
// Statements that take long are worked on in pieces: the cases of one position, a run of inputs
// that are gone through. No piece depends on another, so what is done of them can be kept while the
// work goes on, and a later run takes it over and ends with the same result, bit for bit.

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace assay::proofs {

/// Where pieces are kept. Without `begin` nothing is.
struct Kept {
  /// Begins the work on a statement, of a node or (empty) of none, that has so many pieces.
  /// @return what is kept of each, null for those that are still to do.
  std::function<std::vector<nlohmann::ordered_json>(const std::string& statement,
                                                    const std::string& node, int64_t pieces)>
      begin = {};
  /// Keeps a piece that is done; called from several threads.
  std::function<void(int64_t piece, nlohmann::ordered_json done)> add = {};
  std::string where = {};  ///< names what is kept, in messages

  std::vector<nlohmann::ordered_json> begun(const std::string& statement, const std::string& node,
                                            int64_t pieces) const {
    if (begin) return begin(statement, node, pieces);
    return std::vector<nlohmann::ordered_json>(static_cast<size_t>(pieces));
  }
  std::string place_of(int64_t piece) const { return fmt::format("{}: pieces[{}]", where, piece); }
};

}  // namespace assay::proofs
