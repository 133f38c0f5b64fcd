#pragma once
// Certificates: what was proved, with what a checker needs that searches for nothing.
//
// A certificate is JSON, and a file of float64 tensors beside it where bounds have hints. By weak
// duality a hint λ is checked by one sum (ratio.h), so whoever checks optimises nothing and need
// not trust the search. docs/formats.md describes the format.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "axioms/proofs/study.h"

namespace assay::proofs {

/// The files that a certificate is about.
struct CertifiedFiles {
  std::filesystem::path model;           ///< safetensors
  std::filesystem::path interpretation;  ///< .json, with .safetensors beside it
};

/// The side file of a certificate. @throws std::invalid_argument unless its name ends in .json.
std::filesystem::path hints_beside(const std::filesystem::path& certificate);

/// Writes `path` (.json) and, if there are hints, the tensors beside it, as a pair or not at all.
/// @throws as hints_beside(), and std::runtime_error as interp::FileWriter does.
void write_certificate(const Study& study, const std::vector<Statement>& statements,
                       const CertifiedFiles& files, const std::filesystem::path& path);

}  // namespace assay::proofs
