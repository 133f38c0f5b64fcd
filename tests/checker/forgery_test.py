"""Certificates, interpretations and networks with something in them changed, by the hundred: whatever assay-check
still confirms is held against brute force.

    forgery_test.py ASSAY_CHECK [HOW_MANY [SEED]]

Hashes are made anew after each change, so nothing is caught by them. What is true is computed here in plain Python,
from the changed files and over every input of the changed domain.
"""

import copy
import itertools
import math
import os
import random
import re
import subprocess
import sys
import tempfile
from fractions import Fraction

import certificates
from certificates import inputs_of, is_balanced
from transformer import add, dot, scale

NUMBERS = [0, 1, -1, 2, 3, 5, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -0.0, 0.5, 5e-324, -1e-310, 1e12, 1e13, 1e300,
           float("nan"), float("inf"), True, None, "1", []]
TEXTS = ["", "all", "sampled", "both-orders", "mine", "all\x00", "ALL", "а", "proved", "refuted", "open", "covering",
         "listing", "enumeration", "witness", "affine", "fractional", "equal", "equal_up_to_order", 0, None]


def places(part):
    """Every (container, key) below."""
    for key in list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ():
        yield part, key
        yield from places(part[key])


def changed(value, others, generator):
    if isinstance(value, bool) or value is None:
        return generator.choice([True, False, None, 0, 1, {}, [0]])
    if isinstance(value, (int, float)) and generator.random() < 0.7:
        return generator.choice([value + 1, value - 1, -value, value * (1 + 1e-3), value - 1e-3, value * (1 - 1e-9),
                                 float(value), *[o for o in others if isinstance(o, (int, float))][:200]])
    if isinstance(value, (int, float)):
        return generator.choice(NUMBERS)
    if isinstance(value, str):
        return generator.choice(TEXTS + [o for o in others if isinstance(o, str)])
    if isinstance(value, list) and value:
        value, i, j = list(value), generator.randrange(len(value)), generator.randrange(len(value))
        how = generator.randrange(4)
        if how == 0:
            del value[i]
        elif how == 1:
            value.insert(i, copy.deepcopy(value[j]))
        elif how == 2:
            value[i], value[j] = value[j], value[i]
        else:
            value[i] = copy.deepcopy(generator.choice(others))
        return value
    if isinstance(value, dict) and value and generator.random() < 0.2:
        value = dict(value)
        value["more"] = value.pop(generator.choice(list(value)))
        return value
    return copy.deepcopy(generator.choice(others))


def forge(package, generator):
    """One to three changes in place."""
    for _ in range(generator.choice([1, 1, 1, 2, 3])):
        tensors = lambda those: {name: data for name, (_, data) in those.items()}
        part = generator.choice([package.statements, package.statements, package.nodes, package.domain, package.task,
                                 tensors(package.tensors), tensors(package.hints), package.model.weights])
        found = list(places(part))
        if not found:
            continue
        container, key = generator.choice(found)
        container[key] = changed(container[key], [c[k] for c, k in generator.sample(found, min(99, len(found)))], generator)
        for those in package.tensors, package.hints:
            for name, data in part.items() if isinstance(part, dict) else ():
                if name in those:
                    those[name] = (those[name][0], data)
    if generator.random() < 0.7:
        package.record_replay()


