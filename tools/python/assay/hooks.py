"""Looking into a module and writing to it, through hooks.

Hooks are global to a module, and runs belong to threads. So hooks are counted, put on under a lock
and taken off by whoever is last; what they do is up to the run of the thread that they fire in. A
thread that calls the module without a run sees the module as it is. (Registered and removed by each
run without counts, 10 of 600 results of two threads were wrong, without any error.)
"""

from __future__ import annotations

import collections
import contextlib
import copy
import threading
from typing import Any, Callable, Iterator, NamedTuple, Sequence

import torch

from assay.attention import KINDS, Watch

_runs = threading.local()


class Key(NamedTuple):
    """A value of a module: that of one call of it, its output or its first input, or the scores or
    the pattern of its attention."""

    module: int  # id of the module
    call: int  # which call within one run, from 0
    kind: str  # "out", "in", "scores" or "pattern"
    leaf: tuple  # where the tensor is in nested tuples and mappings


def leaves(value: Any, path: tuple = ()) -> Iterator[tuple[tuple, torch.Tensor]]:
    """The tensors of nested tuples, lists and mappings, each with where it is."""
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, (tuple, list)):
        for index, part in enumerate(value):
            yield from leaves(part, (*path, index))
    elif isinstance(value, collections.abc.Mapping):
        for name, part in value.items():
            yield from leaves(part, (*path, name))


def leaf_at(value: Any, path: tuple) -> torch.Tensor | None:
    """The tensor at one place of nested tuples, lists and mappings, if there is one."""
    for step in path:
        try:
            value = value[step]
        except (IndexError, KeyError, TypeError):
            return None
    return value if isinstance(value, torch.Tensor) else None


