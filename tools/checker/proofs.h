#pragma once
// One function per kind of proof. Each returns in words what it has established, and throws
// Rejected if the certificate says more, CannotCheck for what is beyond this program.

#include "domain.h"
#include "network.h"

namespace checker {

struct Subject {
  const Network& network;
  const Interpretation& interpretation;
  const Domain& domain;
  const Specification& specification;
  std::map<std::string, Tensor> hints;  ///< what is used is taken out
};

std::string check_covering(const Subject& subject, const Json& proof);
std::string check_listing(const Subject& subject, const Json& proof);
std::string check_affine(const Subject& subject, const Node& node, const Json& proof, bool proved);
std::string check_fractional(Subject& subject, const Node& node, const Json& proof, bool proved);
std::string check_enumeration(const Subject& subject, const Json& proof, bool proved);
/// @param of_network  the network's decision is wrong; else h's answer is.
std::string check_witness(const Subject& subject, const Json& proof, bool of_network);

std::string decimals(double value);

}  // namespace checker
