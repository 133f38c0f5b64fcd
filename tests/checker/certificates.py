"""Networks by hand, what can be said of them, and certificates of it, for the tests of assay-check.

Two variables and three clauses of 2-SAT, and addition modulo 5: small enough for plain Python, and
for trying every input. The certificates are computed here from docs/checker.md's mathematics."""

import itertools
import json
import math
import os
import random
from fractions import Fraction

from transformer import (Transformer, add, column, dot, float32, rounded, safetensors, scale, sha256,
                         times, zeros)

VARIABLES, CLAUSES = 2, 3
OPEN, CLOSE, COLON, SAT, UNSAT = 4, 5, 6, 7, 8  # literals are 0 to 3
LENGTH = 4 * CLAUSES + 1
READ = [2, 6, 10]


def satisfies(literal, assignment):
    return (assignment >> literal % VARIABLES & 1) == (literal < VARIABLES)


def two_sat_network():
    """Block 0 gathers a clause at its second literal and notes which assignments violate it; block 1
    averages these notes and has a neuron for each assignment that no clause violates."""
    token, position, previous, violated, verdict = 0, 10, 23, 27, 31
    m = Transformer(10, LENGTH, 32, 6, [1, 2], [LENGTH, LENGTH])
    for t in range(10):
        m["embed.W_E"][t][token + t] = 1.0
    for p in range(LENGTH):
        m["pos_embed.W_pos"][p][position + p] = 1.0
        if p % 4 == 2:  # attends to the literal before, strongly: e^9 to 1
            m["blocks.0.attn.W_Q"][0][position + p][p - 1] = 9 * math.sqrt(LENGTH)
        m["blocks.0.attn.W_K"][0][position + p][p] = 1.0
        for head in 0, 1:
            m["blocks.1.attn.W_K"][head][position + p][0] = 1.0 if p in READ else 0.0
    for literal in range(4):
        m["blocks.0.attn.W_V"][0][token + literal][literal] = 1.0
        m["blocks.0.attn.W_O"][0][literal][previous + literal] = 1.0
    for a in range(4):
        for literal in range(4):
            if not satisfies(literal, a):
                m["blocks.0.mlp.W_in"][token + literal][a] = 1.0
                m["blocks.0.mlp.W_in"][previous + literal][a] = 1.0
        m["blocks.0.mlp.b_in"][a] = -1.3
        m["blocks.0.mlp.W_out"][a][violated + a] = 1 / 0.7
        for head in 0, 1:
            m["blocks.1.attn.W_V"][head][violated + a][a] = 1.0
            m["blocks.1.attn.W_O"][head][a][violated + a] = 0.5
        m["blocks.1.mlp.W_in"][violated + a][a] = -1.0
        m["blocks.1.mlp.b_in"][a] = 1 / 6
        m["blocks.1.mlp.W_out"][a][verdict] = 6.0
    for head in 0, 1:
        m["blocks.1.attn.W_Q"][head][token + COLON][0] = 9 * math.sqrt(LENGTH)
    m["unembed.W_U"][verdict][SAT] = 2.0
    m["unembed.W_U"][verdict][UNSAT] = -2.0
    m["blocks.1.mlp.b_out"][verdict] = -0.5
    m.disturb(random.Random(1), 0.003)
    return m


def clauses(both_orders=False):
    pairs = [(l, r) for l in range(4) for r in range(4) if l % 2 < r % 2 or (both_orders and l % 2 != r % 2)]
    return [[l, r] for l, r in pairs]


def two_sat_domain(both_orders=False):
    slots = []
    for c in range(CLAUSES):
        slots.append({"positions": [4 * c], "alternatives": [[OPEN]]})
        slots.append({"positions": [4 * c + 1, 4 * c + 2], "alternatives": clauses(both_orders)})
        slots.append({"positions": [4 * c + 3], "alternatives": [[CLOSE]]})
    slots.append({"positions": [LENGTH - 1], "alternatives": [[COLON]]})
    return {"name": "both-orders" if both_orders else "sampled", "words": "formulas of three clauses",
            "length": LENGTH, "readout": LENGTH - 1, "slots": slots}


