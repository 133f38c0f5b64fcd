"""assay-check from outside: what it accepts, and what it must not.

    checker_test.py ASSAY_CHECK SOURCE_FOLDER
"""

import copy
import glob
import itertools
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

import certificates
from certificates import READ, SAT, UNSAT, inputs_of, satisfiable, statement
from transformer import dot, safetensors, scale

BINARY = SOURCE = None
_made = {}


def fresh(name):
    """A copy of one of the packages, each of which is made once."""
    if name not in _made:
        _made[name] = {"two-sat": certificates.two_sat, "addition": certificates.modular_addition,
                       "wrong-addition": lambda: certificates.modular_addition(1.3), "dyck": certificates.dyck,
                       "majority": certificates.majority}[name]()
    return copy.deepcopy(_made[name])


def run(arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def expect(self, package, code, *patterns):
        self.expect_written(package.write(self.folder.name), code, *patterns)

    def expect_written(self, arguments, code, *patterns):
        got, output = run(arguments)
        self.assertEqual(got, code, output)
        for pattern in patterns:
            self.assertRegex(output, pattern)
        if code != 0:
            self.assertNotRegex(output, r"(?s)^(?!.*(REJECTED|cannot be checked|Nothing was shown|assay-check:)).*$")

    def edit(self, name, change):
        """Changes the bytes of a file that was written."""
        with open(self.path(name), "rb") as file:
            data = file.read()
        with open(self.path(name), "wb") as file:
            file.write(change(data))


def find(package, name):
    return next(s for s in package.statements if s["statement"] == name)


class Accepts(CheckerTest):
    def test_two_sat(self):
        self.expect(fresh("two-sat"), 0, "h = specification: proved and checked: each of 4 assignments",
                    r"suffix, node evaluate: proved and checked: token 8 leads by at least 1\.87.* off, token 7 by at least 2\.21",
                    "node = program, node parse: proved and checked: 12 of 12 cases",
                    "output = specification: proved and checked: the network is right on 64 of 64",
                    r"Inputs: 64, of 13 tokens: 7 x 1 alternative, 3 x 4 alternatives, .* 'sampled', rebuilt here",
                    "Trusted: the source of this program")

    def test_addition(self):
        self.expect(fresh("addition"), 0, "h = specification: proved and checked: h is right on 25 of 25",
                    "output = specification: proved and checked: the network is right on 25 of 25")

    def test_dyck(self):
        self.expect(fresh("dyck"), 0, "h = specification: proved and checked: h is right on 64 of 64 inputs\n",
                    "output = specification: proved and checked: the network is right on 64 of 64",
                    "Inputs: 64, of 6 tokens: 6 x 2 alternatives, .* 'all', rebuilt here")
        arguments = fresh("dyck").write(self.folder.name)
        self.assertLess(float(re.search("off by at most ([0-9.e-]+)", run(arguments)[1]).group(1)), 1e-12)

    def test_majority(self):
        self.expect(fresh("majority"), 0, "h = specification: proved and checked: h is right on 22 of 22 inputs\n",
                    "output = specification: proved and checked: the network is right on 22 of 22",
                    "Inputs: 22, of 5 tokens: 1 x 22 alternatives, .* 'all', rebuilt here")
        self.expect(certificates.majority((0, 2, 1, 0), 4.0), 0, "h is right on 22 of 22")  # another way to count
        package = certificates.majority((0, 1, 0, 0), 1.0)  # two ones or more
        package.statements[0] = statement("h = specification", {
            "kind": "witness", "tokens": [2, 2, 2, 1, 3], "program": 0, "specification": 1, "network": 1}, None, "refuted")
        self.expect(package, 0, "h = specification: refuted and checked: on .* right answer is token 1, h says 0 and the network 1")

    def test_refuted_enumeration(self):
        right = find(fresh("wrong-addition"), "output = specification")["proof"]["right"]
        self.assertLess(right, 25)
        self.expect(fresh("wrong-addition"), 0, f"refuted and checked: the network is right on {right} of 25")

    def test_refuted_suffix(self):
        package = fresh("two-sat")
        package.tensors["on"] = ("F32", [2.0**-10, 0.25, 0.25, 0.25])
        proof = certificates.prove_suffix(package.model, package.tensors) | {"state": [0]}
        package.statements = [statement("suffix", proof, "evaluate", "refuted")]
        self.expect(package, 0, "suffix, node evaluate: refuted and checked: .*: some state is decided wrongly")
        for state, code, words in (([], 1, "decided rightly"), ([1], 1, "decided rightly"), ([4], 2, "whole number"), (None, 2, "a list")):
            proof["state"] = state
            self.expect(package, code, words)
        del proof["state"]
        self.expect(package, 2, "a member 'state'")

    def test_network_as_plain_floats(self):
        """Enclosures hold what the same network gives in double precision, to 1e-12."""
        arguments = fresh("two-sat").write(self.folder.name)
        off = float(re.search("off by at most ([0-9.e-]+)", run(arguments)[1]).group(1))
        self.assertLess(off, 1e-12)

    def test_figures_are_rounded_down(self):
        package = fresh("two-sat")
        output = run(package.write(self.folder.name))[1]
        proof = find(package, "suffix")["proof"]
        off, on = re.search("leads by at least ([0-9.]+) with all bits off, token 7 by at least ([0-9.]+)", output).groups()
        for printed, exact in (off, -Fraction(proof["all_off"])), (on, Fraction(proof["least_on"])):
            self.assertLessEqual(Fraction(printed), exact)
            self.assertLess(exact - Fraction(printed), Fraction(1, 10**8))

    def test_margins_are_those_of_brute_force(self):
        package = fresh("two-sat")
        labels, prototypes = package.tensors["labels"][1], package.tensors["prototypes"][1]
        units = [scale(dot(v, v) ** -0.5, v) for v in prototypes]
        streams = [(t, package.model.residual(t, 1)) for t in inputs_of(package.domain)]
        for case in find(package, "node = program")["proof"]["cases"]:
            p, pair = case["position"], package.domain["slots"][case["slot"]]["alternatives"][case["alternative"]]
            least = min(dot(units[case["right"]], s[p]) - max(dot(u, s[p]) for u, l in zip(units, labels) if sorted(l) != sorted(pair))
                        for t, s in streams if t[p - 1:p + 1] == pair)
            self.assertLessEqual(case["margin"], least)
            self.assertGreater(case["margin"], least - 1e-3)

    def test_suffix_is_that_of_every_state(self):
        package = fresh("two-sat")
        proof, m, tensors = find(package, "suffix")["proof"], package.model, package.tensors
        differences = {}
        for state in itertools.product((0, 1), repeat=4):
            hidden = [Fraction(on) * bit for on, bit in zip(tensors["on"][1], state)] + [Fraction(x) for x in tensors["mean"][1][4:]]
            stream = [Fraction(x) + Fraction(b) for x, b in zip(tensors["stream"][1], m["blocks.1.mlp.b_out"])]
            for value, row in zip(hidden, m["blocks.1.mlp.W_out"]):
                stream = [x + value * Fraction(w) for x, w in zip(stream, row)]
            differences[state] = sum(x * (Fraction(row[SAT]) - Fraction(row[UNSAT])) for x, row in zip(stream, m["unembed.W_U"]))
        self.assertEqual(Fraction(proof["all_off"]), differences.pop((0, 0, 0, 0)))
        self.assertEqual(Fraction(proof["least_on"]), min(differences.values()))

    def test_open_statements_stand_beside(self):
        package = fresh("addition")
        package.statements.append(statement("suffix", None, "sum", "open"))
        self.expect(package, 0, "suffix, node sum: open")

    def test_a_domain_of_its_own(self):
        package = fresh("addition")
        package.domain["name"] = "small numbers"
        for slot in 0, 1:
            package.domain["slots"][slot]["alternatives"] = [[0], [1], [2]]
        package.record_replay()
        package.statements = [statement("output = specification", certificates.enumerate_inputs(
            package.model, package.domain, list(range(5)), lambda t: (t[0] + t[1]) % 5))]
        self.expect(package, 0, "right on 9 of 9", "a domain of the certificate's own")

    def of_several_lengths(self):
        """Formulas of two or three clauses: the first may be missing."""
        package = fresh("two-sat")
        package.task["settings"]["min_clauses"] = 2
        whole = [[4, l, r, 5] for l, r in certificates.clauses()]
        package.domain["slots"] = [{"positions": list(range(4)), "alternatives": [[9] * 4] + whole},
                                   *package.domain["slots"][3:]]
        package.statements, package.hints = package.statements[:1], {}
        return package

    def test_formulas_of_several_lengths(self):
        self.expect(self.of_several_lengths(), 0, "Inputs: 80, of 13 tokens", "'sampled', rebuilt here")

    def test_a_case_that_is_refuted_by_its_input(self):
        package = fresh("two-sat")
        proof = self.exchange_labels(package)
        find(package, "node = program")["verdict"] = "refuted"
        for case in proof["cases"]:
            if case["alternative"] in (0, 1):
                case["verdict"] = "refuted"
        self.expect(package, 0, "node = program, node parse: refuted and checked: 6 of 12 cases")

    @staticmethod
    def exchange_labels(package):
        """Prototypes of the first two clauses change their labels, in both orders."""
        labels = package.tensors["labels"][1]
        first, second = certificates.clauses()[:2]
        exchange = {tuple(first): second, tuple(second): first,
                    tuple(first[::-1]): second[::-1], tuple(second[::-1]): first[::-1]}
        package.tensors["labels"] = ("I64", [exchange.get(tuple(l), l) for l in labels])
        return find(package, "node = program")["proof"]

    def wrong_program(self):
        """Assignment 0's program asks about assignment 1, and an input on which that is wrong."""
        package = fresh("two-sat")
        package.nodes[1]["h"]["parameters"]["programs"] = [{"any_of": [1]}] * 4
        tokens = next(t for t in inputs_of(package.domain) if satisfiable(t) and not all(
            certificates.satisfies(t[p - 1], 1) or certificates.satisfies(t[p], 1) for p in READ))
        witness = {"kind": "witness", "tokens": tokens, "program": UNSAT, "specification": SAT, "network": SAT}
        package.statements = [statement("h = specification", witness, None, "refuted")]
        return package

    def test_a_witness(self):
        self.expect(self.wrong_program(), 0, "h = specification: refuted and checked: on .* right answer is token 7, h says 8 and the network 7")


class Rejects(CheckerTest):
    def reject(self, package, *patterns):
        self.expect(package, 1, "REJECTED", *patterns)

    def test_a_weight_bit(self):
        for where in (-1, -400, 2000):
            arguments = fresh("two-sat").write(self.folder.name)
            self.edit("model.safetensors", lambda data: data[:where] + bytes([data[where] ^ 1]) + data[where:][1:])
            self.expect_written(arguments, 2, "about another model: SHA-256")

    def test_another_network_under_the_same_certificate(self):
        package = fresh("two-sat")
        package.model["blocks.1.mlp.W_out"][2][31] *= 1.25
        self.reject(package, "replay: the logits of input [0-9]+ are not those of this network")

    def test_hashes(self):
        for member in ("model", "interpretation", "hints"):
            arguments = fresh("two-sat").write(self.folder.name)
            def change(data):
                json_ = json.loads(data)
                digest = json_[member]["sha256"]
                json_[member]["sha256"] = digest[:-1] + ("0" if digest[-1] != "0" else "1")
                return json.dumps(json_).encode()
            self.edit("certificate.json", change)
            self.expect_written(arguments, 1 if member == "hints" else 2, "SHA-256")

    def test_an_interpretation_that_was_edited(self):
        arguments = fresh("two-sat").write(self.folder.name)
        self.edit("claim.json", lambda data: data.replace(b"a test", b"a tests"))
        self.expect_written(arguments, 2, "about another interpretation")
        arguments = fresh("two-sat").write(self.folder.name)
        self.edit("claim.safetensors", lambda data: data[:-1] + bytes([data[-1] ^ 1]))
        self.expect_written(arguments, 2, "not its own")

    def test_a_bound_raised(self):
        generator = random.Random(3)
        for i, p in enumerate(READ):
            for _ in range(4):
                a, n, opposite = generator.randrange(4), generator.randrange(6), generator.randrange(2)
                package = fresh("two-sat")
                package.hints["parse.bounds"][1][4 * i + a][0][6 * opposite + n] += 1e-3
                self.reject(package, f"position {p}, alternative {a}: the bounds of neuron {n} do not hold")
            package = fresh("two-sat")
            margins = package.hints["parse.bounds"][1][4 * i + 1][0]
            wrong = next(w for w in range(8) if margins[12 + w])
            margins[12 + wrong] += 1e-3
            self.reject(package, f"position {p}, alternative 1: the bound of the margin to prototype {wrong} does not hold")

    def test_bounds_lowered_show_less(self):
        package = fresh("two-sat")
        hints = package.hints["parse.bounds"][1][6][0]
        hints[6:12] = [bound - 100 for bound in hints[6:12]]
        self.reject(package, "position 6, alternative 2")

    def test_cases(self):
        package = fresh("two-sat")
        cases = find(package, "node = program")["proof"]["cases"]
        dropped = cases.pop(5)
        self.reject(package, "11 cases of 12")
        cases.insert(3, cases[2])
        self.reject(package, "position 2, alternative 3: another case is in its place")
        del cases[3]
        cases.append(dropped)  # in another order
        self.reject(package, "another case is in its place")
        cases.insert(5, cases.pop())
        self.expect(package, 0)
        for member in "position", "slot", "alternative":
            cases[3][member] += 1
            self.reject(package, "another case is in its place")
            cases[3][member] -= 1
        cases[3]["verdict"] = "refuted"
        self.reject(package, "the witness is none")
        cases[3]["verdict"] = "open"
        self.reject(package, "neither proved nor refuted")

    def test_a_margin_raised(self):
        for amount, pattern in (1e-6, "is shown, not"), (1.0, "larger than that at 'worst'"):
            package = fresh("two-sat")
            find(package, "node = program")["proof"]["cases"][7]["margin"] += amount
            self.reject(package, pattern)

    def test_the_worst_input_and_the_nearest(self):
        package = fresh("two-sat")
        cases = find(package, "node = program")["proof"]["cases"]
        cases[0]["worst"] = cases[1]["worst"]
        self.reject(package, "'worst' has another alternative")
        package = fresh("two-sat")
        case = find(package, "node = program")["proof"]["cases"][0]
        case["worst"][12] = 0
        self.reject(package, "outside of the domain")
        package = fresh("two-sat")
        case = find(package, "node = program")["proof"]["cases"][0]
        case["right"] = (case["right"] + 1) % 4
        self.reject(package, "'right' is a prototype of another label")

    def test_bounds_that_stand_elsewhere(self):
        bounds = lambda package: package.hints["parse.bounds"][1]
        package = fresh("two-sat")  # those of two cases
        bounds(package)[0], bounds(package)[1] = bounds(package)[1], bounds(package)[0]
        self.reject(package, "position 2, alternative 0")
        package = fresh("two-sat")  # upper bounds as such, not as lower bounds of the opposite
        row = bounds(package)[5][0]
        row[6:12] = [-bound for bound in row[6:12]]
        self.reject(package, "position 6, alternative 1: the bounds of neuron|position 6, alternative 1: .* margin")
        package = fresh("two-sat")  # a bound for a head that does not exist, and none for a case
        package.hints["parse.bounds"] = ("F64", [[case[0] for case in bounds(package)]])
        self.expect(package, 2, "'parse.bounds' has another shape than expected")

    def test_a_margin_on_inputs_that_begin_alike(self):
        """What is kept of an input's beginning belongs to that beginning: logits of neighbours are not the same."""
        package = fresh("two-sat")
        tokens, logits = package.replay["tokens"], package.replay["logits"]
        alike = [(i, j) for i in range(100) for j in range(i) if tokens[i][:5] == tokens[j][:5] and logits[i] != logits[j]
                 and abs(logits[i][SAT] - logits[j][SAT]) > 0.1]
        i, j = alike[0]
        logits[i], logits[j] = logits[j], logits[i]
        self.reject(package, f"replay: the logits of input {j} are not")

    def test_exchanged_labels(self):
        package = fresh("two-sat")
        Accepts.exchange_labels(package)
        self.reject(package, "node = program, node parse: REJECTED: position 2, alternative 0")

    def test_without_values_nothing_is_read(self):
        package = fresh("two-sat")
        package.model.weights["blocks.0.attn.W_V"] = [[[0.0] * 13] * 32]
        package.record_replay()
        self.reject(package, "node = program, node parse: REJECTED")

    def test_the_domain_narrowed(self):
        package = fresh("two-sat")
        package.domain["slots"][1]["alternatives"].pop()
        self.reject(package, "domain: it is not 'sampled' of the task")
        package.domain["name"] = "most formulas"
        self.reject(package, "an input outside of the domain")  # one of the replay
        package.record_replay()
        self.expect(package, 2, "has another shape than expected")  # the hints are about more

    def test_a_domain_in_another_order_or_grouping(self):
        package = fresh("two-sat")
        package.domain["slots"][4]["alternatives"].reverse()
        package.statements, package.hints = package.statements[3:], {}
        self.expect(package, 0, "'sampled', rebuilt here")
        left, right = ([{"positions": [p], "alternatives": [[t], [t + 2]]} for p in (1, 5, 9)] for t in (0, 1))
        for slot in right:
            slot["positions"][0] += 1
        fixed = package.domain["slots"][::3] + package.domain["slots"][2::3]
        package.domain["slots"] = left + right + fixed  # the same inputs, but not as the task groups them
        self.reject(package, "domain: it is not 'sampled' of the task")
        package.domain["name"] = "mine"
        self.expect(package, 0, "the network is right on 64 of 64", "a domain of the certificate's own")

    def test_missing_clauses_where_there_must_be_one(self):
        for fewest in 1, 3:  # more may be missing than the domain lets; fewer
            package = Accepts("of_several_lengths").of_several_lengths()
            package.task["settings"]["min_clauses"] = fewest
            self.reject(package, "domain: it is not 'sampled'")

    def test_the_domain_of_another_name_or_task(self):
        package = fresh("two-sat")
        package.domain["name"] = "both-orders"
        self.reject(package, "domain: it is not 'both-orders'")
        package = fresh("two-sat")
        package.task["settings"]["clauses"] = 4
        self.reject(package, "domain")
        package = fresh("addition")
        package.domain["slots"][2]["alternatives"] = [[5], [4]]
        self.reject(package, "domain: it is not 'all'")

    def test_the_answers_are_those_of_the_task(self):
        """A certificate cannot say what is right; it is about the task that the interpretation names."""
        arguments = fresh("two-sat").write(self.folder.name)
        self.edit("certificate.json", lambda data: data.replace(b'"domain":', b'"specification": {}, "domain":', 1))
        self.expect_written(arguments, 2, "no member 'specification'")
        arguments = fresh("two-sat").write(self.folder.name)
        self.edit("certificate.json", lambda data: data.replace(b'"clauses": 3', b'"clauses": 2', 1))
        self.expect_written(arguments, 2, "about another task")
        package = fresh("two-sat")  # six tokens of literals: 4 and 5 would be x_4 and a negation
        package.task["settings"]["variables"] = 3
        self.reject(package, "domain: it is not 'sampled' of the task")
        package.domain["name"] = "mine"
        package.statements = package.statements[::3]
        self.reject(package, "h does not read the literals of every clause", "output = specification: REJECTED")
        package = fresh("addition")
        package.task["settings"]["p"] = 4
        self.reject(package, "domain: it is not 'all' of the task")
        package.domain["name"] = "mine"  # numbers up to 4, modulo 4
        self.reject(package, "h = specification: REJECTED: h is right on 10 of 25", "output = specification: REJECTED")

    def test_the_covering(self):
        package = fresh("two-sat")
        find(package, "h = specification")["proof"]["neuron_for"] = [0, 1, 2, 2]
        self.reject(package, "program 2 can be off although assignment 3 satisfies")
        package = fresh("two-sat")
        find(package, "h = specification")["proof"]["neuron_for"].pop()
        self.reject(package, "not one neuron per assignment")
        programs = package.nodes[1]["h"]["parameters"]["programs"]
        find(package, "h = specification")["proof"]["neuron_for"] = [0, 1, 2, 3]
        programs.append({"assignment": 2, "yes": False, "no": {"assignment": 1, "yes": False, "no": True}})
        self.reject(package, "program 4 is on although no assignment satisfies")
        programs[4] = {"assignment": 0, "yes": True, "no": {"assignment": 0, "yes": True, "no": False}}
        self.expect(package, 0)

    def test_programs_that_can_be_off(self):
        """Each would be on whenever assignment 0 satisfies, if branches were followed wrongly."""
        for program in ({"assignment": 1, "yes": True, "no": {"assignment": 0, "yes": {"any_of": [1]}, "no": True}},
                        {"assignment": 0, "yes": {"assignment": 1, "yes": {"any_of": [1, 2]}, "no": {"any_of": [1, 2]}}, "no": True},
                        {"assignment": 0, "yes": False, "no": True}, {"any_of": [1, 2, 3]}, {"any_of": []}, False):
            package = fresh("two-sat")
            package.nodes[1]["h"]["parameters"]["programs"][0] = program
            self.reject(package, "program 0 can be off although assignment 0 satisfies")
        for bad in ({"any_of": [4]}, {"assignment": 4, "yes": True, "no": True}, {"assignment": 0, "yes": True}):
            package = fresh("two-sat")
            package.nodes[1]["h"]["parameters"]["programs"][0] = bad
            self.expect(package, 2, "expected a")

    def test_programs_that_are_none(self):
        for bad in ("x", [4], [0.5]):
            package = fresh("two-sat")  # in a branch that no formula of the proof comes by
            package.nodes[1]["h"]["parameters"]["programs"][3]["no"]["yes"]["any_of"] = bad
            self.expect(package, 2, "expected a")

    def test_programs_that_read_other_tokens(self):
        package = fresh("two-sat")
        package.nodes[0]["h"]["parameters"]["positions"][2] = [5, 6]
        package.statements = package.statements[:1]
        package.hints = {}
        self.reject(package, "h does not read the literals of every clause")
        package.nodes[0]["h"]["parameters"]["positions"][2] = [9, 10]
        package.nodes[2]["alpha"]["parameters"]["tokens"] = [SAT, UNSAT]
        self.reject(package, "h gives other answers")

    def test_rationals(self):
        for member in ("all_off", "least_on"):
            package = fresh("two-sat")
            proof = find(package, "suffix")["proof"]
            p, q = proof[member].split("/")
            proof[member] = f"{int(p) + 1}/{q}"
            self.reject(package, "the exact numbers are")
            proof[member] = f"{3 * int(p)}/{3 * int(q)}"  # the same number, but not in lowest terms
            self.reject(package, "the exact numbers are")
        package = fresh("two-sat")
        proof = find(package, "suffix")["proof"]
        proof["least_on_bit"] = (proof["least_on_bit"] + 1) % 4
        self.reject(package, "the exact numbers are")
        for bad in ("1/0", "1", "0x1/2", "1/-2", "", " 1/2", "1e3/2"):
            proof["all_off"] = bad
            self.reject(package, "the exact numbers are")

    def test_a_suffix_that_is_another(self):
        package = fresh("two-sat")
        package.nodes[1]["gamma"]["parameters"]["neurons"] = [0, 1, 2, 2]
        self.expect(package, 3, "suffix, node evaluate: cannot be checked .* a neuron stands twice")
        package = fresh("two-sat")
        package.nodes[1]["sites"].reverse()
        self.expect(package, 3, "suffix, node evaluate: cannot be checked .* not written into the last MLP")
        package = fresh("two-sat")
        package.nodes.append(copy.deepcopy(package.nodes[1]))
        self.expect(package, 2, "two nodes .evaluate.")
        package = fresh("two-sat")
        package.nodes[1]["gamma"]["tensors"]["more"] = "on"
        self.expect(package, 2, "no member 'more'")
        package.nodes[1]["gamma"]["tensors"] = {"on": "off", "mean": "mean", "stream": "stream"}
        self.expect(package, 2, "tensor 'off' is missing")

    def test_suffix_levels_that_do_not_suffice(self):
        package = fresh("two-sat")
        package.tensors["on"] = ("F32", [0.125, 0.125, 0.03125, 0.125])
        find(package, "suffix")["proof"] = certificates.prove_suffix(package.model, package.tensors)
        self.reject(package, "suffix, node evaluate: REJECTED: the exact numbers do not give this verdict")
        find(package, "suffix")["verdict"], find(package, "suffix")["proof"]["state"] = "refuted", [2]
        self.expect(package, 0, "suffix, node evaluate: refuted and checked")
        package.tensors["on"] = ("F32", [-0.125, 0.5, 0.5, 0.5])  # one bit takes away what others give
        proof = certificates.prove_suffix(package.model, package.tensors)
        find(package, "suffix").update(proof=proof, verdict="proved")
        self.reject(package, "suffix")

    def test_witnesses(self):
        package = Accepts("wrong_program").wrong_program()
        proof = package.statements[0]["proof"]
        proof["network"] = UNSAT
        self.reject(package, "not what the witness says")
        package.nodes[1]["h"]["parameters"]["programs"] = fresh("two-sat").nodes[1]["h"]["parameters"]["programs"]
        proof.update(network=SAT, program=SAT)
        self.reject(package, "the witness is none")
        package.statements[0]["statement"] = "output = specification"
        self.reject(package, "the witness is none")
        proof["tokens"][1:3] = [0, 2]
        self.reject(package, "outside of the domain")

    def test_enumerations(self):
        for name, member, value in (("output = specification", "inputs", 24), ("output = specification", "right", 24),
                                    ("output = specification", "at", [4, 4, 5]), ("h = specification", "inputs", 26),
                                    ("h = specification", "right", 24)):
            package = fresh("addition")
            find(package, name)["proof"][member] = value
            self.reject(package, f"{name}: REJECTED: .*(right on 25 of 25|not attained)")
        for name in ("output = specification", "h = specification"):
            package = fresh("addition")
            find(package, name)["proof"]["least_margin"] += 1e-6
            self.reject(package, "which does not show")
            find(package, name)["proof"]["least_margin"] -= 1e-3  # says less than is so
            self.expect(package, 0)
        package = fresh("wrong-addition")
        find(package, "output = specification")["verdict"] = "proved"
        self.reject(package, "output = specification: REJECTED: the network is right on")
        find(package, "output = specification")["proof"]["right"] = 25
        self.reject(package, "output = specification: REJECTED: the network is right on")
        package = fresh("addition")
        find(package, "output = specification")["verdict"] = "refuted"
        self.reject(package, "output = specification: REJECTED")

    def test_dyck(self):
        package = fresh("dyck")
        package.domain["slots"][3]["alternatives"] = [[1]]
        self.reject(package, "domain: it is not 'all' of the task")
        package = fresh("dyck")
        package.model["unembed.b_U"][1] = 9.0
        package.record_replay()
        self.reject(package, "output = specification: REJECTED: the network is right on")
        package = fresh("dyck")
        find(package, "output = specification")["proof"]["least_margin"] += 1e-6
        self.reject(package, "which does not show")
        package = fresh("dyck")  # the sum leaves out nothing: another last position, another sum
        package.model["pos_embed.W_pos"][5][0] += 0.5
        self.reject(package, "replay: the logits of input")

    def test_majority(self):
        package = fresh("majority")
        package.domain["slots"][0]["alternatives"].pop()
        self.reject(package, "domain: it is not 'all' of the task")
        self.reject(certificates.majority((0, 1, 0, 0), 1.0), "h = specification: REJECTED: h is right on [0-9]+ of 22")
        self.reject(certificates.majority((-1, 1, 0, 0), 1.0), "h = specification: REJECTED: h is right on [0-9]+ of 22")
        self.reject(certificates.majority((-1, 1, 0, 2), 0.0), "h = specification: REJECTED: h is right on [0-9]+ of 22")
        package = fresh("majority")
        package.model["unembed.W_U"][1].reverse()
        package.model["unembed.W_U"][1] = package.model["unembed.W_U"][1][2:] + [0.0, 0.0]
        package.record_replay()
        self.reject(package, "output = specification: REJECTED: the network is right on 0 of 22")

    def test_a_choice_that_leaves_out_what_is_right(self):
        """Among fewer answers a network is more often right, or cannot be; neither says anything of the task."""
        package = fresh("addition")
        package.domain.update(name="mine")
        package.domain["slots"][0]["alternatives"] = package.domain["slots"][1]["alternatives"] = [[0], [1]]
        package.nodes[2]["alpha"]["parameters"]["tokens"] = [0, 1, 2]
        package.record_replay()
        package.statements = [statement("output = specification", certificates.enumerate_inputs(
            package.model, package.domain, [0, 1, 2], lambda t: t[0] + t[1]))]
        self.reject(package, "output = specification: REJECTED: token 3 is not among the answers")

    def test_h_that_is_wrong(self):
        package = fresh("addition")
        package.nodes[2]["h"]["parameters"]["frequencies"] = [1, 1]
        self.reject(package, "h = specification: REJECTED")

    def test_ties_are_not_decided(self):
        package = fresh("addition")
        for row in package.model["unembed.W_U"]:
            row[1] = row[3]
        package.record_replay()
        self.reject(package, "output = specification: REJECTED: the decision on .* is not certain")

    def test_replay(self):
        package = fresh("two-sat")
        package.replay["logits"][63][SAT] *= 1 + 4e-4
        self.reject(package, "replay: the logits of input 63")
        package = fresh("two-sat")
        package.replay = {"tokens": package.replay["tokens"][:99], "logits": package.replay["logits"][:99]}
        self.reject(package, "replay: expected 100 inputs")

    def test_hints_of_another_certificate(self):
        arguments = fresh("two-sat").write(self.folder.name)
        package = fresh("two-sat")
        package.hints["parse.bounds"][1][0][0][1] += 1.0
        self.edit("certificate.safetensors", lambda data: safetensors(package.hints))
        self.expect_written(arguments, 1, "REJECTED: the hints are not those of the certificate")

    def test_proofs_of_the_wrong_kind(self):
        two_sat, addition = fresh("two-sat"), fresh("addition")
        covering, affine, fractional, enumeration = (s["proof"] for s in two_sat.statements)
        witness = Accepts("wrong_program").wrong_program().statements[0]["proof"]
        for claim in (statement("h = specification", enumeration), statement("output = specification", covering),
                      statement("suffix", fractional, "evaluate"), statement("node = program", affine, "parse"),
                      statement("h = specification", witness), statement("h = specification", covering, None, "refuted"),
                      statement("output = specification", None), statement("h = specification", covering, "parse"),
                      statement("node = program", fractional), statement("suffix", {"kind": "trust me"}, "evaluate"),
                      statement("h = specification", covering, None, "certain")):
            two_sat.statements = [claim]
            self.reject(two_sat)
        addition.statements = [statement("h = specification", covering)]
        self.reject(addition)

    def test_statements_twice(self):
        package = fresh("addition")
        package.statements += package.statements[:1]
        self.reject(package, "the statement stands twice")


class CannotCheck(CheckerTest):
    def test_architectures(self):
        for change in ({"activation": "gelu"}, {"norm": "pre"}, {"causal": False}, {"attention_biases": True},
                       {"mlp_biases": False}, {"rotary": True}, {"pool": "mean"}, {"head_dense": "tanh"}, {"d_mlp": 0}):
            package = fresh("addition")
            package.config.update(change)
            self.expect(package, 3, "architecture: " + next(iter(change)))
        package = fresh("addition")
        package.config["causal"] = True
        self.expect(package, 0)
        package.model.weights["blocks.0.attn.b_O"] = [0.0] * 7
        self.expect(package, 3, "architecture: tensor 'blocks.0.attn.b_O'")

    def test_statements_and_operations(self):
        package = fresh("addition")
        package.statements.append(statement("the moon = cheese", {"kind": "covering", "neuron_for": []}))
        self.expect(package, 3, "\"the moon = cheese\": cannot be checked", "h = specification: proved and checked")
        package = fresh("addition")
        package.nodes[1]["h"]["operation"] = "angle_products"
        self.expect(package, 3, "h = specification: cannot be checked .* operation 'angle_products'",
                    "output = specification: proved and checked")
        for facts in ["token", "violated"], ["violation", "depth"], ["depth"]:
            self.expect(certificates.dyck(facts), 0, "h is right on 64 of 64")
        for facts in ["depth", "moon"], ["token"], ["violated"], []:
            package = fresh("dyck")
            for node in package.nodes:
                node["h"]["parameters"]["facts"] = facts
            self.expect(package, 3, "balanced_by: other facts")
        package = fresh("dyck")  # a domain of its own may not hold tokens that the task does not have
        package.model.d_vocab, package.domain["name"] = 3, "mine"
        package.model["embed.W_E"].append([0.5] * 4)
        package.config = package.model.config()
        package.domain["slots"][5]["alternatives"].append([2])
        package.replay["logits"] = [package.model.logits(t) for t in package.replay["tokens"]]
        self.expect(package, 3, "h = specification: cannot be checked .*: a token that is no parenthesis")
        package = fresh("dyck")
        package.nodes[1]["h"]["parameters"]["facts"] = ["depth"]
        self.expect(package, 3, "balanced_by: other facts than are read")
        package = fresh("majority")  # the task has no answer to a tie
        package.domain["name"] = "mine"
        package.domain["slots"][0]["alternatives"].append([2, 2, 0, 1, 3])
        self.expect(package, 3, "h = specification: cannot be checked .*: a string with a tie")
        package = fresh("majority")
        package.nodes[0]["h"]["parameters"]["weights"] = [-1, 1, 0]
        self.expect(package, 3, "count_tokens: a token without a weight")
        package = fresh("two-sat")  # a covering is about formulas; another domain could hold anything
        package.domain["name"] = "mine"
        self.expect(package, 3, "h = specification: cannot be checked .*: covering: the domain may hold inputs",
                    "node = program, node parse: proved and checked")
        package = fresh("majority")
        package.task["name"] = "max-of-four"
        self.expect(package, 3, "task .max-of-four., where two-sat, modular-addition, dyck and majority are known")
        package = fresh("two-sat")
        package.nodes[0]["equality"]["operation"] = "downstream"
        self.expect(package, 3, "operation 'downstream'")

    def test_words_that_look_like_verdicts(self):
        package = fresh("addition")
        forged = "h = specification: proved and checked: all of it"
        package.statements = [statement(forged, None, None, "open"), statement("suffix", None, f"sum\n{forged}", "open"),
                              statement("h = specification", {"kind": f"x\n{forged}"}, None, "proved")]
        arguments = package.write(self.folder.name)
        for _ in range(2):  # a node of the interpretation may be called anything, too
            code, output = run(arguments)
            self.assertIn(code, (1, 2), output)
            self.assertNotRegex(output, f"(?m)^{forged}")
            package.nodes[1]["name"], package.nodes[2]["parents"] = f"sum\n{forged}", [f"sum\n{forged}"]
            arguments = package.write(self.folder.name)

    def test_nothing_shown(self):
        package = fresh("addition")
        package.statements = []
        self.expect(package, 3, "Nothing was shown")
        package.statements = [statement("h = specification", None, None, "open")]
        self.expect(package, 3, "h = specification: open", "Nothing was shown")


class BadInput(CheckerTest):
    def bad(self, arguments, *patterns):
        self.expect_written(arguments, 2, "assay-check: ", *patterns)

    def test_usage(self):
        arguments = fresh("addition").write(self.folder.name)
        for wrong in ([], arguments[:3], arguments + ["--model"], [arguments[0], *arguments[1:3], *arguments[1:3]],
                      [*arguments[1:], "--html"]):
            self.assertEqual(run(wrong)[0], 2)
        self.assertEqual(run(arguments[3:] + arguments[:3])[0], 0)
        self.bad([self.path("none.json"), *arguments[1:]], "no regular file")

    def test_json(self):
        for old, new, pattern in ((b'"schema": 2', b'"schema": 2, "schema": 2', "stands twice"),
                                  (b'"schema": 2', b'"schema": 1', "schema"),
                                  (b'"schema": 2', b'"schema": 2, "more": 2', "no member 'more'"),
                                  (b'"words": "all pairs"', b'"words": NaN', "parse"), (b'"words": "all pairs"', b'"words": 5', "a text"),
                                  (b'"float32": null', b'"float32": 5', "an object"), (b'"words": "in words"', b'"words": null', "a text"),
                                  (b'"inputs": 25', b'"inputs": 1e999', "parse|range"), (b'"inputs": 25', b'"inputs": 25.0', "whole number"),
                                  (b'"inputs": 25', b'"inputs": 18446744073709551641', "whole number"),
                                  (b'"inputs": 25', b'"inputs": 18446744073709551615', "whole number"),
                                  (b'"length": 3', b'"length": 99999999999', "whole number"),
                                  (b'"statements": [', b'"statements": [' + b"[" * 300 + b"]" * 300 + b",", "inside each other"),
                                  (b'"positions": [1]', b'"positions": [0]', "stands twice"),
                                  (b'[[0], [1]', b'[[0], [0]', "twice")):
            arguments = fresh("addition").write(self.folder.name)
            self.edit("certificate.json", lambda data: data.replace(old, new, 1))
            self.bad(arguments, pattern)

    def test_hints(self):
        package = fresh("two-sat")
        package.hints["parse.bounds"][1][0][0][0] = float("nan")
        self.expect(package, 2, "NaN")
        package = fresh("two-sat")
        package.hints["parse.bound"] = package.hints.pop("parse.bounds")
        self.expect(package, 2, "'parse.bounds' is missing")
        arguments = fresh("two-sat").write(self.folder.name)
        self.edit("certificate.json", lambda data: data.replace(b'"file": "', b'"file": "../'))
        self.bad(arguments, "the name of a file beside")

    def test_safetensors(self):
        def with_header(header, data=b"\0" * 8):
            text = json.dumps(header).encode()
            return struct.pack("<Q", len(text)) + text + data
        entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
        for content in (b"", b"\0" * 7, struct.pack("<Q", 1 << 63), with_header([]), with_header({"a": 1}),
                        with_header({"a": {**entry, "shape": [1 << 62, 1 << 62]}}), with_header({"a": {**entry, "shape": [3]}}),
                        with_header({"a": {**entry, "data_offsets": [8, 0]}}), with_header({"a": {**entry, "data_offsets": [0, 1 << 40]}}),
                        with_header({"a": {**entry, "dtype": "F16"}}), with_header({"a": {**entry, "shape": [-2]}}),
                        with_header({"a": entry, "b": entry}), with_header({"a": entry}, b"\0" * 9), with_header({"a": entry})):
            package = fresh("two-sat")
            arguments = package.write(self.folder.name)
            self.edit("certificate.safetensors", lambda data: content)
            digest = certificates.sha256(content)
            self.edit("certificate.json", lambda data: re.sub(rb'("certificate.safetensors", "sha256": ")[0-9a-f]+', rb"\g<1>" + digest.encode(), data))
            self.bad(arguments)

    def test_truncated_and_damaged_files(self):
        generator = random.Random(5)
        for name in ("certificate.json", "certificate.safetensors", "model.safetensors", "claim.json", "claim.safetensors"):
            for _ in range(12):
                arguments = fresh("two-sat").write(self.folder.name)
                self.edit(name, lambda data: data[:generator.randrange(len(data))])
                code, output = run(arguments)
                self.assertIn(code, (1, 2), output)

    def test_random_damage_never_crashes_and_never_turns_a_number_into_another(self):
        """One digit of the certificate becomes another: it is refused, or what it says is still true."""
        generator = random.Random(6)
        package = fresh("addition")
        arguments = package.write(self.folder.name)
        with open(self.path("certificate.json"), "rb") as file:
            whole = file.read()
        start = whole.index(b'"statements"')
        stop = whole.index(b'"replay"')
        digits = [i for i in range(start, stop) if whole[i:i + 1].isdigit()]
        for i in generator.sample(digits, min(60, len(digits))):
            new = str((int(whole[i:i + 1]) + generator.randrange(1, 10)) % 10).encode()
            self.edit("certificate.json", lambda data: whole[:i] + new + whole[i + 1:])
            code, output = run(arguments)
            self.assertIn(code, (0, 1, 2), output)
            if code == 0:  # a margin that says less than is so, or by no more than enclosures are wide
                stated = json.loads(whole[:i] + new + whole[i + 1:])["statements"]
                for changed, original in zip(stated, package.statements):
                    self.assertLess(changed["proof"]["least_margin"], original["proof"]["least_margin"] + 2e-7)
                    self.assertEqual(changed["proof"]["inputs"], original["proof"]["inputs"])


class Independent(unittest.TestCase):
    """No file, no library of the rest of the project."""

    def test_includes(self):
        folder = os.path.join(SOURCE, "tools", "checker")
        sources = glob.glob(os.path.join(folder, "*.h")) + glob.glob(os.path.join(folder, "*.cpp"))
        self.assertGreater(len(sources), 5)
        for source in sources:
            with open(source, encoding="utf-8") as file:
                for line in file:
                    if match := re.match(r'\s*#\s*include\s*"([^"]*)"', line):
                        self.assertTrue(os.path.exists(os.path.join(folder, match.group(1))), f"{source}: {line}")
                        self.assertNotIn("/", match.group(1))
                    if match := re.match(r"\s*#\s*include\s*<([^>]*)>", line):
                        self.assertRegex(match.group(1), r"^([a-z_]+|nlohmann/json\.hpp|openssl/evp\.h|gmpxx\.h|(flint/)?arb\.h)$")

    def test_length(self):
        """Short enough to be read, and docs/checker.md says how long it is."""
        lines = {}
        for source in glob.glob(os.path.join(SOURCE, "tools", "checker", "*.h")) + [os.path.join(SOURCE, "tools", "checker", "main.cpp")]:
            with open(source, encoding="utf-8") as file:
                code = [line for line in file if line.strip() and not line.strip().startswith("//")]
            lines[os.path.basename(source)] = len(code)
        with open(os.path.join(SOURCE, "docs", "checker.md"), encoding="utf-8") as file:
            page = file.read()
        for name, count in lines.items():
            self.assertRegex(page, rf"\| `{re.escape(name)}` \| [^|]* \| {count:,} \|")
        self.assertIn(f"| all of it | {sum(lines.values()):,} |", page)

    def test_libraries(self):
        loaded = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
        loaded = re.sub(r"\(0x[0-9a-f]+\)", "", loaded)  # an address may look like a name
        self.assertIn("libflint", loaded)
        self.assertNotRegex(loaded, "(?i)torch|c10|blas|lapack|z3|assay|mkl|fmt|boost")


if __name__ == "__main__":
    BINARY, SOURCE = sys.argv[1], sys.argv[2]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
