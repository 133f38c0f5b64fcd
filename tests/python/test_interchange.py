"""Interchanges of interpretations that Python states: the command's counts, and what is refuted."""

import json
import subprocess

import pytest
from conftest import TWO_SAT, first_is_larger, halves_claim, maxima, sample

import assay


def test_native_interpretations_get_the_commands_counts(trees, command, tmp_path):
    path = tmp_path / "record.json"
    subprocess.run([command, "validate", "--model", TWO_SAT / "model.safetensors", "--interpretation",
                    TWO_SAT / "trees.json", "--inputs", "256", "--interchange", "--json", path,
                    "--quiet"], check=True, capture_output=True)
    theirs = {(r["node"], r["axiom"]): r["failures"] for r in json.loads(path.read_text())["rows"]}
    ours = assay.validate(trees, count=256, interchange=True, progress=False)
    assert {(r["node"], r["axiom"]): r["failures"] for r in ours["rows"]} == theirs
    assert any(axiom == "II" for _, axiom in theirs)


def test_true_readings_follow_and_false_ones_do_not(halves):
    """By construction nothing but the maxima is used; minima are another answer on the pairs."""
    net = assay.wrap(halves, sample(0, 0, 8))
    report = assay.validate(halves_claim(net), inputs=sample, count=400, interchange=True,
                            progress=False)
    for axiom in ("II", "IA"):
        assert report.row(f"maxima.{axiom}")["failures"] == 0
        assert report.row(f"maxima.{axiom}")["n"] == 400

    wrong = assay.Interpretation("minima", network=net)
    wrong.node("maxima", parents=["tokens"], at="maxima", h=lambda t: -maxima(-t),
               alpha=lambda x: x.round().long(), gamma=lambda value: value.float())
    wrong.node("answer", parents=["maxima"], at="logits", h=first_is_larger,
               alpha=assay.argmax([10, 11]))
    report = assay.validate(wrong, inputs=sample, count=400, interchange=True, progress=False)
    assert report.row("maxima.IA")["failures"] > 40


def test_a_claim_about_an_interchange_asks_for_it(halves):
    net = assay.wrap(halves, sample(0, 0, 8))
    report = assay.validate(halves_claim(net), inputs=sample, claims=["maxima.II <= 0.05"],
                            progress=False)
    report.require("maxima.II <= 0.05")


def test_a_list_has_its_own_inputs_as_sources(halves):
    net = assay.wrap(halves, sample(0, 0, 8))
    report = assay.validate(halves_claim(net), inputs=sample(5, 0, 20), interchange=True,
                            progress=False)
    assert report.row("maxima.II")["n"] == 400  # each of them for each
    with pytest.raises(ValueError, match="sources"):
        assay.validate(halves_claim(net), inputs=sample, count=20, sources="all", progress=False)
