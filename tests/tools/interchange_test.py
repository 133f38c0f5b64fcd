"""Exchanged values, unmapped parts, chance levels and grip, computed a second time in float64.

The shipped network for modular addition and its interpretation are read from their files with NumPy
alone, and every pair of 80 inputs is exchanged, with what is unmapped as it is and resampled from a
third input: nothing is shared with Assay but the formulas, the known generators of random numbers
(Philox4x32-10, MT19937-64, SplitMix64) included. The same is done with a wrong frequency in the
program, for which exchanges fail.

usage: interchange_test.py ASSAY SOURCES
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
except ImportError:
    system = "/usr/bin/python3"  # whose NumPy the distribution brings
    if os.path.exists(system) and os.path.realpath(system) != os.path.realpath(sys.executable):
        os.execv(system, [system, *sys.argv])
    print("NumPy is not installed: skipped")
    sys.exit(77)

INPUTS, GRIPPED = 80, 512
BATCH, SEED = 128, 1  # of the command: inputs in a run of the network, and the default seed
CLOSE = 1e-3  # a decision whose two best logits are closer may fall either way
ASSAY, SOURCES = sys.argv[1:3]
FOLDER = Path(SOURCES) / "tasks/modular_addition/reference"
LOW = 0xFFFFFFFF


def uniform_at(seed, row, column):
    """Philox4x32-10 with the seed as its key: 53 bits of counter (column, row)."""
    counter = [column & LOW, column >> 32, row & LOW, row >> 32]
    key = [seed & LOW, seed >> 32]
    for _ in range(10):
        first, second = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(second >> 32) ^ counter[1] ^ key[0], second & LOW,
                   (first >> 32) ^ counter[3] ^ key[1], first & LOW]
        key = [(key[0] + 0x9E3779B9) & LOW, (key[1] + 0xBB67AE85) & LOW]
    return ((counter[0] << 32 | counter[1]) >> 11) * 2.0**-53


def scattered(x):
    """SplitMix64."""
    whole = 2**64 - 1
    x = (x + 0x9E3779B97F4A7C15) & whole
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & whole
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & whole
    return x ^ (x >> 31)


def third_inputs(seed, shift):
    """Where unmapped parts come from, and the second of two values."""
    key = scattered(scattered(seed) ^ 1)
    return np.array([int(INPUTS * uniform_at(key, i, shift)) for i in range(INPUTS)])


def unrelated():
    """Disjoint pairs of inputs: a permutation by 80 numbers, of which 32 pairs are taken."""
    order = np.argsort([uniform_at(314, 0, i) for i in range(INPUTS)], kind="stable")
    return order[:32], order[32:64]


def mersenne_twister(seed):
    """MT19937-64 (Nishimura & Matsumoto 2000)."""
    whole, n, m = 2**64 - 1, 312, 156
    state = [seed]
    for i in range(1, n):
        state.append((6364136223846793005 * (state[-1] ^ (state[-1] >> 62)) + i) & whole)
    while True:
        for i in range(n):
            x = (state[i] & ~0x7FFFFFFF & whole) | (state[(i + 1) % n] & 0x7FFFFFFF)
            state[i] = state[(i + m) % n] ^ (x >> 1) ^ (0xB5026F5AA96619E9 * (x & 1))
        for y in state:
            y ^= (y >> 29) & 0x5555555555555555
            y ^= (y << 17) & 0x71D67FFFEDA60000
            y ^= (y << 37) & 0xFFF7EEE000000000
            yield y ^ (y >> 43)


def shuffled(n):
    """Each input's other one for the grip."""
    numbers, items = mersenne_twister(271), list(range(n))
    for i in range(n):
        j = i + next(numbers) % (n - i)
        items[i], items[j] = items[j], items[i]
    return np.array(items)


def tensors_of(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    types = {"F32": "<f4", "F64": "<f8", "I64": "<i8"}
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], types[entry["dtype"]])
        .reshape(entry["shape"])
        .astype(np.float64)
        for name, entry in header.items()
        if name != "__metadata__"
    }


W = tensors_of(FOLDER / "model.safetensors")
V = tensors_of(FOLDER / "exact.safetensors")
P = 113
TRUE, WRONG = [1, 26, 40, 56], [1, 26, 40, 50]


