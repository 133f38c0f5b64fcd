#pragma once
// The systems of Causal Abstraction Evaluation (arXiv 2607.00267), each as a few equations, with
// abstractions that are valid and such as are not. They stand for the mechanisms of the originals,
// not for their simulators: no SPICE, no molecular dynamics, no compiled transformer, no emulator.
//
// Inputs are few, so that all of them are checked and all pairs exchanged. Noise is a function of
// what a variable is computed from, since a network is one.

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "circuits/interpretation/program.h"
#include "tests/axioms/structural_network.h"

namespace assay::axioms::cae {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using circuits::Value;
using Values = std::vector<Tensor>;

struct Condition {
  std::string system, name;
  bool valid = true;  ///< as CAE has it: `noise` is not
  std::shared_ptr<StructuralNetwork> network;
  Program program;  ///< its last step is the answer
  int64_t n_pos = 0, n_values = 0;

  /// All inputs there are.
  Tensor inputs() const {
    Tensor all = at::arange(0, 1, at::kLong).expand({1, 0});
    for (int64_t pos = 0; pos < n_pos; ++pos) {
      const Tensor next = at::arange(n_values, at::kLong).repeat({all.size(0)}).unsqueeze(1);
      all = at::cat({all.repeat_interleave(n_values, 0), next}, 1);
    }
    return all;
  }
};

inline Tensor column(const Tensor& x, int64_t i) {
  return x.flatten(1).narrow(1, i, 1);
}
inline Tensor high(const Tensor& x, double threshold = 0.5) {
  return x.gt(threshold).to(at::kFloat);
}
/// Uniform in ±size, scattered by what it is added to.
inline Tensor noise(const Values& of, double size) {
  Tensor mixed = at::zeros({of[0].size(0), 1}, at::kDouble);
  for (const Tensor& x : of)
    mixed = mixed * 3.7 + (x.flatten(1).to(at::kDouble) *
                           (at::arange(x.flatten(1).size(1), at::kDouble) * 78.233 + 12.9898))
                              .sum(1, true);
  return (((mixed.sin() * 43758.5453).frac().abs() * 2 - 1) * size).to(at::kFloat);
}
inline Tensor as_number(const Value& tokens) {
  return tokens.to(at::kFloat);
}
inline Tensor whole(const Tensor& x) {
  return x.round().to(at::kLong);
}

inline Program program_of(std::vector<Step> steps) {
  const size_t output = steps.size() - 1;
  return {.steps = std::move(steps), .output = output};
}

// --- 01: a two-bit adder. Tokens A0 A1 B0 B1 C.

inline std::shared_ptr<StructuralNetwork> adder(double size) {
  const auto exclusive = [](const Tensor& a, const Tensor& b) { return high((a - b).abs()); };
  const auto bit = [](const Tensor& input, int64_t i) { return column(input, i); };
  return std::make_shared<StructuralNetwork>(
      5, 2,
      std::vector<StructuralVariable>{
          {"xor0",
           {"input"},
           [=](const Values& p) { return exclusive(bit(p[0], 0), bit(p[0], 2)); }},
          {"sum0",
           {"xor0", "input"},
           [=](const Values& p) { return exclusive(p[0], bit(p[1], 4)); }},
          {"carry1",
           {"xor0", "input"},
           [=](const Values& p) {
             const Tensor carry = high(bit(p[1], 0) * bit(p[1], 2) + high(p[0]) * bit(p[1], 4));
             return carry + noise(p, size);
           }},
          {"xor1",
           {"input"},
           [=](const Values& p) { return exclusive(bit(p[0], 1), bit(p[0], 3)); }},
          {"sum1",
           {"xor1", "carry1"},
           [=](const Values& p) { return exclusive(p[0], high(p[1])); }},
          {"carry2",
           {"xor1", "carry1", "input"},
           [=](const Values& p) {
             return high(bit(p[2], 1) * bit(p[2], 3) + high(p[0]) * high(p[1]));
           }},
          {"answer",
           {"sum0", "sum1", "carry2"},
           [](const Values& p) {
             return nearest_answer(high(p[0]) + 2 * high(p[1]) + 4 * high(p[2]), 8);
           },
           8}});
}

inline std::vector<Condition> logic_circuit() {
  const auto abstraction = [](bool inverted, bool by_or) {
    const auto carry = [=](const Values& p) {
      const Tensor c = (column(p[0], 0) + column(p[0], 2) + column(p[0], 4)).ge(2).to(at::kLong);
      return inverted ? 1 - c : c;
    };
    const auto answer = [=](const Values& p) {
      const Tensor carry = inverted ? 1 - p[1] : p[1];
      const Tensor ones = column(p[2], 1) + column(p[2], 3) + carry;
      const Tensor sum = by_or ? ones.clamp_max(1) : ones.remainder(2);
      return (p[0] + 2 * sum + 4 * ones.ge(2).to(at::kLong)).squeeze(1);
    };
    return program_of(
        {whole_number_step(
             "sum0", {-1}, "sum0",
             [](const Values& p) {
               return (column(p[0], 0) + column(p[0], 2) + column(p[0], 4)).remainder(2);
             }),
         whole_number_step("carry1", {-1}, "carry1", carry),
         answer_step({0, 1, -1}, "answer", 8, answer)});
  };
  const std::string system = "01 logic circuit (2-bit adder)";
  return {{system, "valid", true, adder(0), abstraction(false, false), 5, 2},
          {system, "fail: sum by OR", false, adder(0), abstraction(false, true), 5, 2},
          {system, "inv_internal", false, adder(0), abstraction(true, false), 5, 2},
          {system, "noise", false, adder(0.8), abstraction(false, false), 5, 2}};
}

// --- 02: a CMOS half adder: voltages, and gates that are smooth functions of them. Tokens: eight
// levels each, four of them low.

inline std::vector<Condition> transistor_circuit() {
  const auto circuit = [](double size) {
    const auto volts = [](const Tensor& level) {
      return at::where(level.lt(3.5), level * 0.4, 5 - (7 - level) * 0.4);
    };
    const auto nand = [](const Tensor& a, const Tensor& b) {
      return 5 * (1 - at::sigmoid(8 * (a - 2.5)) * at::sigmoid(8 * (b - 2.5)));
    };
    return std::make_shared<StructuralNetwork>(
        2, 8,
        std::vector<StructuralVariable>{
            {"a", {"input"}, [=](const Values& p) { return volts(column(p[0], 0)); }},
            {"b", {"input"}, [=](const Values& p) { return volts(column(p[0], 1)); }},
            {"nand1",
             {"a", "b"},
             [=](const Values& p) { return nand(p[0], p[1]) + noise(p, size); }},
            {"nand2", {"a", "nand1"}, [=](const Values& p) { return nand(p[0], p[1]); }},
            {"nand3", {"b", "nand1"}, [=](const Values& p) { return nand(p[0], p[1]); }},
            {"sum", {"nand2", "nand3"}, [=](const Values& p) { return nand(p[0], p[1]); }},
            {"carry", {"nand1"}, [=](const Values& p) { return nand(p[0], p[0]); }},
            {"answer",
             {"sum", "carry"},
             [](const Values& p) {
               return nearest_answer(high(p[0], 2.5) + 2 * high(p[1], 2.5), 4);
             },
             4}});
  };
  const auto abstraction = [](bool by_or) {
    const auto bit = [](const Tensor& tokens, int64_t i) {
      return column(tokens, i).ge(4).to(at::kLong);
    };
    return program_of({whole_number_step(
                           "nand1", {-1}, "nand1",
                           [=](const Values& p) { return 1 - bit(p[0], 0) * bit(p[0], 1); }, 5),
                       answer_step({0, -1}, "answer", 4, [=](const Values& p) {
                         const Tensor any = (bit(p[1], 0) + bit(p[1], 1)).clamp_max(1);
                         return ((by_or ? any : any * p[0]) + 2 * (1 - p[0])).squeeze(1);
                       })});
  };
  const std::string system = "02 transistor circuit (half adder)";
  return {{system, "valid", true, circuit(0), abstraction(false), 2, 8},
          {system, "fail: sum by OR", false, circuit(0), abstraction(true), 2, 8},
          {system, "noise", false, circuit(4), abstraction(false), 2, 8}};
}

// --- 03: gas laws. Tokens: eight volumes and eight temperatures; the pressure of a hundred
// particles of some size that attract each other.

inline std::vector<Condition> gas() {
  constexpr double kSize = 0.4, kAttraction = 0.8;
  struct Region {
    double volume, temperature, unit;
  };
  const auto density = [](const Tensor& tokens, Region at) {
    return 100 / (at.volume * (1 + column(as_number(tokens), 0) / 7));
  };
  const auto temperature = [](const Tensor& tokens, Region at) {
    return at.temperature * (1 + column(as_number(tokens), 1) / 7);
  };
  const auto fluid = [=](Region at) {
    return std::make_shared<StructuralNetwork>(
        2, 8,
        std::vector<StructuralVariable>{
            {"thermal",
             {"input"},
             [=](const Values& p) {
               const Tensor rho = density(p[0], at);
               return rho * temperature(p[0], at) / (1 - kSize * rho);
             }},
            {"attraction",
             {"input"},
             [=](const Values& p) { return kAttraction * density(p[0], at).square(); }},
            {"answer",
             {"thermal", "attraction"},
             [=](const Values& p) { return nearest_answer((p[0] - p[1]) / at.unit, 24); },
             24}});
  };
  const auto law = [=](Region at, double size, double attraction) {
    const double unit = at.unit / 1000;
    Step thermal = whole_number_step(
        "thermal", {-1}, "thermal",
        [=](const Values& p) {
          const Tensor rho = density(p[0], at);
          return whole(rho * temperature(p[0], at) / (1 - size * rho) / unit);
        },
        unit);
    // Within half a step of the answer.
    thermal.equality = [](const Value& left, const Value& right) {
      return (left - right).abs().le(500).flatten(1).all(1);
    };
    return program_of({thermal, answer_step({0, -1}, "answer", 24, [=](const Values& p) {
                         const Tensor pressure =
                             as_number(p[0]) * unit - attraction * density(p[1], at).square();
                         return whole(pressure / at.unit).clamp(0, 23).squeeze(1);
                       })});
  };
  const Region dilute{1e4, 1, 0.0011}, dense{100, 2, 0.31}, cold{100, 0.8, 0.11};
  const std::string system = "03 gas (equations of state)";
  return {{system, "valid_ideal", true, fluid(dilute), law(dilute, 0, 0), 2, 8},
          {system, "valid_vdw", true, fluid(dense), law(dense, kSize, kAttraction), 2, 8},
          {system, "invalid_alpha", false, fluid(dense), law(dense, kSize / 2, kAttraction), 2, 8},
          {system, "invalid_density", false, fluid(dense), law(dense, 0, 0), 2, 8},
          {system, "invalid_temp", false, fluid(cold), law(cold, 0, 0), 2, 8}};
}

// --- 04: predators and prey, one step. Tokens: eight numbers of each.

inline std::vector<Condition> predator_prey() {
  constexpr double kBirths = 0.5, kCatch = 0.05, kUnit = 5.013;
  const auto prey = [](const Tensor& tokens) { return 10 + 5 * column(as_number(tokens), 0); };
  const auto predators = [](const Tensor& tokens) { return 2 + column(as_number(tokens), 1); };
  struct Agents {
    double aging = 0, chance = 0, measured = 0;
    bool spatial = false;
  };
  const auto agents = [=](Agents with) {
    return std::make_shared<StructuralNetwork>(
        2, 8,
        std::vector<StructuralVariable>{
            {"prey", {"input"}, [=](const Values& p) { return prey(p[0]); }},
            {"eaten",
             {"input"},
             [=](const Values& p) {
               const Tensor met = kCatch * prey(p[0]) * predators(p[0]);
               // Predators that stand together see the same prey.
               const Tensor seen = with.spatial ? met / (1 + predators(p[0]) / 6) : met;
               return seen + noise(p, with.chance);
             }},
            {"answer",
             {"prey", "eaten"},
             [=](const Values& p) {
               const Tensor next = p[0] * (1 + kBirths - with.aging) - p[1];
               return nearest_answer((next + noise(p, with.measured)) / kUnit, 16);
             },
             16}});
  };
  const auto equations = [=](double births) {
    Step eaten = whole_number_step(
        "eaten", {-1}, "eaten",
        [=](const Values& p) { return whole(kCatch * prey(p[0]) * predators(p[0]) / 0.001); },
        0.001);
    eaten.equality = [](const Value& left, const Value& right) {
      return (left - right).abs().le(1000).flatten(1).all(1);  // one animal
    };
    return program_of({eaten, answer_step({0, -1}, "answer", 16, [=](const Values& p) {
                         const Tensor next = prey(p[1]) * (1 + births) - as_number(p[0]) * 0.001;
                         return whole(next / kUnit).clamp(0, 15).squeeze(1);
                       })});
  };
  const std::string system = "04 predators and prey (one step)";
  return {{system, "valid", true, agents({}), equations(kBirths), 2, 8},
          {system, "fail_alpha", false, agents({}), equations(kBirths / 2), 2, 8},
          {system, "spatial", false, agents({.spatial = true}), equations(kBirths), 2, 8},
          {system, "stochastic", false, agents({.chance = 10}), equations(kBirths), 2, 8},
          {system, "aging", false, agents({.aging = 0.3}), equations(kBirths), 2, 8},
          {system, "noise", false, agents({.measured = 10}), equations(kBirths), 2, 8},
          {system, "complex", false, agents({.aging = 0.3, .chance = 10, .spatial = true}),
           equations(kBirths), 2, 8}};
}

// --- 05 and 06: heat on a line of four cells and on a square of four. Tokens: the heat of each.

inline std::vector<Condition> heat(bool square) {
  constexpr double kDiffusion = 0.11;
  // Neighbours of each cell, itself where there is a wall.
  const std::vector<std::vector<int64_t>> neighbours =
      square ? std::vector<std::vector<int64_t>>{{1, 2}, {0, 3}, {3, 0}, {2, 1}}
             : std::vector<std::vector<int64_t>>{{0, 1}, {0, 2}, {1, 3}, {2, 3}};
  const auto flow = [=](const Tensor& x, double diffusion) {
    std::vector<Tensor> next;
    for (int64_t i = 0; i < 4; ++i)
      next.push_back(column(x, i) + diffusion * (column(x, neighbours[i][0]) +
                                                 column(x, neighbours[i][1]) - 2 * column(x, i)));
    return at::cat(next, 1);
  };
  const auto first_cells = [=](const Tensor& x) {
    return square ? column(x, 0) * 4.01 : (column(x, 0) + column(x, 1)) * 2.01;
  };
  const auto particles = [=](double size) {
    return std::make_shared<StructuralNetwork>(
        4, 3,
        std::vector<StructuralVariable>{
            {"half",
             {"input"},
             [=](const Values& p) { return flow(p[0].flatten(1), kDiffusion); },
             4},
            {"end", {"half"}, [=](const Values& p) { return flow(p[0], kDiffusion); }, 4},
            {"answer",
             {"end"},
             [=](const Values& p) {
               return nearest_answer(first_cells(p[0]) + noise(p, size) + 0.017, 12);
             },
             12}});
  };
  const auto equation = [=](double diffusion) {
    Step half = whole_number_step(
        "half", {-1}, "half",
        [=](const Values& p) { return whole(flow(as_number(p[0]), diffusion) / 0.001); }, 0.001);
    half.equality = [](const Value& left, const Value& right) {
      return (left - right).abs().le(10).flatten(1).all(1);
    };
    return program_of({half, answer_step({0}, "answer", 12, [=](const Values& p) {
                         const Tensor end = flow(as_number(p[0]) * 0.001, diffusion);
                         return whole(first_cells(end) + 0.017).clamp(0, 11).squeeze(1);
                       })});
  };
  const std::string system = square ? "06 heat in 2D (four cells)" : "05 heat in 1D (four cells)";
  return {{system, "valid", true, particles(0), equation(kDiffusion), 4, 3},
          {system, "fail: diffusion x 10", false, particles(0), equation(10 * kDiffusion), 4, 3},
          {system, "noise", false, particles(1.5), equation(kDiffusion), 4, 3}};
}

// --- 07: seven spins in a ring, each aligned with its neighbours; how many point up.

inline std::vector<Condition> ising() {
  const auto aligned = [](const Tensor& spins, double coupling, double size) {
    const Tensor field = coupling * (spins.roll(1, 1) + spins.roll(-1, 1)) + 0.1 * spins;
    return at::where((field + noise({spins}, size) * at::ones_like(field)).gt(0),
                     at::ones_like(field), -at::ones_like(field));
  };
  const auto spins_of = [](const Tensor& tokens) { return 2 * tokens.flatten(1) - 1; };
  const auto lattice = [=](double size) {
    return std::make_shared<StructuralNetwork>(
        7, 2,
        std::vector<StructuralVariable>{
            {"spins",
             {"input"},
             [=](const Values& p) { return aligned(spins_of(p[0]), 1, size); },
             7},
            {"answer",
             {"spins"},
             [](const Values& p) { return nearest_answer(high(p[0], 0).sum(1, true), 8); },
             8}});
  };
  const auto model = [=](double coupling) {
    return program_of(
        {whole_number_step("spins", {-1}, "spins",
                           [=](const Values& p) {
                             return whole(aligned(spins_of(as_number(p[0])), coupling, 0));
                           }),
         answer_step({0}, "answer", 8, [](const Values& p) { return p[0].gt(0).sum(1); })});
  };
  const std::string system = "07 Ising model (ring of seven)";
  return {{system, "valid", true, lattice(0), model(1), 7, 2},
          {system, "fail: coupling reversed", false, lattice(0), model(-1), 7, 2},
          {system, "noise", false, lattice(2.5), model(1), 7, 2}};
}

// --- 08: the rank of the first of three tokens, as the compiled program counts it.

inline std::vector<Condition> sort_rank() {
  const auto smaller = [](const Tensor& tokens) {
    return at::cat({column(tokens, 1), column(tokens, 2)}, 1).lt(column(tokens, 0));
  };
  const auto compiled = [=](double size) {
    return std::make_shared<StructuralNetwork>(
        3, 5,
        std::vector<StructuralVariable>{
            {"smaller",
             {"input"},
             [=](const Values& p) {
               return smaller(p[0].flatten(1)).to(at::kFloat) + noise(p, size);
             },
             2},
            {"answer",
             {"smaller"},
             [](const Values& p) { return nearest_answer(high(p[0]).sum(1, true), 3); },
             3}});
  };
  const auto program = [=](bool or_equal) {
    return program_of(
        {whole_number_step("smaller", {-1}, "smaller",
                           [=](const Values& p) {
                             const Tensor others = at::cat({column(p[0], 1), column(p[0], 2)}, 1);
                             return (or_equal ? others.le(column(p[0], 0))
                                              : others.lt(column(p[0], 0)))
                                 .to(at::kLong);
                           }),
         answer_step({0}, "answer", 3, [](const Values& p) { return p[0].sum(1); })});
  };
  const std::string system = "08 Tracr (rank of a token)";
  return {{system, "valid", true, compiled(0), program(false), 3, 5},
          {system, "fail: ties count", false, compiled(0), program(true), 3, 5},
          {system, "noise", false, compiled(0.8), program(false), 3, 5}};
}

// --- 09: Wg of cell 2 (0 to 2) switches Fz on in cells 1 and 3; that of cell 5 in 4 and 6.

inline std::vector<Condition> gene_network() {
  const auto cells = [](double size) {
    const auto on = [](const Tensor& wg) { return high(wg, 1.5); };
    return std::make_shared<StructuralNetwork>(
        2, 3,
        std::vector<StructuralVariable>{
            {"fz_1_3",
             {"input"},
             [=](const Values& p) {
               return on(column(p[0], 0)).expand({-1, 2}) + noise(p, size);
             },
             2},
            {"fz_4_6",
             {"input"},
             [=](const Values& p) {
               return on(column(p[0], 1)).expand({-1, 2});
             },
             2},
            {"answer",
             {"fz_1_3"},
             [](const Values& p) { return nearest_answer(std::get<0>(high(p[0]).max(1)), 2); },
             2}});
  };
  const auto signal = [](const char* cells, bool reversed) {
    return program_of(
        {whole_number_step("fz", {-1}, cells,
                           [=](const Values& p) {
                             const Tensor on = column(p[0], 0).ge(2).to(at::kLong);
                             return (reversed ? 1 - on : on).expand({-1, 2});
                           }),
         answer_step({0}, "answer", 2, [](const Values& p) { return std::get<0>(p[0].max(1)); })});
  };
  const std::string system = "09 gene network (Wg to Fz)";
  return {{system, "valid", true, cells(0), signal("fz_1_3", false), 2, 3},
          {system, "wrong_map", false, cells(0), signal("fz_4_6", false), 2, 3},
          {system, "wrong_high_level_model", false, cells(0), signal("fz_1_3", true), 2, 3},
          {system, "noise", false, cells(0.9), signal("fz_1_3", false), 2, 3}};
}

// --- 10: add with carry on three bits: a chain of gates under the instruction's sum.

inline std::vector<Condition> processor() {
  const auto gates = [](bool broken) {
    std::vector<StructuralVariable> chain;
    const auto bit = [=](const Tensor& number, int64_t i) {
      const Tensor shifted = (number / static_cast<double>(int64_t{1} << i)).floor();
      return shifted - 2 * (shifted / 2).floor();
    };
    for (int64_t i = 0; i < 3; ++i) {
      const std::vector<std::string> parents =
          i == 0 ? std::vector<std::string>{"input"}
                 : std::vector<std::string>{"input", "carry" + std::to_string(i - 1)};
      const auto ones = [=](const Values& p) {
        const Tensor a = bit(column(p[0], 0), i), m = bit(column(p[0], 1), i);
        // The token of the carry is even or odd.
        const Tensor c = i == 0 ? bit(column(p[0], 2), 0) : high(p[1]);
        return (broken && i == 2 ? a * 0 : a) + m + c;
      };
      chain.push_back(
          {"bit" + std::to_string(i), parents, [=](const Values& p) { return bit(ones(p), 0); }});
      chain.push_back({"carry" + std::to_string(i), parents,
                       [=](const Values& p) { return high(ones(p), 1.5); }});
    }
    chain.push_back({"sum", {"bit0", "bit1", "bit2", "carry2"}, [](const Values& p) {
                       return high(p[0]) + 2 * high(p[1]) + 4 * high(p[2]) + 8 * high(p[3]);
                     }});
    chain.push_back(
        {"answer", {"sum"}, [](const Values& p) { return nearest_answer(p[0], 16); }, 16});
    return std::make_shared<StructuralNetwork>(3, 5, chain);
  };
  const Program instruction = program_of(
      {whole_number_step("sum", {-1}, "sum",
                         [](const Values& p) {
                           return column(p[0], 0) + column(p[0], 1) + column(p[0], 2).remainder(2);
                         }),
       answer_step({0}, "answer", 16, [](const Values& p) { return p[0].squeeze(1); })});
  const std::string system = "10 6502 (add with carry)";
  return {{system, "valid_gate_isa", true, gates(false), instruction, 3, 5},
          {system, "broken_gate_isa", false, gates(true), instruction, 3, 5}};
}

// --- 11: controlled experiments beside the ten: what only the unmapped variables show, and a
// mechanism that is wrong though its answers are right.

inline std::vector<Condition> controlled() {
  const auto copied = [](const char* variable, Step answer) {
    return program_of(
        {whole_number_step("m", {-1}, variable, [](const Values& p) { return column(p[0], 0); }),
         std::move(answer)});
  };
  const auto backup = [](bool active) {
    const auto x = [](const Values& p) { return column(p[0], 0); };
    return std::make_shared<StructuralNetwork>(
        6, 2,  // five tokens more than matter: few inputs make few pairs
        std::vector<StructuralVariable>{{"a", {"input"}, x},
                                        {"b1", {"input"}, x},
                                        {"b2", {"input"}, x},
                                        {"answer",
                                         {"a", "b1", "b2"},
                                         [=](const Values& p) {
                                           const Tensor differ =
                                               active ? (p[1] - p[2]).abs() : p[1] * 0;
                                           return nearest_answer((p[0] + differ).clamp_max(1), 2);
                                         },
                                         2}});
  };
  const auto prey = [](double effect) {
    return std::make_shared<StructuralNetwork>(
        2, 4,
        std::vector<StructuralVariable>{
            {"prey", {"input"}, [](const Values& p) { return column(p[0], 0); }},
            {"resource", {"input"}, [](const Values& p) { return column(p[0], 1); }},
            {"answer",
             {"prey", "resource"},
             [=](const Values& p) { return nearest_answer(p[0] * (1 + effect * p[1]), 12); },
             12}});
  };
  const auto doubled = [] {
    return std::make_shared<StructuralNetwork>(
        2, 4,
        std::vector<StructuralVariable>{
            {"m", {"input"}, [](const Values& p) { return 2 * column(p[0], 0); }},
            {"answer", {"m"}, [](const Values& p) { return nearest_answer(p[0] + 3, 10); }, 10}});
  };
  const auto times = [](int64_t factor) {
    return program_of({whole_number_step("m", {-1}, "m",
                                         [=](const Values& p) { return factor * column(p[0], 0); }),
                       answer_step({0}, "answer", 10, [=](const Values& p) {
                         return at::floor_divide(2 * p[0], factor).squeeze(1) + 3;
                       })});
  };
  const auto same = [](const Values& p) { return p[0].squeeze(1); };
  const std::string system = "11 controlled experiments";
  return {{system, "confounder: none", true, prey(0),
           copied("prey", answer_step({0}, "answer", 12, same)), 2, 4},
          {system, "confounder", false, prey(0.5),
           copied("prey", answer_step({0}, "answer", 12, same)), 2, 4},
          {system, "XOR backup: none", true, backup(false),
           copied("a", answer_step({0}, "answer", 2, same)), 6, 2},
          {system, "XOR backup", false, backup(true),
           copied("a", answer_step({0}, "answer", 2, same)), 6, 2},
          {system, "intermediate", true, doubled(), times(2), 2, 4},
          {system, "wrong intermediate", false, doubled(), times(3), 2, 4}};
}

inline std::vector<Condition> all_conditions() {
  std::vector<Condition> all;
  for (const std::vector<Condition>& some :
       {logic_circuit(), transistor_circuit(), gas(), predator_prey(), heat(false), heat(true),
        ising(), sort_rank(), gene_network(), processor(), controlled()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace assay::axioms::cae
