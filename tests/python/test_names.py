"""TransformerLens' names for models of Hugging Face, and heads."""

import pytest
import torch

import assay

transformers = pytest.importorskip("transformers")
from test_hugging_face import TOKENS, model_of  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


def difference(left, right):
    return float((left - right).abs().max())


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2", "opt", "neox", "bert", "roberta"])
def test_every_name_reads_and_zeroing_it_moves_the_logits(family):
    net = assay.wrap(model_of(family), TOKENS)
    names = [place for place in net.places if place.startswith(("hook_", "blocks."))]
    assert {"hook_embed", "blocks.1.attn.hook_z", "blocks.1.hook_resid_post"} <= {*names}
    plain = net.trace(TOKENS)["logits"]
    with torch.no_grad():
        for name in names:
            seen = net.trace(TOKENS, [name])[name]
            assert [4, *net.shape(name)[1:]][2:] == [*seen.shape][2:], name
            same = net.trace(TOKENS, ["logits"], {name: seen})["logits"]
            assert difference(same, plain) < 1e-5, name
            if net.classify(name) == "node" and not name.endswith("hook_k"):  # see below
                zeroed = net.trace(TOKENS, ["logits"], {name: torch.zeros_like(seen)})["logits"]
                assert difference(zeroed, plain) > 1e-6, name


@pytest.mark.parametrize("family, layer", [
    ("gpt2", "transformer.h.0"), ("llama", "model.layers.0"), ("qwen2", "model.layers.0")])
def test_the_middle_of_the_stream_is_a_value(family, layer):
    """Writing it must change all that follows: nothing of the stream before it is left."""
    model = model_of(family)
    net = assay.wrap(model, TOKENS)
    mid, post = "blocks.0.hook_resid_mid", "blocks.0.hook_resid_post"
    assert net.classify(mid) == "node"
    norm = "ln_2" if family == "gpt2" else "post_attention_layernorm"
    block = model.get_submodule(layer)
    with torch.no_grad():
        seen = net.trace(TOKENS, [mid, f"{layer}.{norm}:in"])
        assert difference(*seen.values()) < 1e-6
        new = torch.randn(4, 10, 32, generator=torch.Generator().manual_seed(1))
        found = net.trace(TOKENS, [post, mid], {mid: new})
        by_hand = new + block.mlp(block.get_submodule(norm)(new))
        assert difference(found[post], by_hand) < 1e-5
        assert difference(found[mid], new) < 1e-5
        # One position alone: the others stay as they were.
        narrowed = net.trace(TOKENS, [post], {f"{mid}[pos=5]": new[:, 5:6]})[post]
        own = net.trace(TOKENS, [post])[post]
        assert torch.equal(narrowed[:, :5], own[:, :5])
        assert difference(narrowed[:, 5], by_hand[:, 5]) < 1e-5
        # The input of the norm is an edge: the stream goes around it, and the result is another one.
        edge = assay.wrap(model, TOKENS, edges=True)
        wrong = edge.trace(TOKENS, [post], {f"{layer}.{norm}:in": new})[post]
        assert difference(wrong, by_hand) > 0.1


def test_gradients_pass_through_sums_and_heads():
    net = assay.wrap(model_of("gpt2").double(), TOKENS)
    for site in ("blocks.0.hook_resid_mid", "blocks.1.attn.hook_z[head=2]",
                 "blocks.0.attn.hook_v[head=1]", "blocks.0.hook_resid_mid[pos=3]"):
        seen = net.trace(TOKENS, [site, "logits"])
        slope = torch.autograd.grad(seen["logits"][:, -1, 7].sum(), seen[site])[0]
        with torch.no_grad():
            step = 1e-5 * torch.randn(slope.shape, generator=torch.Generator().manual_seed(2)).double()
            value = seen[site].detach()
            ends = [net.trace(TOKENS, ["logits"], {site: value + sign * step})["logits"][:, -1, 7].sum()
                    for sign in (1, -1)]
        assert float(ends[0] - ends[1]) / 2 == pytest.approx(float((slope * step).sum()), rel=1e-4)


