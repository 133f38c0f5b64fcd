"""Traces of Assay's own networks: values, gradients, and what is refused."""

import pytest
import torch
from conftest import TWO_SAT

import assay


def some(two_sat, count=4):
    return assay.task("two-sat").sample("test", 1, 0, count)[0]


def test_a_network_tells_what_it_is(two_sat):
    assert (two_sat.n_tokens, two_sat.n_ctx) == (16, 41)
    assert "blocks.0.hook_resid_post" in two_sat.places
    assert two_sat.shape("blocks.1.mlp.hook_post[pos=40;neuron=3,17]") == (-1, 1, 2)
    assert two_sat.metadata["task"]["name"] == "two-sat"
    parameters = two_sat.parameters()
    assert parameters["embed.W_E"].shape[0] == 16
    assert two_sat.complete_cut("blocks.0.hook_resid_post") == (True, [])
    complete, path = two_sat.complete_cut("blocks.0.hook_attn_out")
    assert complete is False and path


def test_own_values_written_back_change_nothing(two_sat):
    tokens = some(two_sat)
    site = "blocks.0.hook_resid_post"
    plain = two_sat.trace(tokens, [site, "logits"])
    written = assay.trace(two_sat, tokens, ["logits"], {site: plain[site]})
    torch.testing.assert_close(written["logits"], plain["logits"])
    zeroed = two_sat.trace(tokens, ["logits"], {site: torch.zeros_like(plain[site])})
    assert not torch.equal(zeroed["logits"], plain["logits"])


def test_gradients_flow_through_trace(two_sat):
    tokens, site = some(two_sat, 2), "blocks.1.hook_resid_mid[pos=40]"
    value = two_sat.trace(tokens, [site])[site].detach()

    def answer(x):
        logits = two_sat.trace(tokens, ["logits[pos=40]"], {site: x})["logits[pos=40]"]
        return (logits[:, 0, 13] - logits[:, 0, 14]).sum()

    leaf = value.clone().requires_grad_()
    answer(leaf).backward()
    torch.manual_seed(0)
    direction = torch.randn_like(value)
    step = 1e-2 * direction / direction.norm()
    by_difference = (answer(value + step) - answer(value - step)) / 2
    torch.testing.assert_close((leaf.grad * step).sum(), by_difference.detach(), rtol=2e-2, atol=1e-3)


def test_gradients_of_weights(two_sat):
    weight = two_sat.parameters()["unembed.W_U"]
    weight.requires_grad_(True)
    try:
        two_sat.trace(some(two_sat), ["logits[pos=40]"])["logits[pos=40]"].sum().backward()
        assert weight.grad is not None and weight.grad.abs().sum() > 0
    finally:
        weight.requires_grad_(False)
        weight.grad = None


def test_bad_requests_are_refused(two_sat):
    tokens = some(two_sat)
    with pytest.raises(ValueError, match="blocks.0.hook_resid_post"):
        two_sat.trace(tokens, ["blocks.0.hook_resid_pots"])
    with pytest.raises(ValueError):
        two_sat.trace(tokens, ["logits"], {"blocks.0.hook_resid_post": torch.zeros(4, 3, 128)})
    with pytest.raises(ValueError):
        two_sat.trace([[99] * 41])
    with pytest.raises(TypeError):
        two_sat.trace(torch.rand(2, 41))


def test_tasks_by_name():
    task = assay.task("two-sat", clauses=5)
    tokens, labels = task.sample("test", 1, 0, 5)
    assert tokens.shape == (5, 21) and set(labels.tolist()) <= set(task.answers)
    assert torch.equal(task.to_tokens(task.to_text(tokens[0])), tokens[0])
    with pytest.raises(ValueError, match="colour"):
        assay.task("two-sat", colour=3)


def test_interpretations_are_read_and_written(two_sat, trees, tmp_path):
    trees.save(tmp_path / "again.json")
    again = assay.Interpretation.load(tmp_path / "again.json", two_sat)
    assert again.nodes == ["parse", "evaluate", "or"] and again.output == "or"
    assert (tmp_path / "again.json").read_bytes() == (TWO_SAT / "trees.json").read_bytes()
