"""Modules of TransformerLens, where it is installed: its names, its caches, its hooks."""

import pytest
import torch

import assay

lens = pytest.importorskip("transformer_lens")
TOKENS = torch.randint(0, 60, (4, 10), generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def model():
    config = lens.HookedTransformerConfig(n_layers=2, d_model=32, n_ctx=10, d_head=8, n_heads=4,
                                          d_vocab=60, act_fn="gelu", normalization_type="LN", seed=0)
    return lens.HookedTransformer(config).eval()


@pytest.mark.filterwarnings("ignore")
def test_hooks_are_places_with_the_caches_values(model):
    net = assay.wrap(model, TOKENS)
    with torch.no_grad():
        _, cache = model.run_with_cache(TOKENS)
        names = [place for place in net.places if place in cache]
        assert {"hook_embed", "blocks.0.hook_resid_mid", "blocks.1.attn.hook_pattern",
                "blocks.1.mlp.hook_post", "blocks.1.hook_resid_post"} <= {*names}
        for name in names:
            assert torch.equal(net.trace(TOKENS, [name])[name], cache[name]), name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["blocks.0.hook_resid_mid", "blocks.0.attn.hook_pattern",
                                  "blocks.1.attn.hook_z"])
def test_overwriting_is_what_its_hooks_do(model, name):
    net = assay.wrap(model, TOKENS)
    assert net.classify(name) == "node"
    with torch.no_grad():
        shape = net.trace(TOKENS, [name])[name].shape
        ours = net.trace(TOKENS, ["logits"], {name: torch.zeros(shape)})["logits"]
        theirs = model.run_with_hooks(TOKENS, fwd_hooks=[(name, lambda x, hook: torch.zeros_like(x))])
        assert torch.equal(ours, theirs)


@pytest.mark.filterwarnings("ignore")
def test_heads_are_axes(model):
    net = assay.wrap(model, TOKENS)
    assert net.shape("blocks.0.attn.hook_z[head=2]") == (-1, 10, 8)
    assert net.shape("blocks.0.attn.hook_pattern[head=2]") == (-1, 10, 10)
    with torch.no_grad():
        _, cache = model.run_with_cache(TOKENS)
        z = net.trace(TOKENS, ["blocks.0.attn.hook_z[head=2]"])["blocks.0.attn.hook_z[head=2]"]
        assert torch.equal(z, cache["blocks.0.attn.hook_z"][:, :, 2])
