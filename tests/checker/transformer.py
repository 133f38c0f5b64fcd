"""A transformer in plain Python floats, for tests: nothing of it is shared with what it tests."""

import hashlib
import json
import math
import struct


def float32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def zeros(*shape):
    return [zeros(*shape[1:]) for _ in range(shape[0])] if shape else 0.0


def flat(x):
    return [y for item in x for y in flat(item)] if isinstance(x, list) else [x]


def shape_of(x):
    return [len(x)] + shape_of(x[0]) if isinstance(x, list) else []


def rounded(x):
    return [rounded(item) for item in x] if isinstance(x, list) else float32(x)


def dot(x, y):
    return sum(a * b for a, b in zip(x, y))


def add(*vectors):
    return [sum(items) for items in zip(*vectors)]


def scale(c, x):
    return [c * item for item in x]


def times(x, matrix):
    """A row vector times a matrix."""
    return [sum(a * row[k] for a, row in zip(x, matrix) if a) for k in range(len(matrix[0]))]


def column(matrix, k):
    return [row[k] for row in matrix]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def safetensors(tensors, metadata=None):
    """The bytes of a file. @param tensors: name -> (type, nested lists)."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (kind, values) in sorted(tensors.items()):
        numbers = flat(values)
        code = {"F32": "f", "F64": "d", "I64": "q"}[kind]
        packed = struct.pack(f"<{len(numbers)}{code}", *numbers)
        header[name] = {"dtype": kind, "shape": shape_of(values),
                        "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Transformer:
    """Weights by TransformerLens' names, as nested lists of numbers that float32 holds."""

    def __init__(self, d_vocab, n_ctx, d_model, d_mlp, n_heads, d_head, d_output=None):
        """@param d_output: outputs of a network that sums over positions and has a head of two layers."""
        self.d_vocab, self.n_ctx, self.d_model, self.d_mlp = d_vocab, n_ctx, d_model, d_mlp
        self.n_heads, self.d_head = n_heads, d_head
        self.weights = {"embed.W_E": zeros(d_vocab, d_model), "pos_embed.W_pos": zeros(n_ctx, d_model),
                        "unembed.W_U": zeros(d_model, d_output or d_vocab)}
        self.summed = d_output is not None
        if self.summed:
            self.weights |= {"head.W": zeros(d_model, d_model), "head.b": zeros(d_model), "unembed.b_U": zeros(d_output)}
        for i, (heads, width) in enumerate(zip(n_heads, d_head)):
            for name in "W_Q", "W_K", "W_V":
                self.weights[f"blocks.{i}.attn.{name}"] = zeros(heads, d_model, width)
            self.weights[f"blocks.{i}.attn.W_O"] = zeros(heads, width, d_model)
            self.weights[f"blocks.{i}.mlp.W_in"] = zeros(d_model, d_mlp)
            self.weights[f"blocks.{i}.mlp.b_in"] = zeros(d_mlp)
            self.weights[f"blocks.{i}.mlp.W_out"] = zeros(d_mlp, d_model)
            self.weights[f"blocks.{i}.mlp.b_out"] = zeros(d_model)

    def __getitem__(self, name):
        return self.weights[name]

    def disturb(self, generator, size):
        """Adds noise to every weight, so that nothing is zero or equal by construction."""
        def noisy(x):
            return [noisy(y) for y in x] if isinstance(x, list) else x + generator.gauss(0, size)
        self.weights = {name: rounded(noisy(value)) for name, value in sorted(self.weights.items())}

    def config(self):
        summed = {"pool": "sum", "head_dense": "relu", "d_output": len(self["unembed.b_U"])} if self.summed else {}
        return {**summed, "activation": "relu", "attention_biases": False, "d_head": self.d_head,
                "d_mlp": self.d_mlp, "d_model": self.d_model, "d_vocab": self.d_vocab,
                "mlp_biases": True, "n_ctx": self.n_ctx, "n_heads": self.n_heads, "norm": "none",
                "norm_eps": 1e-05, "unembed_bias": self.summed}

    def bytes(self, config=None):
        return safetensors({name: ("F32", value) for name, value in self.weights.items()},
                           {"config": json.dumps(config or self.config())})

    def embed(self, token, position):
        return add(self["embed.W_E"][token], self["pos_embed.W_pos"][position])

    def block(self, i, stream):
        """The residual stream at every position after block i."""
        w = lambda name: self[f"blocks.{i}.{name}"]
        result = []
        for p, x in enumerate(stream):
            total = x
            for h in range(self.n_heads[i]):
                q = times(x, w("attn.W_Q")[h])
                e = [math.exp(dot(q, times(stream[j], w("attn.W_K")[h])) / math.sqrt(self.d_head[i]))
                     for j in range(p + 1)]
                z = zeros(self.d_head[i])
                for j in range(p + 1):
                    z = add(z, scale(e[j] / sum(e), times(stream[j], w("attn.W_V")[h])))
                total = add(total, times(z, w("attn.W_O")[h]))
            hidden = [max(y, 0.0) for y in add(times(total, w("mlp.W_in")), w("mlp.b_in"))]
            result.append(add(total, times(hidden, w("mlp.W_out")), w("mlp.b_out")))
        return result

    def residual(self, tokens, depth):
        stream = [self.embed(token, j) for j, token in enumerate(tokens)]
        for i in range(depth):
            stream = self.block(i, stream)
        return stream

    def logits(self, tokens):
        stream = self.residual(tokens, len(self.n_heads))
        if not self.summed:
            return times(stream[-1], self["unembed.W_U"])
        x = [max(y, 0.0) for y in add(times(add(*stream), self["head.W"]), self["head.b"])]
        return add(times(x, self["unembed.W_U"]), self["unembed.b_U"])
