"""Inputs of the golden commands that the repository does not ship: lists of formulas, and a tiny
network in every layout that Assay reads. Written anew for each recording, always the same."""

import array
import json
import pickle
import random
import struct
import sys
import types
import zipfile

FORMULAS = [
    "( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) ) ( x2 x3 ) ( x3 x4 ) ( x2 x4 )"
    " ( Not(x2) x4 ) ( x1 x4 ) ( Not(x3) x4 ) :",
    "( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( x0 x3 ) ( x2 x3 ) ( x3 x4 ) ( x2 x4 )"
    " ( Not(x2) x4 ) ( x1 x4 ) ( Not(x3) x4 ) :",
    "( x4 Not(x1) ) ( Not(x4) Not(x2) ) ( x2 x1 ) ( x3 x4 ) ( Not(x0) x3 ) ( x3 x0 )"
    " ( Not(x1) Not(x2) ) ( x0 x4 ) ( Not(x2) Not(x4) ) ( Not(x0) x2 ) :",
    "( x1 Not(x2) ) ( Not(x1) Not(x2) ) ( Not(x1) x2 ) ( x3 x4 ) ( Not(x0) x3 ) ( x3 x4 )"
    " ( Not(x1) Not(x2) ) ( x0 x4 ) ( Not(x2) Not(x4) ) ( Not(x0) x2 ) :",
]

# Two formulas that differ in one clause, the first of which cannot be satisfied.
PAIRS = {
    "prompts": [
        {"clean": FORMULAS[0], "corrupt": FORMULAS[1], "answers": ["u"], "wrong_answers": ["s"]},
        {"clean": FORMULAS[1], "corrupt": FORMULAS[0], "answers": ["s"], "wrong_answers": ["u"]},
    ]
}

GPT2_CONFIG = {
    "model_type": "gpt2", "activation_function": "gelu_new", "n_layer": 2, "n_head": 2, "n_embd": 6,
    "n_positions": 5, "n_inner": None, "vocab_size": 11, "layer_norm_epsilon": 2e-5,
}


def gpt2_shapes():
    shapes = {"wte.weight": [11, 6], "wpe.weight": [5, 6], "ln_f.weight": [6], "ln_f.bias": [6]}
    for block in ("h.0.", "h.1."):
        for norm in ("ln_1", "ln_2"):
            shapes |= {block + norm + ".weight": [6], block + norm + ".bias": [6]}
        for name, (rows, columns) in {"attn.c_attn": (6, 18), "attn.c_proj": (6, 6),
                                      "mlp.c_fc": (6, 24), "mlp.c_proj": (24, 6)}.items():
            shapes |= {block + name + ".weight": [rows, columns], block + name + ".bias": [columns]}
    return shapes


def one_block_shapes(grokking):
    """7 tokens, 3 positions, width 6, 2 heads of 4, 10 hidden neurons. In the layout of the
    grokking code most matrices are transposed, and W_O has two axes."""
    def turn(*shape):
        return [*shape[:-2], shape[-1], shape[-2]] if grokking else list(shape)

    return {
        "embed.W_E": turn(7, 6), "pos_embed.W_pos": [3, 6], "unembed.W_U": [6, 7],
        "blocks.0.attn.W_Q": turn(2, 6, 4), "blocks.0.attn.W_K": turn(2, 6, 4),
        "blocks.0.attn.W_V": turn(2, 6, 4),
        "blocks.0.attn.W_O": [6, 8] if grokking else [2, 4, 6],
        "blocks.0.mlp.W_in": turn(6, 10), "blocks.0.mlp.b_in": [10],
        "blocks.0.mlp.W_out": turn(10, 6), "blocks.0.mlp.b_out": [6],
    }


def count_of(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def float_bytes(name, shape):
    """Numbers that depend on the tensor's name and nothing else."""
    draw = random.Random(name)
    return array.array("f", (draw.uniform(-0.5, 0.5) for _ in range(count_of(shape)))).tobytes()


def write_safetensors(path, shapes):
    header, data = {}, b""
    for name, shape in shapes.items():
        begin = len(data)
        data += float_bytes(name, shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_pth(path, shapes):
    """A checkpoint as torch.save() writes it: a zip of a pickle and one entry per tensor."""
    def rebuild(*_):
        pass

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    storage = type("FloatStorage", (), {"__module__": "torch"})

    class Tensor:
        def __init__(self, key, shape):
            self.key, self.shape = key, tuple(shape)

        def __reduce__(self):
            strides = tuple(count_of(self.shape[axis + 1:]) for axis in range(len(self.shape)))
            entry = Entry(("storage", storage, self.key, "cpu", count_of(self.shape)))
            return rebuild, (entry, 0, self.shape, strides, False, {})

    class Entry:
        def __init__(self, identity):
            self.identity = identity

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.identity if isinstance(value, Entry) else None

    # The pickler wants to find by name what it writes the name of.
    sys.modules["torch"] = types.SimpleNamespace(FloatStorage=storage)
    sys.modules["torch._utils"] = types.SimpleNamespace(_rebuild_tensor_v2=rebuild)
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(zipfile.ZipInfo("tiny/data.pkl"), "w") as file:
            Pickler(file, protocol=2).dump(
                {name: Tensor(str(i), shape) for i, (name, shape) in enumerate(shapes.items())})
        for i, (name, shape) in enumerate(shapes.items()):
            archive.writestr(zipfile.ZipInfo(f"tiny/data/{i}"), float_bytes(name, shape))
        archive.writestr(zipfile.ZipInfo("tiny/version"), "3\n")
    del sys.modules["torch"], sys.modules["torch._utils"]


def write_inputs(folder):
    (folder / "gpt2").mkdir(parents=True)
    (folder / "formulas.txt").write_text("\n".join(FORMULAS) + "\n")
    (folder / "pairs.json").write_text(json.dumps(PAIRS))
    (folder / "gpt2" / "config.json").write_text(json.dumps(GPT2_CONFIG))
    write_safetensors(folder / "gpt2" / "model.safetensors", gpt2_shapes())
    write_safetensors(folder / "lens.safetensors", one_block_shapes(grokking=False))
    write_pth(folder / "grokking.pth", one_block_shapes(grokking=True))