class Truth:
    """What holds of a package's files."""

    def __init__(self, package):
        self.p, self.m, self.task = package, package.model, package.task["name"]
        self.settings = package.task["settings"]
        self.inputs = list(inputs_of(package.domain))
        self.node = {node["name"]: node for node in package.nodes}
        self.answers = self.node[package.output]["alpha"]["parameters"]["tokens"]

    def holds(self, literal, assignment):
        n = self.settings["variables"]
        return (assignment >> literal % n & 1) == (literal < n)

    def satisfying(self, tokens):
        clauses = [tokens[i + 1:i + 3] for i in range(0, len(tokens) - 1, 4)]
        return [all(self.holds(l, a) or self.holds(r, a) for l, r in clauses) for a in range(2 ** self.settings["variables"])]

    def right(self, tokens):
        if self.task == "two-sat":
            return certificates.SAT if any(self.satisfying(tokens)) else certificates.UNSAT
        if self.task == "modular-addition":
            return (tokens[0] + tokens[1]) % self.settings["p"]
        if self.task == "dyck":
            return int(is_balanced(tokens))
        return int(tokens.count(1) > tokens.count(0))

    def h(self, tokens):
        chain = [node["h"] for node in self.p.nodes]
        if self.task == "two-sat":
            positions = chain[0]["parameters"]["positions"]
            sat = [all(self.holds(tokens[l], a) or self.holds(tokens[r], a) for l, r in positions)
                   for a in range(2 ** chain[1]["parameters"]["variables"])]
            def on(program):
                if isinstance(program, bool):
                    return program
                if "any_of" in program:
                    return any(sat[a] for a in program["any_of"])
                return on(program["yes" if sat[program["assignment"]] else "no"])
            return self.answers[any(on(program) for program in chain[1]["parameters"]["programs"])]
        if self.task == "modular-addition":
            return self.waves(chain[0]["parameters"], chain[2]["parameters"], tokens)
        if self.task == "dyck":
            return self.answers[is_balanced(tokens)]
        weights, threshold = chain[0]["parameters"]["weights"], chain[1]["parameters"]["steps"][0]["parameters"]["threshold"]
        return self.answers[sum(weights[t] for t in tokens) > threshold]

    def waves(self, read, fit, tokens):
        def row(parameters, n, decimals):
            angles = [2 * math.pi * k * n / parameters["p"] for k in parameters["frequencies"]]
            row = [math.cos(x) for x in angles] + [math.sin(x) for x in angles]
            return [round(x, decimals) for x in row] if decimals is not None else row
        x, y = (row(read, t, read.get("decimals")) for t in tokens[:2])
        n = len(x) // 2
        total = [x[k] * y[k] - x[n + k] * y[n + k] for k in range(n)] + [x[n + k] * y[k] + x[k] * y[n + k] for k in range(n)]
        return max(range(fit["p"]), key=lambda c: dot(total, row(fit, c, None)))

    def decision(self, tokens):
        logits = self.m.logits(tokens)
        first, second = sorted(self.answers, key=lambda t: -logits[t])[:2]
        return first, logits[first] - logits[second]

    def reads_right(self, name, least):
        """Cases whose inputs all have at least this margin."""
        node, tensors = self.node[name], self.p.tensors
        names = node["alpha"]["tensors"]
        units = [scale(dot(v, v) ** -0.5, v) for v in tensors[names["prototypes"]][1]]
        labels = tensors[names["labels"]][1]
        same = (lambda a, b: sorted(a) == sorted(b)) if node["equality"]["operation"] == "equal_up_to_order" else (lambda a, b: a == b)
        positions = list(map(int, re.search(r"\[pos=([0-9,]*)\]$", node["reads"][0]).group(1).split(",")))
        streams, count = [(t, self.m.residual(t, 1)) for t in self.inputs], 0
        for p, label_at in zip(positions, node["h"]["parameters"]["positions"]):
            slot = next(s for s in self.p.domain["slots"] if p in s["positions"])
            for alternative in slot["alternatives"]:
                margins = []
                for tokens, stream in streams:
                    if [tokens[q] for q in slot["positions"]] == alternative:
                        by = {True: -math.inf, False: -math.inf}
                        for unit, label in zip(units, labels):
                            is_right = same(label, [tokens[q] for q in label_at])
                            by[is_right] = max(by[is_right], dot(unit, stream[p]))
                        margins.append(by[True] - by[False])
                count += min(margins) > 0 and min(margins) >= least - 1e-9
        return count

    def suffix_holds(self, name):
        node, w, tensors = self.node[name], self.m.weights, self.p.tensors
        of = lambda key: [Fraction(x) for x in tensors[node["gamma"]["tensors"][key]][1]]
        neurons, last = node["gamma"]["parameters"]["neurons"], len(self.m.d_head) - 1
        mlp, on, off = lambda key: w[f"blocks.{last}.mlp.{key}"], self.answers[1], self.answers[0]
        def difference(stream, hidden):
            x = add(stream, [Fraction(b) for b in mlp("b_out")])
            for h, row in zip(hidden, mlp("W_out")):
                x = add(x, [h * Fraction(r) for r in row])
            return sum(a * (Fraction(row[on]) - Fraction(row[off])) for a, row in zip(x, w["unembed.W_U"]))
        def written(bits):
            hidden = of("mean")
            for n, level, bit in zip(neurons, of("on"), bits):
                hidden[n] = level * bit
            return hidden
        return all((difference(of("stream"), written(bits)) > 0) == any(bits) and
                   (difference(of("stream"), written(bits)) < 0) != any(bits) for bits in itertools.product((0, 1), repeat=len(neurons)))


