#pragma once
// What a certificate says. It is read by whoever takes its word for what was proved, with the
// hashes that tie it to its files; no proof is checked, which is assay-check's work. What can be
// seen without one is: a verdict that its own proof does not support is refused.

#include <filesystem>
#include <string>
#include <vector>

#include "axioms/proofs/certificate.h"
#include "axioms/proofs/domain.h"
#include "axioms/proofs/statement.h"
#include "circuits/interpretation/interpretation.h"

namespace assay::proofs {

struct Certificate {
  std::string sha256;  ///< of the file
  Domain domain;
  std::vector<Statement> statements;  ///< with their hints
};

/// @throws std::runtime_error beginning with the file's name: for what is no certificate (naming
///   the field), one whose hints are missing or other ones, one about another model or
///   interpretation, and statements whose margins or cases do not bear out their verdicts.
/// @param interpretation  that of the files, which says what there must be cases of.
Certificate read_certificate(const std::filesystem::path& path, const CertifiedFiles& files,
                             const circuits::Interpretation& interpretation);

}  // namespace assay::proofs
