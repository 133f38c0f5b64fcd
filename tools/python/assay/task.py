"""Tasks: where inputs come from, and among which answers the network decides."""

from __future__ import annotations

import functools
import inspect
import json
from typing import Any, Callable, Mapping, Sequence

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
    wording : mapping of str to str
        How the task is told to people: `deed` completes "How this network …", `sentence` says what
        is read and answered, `example` shows one, `input` and `inputs` say what one is called.

    What a task knows beside is said by methods that a subclass may add: `truth`, `domain`,
    `partners`, `transformations`, `features` with `feature_kinds`, `to_text` and `to_tokens`.
    `assay.check_task` tries whether all of them agree.

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
    feature_kinds: Sequence[str] = ()
    wording: Mapping[str, str] = {}

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

    # --- what a task may know beside: methods that a subclass adds

    def truth(self, tokens: torch.Tensor) -> torch.Tensor:
        """The token that answers each of somebody else's inputs: int64 [batch, pos] -> [batch]."""
        raise NotImplementedError

    def domain(self):
        """Every input once, where they can be listed: then rates are exact.

        Returns
        -------
        tokens : int64 [inputs, n_ctx]
        labels : int64 [inputs]
        parts : list of str
            The part that each belongs to.
        """
        raise NotImplementedError

    def partners(self, part: str, seed: int, first: int, count: int):
        """Inputs as `sample` numbers them, each with a counterfactual partner: as similar as can
        be, with another answer.

        Returns
        -------
        clean, corrupt : int64 [count, n_ctx]
        right, wrong : int64 [count]
            The answers of ``clean`` and of ``corrupt``.
        """
        raise NotImplementedError

    def transformations(self) -> Mapping[str, Callable]:
        """Changes that leave the answer as it is, by name: functions (tokens, seed, first) ->
        tokens. Their docstring's first line is their help."""
        raise NotImplementedError

    def features(self, kind: str, tokens: Sequence[int]):
        """Groups of tokens that mean something, of one of `feature_kinds`: (name, positions) each."""
        raise NotImplementedError

    def to_text(self, tokens: torch.Tensor) -> str:
        """One input, int64 [pos], as people write it; by default the tokens' names."""
        raise NotImplementedError

    def to_tokens(self, text: str) -> torch.Tensor:
        """The tokens of such a text. Raises ValueError saying what is wrong with it."""
        raise NotImplementedError

    def _methods(self) -> dict[str, Any]:
        """Those that the subclass adds, each held to what it promises, as the core calls them."""

        def is_added(name: str) -> bool:
            return getattr(type(self), name) is not getattr(Task, name)

        methods: dict[str, Any] = {}
        if is_added("truth"):
            methods["truth"] = lambda tokens: self._labels("truth", self.truth(tokens), len(tokens))
        if is_added("domain"):
            methods["domain"] = self._domain
        if is_added("partners"):
            methods["partners"] = self._partners
        if is_added("transformations"):
            methods["transformations"] = [
                (name, (inspect.getdoc(function) or name).splitlines()[0],
                 functools.partial(self._transformed, name, function))
                for name, function in self.transformations().items()]
        if is_added("features"):
            if not self.feature_kinds:
                raise ValueError(f"task {self.name}: feature_kinds: it has features, of what kinds?")
            methods["features"] = lambda kind, tokens: [
                (str(name), [int(i) for i in positions])
                for name, positions in self.features(kind, tokens)]
        if is_added("to_text"):
            methods["to_text"] = lambda tokens: str(self.to_text(tokens))
        if is_added("to_tokens"):
            methods["to_tokens"] = lambda text: torch.as_tensor(self.to_tokens(text)).to(torch.int64)
        return methods

    def _tokens(self, method: str, given: Any, count: int) -> torch.Tensor:
        tokens = as_tokens(given)
        if list(tokens.shape) != [count, self.n_ctx]:
            raise ValueError(f"task {self.name}: {method} returned tokens of shape "
                             f"{list(tokens.shape)}, expected {[count, self.n_ctx]}")
        return tokens.contiguous()

    def _labels(self, method: str, given: Any, count: int) -> torch.Tensor:
        labels = torch.as_tensor(given).to(torch.int64)
        if list(labels.shape) != [count]:
            raise ValueError(f"task {self.name}: {method} returned answers of shape "
                             f"{list(labels.shape)}, expected {[count]}")
        strange = set(labels.tolist()) - {int(answer) for answer in self.answers}
        if strange:
            raise ValueError(f"task {self.name}: {method} returned {min(strange)}, which is none of "
                             f"its answers {[int(answer) for answer in self.answers]}")
        return labels.contiguous()

    def _domain(self):
        tokens, labels, parts = self.domain()
        tokens = self._tokens("domain", tokens, len(tokens))
        if len(parts) != len(tokens):
            raise ValueError(f"task {self.name}: domain returned {len(parts)} parts of {len(tokens)} "
                             "inputs")
        return tokens, self._labels("domain", labels, len(tokens)), [str(part) for part in parts]

    def _partners(self, part: str, seed: int, first: int, count: int):
        clean, corrupt, right, wrong = self.partners(part, seed, first, count)
        masks = [torch.nn.functional.one_hot(self._labels("partners", answers, count),
                                             self.n_tokens).bool() for answers in (right, wrong)]
        return (self._tokens("partners", clean, count), self._tokens("partners", corrupt, count),
                *masks)

    def _transformed(self, name: str, function: Callable, tokens: torch.Tensor, seed: int,
                     first: int) -> torch.Tensor:
        return self._tokens(f"transformation {name}", function(tokens, seed, first), len(tokens))

    def _sample(self, part: str, seed: int, first: int, count: int):
        given = self.sample(part, seed, first, count)
        tokens, labels = given if isinstance(given, tuple) else (given, None)
        tokens = self._tokens("sample", tokens, count)
        if labels is None:
            labels = torch.full((count,), int(self.answers[0]))
        return tokens, self._labels("sample", labels, count)

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
                 readout: int | None = None, names: Mapping[int, str] | None = None,
                 draw: Callable[[int, int, int], torch.Tensor] | None = None) -> None:
        self._draw = draw
        self.n_tokens, self.n_ctx, self.answers = n_tokens, n_ctx, [int(a) for a in answers]
        self.names = names
        self._readout = n_ctx - 1 if readout is None else readout
        self.settings = {"path": "", "tokens": n_tokens, "positions": n_ctx,
                         "answers": " ".join(map(str, self.answers))}

    @property
    def readout(self) -> int:
        return self._readout

    def _sample(self, part: str, seed: int, first: int, count: int) -> tuple:
        """Sources of interchanges, which have no labels that are asked for."""
        if self._draw is None:
            raise ValueError("the inputs are a list: there are no others")
        return self._draw(seed, first, count), torch.zeros(count, dtype=torch.int64)