def test_heads_are_those_of_the_model():
    """Head by head, a projection of z adds up to what attention writes."""
    model = model_of("llama")
    net = assay.wrap(model, TOKENS)
    with torch.no_grad():
        seen = net.trace(TOKENS, ["blocks.0.attn.hook_z", "blocks.0.hook_attn_out",
                                  "blocks.0.attn.hook_z[head=2]", "blocks.0.attn.hook_k"])
        z, written = seen["blocks.0.attn.hook_z"], seen["blocks.0.hook_attn_out"]
        weight = model.model.layers[0].self_attn.o_proj.weight.view(32, 4, 8)
        assert difference(torch.einsum("bphd,mhd->bpm", z, weight), written) < 1e-5
        assert torch.equal(seen["blocks.0.attn.hook_z[head=2]"], z[:, :, 2])
        assert seen["blocks.0.attn.hook_k"].shape == (4, 10, 2, 8)  # two heads of keys serve four
        own = net.trace(TOKENS, ["model.layers.0.self_attn.o_proj:in[head=2]"])
        assert torch.equal(*own.values(), z[:, :, 2])
        zeroed = net.trace(TOKENS, ["blocks.0.attn.hook_z"],
                           {"blocks.0.attn.hook_z[head=2]": torch.zeros(1, 10, 8)})
        expected = z.clone()
        expected[:, :, 2] = 0
        assert torch.equal(*zeroed.values(), expected)


def test_fused_projections_are_taken_apart():
    net = assay.wrap(model_of("gpt2"), TOKENS)
    with torch.no_grad():
        whole = net.trace(TOKENS, ["transformer.h.0.attn.c_attn", "blocks.0.attn.hook_k[head=1]"])
        fused, key = whole.values()
        assert torch.equal(key, fused[:, :, 32 + 8:32 + 16])
    with pytest.raises(ValueError, match="holds queries, keys and values of all heads; take .*hook_q"):
        net.trace(TOKENS, ["transformer.h.0.attn.c_attn[head=1]"])
    neox = assay.wrap(model_of("neox"), TOKENS)
    with torch.no_grad():
        fused, key = neox.trace(TOKENS, ["gpt_neox.layers.0.attention.query_key_value",
                                         "blocks.0.attn.hook_k[head=1]"]).values()
        assert torch.equal(key, fused[:, :, 24 + 8:24 + 16])
    with pytest.raises(ValueError, match="head"):
        net.trace(TOKENS, ["blocks.0.attn.hook_z[head=4]"])


def test_a_claim_about_a_head_is_the_native_one():
    """The same claim, told of the wrapped and of the native network, gives the same counts."""
    model = model_of("gpt2")

    def claim_on(net):
        site = "blocks.1.attn.hook_z[head=2;pos=9]"
        with torch.no_grad():
            mean = net.trace(TOKENS, [site])[site].mean(0, keepdim=True)
        claim = assay.Interpretation("a sign", network=net)
        claim.node("sign", parents=["tokens"], at=site, h=lambda tokens: tokens[:, 9] % 2 == 0,
                   alpha=lambda z: z[:, 0, 3] > 0,
                   gamma=lambda v: mean + (v[:, None, None].float() - 0.5))
        claim.node("answer", parents=["sign"], at="logits[pos=9]", h=lambda v: v.long(),
                   alpha=assay.argmax([7, 8]))
        return claim

    inputs = torch.randint(3, 60, (256, 10), generator=torch.Generator().manual_seed(1))
    found = [[(row["axiom"], row["failures"]) for row in assay.validate(claim_on(net), inputs=inputs)["rows"]]
             for net in (assay.wrap(model, TOKENS), assay.to_native(model))]
    assert found[0] == found[1]


def test_heads_of_modules_of_ones_own():
    class Mixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(5, 6)
            self.mix = torch.nn.Linear(6, 6)
            self.out = torch.nn.Linear(6, 5)

        def forward(self, tokens):
            return self.out(self.mix(self.embed(tokens)))

    torch.manual_seed(0)
    module, tokens = Mixed().eval(), torch.tensor([[0, 1, 2]])
    net = assay.wrap(module, tokens, heads={"mix": 3})
    assert net.shape("mix") == (-1, 3, 3, 2) and net.shape("mix[head=1]") == (-1, 3, 2)
    with pytest.raises(ValueError, match="do not share evenly"):
        assay.wrap(module, tokens, heads={"mix": 4})
