"""Plain PyTorch beside Assay: forward passes of a network of the sizes of the shipped 2-SAT network,
as one writes it by hand, on one thread. Prints JSON: seconds by the names of assay_benchmarks.

    PYTHON tools/benchmarks/peer.py      any Python with torch; tools/benchmark --peer PYTHON runs it
"""

import json
import time

import torch
from torch.nn import functional

HEADS, D_MODEL, D_MLP, N_CTX, D_VOCAB = (1, 4), 128, 512, 41, 16
BATCHES = (1, 32, 128, 500)


class Block(torch.nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads
        self.qkv = torch.nn.Linear(D_MODEL, 3 * D_MODEL, bias=False)
        self.out = torch.nn.Linear(D_MODEL, D_MODEL, bias=False)
        self.wide, self.narrow = torch.nn.Linear(D_MODEL, D_MLP), torch.nn.Linear(D_MLP, D_MODEL)

    def forward(self, x):
        batch, pos, _ = x.shape
        q, k, v = (part.view(batch, pos, self.heads, -1).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        if hasattr(functional, "scaled_dot_product_attention"):
            z = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            hidden = torch.ones(pos, pos, dtype=torch.bool).triu(1)
            scores = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).masked_fill(hidden, float("-inf"))
            z = scores.softmax(-1) @ v
        x = x + self.out(z.transpose(1, 2).reshape(batch, pos, D_MODEL))
        return x + self.narrow(functional.relu(self.wide(x)))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.positions = torch.nn.Embedding(D_VOCAB, D_MODEL), torch.nn.Embedding(N_CTX, D_MODEL)
        self.blocks = torch.nn.Sequential(*map(Block, HEADS))
        self.unembed = torch.nn.Linear(D_MODEL, D_VOCAB, bias=False)

    def forward(self, tokens):
        return self.unembed(self.blocks(self.embed(tokens) + self.positions.weight))


def shortest(work, least_seconds=1.0):
    """Of repeated runs for this long, in seconds."""
    end, best = time.perf_counter() + least_seconds, float("inf")
    while time.perf_counter() < end:
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


torch.set_num_threads(1)
network, seconds = Network().eval(), {}
with torch.no_grad():
    for batch in BATCHES:
        tokens = torch.randint(0, D_VOCAB, (batch, N_CTX))
        seconds[f"AllLogits/{batch}"] = shortest(lambda: network(tokens))
print(json.dumps({"name": f"PyTorch {torch.__version__}", "seconds": seconds}))