def confirm(line, truth):
    """Is what this line says so?"""
    title, verdict, shown = re.match(r"(.*?): (proved|refuted) and checked: (.*)", line).groups()
    if title == "suffix" or title.startswith("suffix, node "):
        return truth.suffix_holds(title[13:]) == (verdict == "proved")
    if title.startswith("node = program, node "):
        count, of, margin = re.match(r"(\d+) of (\d+) cases by a margin of at least ([^, ]+)", shown).groups()
        exact = truth.reads_right(title[21:], float(margin))
        return exact >= int(count) and (verdict == "proved") == (count == of)
    if witness := re.match(r"on \[([0-9,]+)\] the right answer is token (\d+), h says (\d+) and the network (\d+)", shown):
        tokens = list(map(int, witness.group(1).split(",")))
        right, h, network = map(int, witness.groups()[1:])
        is_so = (right, h, network) == (truth.right(tokens), truth.h(tokens), truth.decision(tokens)[0])
        return tokens in truth.inputs and is_so and (h if title.startswith("h =") else network) != right
    if shown.startswith("each of "):
        return all(truth.h(tokens) == truth.right(tokens) for tokens in truth.inputs)
    who, right, of = re.match(r"(h|the network) is right on (\d+) of (\d+) inputs", shown).groups()
    decided = [(truth.h(t), math.inf) if who == "h" else truth.decision(t) for t in truth.inputs]
    margin = re.search("by a margin of at least (.*)$", shown)
    is_so = int(of) == len(truth.inputs) and int(right) == sum(d[0] == truth.right(t) for d, t in zip(decided, truth.inputs))
    return is_so and (not margin or who == "h" or float(margin.group(1)) <= min(d[1] for d in decided) + 1e-9)


def main(binary, how_many=150, seed=1):
    generator = random.Random(seed)
    honest = [certificates.two_sat(), certificates.modular_addition(), certificates.modular_addition(1.3),
              certificates.dyck(), certificates.majority()]
    codes, confirmed, wrong = {}, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(how_many):
            package = copy.deepcopy(generator.choice(honest))
            try:
                forge(package, generator)
                arguments = package.write(folder)
            except Exception:  # no file can say this
                continue
            done = subprocess.run([binary, *arguments], capture_output=True, text=True, errors="replace", timeout=120)
            codes[done.returncode] = codes.get(done.returncode, 0) + 1
            if done.returncode not in (0, 1, 2, 3):
                print(f"forgery {i}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
                wrong += 1
            lines = [l for l in done.stdout.splitlines() if re.match("[^:]*: (proved|refuted) and checked: ", l)]
            for line in lines if done.returncode == 0 else ():
                try:
                    is_so = confirm(line, Truth(package))
                except Exception as problem:  # it was not to be confirmed
                    is_so, line = False, f"{line}\n{type(problem).__name__}: {problem}"
                confirmed += is_so
                wrong += not is_so
                if not is_so:
                    print(f"forgery {i} of seed {seed}: confirmed, but not so: {line}")
    print(f"exit codes {dict(sorted(codes.items(), key=str))}; {confirmed} statements confirmed that are true, {wrong} problems")
    return 0 if wrong == 0 and confirmed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