def inputs_of(domain):
    for choice in itertools.product(*(slot["alternatives"] for slot in domain["slots"])):
        tokens = [0] * domain["length"]
        for slot, part in zip(domain["slots"], choice):
            for p, t in zip(slot["positions"], part):
                tokens[p] = t
        yield tokens


def satisfiable(tokens):
    return any(all(satisfies(tokens[p - 1], a) or satisfies(tokens[p], a) for p in READ) for a in range(4))


def operation(name, parameters=None, tensors=None):
    return {"operation": name, "parameters": parameters or {}, "tensors": tensors or {}}


def node(name, parents, sites, reads, h, alpha, gamma, equality="equal"):
    return {"name": name, "parents": parents, "sites": sites, "reads": reads, "h": h, "alpha": alpha,
            "gamma": gamma, "equality": operation(equality), "evidence": []}


def two_sat_claim(m):
    """The interpretation's nodes and tensors."""
    labels = clauses(True)
    sums = {tuple(label): zeros(m.d_model) for label in labels}
    for tokens in inputs_of(two_sat_domain(True)):
        if tokens[1:3] == tokens[5:7] == tokens[9:11]:
            stream = m.residual(tokens, 1)
            for p in READ:
                key = (tokens[p - 1], tokens[p])
                sums[key] = add(sums[key], stream[p])
    tensors = {"labels": ("I64", labels),
               "prototypes": ("F32", rounded([scale(1 / 3, sums[tuple(label)]) for label in labels])),
               "on": ("F32", rounded([0.17, 0.18, 0.19, 0.2])), "mean": ("F32", rounded([0.01] * 6)),
               "stream": ("F32", rounded([0.001 * i for i in range(m.d_model)]))}
    programs = [{"any_of": [0]}, {"assignment": 1, "yes": True, "no": False},
                {"assignment": 2, "yes": {"assignment": 3, "yes": True, "no": {"any_of": [2]}}, "no": False},
                {"assignment": 3, "yes": True, "no": {"assignment": 0, "yes": {"any_of": [2]}, "no": {"any_of": [1, 2]}}}]
    nodes = [
        node("parse", ["tokens"], ["blocks.0.hook_resid_post"], ["blocks.0.hook_resid_post[pos=2,6,10]"],
             operation("tokens_at", {"positions": [[1, 2], [5, 6], [9, 10]]}),
             operation("nearest_prototype", {}, {"labels": "labels", "prototypes": "prototypes"}),
             operation("write_prototypes"), "equal_up_to_order"),
        node("evaluate", ["parse"], ["blocks.1.hook_resid_mid[pos=12]", "blocks.1.mlp.hook_post[pos=12]"],
             ["blocks.1.mlp.hook_post[pos=12;neuron=0,1,2,3]"],
             operation("truth_table_programs", {"variables": 2, "programs": programs}), operation("threshold"),
             operation("write_levels", {"neurons": [0, 1, 2, 3]}, {"on": "on", "mean": "mean", "stream": "stream"})),
        node("or", ["evaluate"], ["logits[pos=12]"], ["logits[pos=12]"], operation("any"),
             operation("argmax_of", {"tokens": [UNSAT, SAT]}),
             operation("write_answer", {"tokens": [UNSAT, SAT], "d_vocab": 10}))]
    return nodes, tensors


class Fractional:
    """Least values of Σ e^s g / Σ e^s over the inputs of a case, by Dinkelbach's iteration."""

    def __init__(self, m, domain, p, slot, alternative):
        self.domain, self.p, self.slot, self.alternative = domain, p, slot, alternative
        own = domain["slots"][slot]
        self.token = own["alternatives"][alternative][own["positions"].index(p)]
        q = times(m.embed(self.token, p), m["blocks.0.attn.W_Q"][0])
        self.e, self.o = {}, {}
        for part in domain["slots"]:
            for tokens in part["alternatives"]:
                for j, t in zip(part["positions"], tokens):
                    if j <= p:
                        x = m.embed(t, j)
                        k = times(x, m["blocks.0.attn.W_K"][0])
                        self.e[j, t] = math.exp(dot(q, k) / math.sqrt(m.d_head[0]))
                        self.o[j, t] = times(times(x, m["blocks.0.attn.W_V"][0]), m["blocks.0.attn.W_O"][0])

    def least(self, direction):
        """(the least value, an input that attains it)."""
        g = {key: dot(o, direction) for key, o in self.o.items()}
        value = max(g.values())
        while True:
            up = down = 0.0
            tokens = [0] * self.domain["length"]
            for s, part in enumerate(self.domain["slots"]):
                choices = part["alternatives"]
                if s == self.slot:
                    choices = [choices[self.alternative]]
                def cost(alternative):
                    return sum(self.e[j, t] * (g[j, t] - value)
                               for j, t in zip(part["positions"], alternative) if j <= self.p)
                best = min(choices, key=cost)
                for j, t in zip(part["positions"], best):
                    tokens[j] = t
                    if j <= self.p:
                        up += self.e[j, t] * g[j, t]
                        down += self.e[j, t]
            if up / down >= value - 1e-13:
                return value, tokens
            value = up / down


