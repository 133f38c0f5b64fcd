"""Scores and patterns of attention, read and written, in one's own modules and Hugging Face's."""

import pytest
import torch
from torch import nn

import assay

TOKENS = torch.randint(3, 60, (4, 10), generator=torch.Generator().manual_seed(0))


class Heads(nn.Module):
    """Causal attention of two heads of width 4, step by step; its pattern is what it returns last."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x):
        q, k, v = (part.view(*x.shape[:2], 2, 4).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        scores = q @ k.transpose(2, 3) / 2
        hidden = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        pattern = scores.masked_fill(hidden, -torch.inf).softmax(-1)
        self.seen = pattern.detach()
        return self.out((pattern @ v).transpose(1, 2).reshape(x.shape))


class Toy(nn.Module):
    """An embedding, attention beside a skip path, and a softmax over classes that is none of attention."""

    def __init__(self):
        super().__init__()
        self.attn, self.embed, self.head = Heads(), nn.Embedding(60, 8), nn.Linear(8, 60)

    def forward(self, tokens):
        x = self.embed(tokens)
        return self.head(x + self.attn(x)).softmax(-1)


@pytest.fixture
def toy():
    return Toy().eval()


def test_the_pattern_is_the_softmax_that_a_module_calls(toy):
    net = assay.wrap(toy, TOKENS)
    assert {"attn:scores", "attn:pattern"} <= {*net.places}
    assert sum(place.endswith((":scores", ":pattern")) for place in net.places) == 2
    seen = net.trace(TOKENS, ["attn:scores", "attn:pattern"])
    toy(TOKENS)
    assert torch.equal(seen["attn:pattern"], toy.attn.seen)
    assert torch.equal(seen["attn:scores"].softmax(-1), seen["attn:pattern"])
    assert net.shape("attn:pattern[head=1]") == (-1, 10, 10)
    assert torch.equal(net.trace(TOKENS, ["attn:pattern[head=1;pos=4]"])["attn:pattern[head=1;pos=4]"],
                       toy.attn.seen[:, 1, [4]])
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in toy.modules())


def test_what_is_written_is_what_attention_uses(toy):
    """Every position attends to the one before it: computed by hand."""
    net = assay.wrap(toy, TOKENS)
    assert net.classify("attn:pattern") == net.classify("attn:scores") == "node"
    before = torch.eye(10).roll(1, 0)
    before[0] = torch.eye(10)[0]
    found = net.trace(TOKENS, ["logits"], {"attn:pattern": before.expand(1, 2, 10, 10)})["logits"]
    with torch.no_grad():
        x = toy.embed(TOKENS)
        value = toy.attn.qkv(x).chunk(3, -1)[2]
        moved = torch.cat([value[:, :1], value[:, :-1]], 1)
        torch.testing.assert_close(found, toy.head(x + toy.attn.out(moved)).softmax(-1))
    scores = net.trace(TOKENS, ["attn:scores"])["attn:scores"]
    same = net.trace(TOKENS, ["logits"], {"attn:scores": scores})["logits"]
    assert torch.equal(same, toy(TOKENS))


def test_gradients_flow_to_patterns(toy):
    net = assay.wrap(toy.double(), TOKENS)
    pattern = net.trace(TOKENS[:1, :4], ["attn:pattern"])["attn:pattern"].detach().requires_grad_()

    def loss(pattern):
        return net.trace(TOKENS[:1, :4], ["logits"], {"attn:pattern": pattern})["logits"].square().sum()

    assert torch.autograd.gradcheck(loss, pattern)


def test_fused_attention_is_refused_by_name():
    if not hasattr(nn.functional, "scaled_dot_product_attention"):
        pytest.skip("this PyTorch has no fused attention")

    class Fused(Toy):
        def forward(self, tokens):
            x = self.embed(tokens)
            q, k, v = self.attn.qkv(x).chunk(3, -1)
            return self.head(x + nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True))

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = Fused()

        def forward(self, tokens):
            return self.model(tokens)

    net = assay.wrap(Outer().eval(), TOKENS)
    with pytest.raises(ValueError, match="one fused operation .sdpa.*eager"):
        net.trace(TOKENS, ["model:pattern"])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2", "opt", "neox", "bert", "roberta"])
def test_families_show_the_patterns_that_they_return(family):
    pytest.importorskip("transformers")
    from test_hugging_face import model_of

    model = model_of(family, attn_implementation="eager")
    net = assay.wrap(model, TOKENS)
    with torch.no_grad():
        theirs = model(TOKENS, output_attentions=True).attentions
        plain = model(TOKENS).logits
        for layer in (0, 1):
            name = f"blocks.{layer}.attn.hook_pattern"
            ours = net.trace(TOKENS, [name])[name]
            assert torch.equal(ours, theirs[layer]), name
            assert net.classify(name) == "node" and net.shape(name) == (-1, 4, 10, 10)
            uniform = torch.full_like(ours, 0.1)
            assert not torch.equal(net.trace(TOKENS, ["logits"], {name: uniform})["logits"], plain)
            assert torch.equal(net.trace(TOKENS, ["logits"], {name: ours})["logits"], plain)


@pytest.mark.filterwarnings("ignore")
def test_sdpa_is_named():
    pytest.importorskip("transformers")
    from test_hugging_face import model_of

    model = model_of("llama")
    if getattr(model.config, "_attn_implementation", "eager") != "sdpa":
        pytest.skip("this PyTorch has no fused attention that transformers uses")
    with pytest.raises(ValueError, match="hook_pattern: .*attn_implementation"):
        assay.wrap(model, TOKENS).trace(TOKENS, ["blocks.0.attn.hook_pattern"])
