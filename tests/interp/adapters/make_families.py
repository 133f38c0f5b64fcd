#!/usr/bin/env python3
"""Makes the fixtures in families/: a tiny random network of every Hugging Face family that Assay
reads, as `save_pretrained` writes it, with what `transformers` computes on it.

    pip install torch transformers        # into an environment of its own
    python tests/interp/adapters/make_families.py tests/interp/adapters/families

The tests need neither package. Beside each model, `expected.safetensors` holds
  tokens    int64 [input, pos]
  logits    float32 [input, pos, vocab], or [input, label] of a classifier
  gradients of the scalar sum_i cos(i) * logits.flatten()[i]:
    hook_embed             with respect to the vectors of the tokens, [input, pos, d_embed]
    blocks.0.mlp.W_out     with respect to a weight of an MLP, [d_mlp, d_model]
    blocks.1.attn.W_O      with respect to a weight of attention, [head, d_head, d_model]
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers as tf
from safetensors.torch import save_file

WIDTH, HEADS, HIDDEN, VOCAB, CONTEXT = 8, 2, 12, 13, 10


def llama_sizes(**more):
    return dict(vocab_size=VOCAB, hidden_size=WIDTH, intermediate_size=HIDDEN, num_hidden_layers=2,
                num_attention_heads=HEADS, max_position_embeddings=CONTEXT, **more)


def opt(**more):
    sizes = dict(vocab_size=VOCAB, hidden_size=WIDTH, ffn_dim=HIDDEN, num_hidden_layers=2,
                 num_attention_heads=HEADS, max_position_embeddings=CONTEXT)
    return tf.OPTForCausalLM(tf.OPTConfig(**{**sizes, **more}))


def gpt_neox(**more):
    return tf.GPTNeoXForCausalLM(tf.GPTNeoXConfig(
        **llama_sizes(), rotary_pct=0.5, **more))


def bert(kind, **more):
    return kind(kind.config_class(**llama_sizes(), **more))


def distilbert(kind):
    return kind(tf.DistilBertConfig(vocab_size=VOCAB, dim=WIDTH, hidden_dim=HIDDEN, n_layers=2,
                                    n_heads=HEADS, max_position_embeddings=CONTEXT, num_labels=3))


# name: (model, where its blocks are, output of the MLP, output of attention, options of saving)
def models():
    yield "gpt2", tf.GPT2LMHeadModel(tf.GPT2Config(
        vocab_size=VOCAB, n_positions=CONTEXT, n_embd=WIDTH, n_layer=2, n_head=HEADS,
        n_inner=HIDDEN)), "transformer.h.{}.mlp.c_proj", "transformer.h.{}.attn.c_proj", {}
    decoder = "model.decoder.layers.{}.fc2", "model.decoder.layers.{}.self_attn.out_proj"
    yield "opt", opt(), *decoder, {"bin": True}
    yield "opt_350m", opt(do_layer_norm_before=False, word_embed_proj_dim=6), *decoder, {}
    yield "gptj", tf.GPTJForCausalLM(tf.GPTJConfig(
        vocab_size=VOCAB, n_positions=CONTEXT, n_embd=WIDTH, n_layer=2, n_head=HEADS,
        n_inner=HIDDEN, rotary_dim=2)), "transformer.h.{}.mlp.fc_out", \
        "transformer.h.{}.attn.out_proj", {}
    neox = "gpt_neox.layers.{}.mlp.dense_4h_to_h", "gpt_neox.layers.{}.attention.dense"
    yield "gpt_neox", gpt_neox(), *neox, {}
    yield "gpt_neox_sequential", gpt_neox(use_parallel_residual=False), *neox, {}
    yield "gpt_neo", tf.GPTNeoForCausalLM(tf.GPTNeoConfig(
        vocab_size=VOCAB, max_position_embeddings=CONTEXT, hidden_size=WIDTH, num_layers=2,
        num_heads=HEADS, intermediate_size=HIDDEN, window_size=3,
        attention_types=[[["global", "local"], 1]])), \
        "transformer.h.{}.mlp.c_proj", "transformer.h.{}.attn.attention.out_proj", {}
    llama = "model.layers.{}.mlp.down_proj", "model.layers.{}.self_attn.o_proj"
    yield "llama", tf.LlamaForCausalLM(tf.LlamaConfig(
        **llama_sizes(num_key_value_heads=1), rope_theta=500.0)), *llama, {"shards": "3KB"}
    yield "mistral", tf.MistralForCausalLM(tf.MistralConfig(
        **llama_sizes(num_key_value_heads=1), sliding_window=3)), *llama, {}
    yield "qwen2", tf.Qwen2ForCausalLM(tf.Qwen2Config(
        **llama_sizes(num_key_value_heads=2))), *llama, {}
    yield "smollm", tf.LlamaForCausalLM(tf.LlamaConfig(
        **llama_sizes(num_key_value_heads=1), tie_word_embeddings=True)), *llama, {}
    for family, masked, classifier, types in (
            ("bert", tf.BertForMaskedLM, tf.BertForSequenceClassification, 2),
            ("roberta", tf.RobertaForMaskedLM, tf.RobertaForSequenceClassification, 1)):
        layer = family + ".encoder.layer.{}."
        places = layer + "output.dense", layer + "attention.output.dense"
        yield family + "_mlm", bert(masked, type_vocab_size=types), *places, {}
        yield family + "_classifier", bert(classifier, type_vocab_size=types, num_labels=3), \
            *places, {}
    layer = "distilbert.transformer.layer.{}."
    places = layer + "ffn.lin2", layer + "attention.out_lin"
    yield "distilbert_mlm", distilbert(tf.DistilBertForMaskedLM), *places, {}
    yield "distilbert_classifier", distilbert(tf.DistilBertForSequenceClassification), *places, {}


@torch.no_grad()
def randomise(model):
    """Weights far from their initial values, so that no switch of the network is without effect."""
    generator = torch.Generator().manual_seed(1)
    for name, parameter in sorted(model.named_parameters()):
        drawn = 0.4 * torch.randn(parameter.shape, generator=generator)
        gain = parameter.dim() == 1 and name.endswith("weight")
        parameter.copy_(1 + drawn if gain else drawn)


def as_ours(module, gradient):
    """[in, out] from what a Linear or GPT-2's Conv1D holds."""
    return gradient.t() if isinstance(module, torch.nn.Linear) else gradient


