"""Explanations of any function that scores sequences of ids."""

import html
import math
import os
import re
import signal
import time

import pytest
import torch
from conftest import TWO_SAT

import assay

WEIGHTS = {1: 2.0, 2: -1.0, 3: 0.5, 4: 0.0}


def linear(sequences):
    return [sum(WEIGHTS.get(token, 0.0) for token in sequence) for sequence in sequences]


def scores(record, index=0):
    return record["explanations"][index]["scores"]


def test_a_linear_score_is_explained_by_its_weights():
    record = assay.explain(linear, [1, 2, 3, 4], method="occlusion:deletion")
    assert scores(record) == pytest.approx([2, -1, 0.5, 0])
    assert record["tokens"] == ["1", "2", "3", "4"] and record.kind == "explanation"
    # A coalition of no features still holds the last token.
    several = assay.explain(linear, [1, 2, 3, 4], features=[[0], [1], [2]],
                            method=["shapley:deletion", "lime"])
    assert scores(several, 0) == pytest.approx([2, -1, 0.5])
    assert scores(several, 1) == pytest.approx([2, -1, 0.5], abs=0.1)


def test_features_are_tokens_or_groups_or_named():
    grouped = assay.explain(linear, [1, 2, 3, 4], method="occlusion:deletion",
                            features=[[0, 1], [2]], names=["a", "b", "c", "d"])
    assert [feature["name"] for feature in grouped["features"]] == ["a b", "c"]
    assert scores(grouped) == pytest.approx([1, 0.5])
    named = assay.explain(linear, [1, 2, 3, 4], method="occlusion:deletion",
                          features={"first": [0], "last": [3]})
    assert [feature["name"] for feature in named["features"]] == ["first", "last"]


def test_replacers_of_ones_own():
    def always_four(sequence, masked, seed):
        return [4 if hidden else token for token, hidden in zip(sequence, masked)]

    record = assay.explain(lambda rows: torch.tensor(linear(rows)), [1, 2, 3], replacer=always_four,
                           method="occlusion:replacement")
    assert scores(record) == pytest.approx([2, -1, 0.5], abs=1e-6)
    uniform = assay.explain(lambda rows: [float(row[0]) for row in rows], [5, 5],
                            method="occlusion:replacement", replacer=assay.replacers.uniform(11))
    assert scores(uniform) == pytest.approx([0, 0], abs=2.0)


class Masked(torch.nn.Module):
    """Expects the token before it, whatever the rest."""

    def forward(self, ids):
        logits = torch.full((*ids.shape, 12), -math.inf)
        previous = torch.cat([ids[:, :1], ids[:, :-1]], 1)
        return logits.scatter(2, previous.unsqueeze(-1), 0.0)


def test_masked_language_models_replace():
    replace = assay.replacers.masked_lm(Masked(), 11)
    assert replace([3, 7, 8], [False, True, True], 1) == [3, 3, 3]
    assert replace([3, 7, 8], [False, False, True], 1) == [3, 7, 7]
    with pytest.raises(ValueError, match="top_p"):
        assay.replacers.masked_lm(Masked(), 11, top_p=0)


VOCABULARY = {"not": 2, "good": 1, "go": 3, "od": 4, "a": 5, "film": 6, ",": 7, "&": 8}


def tokenize(text):
    """The words of a text, but `gooood` as two tokens; a start token that stands for nothing."""
    ids, offsets = [0], [(0, 0)]
    for found in re.finditer(r"\w+|[^\w\s]", text):
        first, end = found.span()
        pieces = [(first, first + 2), (first + 2, end)] if found.group() == "good" else [(first, end)]
        for a, b in pieces:
            ids.append(VOCABULARY[text[a:b]])
            offsets.append((a, b))
    return ids, offsets


def polarity(sequences):
    return [1.0 * (3 in row) + 2.0 * (4 in row) - 4.0 * (2 in row) for row in sequences]


def test_a_text_is_explained_by_its_words():
    text = "a good film, not & good"
    record = assay.explain(polarity, "a good film, not", tokenizer=tokenize, features="word",
                           method=["occlusion:deletion", "lime"])
    assert [feature["name"] for feature in record["features"]] == ["a", "good", "film", ",", "not"]
    assert scores(record) == pytest.approx([0, 3, 0, 0, -4])
    marked = {"a good film, not"[first:end]: score for first, end, score in record.spans()}
    assert marked == pytest.approx({"a": 0, "go": 3, "od": 3, "film": 0, ",": 0, "not": -4})
    by_token = assay.explain(polarity, text, tokenizer=tokenize, method="occlusion:deletion")
    assert len(scores(by_token)) == 10 and by_token["tokens"][1] == "a"
    page = by_token._repr_html_()
    visible = html.unescape(re.sub("<[^>]*>", "", page.split("white-space:pre-wrap'>")[1].split("</td>")[0]))
    assert visible == text and "&amp;" in page
    with pytest.raises(ValueError, match="give tokenizer="):
        assay.explain(polarity, text, method="lime")
    with pytest.raises(ValueError, match="features of a text"):
        assay.explain(polarity, [1, 2], features="word", method="lime")


def test_tokenizers_of_hugging_face_tell_places():
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers

    core = Tokenizer(models.WordLevel({"[UNK]": 0, **VOCABULARY}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=core, unk_token="[UNK]")
    record = assay.explain(polarity, "not a film", tokenizer=tokenizer, features="word",
                           method="occlusion:deletion")
    assert record.spans() == [(0, 3, pytest.approx(-4)), (4, 5, 0), (6, 10, 0)]


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="nosuch"):
        assay.explain(linear, [1, 2], method="nosuch")
    with pytest.raises(ValueError, match="one number for each"):
        assay.explain(lambda rows: [1.0], [1, 2, 3], method="occlusion:deletion")
    with pytest.raises(ValueError, match="logits="):
        assay.explain(linear, [1, 2, 3], method="reagent:repo", replacer=assay.replacers.uniform(5))

    class Own(Exception):
        pass

    def fails(rows):
        raise Own("by intention")

    with pytest.raises(Own, match="by intention"):
        assay.explain(fails, [1, 2], method="occlusion:deletion")


def test_networks_in_files_are_explained_by_the_command():
    record = assay.explain(str(TWO_SAT.parent / "variable/model.safetensors"),
                           "( x0 x1 ) ( Not(x0) x1 )", method="occlusion:deletion",
                           features="clause")
    assert record.kind == "explanation" and len(scores(record)) == 2


def test_ctrl_c_keeps_the_methods_that_are_done():
    def score(rows):
        if len(rows) > 10:  # which only the second method asks for
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        return linear(rows)

    with pytest.raises(assay.Interrupted) as raised:
        assay.explain(score, [1, 2, 3, 4, 1, 2, 3], method=["occlusion:deletion", "lime"], rows=640)
    assert len(raised.value.report["explanations"]) == 1
    assert scores(raised.value.report) == pytest.approx([2, -1, 0.5, 0, 2, -1, 0.5])