def lowered(value):
    return value - 1e-6 * (1 + abs(value))


def prove_case(m, domain, p, slot, alternative, units, wrongs, right):
    """The case of one clause at one position, and its lower bounds. @param wrongs: indices of prototypes."""
    f = Fractional(m, domain, p, slot, alternative)
    w = lambda name: m[f"blocks.0.mlp.{name}"]
    x = m.embed(f.token, p)
    constant = add(times(x, w("W_in")), w("b_in"))
    low = [lowered(f.least(column(w("W_in"), n))[0]) for n in range(m.d_mlp)]
    high = [-lowered(f.least(scale(-1, column(w("W_in"), n)))[0]) for n in range(m.d_mlp)]
    margins, best = [0.0] * len(units), (math.inf, None, None)
    for wrong in wrongs:
        difference = add(units[right], scale(-1, units[wrong]))
        direction, bound = difference, dot(difference, add(x, w("b_out")))
        for n in range(m.d_mlp):
            l, u, c = constant[n] + low[n], constant[n] + high[n], dot(difference, w("W_out")[n])
            slope, offset = 0.0, 0.0
            if l >= 0 or (u > 0 and c > 0 and u >= -l):
                slope = 1.0
            elif u > 0 and c < 0:
                slope, offset = u / (u - l), -u * l / (u - l)
            bound += c * (slope * constant[n] + offset)
            direction = add(direction, scale(c * slope, column(w("W_in"), n)))
        value, tokens = f.least(direction)
        margins[wrong] = lowered(value)
        if bound + margins[wrong] < best[0]:
            best = (bound + margins[wrong], wrong, tokens)
    full = list(best[2])
    for part in domain["slots"]:
        if part["positions"][0] > p:
            for j, t in zip(part["positions"], part["alternatives"][0]):
                full[j] = t
    case = {"position": p, "slot": slot, "alternative": alternative, "verdict": "proved", "right": right,
            "margin": best[0] - 1e-12, "worst": full}
    return case, [low + [-bound for bound in high] + margins]  # one head


def prove_parse(m, domain, tensors):
    labels = tensors["labels"][1]
    units = [scale(1 / math.sqrt(dot(v, v)), v) for v in tensors["prototypes"][1]]
    cases, bounds = [], []
    for p in READ:
        slot = next(s for s, part in enumerate(domain["slots"]) if p in part["positions"])
        for a, pair in enumerate(domain["slots"][slot]["alternatives"]):
            wrongs = [i for i, label in enumerate(labels) if sorted(label) != sorted(pair)]
            case, of_case = prove_case(m, domain, p, slot, a, units, wrongs, labels.index(pair))
            cases.append(case)
            bounds.append(of_case)
    return {"kind": "fractional", "cases": cases}, {"parse.bounds": ("F64", bounds)}


def prove_suffix(m, tensors):
    exact = lambda values: [Fraction(v) for v in values]
    direction = [Fraction(row[SAT]) - Fraction(row[UNSAT]) for row in m["unembed.W_U"]]
    def effect(n):
        return dot(exact(m["blocks.1.mlp.W_out"][n]), direction)
    base = dot(direction, add(exact(tensors["stream"][1]), exact(m["blocks.1.mlp.b_out"])))
    base += sum(Fraction(tensors["mean"][1][n]) * effect(n) for n in (4, 5))
    bits = [Fraction(tensors["on"][1][n]) * effect(n) for n in range(4)]
    k = bits.index(min(bits))
    text = lambda x: f"{x.numerator}/{x.denominator}"
    return {"kind": "affine", "on": SAT, "off": UNSAT, "all_off": text(base),
            "least_on": text(base + bits[k]), "least_on_bit": k}