class Run:
    """One run of the network; what is given takes the place of what would be computed."""

    def __init__(self, tokens, embed=None, mid=None, post=None):
        self.embed = W["embed.W_E"][tokens] if embed is None else embed
        x = self.embed + W["pos_embed.W_pos"]
        self.mid = self.attended(x) if mid is None else mid
        pre = self.mid @ W["blocks.0.mlp.W_in"] + W["blocks.0.mlp.b_in"]
        self.post = np.maximum(pre, 0) if post is None else post
        end = self.mid + self.post @ W["blocks.0.mlp.W_out"] + W["blocks.0.mlp.b_out"]
        logits = (end @ W["unembed.W_U"])[:, :P]
        self.decision = logits.argmax(1)
        best = np.partition(logits, -2, axis=1)
        self.close = best[:, -1] - best[:, -2] < CLOSE

    @staticmethod
    def attended(x):
        q = np.einsum("bd,hde->bhe", x[:, 2], W["blocks.0.attn.W_Q"])
        k = np.einsum("bpd,hde->bhpe", x, W["blocks.0.attn.W_K"])
        v = np.einsum("bpd,hde->bhpe", x, W["blocks.0.attn.W_V"])
        scores = np.einsum("bhe,bhpe->bhp", q, k) / np.sqrt(q.shape[-1])
        pattern = np.exp(scores - scores.max(-1, keepdims=True))
        pattern /= pattern.sum(-1, keepdims=True)
        z = np.einsum("bhp,bhpe->bhe", pattern, v)
        return x[:, 2] + np.einsum("bhe,hed->bd", z, W["blocks.0.attn.W_O"])


def waves(frequencies):
    angles = 2 * np.pi * np.outer(np.arange(P), frequencies) / P
    return np.concatenate([np.cos(angles), np.sin(angles)], 1)


class Program:
    """What the interpretation computes, from the tokens or from a value in the place of its own."""

    def __init__(self, frequencies, tokens, fourier=None, total=None):
        table = waves(frequencies)
        self.fourier = table[tokens[:, :2]] if fourier is None else fourier
        if total is None:
            half = len(frequencies)
            cos, sin = self.fourier[..., :half], self.fourier[..., half:]
            total = np.concatenate(
                [
                    cos[:, 0] * cos[:, 1] - sin[:, 0] * sin[:, 1],
                    sin[:, 0] * cos[:, 1] + cos[:, 0] * sin[:, 1],
                ],
                1,
            )
        self.total = total
        self.answer = (total @ table.T).argmax(1)


def written_embed(value):
    words = value @ V["fourier.gamma.weight"] + V["fourier.gamma.bias"]
    last = np.broadcast_to(V["fourier.gamma.constant"], (len(value), 1, words.shape[-1]))
    return np.concatenate([words, last], 1)


def written_post(value):
    return value @ V["sum.gamma.weight"] + V["sum.gamma.bias"]


def written_mid(value):
    return np.broadcast_to(V["sum.gamma.constant"], (len(value), W["embed.W_E"].shape[1]))


def read_fourier(run):
    return run.embed[:, :2] @ V["fourier.alpha.weight"] + V["fourier.alpha.bias"]


def read_sum(run):
    return run.post @ V["sum.alpha.weight"] + V["sum.alpha.bias"]


class Count:
    """Failures, and how many decisions were too close to say."""

    def __init__(self):
        self.failures = self.doubtful = self.n = 0

    def add(self, failed, doubtful, among=slice(None)):
        self.n += len(failed[among])
        self.failures += int(failed[among].sum())
        self.doubtful += int(doubtful[among].sum())

    def check(self, name, estimate):
        far = abs(estimate["failures"] - self.failures)
        assert estimate["n"] == self.n, f"{name}: {estimate['n']} pairs, expected {self.n}"
        assert far <= self.doubtful, f"{name}: {estimate} but {self.failures} by hand"
        exact = "" if self.doubtful == 0 else f" (±{self.doubtful})"
        print(f"{name}: {self.failures}{exact} of {self.n}")


