"""Interpretations of Python: what is ready made, and files."""

import pytest
import saved_claim
import torch
from conftest import first_is_larger, halves_claim, maxima, sample

import assay


@pytest.fixture
def net(halves):
    return assay.wrap(halves, sample(0, 0, 4))


def counts(report):
    return [(row["node"], row["axiom"], row["failures"], row["n"]) for row in report["rows"]]


def test_functions_of_modules_are_saved_by_name(net, tmp_path):
    claim = assay.Interpretation("halves", network=net)
    claim.node("maxima", parents=["tokens"], at="maxima", h=saved_claim.maxima,
               alpha=saved_claim.read, gamma=saved_claim.write)
    claim.node("answer", parents=["maxima"], at="logits", h=saved_claim.compare,
               alpha=assay.argmax([10, 11]))
    claim.save(tmp_path / "claim.json")
    assert '"saved_claim:maxima"' in (tmp_path / "claim.json").read_text()
    again = assay.Interpretation.load(tmp_path / "claim.json", net)
    given = {"inputs": sample, "count": 512, "stop": "never"}
    assert counts(assay.validate(again, **given)) == counts(assay.validate(claim, **given))


def test_lambdas_cannot_be_saved(net, tmp_path):
    with pytest.raises(ValueError, match="node 'maxima': alpha is a function that no file can name"):
        halves_claim(net).save(tmp_path / "claim.json")
    assert not (tmp_path / "claim.json").exists()


def test_prototypes_are_means(net):
    tokens = sample(1, 0, 2000)
    values = maxima(tokens)
    means = assay.prototypes(net, "maxima", tokens, values, [10, 10])
    assert means.shape == (10, 10, 2)
    seen = net.trace(tokens, ["maxima"])["maxima"]
    for pair in values[:20]:
        rows = (values == pair).all(1)
        torch.testing.assert_close(means[tuple(pair)], seen[rows].mean(0))
    written = assay.write_means(means)(values)
    torch.testing.assert_close(written, values.float())
    assert torch.equal(assay.nearest(means, elements=2)(seen), values)
    with pytest.raises(ValueError, match="expected 0 to 3"):
        assay.prototypes(net, "maxima", tokens, values, [4, 4])


def test_a_linear_probe_reads_what_is_linear(net):
    tokens = sample(1, 0, 1500)
    larger = first_is_larger(maxima(tokens))
    probe = assay.linear_probe(net, "maxima", tokens, larger)
    held_out = sample(2, 0, 1500)
    read = probe(net.trace(held_out, ["maxima"])["maxima"])
    assert (read == first_is_larger(maxima(held_out))).float().mean() > 0.95
    again = assay.linear_probe(net, "maxima", tokens, larger)
    assert torch.equal(again.weight, probe.weight)


def test_ready_made_operations_survive_a_file(net, tmp_path):
    tokens = sample(1, 0, 2000)
    means = assay.prototypes(net, "maxima", tokens, maxima(tokens), [10, 10])
    claim = assay.Interpretation("halves", network=net)
    claim.node("maxima", parents=["tokens"], at="maxima", h=saved_claim.maxima,
               alpha=assay.nearest(means, 2), gamma=assay.write_means(means))
    claim.node("answer", parents=["maxima"], at="logits", h=saved_claim.compare,
               alpha=assay.argmax([10, 11]))
    claim.save(tmp_path / "claim.json")
    again = assay.Interpretation.load(tmp_path / "claim.json", net)
    given = {"inputs": sample, "count": 512, "stop": "never"}
    assert counts(assay.validate(again, **given)) == counts(assay.validate(claim, **given))
    assert again["maxima"]["gamma"].tensors["means"].equal(means)


def test_write_direction():
    write = assay.write_direction(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.0]))
    torch.testing.assert_close(write(torch.tensor([0, 2])), torch.tensor([[0.5, 0.0], [2.5, 4.0]]))
    with pytest.raises(ValueError, match="a number per input"):
        write(torch.zeros(2, 3))


def test_native_operations_by_name(net):
    claim = halves_claim(net)
    claim.node("answer", parents=["maxima"], at="logits", h=first_is_larger,
               alpha=assay.operation("argmax_of", tokens=[10, 11]))
    assert claim["answer"]["gamma"].name == "write_answer"
    claim.node("answer", parents=["maxima"], at="logits", h="no_such_operation",
               alpha=assay.argmax([10, 11]))
    with pytest.raises(ValueError, match="no_such_operation"):
        assay.validate(claim, inputs=sample, count=128)


def test_nodes_that_cannot_be(net):
    claim = assay.Interpretation("halves", network=net)
    with pytest.raises(TypeError, match="gamma: what is written"):
        claim.node("maxima", parents=["tokens"], at="maxima", h=maxima, alpha=saved_claim.read)
    with pytest.raises(TypeError, match="alpha: expected a function"):
        claim.node("maxima", parents=["tokens"], at="maxima", h=maxima, alpha=3, gamma=len)
    with pytest.raises(ValueError, match="did you mean maxima"):
        claim.node("maxima", parents=["tokens"], at="maxim", h=maxima, alpha=len, gamma=len)
    with pytest.raises(ValueError, match="has no nodes"):
        claim.output
    with pytest.raises(TypeError, match="network: expected"):
        assay.Interpretation("x", network=net.module)