def enumerate_inputs(m, domain, answers, right_answer):
    inputs = right = 0
    least, at = math.inf, None
    for tokens in inputs_of(domain):
        logits = m.logits(tokens)
        ordered = sorted(answers, key=lambda t: -logits[t])
        margin = logits[ordered[0]] - logits[ordered[1]]
        inputs, right = inputs + 1, right + (ordered[0] == right_answer(tokens))
        if margin < least:
            least, at = margin, tokens
    return {"kind": "enumeration", "inputs": inputs, "right": right, "least_margin": least - 1e-11, "at": at}


def statement(name, proof, node=None, verdict="proved"):
    return {"statement": name, "node": node, "verdict": verdict, "words": "in words", "proof": proof,
            "float32": None}


class Package:
    """A model, an interpretation and a certificate, to be changed and written to a folder."""

    def __init__(self, m, nodes, tensors, task, output):
        self.model, self.config, self.task = m, m.config(), task
        self.nodes, self.tensors, self.output = nodes, tensors, output
        self.domain = None
        self.hints, self.statements = {}, []
        self.replay = None

    def record_replay(self):
        generator = random.Random(7)
        inputs = list(inputs_of(self.domain))
        tokens = [generator.choice(inputs) for _ in range(100)]
        self.replay = {"tokens": tokens, "logits": [self.model.logits(t) for t in tokens]}

    def write(self, folder):
        """@return the command's arguments."""
        path = lambda name: os.path.join(folder, name)
        model = self.model.bytes(self.config)
        side, hints = safetensors(self.tensors), safetensors(self.hints) if self.hints else None
        claim = {"format": "assay interpretation", "version": 1, "title": "a test", "task": self.task,
                 "model_sha256": sha256(model), "fitted_on": {}, "tensors_sha256": sha256(side),
                 "output": self.output, "nodes": self.nodes}
        text = json.dumps(claim).encode()
        certificate = {
            "kind": "certificate", "schema": 2, "model": {"sha256": sha256(model)},
            "interpretation": {"sha256": sha256(text), "tensors_sha256": sha256(side)}, "task": self.task,
            "domain": self.domain,
            "hints": {"file": "certificate.safetensors", "sha256": sha256(hints)} if hints else None,
            "statements": self.statements, "replay": self.replay}
        for name, data in (("model.safetensors", model), ("claim.json", text), ("claim.safetensors", side),
                           ("certificate.json", json.dumps(certificate).encode()),
                           ("certificate.safetensors", hints)):
            if data is not None:
                with open(path(name), "wb") as file:
                    file.write(data)
        return [path("certificate.json"), "--model", path("model.safetensors"), "--interpretation", path("claim.json")]


def two_sat(both_orders=False):
    m = two_sat_network()
    nodes, tensors = two_sat_claim(m)
    package = Package(m, nodes, tensors, {"name": "two-sat", "settings": {"variables": 2, "clauses": 3}}, "or")
    package.domain = two_sat_domain(both_orders)
    fractional, package.hints = prove_parse(m, package.domain, tensors)
    enumeration = enumerate_inputs(m, package.domain, [UNSAT, SAT], lambda t: SAT if satisfiable(t) else UNSAT)
    package.statements = [
        statement("h = specification", {"kind": "covering", "neuron_for": [0, 1, 2, 3]}),
        statement("suffix", prove_suffix(m, tensors), "evaluate"),
        statement("node = program", fractional, "parse"),
        statement("output = specification", enumeration)]
    package.record_replay()
    return package


P = 5


