"""Explanations of texts: tokens with their places in the text, words as features, weights shown."""

from __future__ import annotations

import html
import re
from typing import Any, NamedTuple, Sequence

from assay.record import Record


class Text(NamedTuple):
    """A text as a tokenizer reads it."""

    text: str
    ids: list[int]
    offsets: list[tuple[int, int]]  # of each token; empty where it stands for no characters


def read_text(text: str, tokenizer: Any) -> Text:
    """Tokens with their places.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of Hugging Face; or a function from a text to (ids, offsets).

    Raises
    ------
    TypeError
        For a tokenizer that cannot tell where its tokens are.
    """
    if getattr(tokenizer, "is_fast", None) is False:
        raise TypeError("tokenizer: this one does not tell where in the text its tokens are; take "
                        "the fast one (use_fast=True)")
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        read = tokenizer(text, return_offsets_mapping=True)
        ids, offsets = read["input_ids"], read["offset_mapping"]
    else:
        ids, offsets = tokenizer(text)
    if len(ids) != len(offsets):
        raise ValueError(f"tokenizer: {len(ids)} tokens, but {len(offsets)} places")
    return Text(text, [int(i) for i in ids], [(int(a), int(b)) for a, b in offsets])


def words_of(read: Text) -> list[tuple[str, list[int]]]:
    """The words of the text, each with its tokens. Punctuation is a word of its own; tokens that
    stand for no characters belong to none, and always stay."""
    words = []
    for found in re.finditer(r"\w+|[^\w\s]", read.text):
        positions = [i for i, (first, end) in enumerate(read.offsets)
                     if first < end and first < found.end() and end > found.start()]
        words.append((found.group(), positions))
    taken: set[int] = set()
    features = []
    for word, positions in words:  # a token that holds two words belongs to the first
        own = [i for i in positions if i not in taken]
        taken.update(own)
        if own:
            features.append((word, own))
    return features


class TextExplanation(Record):
    """An explanation of a text. In a notebook, the weights stand over the text.

    Attributes
    ----------
    source : str
    offsets : list of (int, int)
        Where each token is in the text: first character, and the one behind the last.
    """

    def __init__(self, record: Record, read: Text) -> None:
        super().__init__(record.text, record.code)
        self.source, self.offsets = read.text, read.offsets

    def spans(self, method: int = 0) -> list[tuple[int, int, float]]:
        """The places of the features and their scores: (first, end, score), in order.

        Parameters
        ----------
        method
            Which of the methods that were asked for.
        """
        scores = self["explanations"][method]["scores"]
        spans = []
        for feature, score in zip(self["features"], scores):
            for i in feature["positions"]:
                first, end = self.offsets[i]
                if first < end:
                    spans.append((first, end, float(score)))
        return sorted(spans)

    def _marked(self, method: int) -> str:
        spans = self.spans(method)
        largest = max((abs(score) for _, _, score in spans), default=0.0) or 1.0
        parts, at = [], 0
        for first, end, score in spans:
            first = max(first, at)
            if first >= end:
                continue
            parts.append(html.escape(self.source[at:first]))
            colour = "9,105,218" if score >= 0 else "207,34,46"
            parts.append(f"<span title='{score:+.4g}' style='background:rgba({colour},"
                         f"{abs(score) / largest * 0.6:.2f})'>{html.escape(self.source[first:end])}"
                         "</span>")
            at = end
        return "".join(parts) + html.escape(self.source[at:])

    def _repr_html_(self) -> str:
        lines = [f"<tr><td>{html.escape(found['method'])}</td><td style='text-align:left;"
                 f"white-space:pre-wrap'>{self._marked(i)}</td></tr>"
                 for i, found in enumerate(self["explanations"])]
        return (f"<table>{''.join(lines)}</table><p><small>blue speaks for it, red against it; the "
                "darkest is the largest of its line</small></p>")


def positions_of(features: Any, read: Text) -> Any:
    """Features as `explain` takes them: ``"word"`` by the text, others as they are."""
    if features == "word":
        return [(name, own) for name, own in words_of(read)]
    return features


def names_of(read: Text) -> Sequence[str]:
    """Each token by its characters."""
    return [read.text[first:end].strip() or "·" for first, end in read.offsets]