def expected(model, mlp_out, attention_out):
    # No token 0 or 1: BERT's and RoBERTa's padding, by which they would count positions.
    positions = CONTEXT - 2 if model.config.model_type == "roberta" else CONTEXT
    tokens = torch.randint(2, VOCAB, (3, positions), generator=torch.Generator().manual_seed(2))
    vectors = []
    hook = model.get_input_embeddings().register_forward_hook(
        lambda module, inputs, output: vectors.append(output))
    logits = model(input_ids=tokens).logits
    hook.remove()
    scalar = (logits.flatten() * torch.arange(logits.numel()).cos()).sum()
    mlp, attention = model.get_submodule(mlp_out.format(0)), model.get_submodule(
        attention_out.format(1))
    at_vectors, at_mlp, at_attention = torch.autograd.grad(
        scalar, [vectors[0], mlp.weight, attention.weight])
    heads = as_ours(attention, at_attention).reshape(HEADS, -1, at_attention.shape[-1])
    return {"tokens": tokens, "logits": logits, "hook_embed": at_vectors,
            "blocks.0.mlp.W_out": as_ours(mlp, at_mlp), "blocks.1.attn.W_O": heads}


def save(model, folder, bin=False, shards="1GB"):
    model.save_pretrained(folder, max_shard_size=shards)
    if bin:  # what older versions of transformers wrote
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    (folder / "generation_config.json").unlink(missing_ok=True)


def main(target):
    for name, model, mlp_out, attention_out, saving in models():
        folder = target / name
        shutil.rmtree(folder, ignore_errors=True)
        model.eval()
        model.set_attn_implementation("eager")
        randomise(model)
        save(model, folder, **saving)
        tensors = {key: value.detach().contiguous()
                   for key, value in expected(model, mlp_out, attention_out).items()}
        save_file(tensors, folder / "expected.safetensors")
        fields = json.loads((folder / "config.json").read_text())
        print(f"{name}: {sum(file.stat().st_size for file in folder.iterdir())} bytes, "
              f"{fields['architectures'][0]}")


if __name__ == "__main__":
    torch.manual_seed(0)
    main(pathlib.Path(sys.argv[1]))
