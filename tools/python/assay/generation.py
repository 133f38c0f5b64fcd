"""Why a language model wrote what it wrote: one explanation for each token that it generated."""

from __future__ import annotations

import dataclasses
from typing import Any, Sequence

import torch

from assay.explaining import explain
from assay.record import Record
from assay.replacers import left_to_right


@dataclasses.dataclass(frozen=True)
class Step:
    """One generated token."""

    token: int
    name: str
    probability: float  #: that the model gave it
    instead: str  #: the likeliest other token
    record: Record  #: what `assay.explain` returns: scores of all tokens before it

    @property
    def scores(self) -> list[float]:
        """Of each token before it, by the first method."""
        return self.record["explanations"][0]["scores"]


def _scorer(model: Any, target: int, against: int | None, batch: int) -> Any:
    """log p(target), less log p(against): the score that is explained."""

    def score(sequences: list[list[int]]) -> list[float]:
        scores: list[float] = []
        with torch.no_grad():
            for first in range(0, len(sequences), batch):
                logits = model(torch.tensor(sequences[first:first + batch])).logits[:, -1].float()
                chances = logits.log_softmax(-1)
                one = chances[:, target] if against is None else chances[:, target] - chances[:, against]
                scores += one.tolist()
        return scores

    return score


def explain_generation(model: Any, tokenizer: Any, prompt: str | Sequence[int], *, tokens: int = 5,
                       method: str | Sequence[str] = "reagent", contrastive: bool = False,
                       replacer: Any = None, rows: int = 100, seed: int = 0,
                       batch: int = 16) -> list[Step]:
    """Generates a text greedily, and explains each of its tokens by all that stand before it.

    Each step is explained for itself: the prompt and what was generated so far are the features, and
    what is scored is the log-probability of the token that came next.

    Parameters
    ----------
    model
        A causal language model of Hugging Face, in evaluation mode.
    tokenizer
        Reads the prompt and names tokens.
    prompt
        A text, or token ids.
    tokens
        How many are generated at most; the model's end of text ends it, too.
    method
        As in `assay.explain`.
    contrastive
        The score is how much likelier the token is than the likeliest other one ("why this, and not
        that?"), in logarithms.
    replacer
        By default `assay.replacers.left_to_right(model)`, what the model itself would go on with.
    rows
        Sequences that each step is scored on.
    batch
        Sequences that go through the model at once.

    Returns
    -------
    list of Step
    """
    ids = list(tokenizer(prompt)["input_ids"]) if isinstance(prompt, str) else [int(i) for i in prompt]
    if not ids:
        raise ValueError("prompt: expected at least one token, got none")
    if tokens < 1:
        raise ValueError(f"tokens: expected at least 1, got {tokens}")
    replacer = left_to_right(model) if replacer is None else replacer
    steps: list[Step] = []
    for number in range(tokens):
        with torch.no_grad():
            chances = model(torch.tensor([ids])).logits[0, -1].float().softmax(-1)
        token, other = chances.topk(2).indices.tolist()
        score = _scorer(model, token, other if contrastive else None, batch)
        record = explain(score, ids, method=method, replacer=replacer, names=tokenizer, rows=rows,
                         seed=seed + number, one_length=True, progress=False)
        name, instead = tokenizer.convert_ids_to_tokens([token, other])
        steps.append(Step(token, name, float(chances[token]), instead, record))
        if token == tokenizer.eos_token_id:
            break
        ids.append(token)
    return steps
