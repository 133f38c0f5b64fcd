"""Modules of TransformerLens, where it is installed: its names, its caches, its hooks.

Version 2.x has modules of its own, 4.x bridges to those of others.
"""

import pytest
import torch

import assay

lens = pytest.importorskip("transformer_lens")
TOKENS = torch.randint(0, 60, (4, 10), generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def model():
    if "HookedTransformer" not in dir(lens):  # 4.x raises where it is asked for
        pytest.skip("this version has no HookedTransformer")
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


@pytest.fixture(scope="module")
def bridge():
    if not hasattr(lens, "TransformerBridge"):
        pytest.skip("this version has no TransformerBridge")
    config = lens.TransformerBridgeConfig(n_layers=2, d_model=32, n_ctx=10, d_head=8, n_heads=4,
                                          d_vocab=60, act_fn="gelu", normalization_type="LN", seed=0)
    return lens.TransformerBridge.boot_native(config).eval()


@pytest.mark.filterwarnings("ignore")
def test_a_bridge_has_the_names_and_values_of_its_cache(bridge):
    net = assay.wrap(bridge, TOKENS)
    with torch.no_grad():
        _, cache = bridge.run_with_cache(TOKENS)
        names = ["hook_embed"] + [f"blocks.1.{name}" for name in (
            "hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_attn_out", "hook_mlp_out",
            "attn.hook_q", "attn.hook_k", "attn.hook_v", "attn.hook_z", "attn.hook_pattern",
            "mlp.hook_pre", "mlp.hook_post")]
        for name in names:
            torch.testing.assert_close(net.trace(TOKENS, [name])[name], cache[name], msg=name)
    assert net.shape("blocks.0.attn.hook_z[head=2]") == (-1, 10, 8)


@pytest.mark.filterwarnings("ignore")
def test_the_middle_stream_of_a_bridge_is_what_everything_behind_it_reads(bridge):
    """Its own hook of this name writes the input of `ln2`, and the skip path goes on as before."""
    net = assay.wrap(bridge, TOKENS)
    assert net.classify("blocks.0.ln2.hook_in") == "edge"
    assert net.classify("blocks.0.hook_resid_mid") == "node"
    with torch.no_grad():
        zero = torch.zeros(1, 10, 32)
        ours = net.trace(TOKENS, ["blocks.0.hook_resid_post", "logits"],
                         {"blocks.0.hook_resid_mid": zero})
        block = bridge.blocks[0]
        by_hand = block.mlp(block.ln2(zero.expand(4, -1, -1)))  # and nothing beside the MLP
        torch.testing.assert_close(ours["blocks.0.hook_resid_post"], by_hand)
        theirs = bridge.run_with_hooks(
            TOKENS, fwd_hooks=[("blocks.0.hook_resid_mid", lambda x, hook: torch.zeros_like(x))])
        assert not torch.allclose(ours["logits"], theirs)