def exchange(frequencies, tokens):
    """By (node, axiom): all pairs, those that change the answer, and without the exchange."""
    names = [(node, axiom) for node in ("fourier", "sum") for axiom in ("II", "IA", "UM")]
    names += [("fourier+sum", axiom) for axiom in ("II", "IA")]
    counts = {name: {kind: Count() for kind in ("all", "changing", "chance", "resampled")}
              for name in names}
    own = Run(tokens)
    for shift in range(len(tokens)):
        order = (np.arange(len(tokens)) + shift) % len(tokens)
        third = third_inputs(SEED, shift)
        source, base = Program(frequencies, tokens[order]), Program(frequencies, tokens)
        second = Program(frequencies, tokens[third])
        with_sum = source.total
        expected = {"fourier": Program(frequencies, tokens, fourier=source.fourier).answer,
                    "sum": Program(frequencies, tokens, total=with_sum).answer,
                    "fourier+sum": second.answer}
        mixed = own.embed.copy()
        mixed[:, :2] = own.embed[order][:, :2]
        runs = {
            ("fourier", "II"): Run(tokens, embed=written_embed(source.fourier)),
            ("fourier", "IA"): Run(tokens, embed=mixed),
            ("sum", "II"): Run(tokens, mid=written_mid(with_sum), post=written_post(with_sum)),
            ("sum", "IA"): Run(tokens, post=own.post[order]),
            # The first value from the source, the second from a third input.
            ("fourier+sum", "II"): Run(tokens, mid=written_mid(second.total),
                                       post=written_post(second.total)),
            ("fourier+sum", "IA"): Run(tokens, embed=mixed, post=own.post[third]),
        }
        # "down" and "up" of CAE with its condition: what alpha does not read is resampled. That is
        # the last position's embedding, the same for all, and the stream beside the MLP.
        resampled = {
            ("fourier", "II"): Run(tokens, embed=np.concatenate(
                [written_embed(source.fourier)[:, :2], own.embed[third][:, 2:]], 1)),
            ("fourier", "IA"): Run(tokens, embed=np.concatenate(
                [own.embed[order][:, :2], own.embed[third][:, 2:]], 1)),
            ("sum", "II"): Run(tokens, mid=own.mid[third], post=written_post(with_sum)),
            ("sum", "IA"): Run(tokens, mid=own.mid[third], post=own.post[order]),
        }
        for (node, axiom), run in resampled.items():
            counts[node, axiom]["resampled"].add(run.decision != expected[node], run.close)
        for (node, axiom), run in runs.items():
            failed, of = run.decision != expected[node], counts[node, axiom]
            of["all"].add(failed, run.close)
            of["changing"].add(failed, run.close, expected[node] != base.answer)
            of["chance"].add(own.decision != expected[node], own.close)
        # Unmapped: the last position's embedding, which is the same for all; and the stream.
        same = own.embed.copy()
        same[:, 2] = own.embed[order][:, 2]
        around = {"fourier": Run(tokens, embed=same),
                  "sum": Run(tokens, mid=own.mid[order], post=own.post)}
        moved = {"fourier": runs["fourier", "IA"],
                 "sum": Run(tokens, mid=own.mid, post=own.post[order])}
        for node in around:
            of = counts[node, "UM"]
            of["all"].add(around[node].decision != own.decision, around[node].close)
            of["chance"].add(moved[node].decision != own.decision, moved[node].close)
    return counts


def axioms(frequencies, tokens):
    """The four axioms with an input's own values, and with those of an unrelated input."""
    run, program = Run(tokens), Program(frequencies, tokens)
    fourier, total = read_fourier(run), read_sum(run)
    from_parents = {"fourier": program.fourier,
                    "sum": Program(frequencies, tokens, fourier=fourier).total,
                    "answer": Program(frequencies, tokens, total=total).answer}
    actual = {"fourier": fourier, "sum": total, "answer": run.decision}
    prefix = {"fourier": program.fourier, "sum": program.total, "answer": program.answer}

    def replaced(node, value, rows):
        if node == "fourier":
            other = Run(tokens[rows], embed=written_embed(value))
        elif node == "sum":
            other = Run(tokens[rows], mid=written_mid(value), post=written_post(value))
        else:
            return value, np.zeros(len(value), bool)
        return other.decision, other.close

    def differs(left, right):
        rows = left != right
        return rows.reshape(len(rows), -1).any(1)

    everything = np.arange(len(tokens))
    mine, theirs = unrelated()
    counts = {}
    for node in actual:
        for axiom, value in (("PE", prefix[node]), ("CE", from_parents[node]),
                             ("PR", prefix[node]), ("CR", from_parents[node])):
            of = counts[node, axiom] = {"all": Count(), "chance": Count()}
            for kind, rows, source in (("all", everything, everything), ("chance", mine, theirs)):
                if axiom in ("PE", "CE"):
                    failed = differs(actual[node][rows], value[source])
                    close = run.close[rows] if node == "answer" else np.zeros(len(rows), bool)
                else:
                    decision, close = replaced(node, value[source], rows)
                    failed, close = decision != run.decision[rows], close | run.close[rows]
                of[kind].add(failed, close)
    return counts