def addition_network():
    """The attention adds the two numbers, and hat functions of the sum, made of ReLUs, vote."""
    m = Transformer(P + 1, 3, P + 2, 2 * P, [2], [3])
    for t in range(P):
        m["embed.W_E"][t][0] = float(t)
    for head in 0, 1:
        m["blocks.0.attn.W_V"][head][0][0] = 1.0
        m["blocks.0.attn.W_O"][head][0][1] = 1.5
    for k in range(2 * P):  # relu(sum - k + 1)
        m["blocks.0.mlp.W_in"][1][k] = 1.0
        m["blocks.0.mlp.b_in"][k] = 1.0 - k
    for s in range(2 * P - 1):  # a hat at s: relu(sum - s + 1) - 2 relu(sum - s) + relu(sum - s - 1)
        for k, weight in ((s, 1.0), (s + 1, -2.0), (s + 2, 1.0)):
            if k < 2 * P:
                m["blocks.0.mlp.W_out"][k][2 + s % P] += weight
    for t in range(P):
        m["unembed.W_U"][2 + t][t] = 1.0
    m.disturb(random.Random(2), 0.001)
    return m


def waves(frequencies, decimals):
    table = []
    for n in range(P):
        angles = [2 * math.pi * (k * n % P) / P for k in frequencies]
        row = [math.cos(a) for a in angles] + [math.sin(a) for a in angles]
        table.append([round(x, decimals) for x in row] if decimals else row)
    return table


def list_waves(frequencies, decimals):
    read, fit = waves(frequencies, decimals), waves(frequencies, None)
    n, best = len(frequencies), (math.inf, None)
    for a, b in itertools.product(range(P), range(P)):
        x, y = read[a], read[b]
        total = [x[k] * y[k] - x[n + k] * y[n + k] for k in range(n)]
        total += [x[n + k] * y[k] + x[k] * y[n + k] for k in range(n)]
        fits = sorted((-dot(total, row), c) for c, row in enumerate(fit))
        assert fits[0][1] == (a + b) % P
        best = min(best, (fits[1][0] - fits[0][0], [a, b, P]))
    return {"kind": "listing", "inputs": P * P, "right": P * P, "least_margin": best[0] - 1e-12, "at": best[1]}


def modular_addition(bias=None):
    """@param bias: added to the logit of 0, so that the network errs."""
    m = addition_network()
    if bias:
        m["blocks.0.mlp.b_out"][2] = float32(bias)
    frequencies = {"p": P, "frequencies": [1, 2]}
    nodes = [node("fourier", ["tokens"], ["hook_embed[pos=0,1]"], ["hook_embed[pos=0,1]"],
                  operation("fourier_components", {**frequencies, "decimals": 3}), operation("linear"), operation("write_linear")),
             node("sum", ["fourier"], ["blocks.0.mlp.hook_post[pos=2]"], ["blocks.0.mlp.hook_post[pos=2]"],
                  operation("angle_sums"), operation("linear"), operation("write_linear"), "downstream"),
             node("answer", ["sum"], ["logits[pos=2]"], ["logits[pos=2]"],
                  operation("argmax_of_differences", frequencies),
                  operation("argmax_of", {"tokens": list(range(P))}), operation("write_answer"))]
    package = Package(m, nodes, {"unused": ("F32", [0.0])},
                      {"name": "modular-addition", "settings": {"p": P, "split_seed": 0, "train_fraction": 0.5}}, "answer")
    numbers = [[n] for n in range(P)]
    package.domain = {"name": "all", "words": "all pairs", "length": 3, "readout": 2, "slots": [
        {"positions": [0], "alternatives": numbers}, {"positions": [1], "alternatives": numbers},
        {"positions": [2], "alternatives": [[P]]}]}
    enumeration = enumerate_inputs(m, package.domain, list(range(P)), lambda t: (t[0] + t[1]) % P)
    package.statements = [
        statement("h = specification", list_waves([1, 2], 3)),
        statement("output = specification", enumeration,
                  verdict="proved" if enumeration["right"] == P * P else "refuted")]
    package.record_replay()
    return package


PARENTHESES = 6


def dyck_network():
    """The attention is even, so it writes the depth over the position; one neuron notes where that is
    negative; the sums over positions are the final depth and the violations."""
    step, depth, violation = 0, 1, 2
    m = Transformer(2, PARENTHESES, 4, 3, [2], [2], d_output=2)
    m["embed.W_E"][0][step], m["embed.W_E"][1][step] = 1.0, -1.0
    m["blocks.0.attn.W_V"][0][step][0] = m["blocks.0.attn.W_O"][0][0][depth] = 1.0
    m["blocks.0.mlp.W_in"][depth][0], m["blocks.0.mlp.W_out"][0][violation] = -PARENTHESES, 1.0
    for k, (row, sign) in enumerate(((step, 1.0), (step, -1.0), (violation, 1.0))):
        m["head.W"][row][k] = sign
        m["unembed.W_U"][k][1] = -2.0
    m["unembed.b_U"][1] = 1.0
    m.disturb(random.Random(3), 0.003)
    return m


