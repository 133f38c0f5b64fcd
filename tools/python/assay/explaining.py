"""Explanations by features: of a network and a task by the command, of any function by its scores."""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping, Sequence

import torch

from assay import _core, replacers
from assay.commands import run
from assay.errors import Interrupted
from assay.host import described, fitting_exceptions, printer, progress_bar
from assay.record import Record, record_from
from assay.texts import TextExplanation, names_of, positions_of, read_text


def _scorer(function: Callable) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function of a list of id sequences as one of int64 [rows, pos]."""

    def score(rows: torch.Tensor) -> torch.Tensor:
        scores = torch.as_tensor(function(rows.tolist()), dtype=torch.float64).detach()
        if scores.dim() == 0 or len(scores) != len(rows):
            raise ValueError(f"score: expected one number for each of {len(rows)} sequences, got "
                             f"{list(scores.shape) or 'one number'}")
        return scores

    return score


def _features(features: Any, tokens: Sequence[int], names: Sequence[str]) -> list:
    """(name, positions) of each feature."""
    if features == "token":
        return [(name, [i]) for i, name in enumerate(names)]
    if isinstance(features, str):
        raise ValueError(f"features: '{features}' are features of a text; give the tokenizer")
    items = features.items() if isinstance(features, Mapping) else (
        one if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str)
        else (" ".join(names[i] for i in one), one) for one in features)
    return [(name, sorted(int(i) for i in positions)) for name, positions in items]


def explain(score: Callable[[list[list[int]]], Any] | str | os.PathLike, tokens: Any, *,
            method: str | Sequence[str], features: Any = "token", replacer: Any = None,
            tokenizer: Any = None, logits: Callable[[list[list[int]]], Any] | None = None,
            target: int = 0, names: Sequence[str] | Any = None,
            rows: int = 1000, seed: int = 0,
            one_length: bool = False, threads: int = 1, progress: bool | None = None,
            **options: Any) -> Record:
    """Scores the parts of an input by what they do to a number.

    Parameters
    ----------
    score
        What is explained: a function from a list of token id sequences to a number each. Or the
        file of a network: then ``assay explain`` does the work, `tokens` is the input as text, and
        further options are the command's.
    tokens
        The input: token ids; or a text, with the tokenizer that reads it.
    method
        Names of methods, such as ``"reagent"``, ``"lime"``, ``"occlusion:deletion"``.
    features
        ``"token"``, lists of positions, or positions by name; of a text also ``"word"``. Tokens of
        no feature always stay.
    replacer
        What stands in for tokens that are taken away: one of `assay.replacers`, or a function
        (sequence, masked, seed) -> sequence.
    tokenizer
        Reads a text: a fast tokenizer of Hugging Face, or a function from a text to (ids, offsets).
    logits
        For methods that rank the answer among all tokens (``reagent:paper``): as `score`, the
        numbers of all tokens.
    target
        The token whose rank these methods ask for.
    names
        How the tokens are called, or a tokenizer that knows.
    rows
        Sequences to be scored by each method, where it leaves that open.
    one_length
        Shorter inputs mean nothing to the function: nothing can be deleted.

    Returns
    -------
    Record
        ``record["explanations"][i]["scores"]``, one for each of ``record["features"]``. Of a text,
        ``record.spans()`` are the characters that each score is about, and a notebook shows them.

    Raises
    ------
    ValueError
        For methods that do not exist, or need what is not given.
    Interrupted
        After Ctrl-C.
    """
    methods = [method] if isinstance(method, str) else list(method)
    if isinstance(score, (str, os.PathLike)):
        return run("explain", tokens, model=score, method=methods, features=features,
                   replacer=replacer, rows=rows, seed=seed, progress=progress, **options)
    if options:
        raise TypeError(f"explain: unknown argument {', '.join(options)}")
    read = None
    if isinstance(tokens, str):
        if tokenizer is None:
            raise ValueError("tokens: a text is read by a tokenizer: give tokenizer=")
        read = read_text(tokens, tokenizer)
        tokens, features = read.ids, positions_of(features, read)
        names = names_of(read) if names is None else names
    ids = [int(token) for token in tokens]
    if names is None:
        names = [str(token) for token in ids]
    elif hasattr(names, "convert_ids_to_tokens"):
        names = names.convert_ids_to_tokens(ids)
    stands_in = replacer.n_tokens if isinstance(replacer, replacers.uniform) else replacer
    work = {"target": int(target), "rows": rows, "seed": seed, "one_length": one_length,
            "threads": threads, "command": described("explain", tokens=ids, method=methods),
            "print": printer(False), "progress": None}
    with progress_bar(progress) as bar, fitting_exceptions():
        text, stopped = _core.explain(_scorer(score), _scorer(logits) if logits else None, ids,
                                      list(names), _features(features, ids, names), methods,
                                      stands_in, {**work, "progress": bar})
    record = record_from(text) if read is None else TextExplanation(record_from(text), read)
    if stopped:
        raise Interrupted(record)
    return record
