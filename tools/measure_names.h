#pragma once
// What the figures of a comparison of explanations are called, and what they say in plain words.

#include <string>

namespace assay::tools {

/// What scores are held against: `every-mus` of `every-mus.auroc`.
std::string reference_of(const std::string& measure);
/// `auroc` of `every-mus.auroc`.
std::string kind_of(const std::string& measure);

/// As a heading: `AUROC`, `P@k`, `Spearman ρ`; a kind without a name of its own stands for itself.
std::string title_of_kind(const std::string& kind);
/// How to read a figure of this kind, with the direction that is better; empty for unknown kinds.
std::string meaning_of_kind(const std::string& kind);

}  // namespace assay::tools
