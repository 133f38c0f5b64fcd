"""Tasks: where inputs come from, and among which answers the network decides."""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

import torch

from assay import _core
from assay.host import fitting_exceptions
from assay.network import as_tokens


_registered: dict[str, type] = {}


class Task:
    """A task of one's own: a subclass that says what its inputs are.

    Attributes
    ----------
    name : str
        How it is called, `my-task`.
    n_tokens : int
        Tokens that exist.
    n_ctx : int
        Tokens of an input.
    answers : sequence of int
        Token ids among which the network decides.
    readout : int
        The position at which it answers; by default the last one.
    names : mapping of int to str, or None
        How tokens are called; the others by their numbers.

    Examples
    --------
    >>> class Majority(assay.Task):
    ...     name, n_tokens, n_ctx, answers = "majority", 4, 6, [2, 3]
    ...     def sample(self, part, seed, first, count):
    ...         g = torch.Generator().manual_seed(hash((part, seed, first)) % 2**31)
    ...         tokens = torch.randint(0, 2, (count, 6), generator=g)
    ...         return tokens, 2 + (tokens.sum(1) > 3).long()
    >>> Majority().register()
    """

    name: str = ""
    help: str = "a task of Python"
    n_tokens: int = 0
    n_ctx: int = 0
    answers: Sequence[int] = ()
    names: Mapping[int, str] | None = None
    settings: Mapping[str, Any] = {}

    @property
    def readout(self) -> int:
        return self.n_ctx - 1

    def sample(self, part: str, seed: int, first: int, count: int):
        """Inputs first … first + count - 1 of the endless dataset (part, seed).

        Each input must depend on (part, seed, its index) alone, and parts must share none.

        Parameters
        ----------
        part : "train", "derive" or "test"

        Returns
        -------
        tokens : int64 [count, n_ctx]
        labels : int64 [count]
            The token that answers each, one of `answers`.
        """
        raise NotImplementedError(f"{type(self).__name__}.sample(part, seed, first, count)")

    def _sample(self, part: str, seed: int, first: int, count: int):
        given = self.sample(part, seed, first, count)
        tokens, labels = given if isinstance(given, tuple) else (given, None)
        tokens = as_tokens(tokens)
        if list(tokens.shape) != [count, self.n_ctx]:
            raise ValueError(f"task {self.name}: sample returned tokens of shape "
                             f"{list(tokens.shape)}, expected {[count, self.n_ctx]}")
        if labels is None:
            labels = torch.full((count,), int(self.answers[0]), dtype=torch.int64)
        return tokens.contiguous(), torch.as_tensor(labels).to(torch.int64)

    @property
    def core(self) -> _core.Task:
        return _core.python_task(self.name, json.dumps(dict(self.settings)), self)

    def register(self) -> Task:
        """Makes the task known by its name, to every function here and to the command.

        Raises ValueError for a name that is taken.
        """
        with fitting_exceptions():
            _core.register_task(self.name, self.help, self, type(self).__module__)
        _registered[self.name] = type(self)
        return self

    def known(self) -> Task:
        """This task, registered unless it is: records name it, and are read with what it says."""
        return self if _registered.get(self.name) is type(self) else self.register()


class RegisteredTask:
    """A task that Assay knows by name."""

    def __init__(self, core: _core.Task) -> None:
        self.core = core

    @property
    def name(self) -> str:
        return self.core.name

    @property
    def settings(self) -> dict[str, Any]:
        return json.loads(self.core.settings)

    @property
    def n_tokens(self) -> int:
        return self.core.n_tokens

    @property
    def n_ctx(self) -> int:
        return self.core.n_ctx

    @property
    def readout(self) -> int:
        return self.core.readout

    @property
    def answers(self) -> list[int]:
        return self.core.answers

    def sample(self, part: str, seed: int, first: int, count: int):
        """Inputs first … first + count - 1 of the endless dataset (part, seed): tokens, labels."""
        return self.core.sample(part, seed, first, count)

    def to_text(self, tokens: torch.Tensor) -> str:
        """One input, int64 [pos], as people write it."""
        return self.core.to_text(tokens)

    def to_tokens(self, text: str) -> torch.Tensor:
        """The tokens of such a text. Raises ValueError saying what is wrong with it."""
        return self.core.to_tokens(text)

    def __repr__(self) -> str:
        return f"<assay task {self.name} {self.settings}>"


def task(name: str, **settings: Any) -> RegisteredTask:
    """A task by its name: ``assay.task("two-sat", clauses=10)``.

    Raises ValueError for an unknown task or setting, listing those that exist.
    """
    with fitting_exceptions():
        return RegisteredTask(_core.make_task(name, json.dumps(settings)))


class InMemory(Task):
    """Inputs that a caller holds, or a function of hers draws: Assay's task `data`, without a file."""

    name = "data"

    def __init__(self, n_tokens: int, n_ctx: int, answers: Sequence[int],
                 readout: int | None = None, names: Mapping[int, str] | None = None) -> None:
        self.n_tokens, self.n_ctx, self.answers = n_tokens, n_ctx, [int(a) for a in answers]
        self.names = names
        self._readout = n_ctx - 1 if readout is None else readout
        self.settings = {"path": "", "tokens": n_tokens, "positions": n_ctx,
                         "answers": " ".join(map(str, self.answers))}

    @property
    def readout(self) -> int:
        return self._readout
