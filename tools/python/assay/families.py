"""The names of TransformerLens for the places of Hugging Face's models, family by family.

Each line says which value of which submodule a name means, relative to a block. With `n` heads in a
projection, the place has an axis `head` of its own: `blocks.0.attn.hook_z[head=2]`.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Mapping, NamedTuple

import torch

from assay.hooks import Key
from assay.views import Spot, View


@dataclasses.dataclass(frozen=True)
class Family:
    """Submodules of one `model_type`; `:in` is the input of one."""

    blocks: str
    embed: str
    attn_out: str
    z: str
    mid: str = ""  # the sum of stream and attention, where the family has one; read for a check only
    mid_is_a_module: bool = False  # behind a norm: a value of its own, rather than a sum
    mlp_out: str = "mlp"
    mlp_pre: str = ""
    mlp_post: str = ""
    attention: str = ""  # the module that calls the attention function
    queries: tuple[str, str, str] = ("", "", "")  # of queries, keys, values
    fused: str = ""
    fused_by_head: bool = False


_LLAMA = Family("model.layers", "model.embed_tokens", "self_attn", "self_attn.o_proj:in",
                "post_attention_layernorm:in", mlp_pre="mlp.gate_proj", mlp_post="mlp.down_proj:in",
                attention="self_attn",
                queries=("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"))


def _bert(prefix: str) -> Family:
    own = "attention.self."
    return Family(f"{prefix}.encoder.layer", f"{prefix}.embeddings.word_embeddings",
                  "attention.output.dense", "attention.output.dense:in", "attention",
                  mid_is_a_module=True, mlp_out="output.dense", mlp_pre="intermediate.dense",
                  mlp_post="intermediate", attention="attention.self",
                  queries=(own + "query", own + "key", own + "value"))


FAMILIES: Mapping[str, Family] = {
    "gpt2": Family("transformer.h", "transformer.wte", "attn", "attn.c_proj:in", "ln_2:in",
                   mlp_pre="mlp.c_fc", mlp_post="mlp.act", attention="attn", fused="attn.c_attn"),
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
    "opt": Family("model.decoder.layers", "model.decoder.embed_tokens", "self_attn",
                  "self_attn.out_proj:in", "final_layer_norm:in", mlp_out="fc2", mlp_pre="fc1",
                  mlp_post="activation_fn", attention="self_attn",
                  queries=("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
    "gpt_neox": Family("gpt_neox.layers", "gpt_neox.embed_in", "attention", "attention.dense:in",
                       mlp_pre="mlp.dense_h_to_4h", mlp_post="mlp.act", attention="attention",
                       fused="attention.query_key_value", fused_by_head=True),
    "bert": _bert("bert"),
    "roberta": _bert("roberta"),
    "distilbert": Family("distilbert.transformer.layer",
                         "distilbert.embeddings.word_embeddings", "attention.out_lin",
                         "attention.out_lin:in", "sa_layer_norm", mid_is_a_module=True,
                         mlp_out="ffn", mlp_pre="ffn.lin1", mlp_post="ffn.lin2:in",
                         attention="attention",
                         queries=("attention.q_lin", "attention.k_lin", "attention.v_lin")),
}


# TransformerLens 4.x: submodules of one naming around a model of any family. What it calls
# `hook_resid_mid` there is the input of `ln2`, an edge; here the name means the sum that it was in 2.x.
_BRIDGE = Family("blocks", "embed.hook_out", "attn.hook_out", "attn.o.hook_in", "ln2.hook_in",
                 mlp_out="mlp.hook_out", mlp_pre="mlp.in.hook_out", mlp_post="mlp.out.hook_in",
                 queries=("attn.q.hook_out", "attn.k.hook_out", "attn.v.hook_out"))


def _family_of(module: torch.nn.Module) -> tuple[Family | None, Any]:
    """The family, and the configuration that tells the number of heads."""
    if type(module).__name__ == "TransformerBridge":
        return _BRIDGE, module.cfg
    config = getattr(module, "config", None)
    return FAMILIES.get(getattr(config, "model_type", "")), config


def _heads_of(config: Any) -> tuple[int, int]:
    """Of queries, and of keys and values."""
    count = int(getattr(config, "num_attention_heads", 0) or getattr(config, "n_heads", 0))
    of_keys = getattr(config, "num_key_value_heads", None) or getattr(config, "n_key_value_heads", None)
    return count, int(of_keys or count)


class Translation(NamedTuple):
    """What a name means."""

    own: str  # the module's own name of the place that it is read from
    spot: Spot
    equals: str = ""  # another place that must have the same value, if the module has it


def translated(module: torch.nn.Module, keys: Mapping[str, Key]) -> dict[str, Translation]:
    """The names of TransformerLens that a module's places have.

    Parameters
    ----------
    keys
        The places that there are, by the module's own names.

    Returns
    -------
    dict
        By name, in the order of computation.
    """
    family, config = _family_of(module)
    if family is None:
        return {}
    root = ""
    paths = [path for path, _ in module.named_modules(remove_duplicate=False)]
    if family.blocks not in paths:  # the model without a head: its paths lack the first name
        root = family.blocks.partition(".")[0] + "."
    blocks = family.blocks[len(root):]
    found: dict[str, Translation] = {}
    heads, kv_heads = _heads_of(config)

    def add(name: str, path: str, view: View = View(), before: Key | None = None,
            equals: str = "") -> None:
        if path in keys:
            found[name] = Translation(path, Spot(keys[path], view, before), equals)

    add("hook_embed", family.embed[len(root):])
    layers = [path for path in paths if re.fullmatch(re.escape(blocks) + r"\.\d+", path)]
    for layer in sorted(layers, key=lambda path: int(path.rpartition(".")[2])):
        block = f"blocks.{layer.rpartition('.')[2]}"

        def own(path: str) -> str:
            return f"{layer}.{path}"

        add(f"{block}.hook_resid_pre", f"{layer}:in")
        if family.fused:
            for part, letter in enumerate("qkv"):
                add(f"{block}.attn.hook_{letter}", own(family.fused),
                    View(heads, part, 3, family.fused_by_head))
        else:
            for path, letter, count in zip(family.queries, "qkv", (heads, kv_heads, kv_heads)):
                add(f"{block}.attn.hook_{letter}", own(path), View(count))
        add(f"{block}.attn.hook_attn_scores", own(family.attention) + ":scores")
        add(f"{block}.attn.hook_pattern", own(family.attention) + ":pattern")
        add(f"{block}.attn.hook_z", own(family.z), View(heads))
        attn_out = own(family.attn_out)
        add(f"{block}.hook_attn_out", attn_out)
        if family.mid_is_a_module:
            add(f"{block}.hook_resid_mid", own(family.mid))
        elif family.mid and f"{layer}:in" in keys:
            add(f"{block}.hook_resid_mid", attn_out, before=keys[f"{layer}:in"],
                equals=own(family.mid))
        add(f"{block}.mlp.hook_pre", own(family.mlp_pre))
        add(f"{block}.mlp.hook_post", own(family.mlp_post))
        add(f"{block}.hook_mlp_out", own(family.mlp_out))
        add(f"{block}.hook_resid_post", layer)
    return found

