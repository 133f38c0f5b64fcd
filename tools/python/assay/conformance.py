"""Whether what a task of Python says of itself agrees."""

from __future__ import annotations

from typing import Any

import torch

from assay.task import Task

PARTS = ("train", "derive", "test")


def check_task(task: Task, *, seed: int = 1, count: int = 64) -> list[str]:
    """Tries whether all that a task says of itself agrees: a test of one's own tasks.

    Parameters
    ----------
    seed, count
        Of the inputs that are tried.

    Returns
    -------
    list of str
        What was tried, in words.

    Raises
    ------
    ValueError
        Naming what contradicts what, with an input.
    """
    methods = task._methods()
    tried = []

    def require(holds: Any, sentence: str, *inputs: torch.Tensor) -> None:
        if bool(holds):
            return
        shown = "; ".join(" ".join(map(str, tokens.tolist())) for tokens in inputs)
        raise ValueError(f"task {task.name}: {sentence}" + (f" (input {shown})" if shown else ""))

    def rows(part: str, first: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        return task._sample(part, seed, first, n)

    require(0 <= task.readout < task.n_ctx, f"readout {task.readout} is no position")
    require(len(set(task.answers)) > 1, "there are fewer than two answers")
    homes: dict[tuple, str] = {}
    for part in PARTS:
        tokens, labels = rows(part, 0, count)
        require(0 <= int(tokens.min()) and int(tokens.max()) < task.n_tokens,
                f"sample({part!r}) draws tokens {int(tokens.min())} to {int(tokens.max())}, there "
                f"are 0 to {task.n_tokens - 1}")
        again, first = rows(part, 0, count), count // 3
        same = torch.equal(again[0], tokens) and torch.equal(again[1], labels)
        require(same, f"sample({part!r}) draws other inputs when it is asked again")
        later = rows(part, first, count - first)
        same = torch.equal(later[0], tokens[first:]) and torch.equal(later[1], labels[first:])
        require(same, f"sample({part!r}): an input depends on how many are asked for")
        for row in tokens:
            home = homes.setdefault(tuple(row.tolist()), part)
            require(home == part, f"the parts {home} and {part} share an input", row)
        if "truth" in methods:
            truth = methods["truth"](tokens)
            for row, own, true in zip(tokens, labels, truth):
                require(own == true, f"sample says {int(own)}, truth {int(true)}", row)
        if "transformations" in methods:
            _check_transformations(methods, tokens, labels, seed, require)
        if "partners" in methods:
            _check_partners(task, methods, part, seed, count, require)
        _check_texts(methods, tokens, require)
        for kind in task.feature_kinds:
            for name, positions in methods["features"](kind, tokens[0].tolist()):
                inside = positions and min(positions) >= 0 and max(positions) < task.n_ctx
                require(inside, f"feature {name} of kind {kind} has no positions of the input",
                        tokens[0])
    tried.append("sample")
    if "domain" in methods:
        _check_domain(methods, homes, require)
    tried += [name for name in methods]
    return tried


def _check_transformations(methods: dict, tokens: torch.Tensor, labels: torch.Tensor, seed: int,
                           require: Any) -> None:
    for name, _, function in methods["transformations"]:
        changed = function(tokens, seed, 0)
        require(torch.equal(function(tokens, seed, 0), changed),
                f"transformation {name} gives something else when it is asked again")
        half = len(tokens) // 2
        require(torch.equal(function(tokens[half:], seed, half), changed[half:]),
                f"transformation {name}: an input depends on those before it")
        if "truth" in methods:
            for row, new, own, other in zip(tokens, changed, labels, methods["truth"](changed)):
                require(own == other, f"transformation {name} changes the answer", row, new)


def _check_partners(task: Task, methods: dict, part: str, seed: int, count: int,
                    require: Any) -> None:
    clean, corrupt, right, wrong = methods["partners"](part, seed, 0, count)
    later = methods["partners"](part, seed, 1, count - 1)
    require(all(torch.equal(a, b[1:]) for a, b in zip(later, (clean, corrupt, right, wrong))),
            "partners: a pair depends on how many are asked for")
    for i in range(count):
        require(not bool((right[i] & wrong[i]).any()), "partners have the same answer", clean[i],
                corrupt[i])
    if "truth" in methods:
        for rows, marks in ((clean, right), (corrupt, wrong)):
            for row, true, mark in zip(rows, methods["truth"](rows), marks):
                require(mark[true], f"partners say {int(mark.nonzero()[0])}, truth {int(true)}", row)


def _check_texts(methods: dict, tokens: torch.Tensor, require: Any) -> None:
    if "to_text" in methods and "to_tokens" in methods:
        for row in tokens:
            back = methods["to_tokens"](methods["to_text"](row))
            require(torch.equal(back, row), "to_tokens does not read what to_text writes", row)


def _check_domain(methods: dict, homes: dict[tuple, str], require: Any) -> None:
    tokens, labels, parts = methods["domain"]()
    strange = set(parts) - set(PARTS)
    require(not strange, f"domain: a part is called {min(strange, default='')}, expected one of "
                         f"{', '.join(PARTS)}")
    where = {tuple(row): part for row, part in zip(tokens.tolist(), parts)}
    require(len(where) == len(tokens), "domain holds an input twice")
    for row, part in homes.items():
        require(where.get(row) == part, f"domain puts an input into {where.get(row, 'no part')} that "
                                        f"sample draws in {part}", torch.tensor(row))
    if "truth" in methods:
        for row, own, true in zip(tokens, labels, methods["truth"](tokens)):
            require(own == true, f"domain says {int(own)}, truth {int(true)}", row)