def with_leaf(value: Any, path: tuple, leaf: torch.Tensor) -> Any:
    """The value with another tensor at one place."""
    if not path:
        return leaf
    first, rest = path[0], path[1:]
    if isinstance(value, (tuple, list)):
        parts = [with_leaf(part, rest, leaf) if index == first else part
                 for index, part in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    changed = copy.copy(value)
    changed[first] = with_leaf(value[first], rest, leaf)
    return changed


class Stop(BaseException):
    """Ends a run of which nothing more is needed. Private to this file and its callers."""


class Run:
    """One call of a module, and what is done to its values.

    Parameters
    ----------
    wanted
        For each key what is done there: a function from the value to the value that flows on.
    batch
        How many inputs there are.
    stops_early
        Whether the run may end when everything was seen.
    """

    def __init__(self, wanted: dict[Key, Callable[[torch.Tensor], torch.Tensor]], batch: int,
                 stops_early: bool = False) -> None:
        self.wanted = wanted
        self.batch = batch
        self.stops_early = stops_early
        self.seen: set[Key] = set()
        self.calls: collections.Counter = collections.Counter()
        self.inside: list[torch.nn.Module] = []  # the modules with hooks that are running
        self.fused: set[int] = set()  # ids of modules whose attention is one fused operation
        self.watches_attention = any(key.kind in KINDS for key in wanted)
        self._kinds: dict[tuple[int, str], list[Key]] = {}
        for key in wanted:
            self._kinds.setdefault((key.module, key.kind), []).append(key)

    def modules(self) -> list[tuple[int, str]]:
        """Where hooks are needed: (id of a module, kind)."""
        where = dict.fromkeys(one for one in self._kinds if one[1] not in KINDS)
        for module, kind in self._kinds:
            if kind in KINDS:  # to know when it is running
                where.update({(module, "in"): None, (module, "out"): None})
        return list(where)

    def enter(self, module: torch.nn.Module) -> None:
        """The module begins to run."""
        self.inside.append(module)

    def leave(self, module: torch.nn.Module) -> None:
        """The module has run, and those that it called."""
        if any(one is module for one in self.inside):
            while self.inside.pop() is not module:
                pass

    def at(self, module: torch.nn.Module, kind: str, value: Any) -> Any:
        """What flows on in place of the value."""
        counted = (id(module), kind)
        call = self.calls[counted]
        self.calls[counted] += 1
        for key in self._kinds.get(counted, ()):
            if key.call != call:
                continue
            leaf = leaf_at(value, key.leaf)
            if leaf is None:
                continue
            flows_on = self.wanted[key](leaf)
            if flows_on is not leaf:
                value = with_leaf(value, key.leaf, flows_on)
            self.seen.add(key)
        if self.stops_early and len(self.seen) == len(self.wanted):
            raise Stop
        return value


class Survey(Run):
    """A run that only looks: the shapes and types of all values of all modules."""

    def __init__(self, modules: Sequence[torch.nn.Module], batch: int) -> None:
        super().__init__({}, batch)
        self.watches_attention = True
        self.shapes: dict[Key, torch.Size] = {}
        self.dtypes: dict[Key, torch.dtype] = {}
        self.order: list[Key] = []
        self.firsts: dict[tuple, tuple] = {}  # of each call: where its first floating-point tensor is
        self.tokens_seen_by: list[int] = []  # modules whose first input are the tokens themselves
        self.tokens: torch.Tensor | None = None
        self._all = [(id(module), kind) for module in modules for kind in ("in", "out")]

    def modules(self) -> list[tuple[int, str]]:
        return self._all

    def at(self, module: torch.nn.Module, kind: str, value: Any) -> Any:
        call = self.calls[id(module), kind]
        self.calls[id(module), kind] += 1
        for path, leaf in leaves(value):
            key = Key(id(module), call, kind, path)
            self.shapes[key] = leaf.shape
            self.dtypes[key] = leaf.dtype
            self.order.append(key)
            if leaf.is_floating_point():
                self.firsts.setdefault(key[:3], key.leaf)
            if kind == "in" and leaf is self.tokens and not leaf.is_floating_point():
                self.tokens_seen_by.append(id(module))
        return value


class OutputHook:
    """Of a module's output. An object of a class, so that a module with hooks can be pickled."""

    def __call__(self, module: torch.nn.Module, args: tuple, output: Any) -> Any:
        stack = getattr(_runs, "stack", None)
        if not stack:
            return None
        stack[-1].leave(module)
        return stack[-1].at(module, "out", output)


class InputHook:
    """Of a module's first input: the first positional one, or `hidden_states`."""

    def __call__(self, module: torch.nn.Module, args: tuple, kwargs: dict | None = None) -> Any:
        stack = getattr(_runs, "stack", None)
        if not stack:
            return None
        stack[-1].enter(module)
        if args:
            first = stack[-1].at(module, "in", args[0])
            return (first, *args[1:]) if kwargs is None else ((first, *args[1:]), kwargs)
        if kwargs and "hidden_states" in kwargs:
            kwargs = dict(kwargs)
            kwargs["hidden_states"] = stack[-1].at(module, "in", kwargs["hidden_states"])
            return args, kwargs
        return None


class Hooks:
    """The hooks of one wrapped module, counted."""

    def __init__(self, modules: dict[int, torch.nn.Module]) -> None:
        self._modules = modules
        self._lock = threading.Lock()
        self._counts: collections.Counter = collections.Counter()
        self._handles: dict[tuple[int, str], Any] = {}

    def _put_on(self, where: tuple[int, str]) -> Any:
        module = self._modules[where[0]]
        if where[1] == "out":
            return module.register_forward_hook(OutputHook())
        try:
            return module.register_forward_pre_hook(InputHook(), with_kwargs=True)
        except TypeError:  # torch 1.13: only positional inputs can be seen
            return module.register_forward_pre_hook(InputHook())

    @contextlib.contextmanager
    def on(self, run: Run) -> Iterator[None]:
        """While this lasts, the run of this thread sees the module's calls."""
        where = run.modules()
        with self._lock:
            for one in where:
                self._counts[one] += 1
                if self._counts[one] == 1:
                    self._handles[one] = self._put_on(one)
        if not hasattr(_runs, "stack"):
            _runs.stack = []
        _runs.stack.append(run)
        try:
            with Watch(run) if run.watches_attention else contextlib.nullcontext():
                yield
        finally:
            _runs.stack.pop()
            with self._lock:
                for one in where:
                    self._counts[one] -= 1
                    if self._counts[one] == 0:
                        self._handles.pop(one).remove()