def grips(frequencies, tokens):
    """How many decisions another input's value takes along, in batches as the command makes them."""
    counts = {node: dict.fromkeys(("inputs", "changed", "pairs", "followed"), 0)
              for node in ("fourier", "sum", "answer")}
    partner = shuffled(BATCH)
    for batch in np.split(tokens, len(tokens) // BATCH):
        own, value = Run(batch), Program(frequencies, batch[partner])
        decisions = {"fourier": Run(batch, embed=written_embed(value.fourier)).decision,
                     "sum": Run(batch, mid=written_mid(value.total),
                                post=written_post(value.total)).decision,
                     "answer": value.answer}
        differ = own.decision != own.decision[partner]
        for node, decision in decisions.items():
            followed = differ & (decision == own.decision[partner])
            for name, rows in (("inputs", own.decision >= 0), ("pairs", differ),
                               ("changed", decision != own.decision), ("followed", followed)):
                counts[node][name] += int(rows.sum())
    return counts


def run_assay(interpretation, *options):
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [ASSAY, "validate", "--model", FOLDER / "model.safetensors", "--interpretation",
                   interpretation, "--quiet", "--json", report, *options]
        done = subprocess.run(command, capture_output=True, text=True)
        assert report.exists(), done.stderr
        return json.loads(report.read_text())


def compare(interpretation, frequencies, tokens, lines):
    report = run_assay(interpretation, "--data", lines, "--interchange", "--unmapped")
    rows = {(row["node"], row["axiom"]): row for row in report["rows"]}
    for (node, axiom), count in exchange(frequencies, tokens).items():
        row, name = rows[node, axiom], f"{frequencies}: {node}.{axiom}"
        count["all"].check(name, row)
        count["chance"].check(name + " by chance", row["unrelated"])
        if axiom != "UM":
            count["changing"].check(name + " where the answer changes", row["exchange"]["changing"])
        if count["resampled"].n > 0:
            count["resampled"].check(name + " resampled", row["exchange"]["resampled"])
    for (node, axiom), count in axioms(frequencies, tokens).items():
        row, name = rows[node, axiom], f"{frequencies}: {node}.{axiom}"
        count["all"].check(name, row)
        count["chance"].check(name + " by chance", row["unrelated"])
    assert rows["fourier", "II"]["exact"]
    return rows


def drawn(interpretation, frequencies):
    """Fresh inputs, on which the grip is compared: PE compares real numbers here and fails
    everywhere, so that every input is a witness."""
    report = run_assay(interpretation, "--inputs", "1600", "--witnesses", str(GRIPPED))
    tokens = np.array([witness["tokens"] for witness in report["rows"][0]["witnesses"]])
    assert len(tokens) == GRIPPED
    expected = grips(frequencies, tokens)
    for node in report["nodes"]:
        assert node["grip"] == expected[node["node"]], f"{node['grip']}, expected {expected}"
        print(f"{frequencies}: {node['node']}: grip {node['grip']}")
    return tokens[:INPUTS]


def main():
    true = FOLDER / "exact.json"
    tokens = drawn(true, TRUE)
    with tempfile.TemporaryDirectory() as folder:
        lines, wrong = Path(folder) / "lines.txt", Path(folder) / "exact.json"
        lines.write_text("".join(f"{a} + {b} =\n" for a, b, _ in tokens))
        shutil.copy(FOLDER / "exact.safetensors", folder)
        text = json.loads(true.read_text())
        for node in text["nodes"]:
            if "frequencies" in node["h"]["parameters"]:
                node["h"]["parameters"]["frequencies"] = WRONG
        wrong.write_text(json.dumps(text))
        compare(true, TRUE, tokens, lines)
        drawn(wrong, WRONG)
        rows = compare(wrong, WRONG, tokens, lines)
        assert rows["fourier", "II"]["failures"] > 0 and rows["sum", "II"]["failures"] > 0


main()
