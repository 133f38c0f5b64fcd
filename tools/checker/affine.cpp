// The suffix: what the network decides once gamma has written neurons on or off.

#include <gmpxx.h>

#include "proofs.h"

namespace checker {
namespace {

mpq_class rational(const Json& json) {
  const std::string& digits = text(json, "a rational");
  const size_t slash = digits.find('/');
  const auto whole = [](const std::string& part) {
    return !part.empty() && part.size() < 1000 && part.find_first_not_of("0123456789") == part.npos;
  };
  if (slash == digits.npos || !whole(digits.substr(digits[0] == '-', slash - (digits[0] == '-'))) ||
      !whole(digits.substr(slash + 1)) || mpz_class(digits.substr(slash + 1)) == 0)
    throw BadInput("a rational: expected \"p/q\", found \"" + digits + "\"");
  mpq_class value(digits);
  value.canonicalize();
  return value;
}

}  // namespace

// gamma sets the residual stream before the last MLP and its hidden neurons, at the position where
// the answer is read; what follows is linear. So the difference of two logits is base + Σ over the
// bits that are on of c_k. With h = `any`, "on" must win for every set of bits but the empty one:
// it does iff the least sum with bit k on, base + c_k + Σ of the other c_j < 0, is positive for
// every k.
std::string check_affine(const Subject& subject, const Node& node, const Json& proof, bool proved) {
  require_members(proof, {"kind", "on", "off", "all_off", "least_on", "least_on_bit"}, "proof");
  const Network& network = subject.network;
  const Node& last = subject.interpretation.node(subject.interpretation.output);
  last.h.require("any", {}, {});
  node.gamma.require("write_levels", {"neurons"}, {"mean", "on", "stream"});
  const std::string at = "[pos=" + std::to_string(subject.domain.length - 1) + "]";
  const std::string block = "blocks." + std::to_string(network.blocks.size() - 1) + ".";
  if (last.parents != std::vector<std::string>{node.name} ||
      node.sites !=
          std::vector<std::string>{block + "hook_resid_mid" + at, block + "mlp.hook_post" + at})
    throw CannotCheck("affine: not a node before `any` that is written into the last MLP");
  const auto answers = subject.interpretation.answers(network.d_vocab);
  const int64_t off = integer(proof["off"], 0, network.d_vocab - 1, "off");
  const int64_t on = integer(proof["on"], 0, network.d_vocab - 1, "on");
  if (answers != std::vector<int64_t>{off, on}) throw Rejected("affine: other answers than h's");

  const auto neurons =
      integers(node.gamma.parameters.at("neurons"), 0, network.d_mlp - 1, "neurons");
  if (neurons.empty() || std::set(neurons.begin(), neurons.end()).size() != neurons.size())
    throw CannotCheck("write_levels: a neuron stands twice, or there is none");
  std::map<std::string, Tensor> tensors = node.gamma.tensors;
  const Tensor level = take(tensors, "on", {static_cast<int64_t>(neurons.size())});
  const Tensor mean = take(tensors, "mean", {network.d_mlp});
  const Tensor stream = take(tensors, "stream", {network.d_model});

  std::vector<mpq_class>
      direction;  // logit[on] - logit[off], per coordinate of the residual stream
  mpq_class base = mpq_class(network.b_U[on]) - mpq_class(network.b_U[off]);
  for (int64_t i = 0; i < network.d_model; ++i) {
    const double* row = &network.W_U[i * network.d_vocab];
    direction.push_back(mpq_class(row[on]) - mpq_class(row[off]));
    base += direction[i] * (mpq_class(stream.data[i]) + mpq_class(network.blocks.back().b_out[i]));
  }
  const auto effect = [&](int64_t neuron) {
    mpq_class sum;
    for (int64_t i = 0; i < network.d_model; ++i)
      sum += direction[i] * mpq_class(network.blocks.back().W_out[neuron * network.d_model + i]);
    return sum;
  };
  for (int64_t neuron = 0; neuron < network.d_mlp; ++neuron)
    if (!std::count(neurons.begin(), neurons.end(), neuron) && mean.data[neuron] != 0)
      base += effect(neuron) * mpq_class(mean.data[neuron]);
  std::vector<mpq_class> bits;
  mpq_class against = 0;  // the sum of the negative ones
  for (size_t k = 0; k < neurons.size(); ++k) {
    bits.push_back(effect(neurons[k]) * mpq_class(level.data[k]));
    if (bits[k] < 0) against += bits[k];
  }
  std::vector<mpq_class> least;  // with bit k on
  for (const mpq_class& c : bits) least.push_back(base + against + (c < 0 ? mpq_class(0) : c));
  const auto least_on = std::min_element(least.begin(), least.end());

  const auto bit =
      integer(proof["least_on_bit"], 0, static_cast<int64_t>(bits.size()) - 1, "least_on_bit");
  if (rational(proof["all_off"]) != base || rational(proof["least_on"]) != *least_on ||
      least[bit] != *least_on)
    throw Rejected("affine: the exact numbers are " + base.get_str() + " and " +
                   least_on->get_str());
  if (proved != (base < 0 && *least_on > 0)) throw Rejected("affine: the verdict is another");
  return "on less off is " + decimals(base.get_d()) + " with all bits off and at least " +
         decimals(least_on->get_d()) + " with any on, exactly, for all 2^" +
         std::to_string(bits.size()) + " states" +
         (proved ? "" : ": some state is decided wrongly");
}

}  // namespace checker
