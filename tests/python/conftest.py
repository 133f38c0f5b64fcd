"""The package as it lies in the build folder, the networks that ship, and toys that need no training."""

import os
import pathlib
import sys

import pytest
import torch

SOURCES = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ASSAY_BUILD", SOURCES / "build"))
sys.path.insert(0, str(BUILD / "python"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import assay  # noqa: E402

torch.set_num_threads(1)
TWO_SAT = SOURCES / "tasks/two_sat/reference"


@pytest.fixture(scope="session")
def command():
    """The command that everything here is held against."""
    return str(BUILD / "assay")


@pytest.fixture(scope="session")
def two_sat():
    return assay.load(TWO_SAT / "model.safetensors")


@pytest.fixture(scope="session")
def trees(two_sat):
    return assay.Interpretation.load(TWO_SAT / "trees.json", two_sat)


@pytest.fixture
def halves():
    """A module that says whether the maximum of six digits is in the first half, by construction."""
    return Halves().eval()


class Halves(torch.nn.Module):
    """Exact maxima, as one-hot vectors, in `maxima`; the comparison in `answer`."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(12, 12)
        self.maxima = Maxima()
        self.answer = torch.nn.Linear(2, 12)
        with torch.no_grad():
            self.embed.weight.copy_(torch.eye(12))
            self.answer.weight.zero_()
            self.answer.bias.fill_(-1.0)
            self.answer.bias[10:] = torch.tensor([0.0, 0.5])
            self.answer.weight[11] = torch.tensor([1.0, -1.0])  # yes: first >= second

    def forward(self, tokens):
        return self.answer(self.maxima(self.embed(tokens)))


class Maxima(torch.nn.Module):
    def forward(self, x):
        digits = (x * torch.arange(12.0)).sum(-1)
        return torch.stack([digits[:, :3].amax(1), digits[:, 3:].amax(1)], 1)


def maxima(tokens):
    return torch.stack([tokens[:, :3].amax(1), tokens[:, 3:].amax(1)], 1)


def first_is_larger(pair):
    return (pair[:, 0] >= pair[:, 1]).long()


def sample(seed, first, count):
    """Digits, each a function of (seed, its place)."""
    index = torch.arange(first * 6, (first + count) * 6, dtype=torch.int64)
    mixed = (index + seed * 7919) * 2654435761 % 4294967296
    return (mixed // 65536 % 10).view(count, 6)


def halves_claim(net, read=lambda x: x.round().long()):
    claim = assay.Interpretation("maximum of two halves", network=net)
    claim.node("maxima", parents=["tokens"], at="maxima", h=maxima, alpha=read,
               gamma=lambda value: value.float())
    claim.node("answer", parents=["maxima"], at="logits", h=first_is_larger,
               alpha=assay.argmax([10, 11]))
    return claim
