#pragma once
// Interpretations in and out of files: `X.json` for the structure, `X.safetensors` for the numbers.

#include <filesystem>
#include <string>

#include "circuits/interpretation/interpretation.h"

namespace assay::interp {
struct Places;
}

namespace assay::circuits {

/// Writes `path` (which must end in .json) and the tensors beside it, as a pair or not at all
/// (interp/files/file_pair.h). Reading back and writing again gives the same bytes.
void save_interpretation(const Interpretation& interpretation, const std::filesystem::path& path);

struct LoadedInterpretation {
  Interpretation interpretation;
  std::string sha256;  ///< of the JSON file, which names the hash of the tensors
};

/// @param places  of the network that it will be tested on: sites are parsed against it.
/// @param model_sha256  if given, the hash of that model's file, from which it must be derived.
/// @throws std::runtime_error naming file, node and field: unknown version, another model, missing,
///   ill-typed or unknown fields and those that stand twice, tensors that the file does not hold,
///   that are not finite or whose file is not the one that was written.
LoadedInterpretation load_interpretation(const std::filesystem::path& path,
                                         const interp::Places& places,
                                         const std::string& model_sha256 = "");

}  // namespace assay::circuits
