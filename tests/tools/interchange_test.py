"""Exchanged values, unmapped parts and chance levels, computed a second time in float64.

The shipped network for modular addition and its interpretation are read from their files with NumPy
alone, and every pair of 80 inputs is exchanged: nothing is shared with Assay but the formulas. The
same is done with a wrong frequency in the program, for which exchanges fail.

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

INPUTS, CLOSE = 80, 1e-3  # a decision whose two best logits are closer may fall either way
ASSAY, SOURCES = sys.argv[1:3]
FOLDER = Path(SOURCES) / "tasks/modular_addition/reference"


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
    counts = {name: {"all": Count(), "changing": Count(), "chance": Count()} for name in names}
    own = Run(tokens)
    for shift in range(len(tokens)):
        order = (np.arange(len(tokens)) + shift) % len(tokens)
        source, base = Program(frequencies, tokens[order]), Program(frequencies, tokens)
        with_sum = source.total
        expected = {"fourier": Program(frequencies, tokens, fourier=source.fourier).answer,
                    "sum": Program(frequencies, tokens, total=with_sum).answer}
        mixed = own.embed.copy()
        mixed[:, :2] = own.embed[order][:, :2]
        runs = {
            ("fourier", "II"): Run(tokens, embed=written_embed(source.fourier)),
            ("fourier", "IA"): Run(tokens, embed=mixed),
            ("sum", "II"): Run(tokens, mid=written_mid(with_sum), post=written_post(with_sum)),
            ("sum", "IA"): Run(tokens, post=own.post[order]),
        }
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
    assert rows["fourier", "II"]["exact"]
    return rows


def main():
    true = FOLDER / "exact.json"
    # PE compares real numbers here and fails everywhere, so that every input is a witness.
    drawn = run_assay(true, "--inputs", str(INPUTS), "--witnesses", str(INPUTS))
    tokens = np.array([witness["tokens"] for witness in drawn["rows"][0]["witnesses"]])
    assert len(tokens) == INPUTS
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
        rows = compare(wrong, WRONG, tokens, lines)
        assert rows["fourier", "II"]["failures"] > 0 and rows["sum", "II"]["failures"] > 0


main()
