"""Tiny random models of Hugging Face, where transformers is installed."""

import pytest
import torch

import assay

transformers = pytest.importorskip("transformers")
TOKENS = torch.randint(3, 60, (4, 10), generator=torch.Generator().manual_seed(0))
SIZES = {"vocab_size": 60, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
         "num_attention_heads": 4}


def config_of(family):
    kinds = {
        "gpt2": lambda: transformers.GPT2Config(vocab_size=60, n_positions=16, n_embd=32, n_layer=2,
                                                n_head=4),
        "llama": lambda: transformers.LlamaConfig(**SIZES, num_key_value_heads=2,
                                                  max_position_embeddings=16),
        "qwen2": lambda: transformers.Qwen2Config(**SIZES, num_key_value_heads=2,
                                                  max_position_embeddings=16),
        "opt": lambda: transformers.OPTConfig(vocab_size=60, hidden_size=32, ffn_dim=64,
                                              num_hidden_layers=2, num_attention_heads=4,
                                              max_position_embeddings=16, word_embed_proj_dim=32),
        "neox": lambda: transformers.GPTNeoXConfig(**SIZES, max_position_embeddings=16),
        "bert": lambda: transformers.BertConfig(**SIZES, max_position_embeddings=16),
        "roberta": lambda: transformers.RobertaConfig(**SIZES, max_position_embeddings=20),
    }
    return kinds[family]()


FAMILIES = ("gpt2", "llama", "qwen2", "opt", "neox", "bert", "roberta")
MASKED = ("bert", "roberta")


def model_of(family, **settings):
    torch.manual_seed(0)
    kind = transformers.AutoModelForMaskedLM if family in MASKED else transformers.AutoModelForCausalLM
    return kind.from_config(config_of(family), **settings).eval()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_wrapped(family):
    model = model_of(family)
    net = assay.wrap(model, TOKENS)
    with torch.no_grad():
        plain = model(TOKENS).logits
        assert torch.equal(net.trace(TOKENS)["logits"], plain)
        for place in [place for place in net.places if place != "logits"]:
            if net.classify(place) != "node":
                continue
            seen = net.trace(TOKENS, [place])[place]
            assert torch.equal(net.trace(TOKENS, ["logits"], {place: seen})["logits"], plain), place
            zeroed = net.trace(TOKENS, ["logits"], {place: torch.zeros_like(seen)})["logits"]
            assert not torch.equal(zeroed, plain) or not seen.any(), place


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", FAMILIES)
def test_families_become_native(family):
    model = model_of(family)
    native = assay.to_native(model)
    with torch.no_grad():
        torch.testing.assert_close(native.trace(TOKENS)["logits"], model(TOKENS).logits, atol=1e-4,
                                   rtol=1e-4)
    assert native.complete_cut("blocks.0.hook_resid_post", decision="logits[pos=9]")[0]


def test_the_input_of_a_norm_is_no_residual_stream():
    net = assay.wrap(model_of("gpt2"), TOKENS)
    assert net.classify("transformer.h.0.ln_2:in") == "edge"
    assert net.classify("transformer.h.0") == "node"
    assert net.cut("transformer.h.0").word == "not seen incomplete"
    assert net.cut("transformer.h.0.mlp").word == "incomplete"


@pytest.mark.filterwarnings("ignore")
def test_a_language_model_is_explained():
    model = model_of("gpt2")

    def score(sequences):
        with torch.no_grad():
            return model(torch.tensor(sequences)).logits[:, -1, 5].tolist()

    replacer = assay.replacers.masked_lm(model_of("bert"), 2)
    record = assay.explain(score, TOKENS[0].tolist(), method=["occlusion:deletion", "reagent"],
                           replacer=replacer, rows=60)
    assert len(record["explanations"]) == 2


def test_a_wrapped_model_and_its_native_one_give_the_same_counts():
    """One claim about GPT-2, told of both, on the same inputs."""
    model = model_of("gpt2")

    def claim_on(net, stream):
        with torch.no_grad():
            mean = net.trace(TOKENS, [stream])[stream].mean(0, keepdim=True)
        claim = assay.Interpretation("the sign of one coordinate", network=net)
        claim.node("sign", parents=["tokens"], at=stream, h=lambda tokens: tokens[:, 9] % 2 == 0,
                   alpha=lambda x: x[:, 0, 3] > 0,
                   gamma=lambda v: mean + (v[:, None, None].float() - 0.5) * 0.1)
        claim.node("answer", parents=["sign"], at="logits[pos=9]", h=lambda v: v.long(),
                   alpha=assay.argmax([7, 8]))
        return claim

    wrapped, native = assay.wrap(model, TOKENS), assay.to_native(model)
    inputs = torch.randint(3, 60, (512, 10), generator=torch.Generator().manual_seed(1))
    found = [assay.validate(claim, inputs=inputs)["rows"] for claim in (
        claim_on(wrapped, "transformer.h.1[pos=9]"), claim_on(native, "blocks.1.hook_resid_post[pos=9]"))]
    counts = [[(row["axiom"], row["failures"], row["unrelated"]["failures"]) for row in rows]
              for rows in found]
    assert counts[0] == counts[1]
    assert any(row["failures"] not in (0, 512) for row in found[0])