def is_balanced(tokens):
    depths = list(itertools.accumulate(1 - 2 * t for t in tokens))
    return depths[-1] == 0 and min(depths) >= 0


def dyck(facts=("depth", "token")):
    m, n = dyck_network(), PARENTHESES
    facts_as_data = lambda: {"facts": list(facts)}
    nodes = [node("scan", ["tokens"], ["blocks.0.hook_resid_post"], ["blocks.0.hook_resid_post"],
                  operation("prefix_facts", facts_as_data()), operation("linear"), operation("write_by_position")),
             node("answer", ["scan"], ["logits[pos=0]"], ["logits[pos=0]"], operation("balanced_by", facts_as_data()),
                  operation("argmax_of", {"tokens": [0, 1]}), operation("write_answer"))]
    package = Package(m, nodes, {"unused": ("F32", [0.0])},
                      {"name": "dyck", "settings": {"length": n, "split_seed": 0, "train_fraction": 1.0}}, "answer")
    package.domain = {"name": "all", "words": "all strings", "length": n, "readout": 0,
                      "slots": [{"positions": [p], "alternatives": [[0], [1]]} for p in range(n)]}
    listing = {"kind": "listing", "inputs": 2**n, "right": 2**n, "least_margin": None, "at": [0] * n}
    enumeration = enumerate_inputs(m, package.domain, [0, 1], is_balanced)
    package.statements = [statement("h = specification", listing), statement("output = specification", enumeration)]
    package.record_replay()
    return package


LONGEST = 4
BLANK, EQUALS = 2, 3


def majority_network():
    """The attention is even, so it writes ones minus zeros over the length; the logits follow."""
    m = Transformer(4, LONGEST + 1, 3, 2, [1], [2])
    for t, value in ((0, -1.0), (1, 1.0)):
        m["embed.W_E"][t][0] = value
    m["blocks.0.attn.W_V"][0][0][0] = m["blocks.0.attn.W_O"][0][0][1] = 1.0
    m["unembed.W_U"][1][0], m["unembed.W_U"][1][1] = -2.0, 2.0
    m.disturb(random.Random(4), 0.003)
    return m


def strings_without_a_tie():
    for length in range(1, LONGEST + 1):
        for string in itertools.product((0, 1), repeat=length):
            if 2 * sum(string) != length:
                yield [BLANK] * (LONGEST - length) + list(string) + [EQUALS]


def majority(weights=(-1, 1, 0, 0), threshold=0.0):
    m = majority_network()
    steps = [{"operation": "above", "parameters": {"threshold": threshold}}, {"operation": "any", "parameters": {}}]
    middle, logits = f"blocks.0.hook_resid_mid[pos={LONGEST}]", f"logits[pos={LONGEST}]"
    nodes = [node("count", ["tokens"], [middle], [middle], operation("count_tokens", {"weights": list(weights)}),
                  operation("linear"), operation("write_value")),
             node("answer", ["count"], [logits], [logits], operation("chain", {"steps": steps}),
                  operation("argmax_of", {"tokens": [0, 1]}), operation("write_answer"))]
    package = Package(m, nodes, {"unused": ("F32", [0.0])}, {"name": "majority", "settings": {"length": LONGEST}}, "answer")
    rows = list(strings_without_a_tie())
    package.domain = {"name": "all", "words": "all strings", "length": LONGEST + 1, "readout": LONGEST,
                      "slots": [{"positions": list(range(LONGEST + 1)), "alternatives": rows}]}
    listing = {"kind": "listing", "inputs": len(rows), "right": len(rows), "least_margin": None, "at": rows[0]}
    enumeration = enumerate_inputs(m, package.domain, [0, 1], lambda t: int(t.count(1) > t.count(0)))
    package.statements = [statement("h = specification", listing), statement("output = specification", enumeration)]
    package.record_replay()
    return package
