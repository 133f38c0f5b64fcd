"""Inputs from files of data: JSON Lines, and Parquet where pyarrow is installed."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from typing import Any, Iterator, Mapping, NamedTuple

import torch

from assay.network import as_tokens
from assay.task import Task

PARTS = ("train", "derive", "test")


class Inputs(NamedTuple):
    """What a file holds: the inputs, and their answers where it knows them."""

    tokens: torch.Tensor  # int64 [inputs, pos]
    answers: torch.Tensor | None  # int64 [inputs]


def _json_lines(path: pathlib.Path) -> Iterator[tuple[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield f"{path}:{number}", json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}:{number}: not JSON: {error}") from None


def _parquet(path: pathlib.Path, columns: list[str]) -> Iterator[tuple[str, Any]]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise ImportError(f"{path}: Parquet needs pyarrow: pip install pyarrow") from None
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path}: not a Parquet file: {error}") from None
    known = [name for name in columns if name in file.schema_arrow.names]
    number = 0
    for batch in file.iter_batches(columns=known):
        for row in batch.to_pylist():
            number += 1
            yield f"{path}: row {number}", row


def read_inputs(path: str | os.PathLike, *, tokens: str = "tokens", answer: str = "answer",
                tokenizer: Any = None) -> Inputs:
    """Reads inputs, one row each, from a ``.jsonl`` or a ``.parquet`` file.

    Parameters
    ----------
    tokens
        The column of the inputs: lists of token ids; or texts, if there is a tokenizer.
    answer
        The column of the right answers: a token id each, or a word that is one token. It may be
        missing, but then from every row.
    tokenizer
        A Hugging Face tokenizer, or a function from a text to token ids.

    Raises
    ------
    FileNotFoundError, ImportError
        Where the file or pyarrow is missing.
    ValueError
        Naming the row and what is wrong with it. All inputs have one length: else no position
        would mean the same in all of them.
    """
    file = pathlib.Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    if file.suffix not in (".jsonl", ".parquet"):
        raise ValueError(f"{path}: expected a file of name .jsonl or .parquet")
    rows = _parquet(file, [tokens, answer]) if file.suffix == ".parquet" else _json_lines(file)

    def ids(where: str, value: Any) -> list[int]:
        if isinstance(value, str):
            if tokenizer is None:
                raise ValueError(f"{where}: {tokens!r} is a text; give tokenizer= to read it")
            encode = getattr(tokenizer, "encode", tokenizer)
            value = encode(value)
        if not isinstance(value, (list, tuple)) or not value or \
                not all(isinstance(one, int) and not isinstance(one, bool) for one in value):
            raise ValueError(f"{where}: {tokens!r}: expected a list of token ids, got {value!r}")
        return list(value)

    inputs: list[list[int]] = []
    answers: list[int] = []
    for where, row in rows:
        if not isinstance(row, Mapping) or tokens not in row:
            raise ValueError(f"{where}: expected an object with the field {tokens!r}")
        inputs.append(ids(where, row[tokens]))
        if len(inputs[-1]) != len(inputs[0]):
            raise ValueError(f"{where}: {len(inputs[-1])} tokens, those before it have "
                             f"{len(inputs[0])}")
        known = row.get(answer) is not None
        if len(inputs) > 1 and known != bool(answers):
            raise ValueError(f"{where}: {answer!r} is missing from some rows and not from others")
        if known:
            right = row[answer]
            if isinstance(right, str):
                if tokenizer is None:
                    raise ValueError(f"{where}: {answer!r} is a text; give tokenizer= to read it")
                encode = getattr(tokenizer, "encode", tokenizer)
                found = encode(right)
                if len(found) != 1:
                    raise ValueError(f"{where}: {answer!r}: {right!r} is {len(found)} tokens, "
                                     "expected one")
                right = found[0]
            if not isinstance(right, int) or isinstance(right, bool):
                raise ValueError(f"{where}: {answer!r}: expected a token id, got {right!r}")
            answers.append(right)
    if not inputs:
        raise ValueError(f"{path}: it holds no inputs")
    return Inputs(as_tokens(inputs), torch.tensor(answers) if answers else None)


class Rows(Task):
    """A task made of rows: every input that there is, with its right answer.

    Equal inputs fall into the same part, by their hash: half are for training, a quarter each for
    deriving and testing. All can be listed, so that rates over them are exact.

    Parameters
    ----------
    name
        How the task is called.
    inputs
        Of `read_inputs`, or (tokens, answers).
    n_tokens
        Tokens that exist; by default up to the largest that occurs.
    """

    def __init__(self, name: str, inputs: Inputs | tuple, *, n_tokens: int | None = None,
                 names: Mapping[int, str] | None = None) -> None:
        tokens, answers = inputs
        self.inputs = as_tokens(tokens)
        if answers is None:
            raise ValueError(f"task {name}: the rows do not say what answers them")
        self.labels = torch.as_tensor(answers).to(torch.int64)
        if self.labels.shape != self.inputs.shape[:1]:
            raise ValueError(f"task {name}: expected {len(self.inputs)} answers, got "
                             f"{list(self.labels.shape)}")
        self.name, self.help = name, f"{len(self.inputs)} rows of a file"
        self.names = dict(names) if names else None
        self.answers = sorted(set(self.labels.tolist()))
        self.n_ctx = self.inputs.shape[1]
        self.n_tokens = n_tokens or 1 + max(int(self.inputs.max()), self.answers[-1])
        shares = [hashlib.sha256(str(row).encode()).digest()[0] for row in self.inputs.tolist()]
        self.part = ["train" if share < 128 else "derive" if share < 192 else "test"
                     for share in shares]
        self._of = {part: torch.tensor([i for i, own in enumerate(self.part) if own == part])
                    for part in PARTS}
        for part in PARTS:
            if not len(self._of[part]):
                raise ValueError(f"task {name}: none of {len(self.inputs)} rows falls into the part "
                                 f"{part}: too few rows")

    def sample(self, part: str, seed: int, first: int, count: int):
        """Rows of the part, drawn with replacement."""
        rows = self._of[part]
        drawn = [int.from_bytes(hashlib.sha256(f"{part} {seed} {i}".encode()).digest()[:7], "big")
                 % len(rows) for i in range(first, first + count)]
        chosen = rows[torch.tensor(drawn, dtype=torch.int64)]
        return self.inputs[chosen], self.labels[chosen]

    def domain(self):
        seen: set = set()
        kept = []
        for i, row in enumerate(map(tuple, self.inputs.tolist())):
            if row not in seen:
                kept.append(i)
            seen.add(row)
        return self.inputs[kept], self.labels[kept], [self.part[i] for i in kept]
