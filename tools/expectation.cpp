#include "tools/expectation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "interp/execution/chunks.h"
#include "interp/files/fail.h"
#include "interp/files/fields.h"
#include "interp/files/npy.h"
#include "interp/files/safetensors.h"
#include "interp/interval_field.h"
#include "interp/network/network.h"

namespace assay::tools {
namespace {

using at::Tensor;
namespace fs = std::filesystem;

Tensor tensor_in(const interp::Safetensors& file, const char* name, const fs::path& path) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) {
    interp::fail("{}: expected tensors 'tokens' and 'logits', found no '{}'", path.string(), name);
  }
  return found->second;
}

Expectation checked(const Tensor& tokens, const Tensor& logits, const fs::path& path) {
  const bool integers = !tokens.is_floating_point() && tokens.scalar_type() != at::kBool;
  if (!integers || tokens.dim() != 2) {
    interp::fail("{}: tokens: expected integers [input, pos], found {} [{}]", path.string(),
                 c10::toString(tokens.scalar_type()), fmt::join(tokens.sizes(), ", "));
  }
  const bool shaped = (logits.dim() == 3 && logits.size(1) == tokens.size(1)) || logits.dim() == 2;
  if (!logits.is_floating_point() || !shaped || logits.size(0) != tokens.size(0) ||
      logits.numel() == 0) {
    interp::fail(
        "{}: logits: expected floating point [{}, {}, vocab], or [{}, vocab] at the last position, "
        "found {} [{}]",
        path.string(), tokens.size(0), tokens.size(1), tokens.size(0),
        c10::toString(logits.scalar_type()), fmt::join(logits.sizes(), ", "));
  }
  if (!logits.isfinite().all().item<bool>()) {
    interp::fail("{}: logits: NaN or infinite", path.string());
  }
  return {tokens.to(at::kLong), logits.to(at::kDouble)};
}

Tensor logits_of(const interp::Network& network, const Tensor& tokens, bool all_positions) {
  const interp::Site everywhere{.place = interp::logits_site(network, 0).place};
  const Tensor on_device = tokens.to(network.device());
  const Tensor logits = all_positions
                            ? network.trace(on_device, {.record = {everywhere}, .overwrite = {}})[0]
                            : interp::logits_at(network, on_device, tokens.size(1) - 1);
  return logits.cpu().to(at::kDouble);
}

}  // namespace

double Agreement::relative() const {
  if (largest_difference == 0) return 0;
  return largest_logit > 0 ? largest_difference / largest_logit : largest_difference;
}

std::string Agreement::to_string() const {
  return fmt::format(
      "{}: largest difference {:.2g} of logits up to {:.4g}, relative {:.2g} (at most {:.0e} "
      "agrees); "
      "the same largest logit at {} of {} places",
      holds() ? "as expected" : "not as expected", largest_difference, largest_logit, relative(),
      kAgreement, same_argmax, compared);
}

Expectation read_expectation(const fs::path& logits, const fs::path& tokens) {
  if (interp::is_npy(logits)) {
    if (tokens.empty()) {
      throw std::invalid_argument(
          fmt::format("{}: holds logits alone; --expect-tokens names the .npy of their tokens",
                      logits.string()));
    }
    return checked(interp::read_npy(tokens), interp::read_npy(logits), logits);
  }
  if (!tokens.empty()) {
    throw std::invalid_argument("--expect-tokens: goes with --expect FILE.npy, which is none");
  }
  const interp::Safetensors file = interp::read_safetensors(logits);
  return checked(tensor_in(file, "tokens", logits), tensor_in(file, "logits", logits), logits);
}

Agreement compare(const interp::Network& network, const Expectation& expected) {
  const at::NoGradGuard no_grad;
  const interp::Site everywhere = interp::logits_site(network, 0);
  const std::vector<int64_t> ours = interp::shape({.place = everywhere.place}, network.places());
  if (expected.logits.size(-1) != ours.back()) {
    throw std::invalid_argument(fmt::format("expected {} logits at each position, found {}",
                                            ours.back(), expected.logits.size(-1)));
  }
  if (expected.logits.dim() == 3 && ours[1] == 1 && expected.logits.size(1) > 1) {
    throw std::invalid_argument("expected logits of whole inputs, found some for each position");
  }
  Agreement agreement;
  const interp::Chunks chunks(expected.tokens.size(0), interp::kInputsPerStep);
  chunks.in_turn([&](const interp::Chunk& chunk) {
    const auto [index, first, count] = chunk;
    const Tensor theirs = expected.logits.narrow(0, first, count);
    const Tensor ours =
        logits_of(network, expected.tokens.narrow(0, first, count), theirs.dim() == 3);
    const auto largest = [](const Tensor& value) { return value.abs().max().item<double>(); };
    const double difference = largest(ours - theirs);
    if (!std::isnan(agreement.largest_difference) &&
        !(difference <= agreement.largest_difference)) {  // a NaN stays
      agreement.largest_difference = difference;
    }
    agreement.largest_logit = std::max(agreement.largest_logit, largest(theirs));
    const Tensor same = ours.argmax(-1).eq(theirs.argmax(-1));
    agreement.compared += same.numel();
    agreement.same_argmax += same.sum().item<int64_t>();
  });
  return agreement;
}

template <class V>
void fields(V& v, Agreement& agreement) {
  const interp::Shape number = interp::numbers_if_any();
  v("largest_difference", agreement.largest_difference, "of a logit from the expected one", number);
  v("largest_logit", agreement.largest_logit, "of those expected, in size", number);
  v.derived("relative", agreement.relative(), "the difference over that", number);
  v.derived("tolerance", kAgreement, "the largest relative difference that agrees", number);
  v("places", agreement.compared, "inputs times positions", interp::counts());
  v("same_argmax", agreement.same_argmax, "places with the same largest logit", interp::counts());
  v.derived("agrees", agreement.holds(), "`relative` is at most `tolerance`");
}

nlohmann::ordered_json to_json(const Agreement& agreement) {
  return interp::write_record(agreement);
}

}  // namespace assay::tools
