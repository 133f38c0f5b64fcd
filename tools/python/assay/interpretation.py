"""Interpretations: the claim that a network computes what a small program computes."""

from __future__ import annotations

import importlib
import inspect
import json
import os
from typing import Any, Callable, Mapping, Sequence

import torch

from assay import _core
from assay.host import fitting_exceptions
from assay.network import Network, sha256_of

ROLES = ("h", "alpha", "gamma", "equality")


class Operation:
    """A named function with its numbers, as files of interpretations have it.

    Parameters
    ----------
    name
        An operation of Assay's own (``assay list operations``), or ``module:function``.
    parameters
        What JSON can say.
    tensors
        Its numbers.
    function
        Of ``module:function`` that takes numbers: what it returns for these.
    """

    def __init__(self, name: str, parameters: Mapping[str, Any] | None = None,
                 tensors: Mapping[str, torch.Tensor] | None = None,
                 function: Callable | None = None) -> None:
        self.name = name
        self.parameters = dict(parameters or {})
        self.tensors = dict(tensors or {})
        self.function = function

    def _spec(self) -> tuple:
        return self.name, json.dumps(self.parameters), self.tensors, self.function

    def __repr__(self) -> str:
        return f"<assay.Operation {self.name}>"


def operation(name: str, **numbers: Any) -> Operation:
    """An operation of Assay's own: ``assay.operation("threshold", thresholds=tensor)``."""
    tensors = {key: value for key, value in numbers.items() if isinstance(value, torch.Tensor)}
    return Operation(name, {k: v for k, v in numbers.items() if k not in tensors}, tensors)


def register(role: str, function: Callable | None = None) -> Any:
    """Makes a function of a module known to the command by its name, ``module:function``.

    A file that was loaded with ``python -m assay --load FILE.py`` so brings the functions that
    saved interpretations name. Usable as a decorator.

    Parameters
    ----------
    role
        ``"h"``, ``"alpha"``, ``"gamma"`` or ``"equality"``.

    Examples
    --------
    >>> @assay.register("h")
    ... def maxima(tokens): ...
    """
    if function is None:
        return lambda given: register(role, given)
    name = f"{function.__module__}:{function.__qualname__}"
    help_text = (function.__doc__ or "a function of Python").strip().split("\n")[0]
    with fitting_exceptions():
        _core.register_operation(role, name, help_text, function, function.__module__)
    return function


def _find(name: str) -> Any:
    """What ``module:qualified.name`` names."""
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _importable(function: Callable) -> str | None:
    """``module:name`` if that finds the function again, in any process."""
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not module or not path or module == "__main__" or "<" in path:
        return None
    try:
        return f"{module}:{path}" if _find(f"{module}:{path}") is function else None
    except (ImportError, AttributeError):
        return None


def _as_operation(given: Any, node: str, role: str) -> Operation:
    if isinstance(given, Operation):
        return given
    if isinstance(given, str):
        return _resolved(Operation(given))
    if callable(given):
        made = getattr(given, "as_operation", None)
        if made is not None:
            return made()
        return Operation(_importable(given) or f"python:{node}.{role}", function=given)
    raise TypeError(f"node '{node}': {role}: expected a function, the name of an operation or an "
                    f"assay.Operation, got {type(given).__name__}")


def _resolved(operation: Operation) -> Operation:
    """An operation ``module:function`` with its function."""
    if ":" not in operation.name or operation.function is not None:
        return operation
    if operation.name.startswith("python:"):
        raise ValueError(f"{operation.name} was a function that no file can name; define it in a "
                         "module")
    try:
        function = _find(operation.name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{operation.name}: cannot be imported: {error}") from error
    numbers = {**operation.parameters, **operation.tensors}
    made = function(**numbers) if numbers or inspect.isclass(function) else function
    return Operation(operation.name, operation.parameters, operation.tensors, made)


class Interpretation:
    """The claim that a network computes what a graph of abstract functions computes.

    Parameters
    ----------
    title
        One line for people.
    network
        The network that it speaks about.
    task
        Name of the task that it speaks about, an `assay.Task`, or ``{"name": …, "settings": …}``.
        None: inputs are given when it is validated.

    Examples
    --------
    >>> claim = assay.Interpretation("maximum of two halves", network=net)
    >>> claim.node("maxima", parents=["tokens"], at="mix[pos=5]", h=maxima, alpha=probe,
    ...            gamma=assay.write_means(means))
    >>> claim.node("answer", parents=["maxima"], at="logits[pos=5]", h=compare,
    ...            alpha=assay.argmax([11, 12]))
    """

    def __init__(self, title: str, *, network: Network, task: Any = None) -> None:
        if not isinstance(network, Network):
            raise TypeError(f"network: expected what assay.load or assay.wrap returns, got "
                            f"{type(network).__name__}")
        self.title = title
        self.network = network
        self.task = task
        self.path = ""
        self._fitted_on = "null"
        self._output: str | None = None
        self._file_sha256: str | None = None
        self._nodes: list[dict[str, Any]] = []

    @property
    def nodes(self) -> list[str]:
        """The names of the nodes."""
        return [node["name"] for node in self._nodes]

    @property
    def output(self) -> str:
        """The node that is the network's answer: the last one, unless another was named."""
        if self._output:
            return self._output
        if not self._nodes:
            raise ValueError("the interpretation has no nodes; add them with .node(...)")
        return self._nodes[-1]["name"]

    def node(self, name: str, *, parents: Sequence[str], at: str | Sequence[str],
             h: Any, alpha: Any, gamma: Any = None, equal: Any = "equal",
             reads: str | Sequence[str] | None = None, evidence: Sequence[Mapping[str, Any]] = (),
             output: bool = False) -> Interpretation:
        """Adds a step, or replaces the one of this name.

        Functions see whole batches. They may be Python functions, names of Assay's operations, or
        `Operation` objects, mixed freely.

        Parameters
        ----------
        name
            Unique among the nodes.
        parents
            Other nodes, or ``"tokens"``: the input.
        at
            The sites where its value lives in the network, and where `gamma` writes.
        h
            The parents' values, one argument each, to this node's value: a tensor whose first
            dimension is the batch (bool, whole numbers or floating-point).
        alpha
            What is recorded at the sites, one argument each, to the value.
        gamma
            The value to what is written at the sites: a tensor, or a tuple of one for each. May be
            left out where `alpha` is `assay.argmax`.
        equal
            Which values count as the same: two values to bool [batch].
        reads
            Where `alpha` reads, if not everywhere at the sites.
        evidence
            Objects ``{"statement", "value", "supports"}``.
        output
            Makes this node the one that is the network's answer.

        Returns
        -------
        Interpretation
            This one.
        """
        sites = self._sites(at)
        made = _as_operation(alpha, name, "alpha")
        if gamma is None:
            if made.name != "argmax_of":
                raise TypeError(f"node '{name}': gamma: what is written for a value? (it may be "
                                "left out only where alpha is assay.argmax)")
            gamma = Operation("write_answer", {"tokens": made.parameters["tokens"],
                                               "d_vocab": self.network.shape(sites[0])[-1]})
        node = {
            "name": name,
            "parents": [parents] if isinstance(parents, str) else list(parents),
            "sites": sites,
            "reads": sites if reads is None else self._sites(reads),
            "h": _as_operation(h, name, "h"),
            "alpha": made,
            "gamma": _as_operation(gamma, name, "gamma"),
            "equality": _as_operation(equal, name, "equality"),
            "evidence": json.dumps(list(evidence)),
        }
        with fitting_exceptions():
            for site in [*node["sites"], *node["reads"]]:
                self.network.shape(site)  # refuses what the network does not have
        kept = [index for index, other in enumerate(self._nodes) if other["name"] == name]
        if kept:
            self._nodes[kept[0]] = node
        else:
            self._nodes.append(node)
        if output:
            self._output = name
        self._file_sha256 = None
        return self

    def _sites(self, given: str | Sequence[str]) -> list[str]:
        return [self.network.canonical(site) for site in ([given] if isinstance(given, str) else given)]

    def __getitem__(self, name: str) -> dict[str, Any]:
        """What was said of a node: parents, sites, reads and its four operations."""
        for node in self._nodes:
            if node["name"] == name:
                return node
        raise KeyError(f"there is no node {name}; there are {', '.join(self.nodes)}")

    def _task_json(self) -> str:
        task = self.task
        if task is None:
            return "null"
        if isinstance(task, str):
            return json.dumps({"name": task, "settings": {}})
        if isinstance(task, Mapping):
            return json.dumps(dict(task))
        return json.dumps({"name": task.name, "settings": task.settings})

    def _spec(self) -> dict[str, Any]:
        nodes = [{**node, **{role: node[role]._spec() for role in ROLES}} for node in self._nodes]
        return {"title": self.title, "task": self._task_json(),
                "model_sha256": self.network.sha256, "fitted_on": self._fitted_on,
                "output": self.output, "nodes": nodes}

    @property
    def sha256(self) -> str:
        """The hash of the file, or of what is said: names, numbers and sources of functions."""
        if self._file_sha256:
            return self._file_sha256
        tensors, said = {}, []
        for node in self._nodes:
            for role in ROLES:
                op = node[role]
                source = ""
                if op.function is not None:
                    try:
                        source = inspect.getsource(op.function)
                    except (OSError, TypeError):
                        source = repr(type(op.function))
                said.append([node["name"], role, op.name, op.parameters, source, node["sites"],
                             node["reads"], node["parents"]])
                tensors.update({f"{node['name']}.{role}.{k}": v for k, v in op.tensors.items()})
        text = json.dumps([self.title, self._task_json(), self.output, said], sort_keys=True)
        return sha256_of({**tensors, "": torch.tensor(list(text.encode()), dtype=torch.uint8)})

    def save(self, path: str | os.PathLike) -> None:
        """Writes ``X.json``, and the numbers beside it in ``X.safetensors``.

        Functions are named, never pickled: ``module:function``. Raises ValueError for functions
        that no other process could import (lambdas, and those of ``__main__``).
        """
        for node in self._nodes:
            for role in ROLES:
                if node[role].name.startswith("python:"):
                    raise ValueError(f"node '{node['name']}': {role} is a function that no file can "
                                     "name; define it in a module")
        with fitting_exceptions():
            _core.save_interpretation(self._spec(), self.network._core, os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike, network: Network) -> Interpretation:
        """Reads an interpretation of this network.

        Raises
        ------
        FileNotFoundError, ValueError
            Naming file, node and field; also for an interpretation of another network.
        """
        if not os.path.exists(path):
            raise FileNotFoundError(f"{path}: no such file")
        with fitting_exceptions(path):
            spec, sha256 = _core.load_interpretation(os.fspath(path), network._core, network.sha256)
        claim = cls(spec["title"], network=network, task=json.loads(spec["task"]))
        claim.path = os.fspath(path)
        claim._fitted_on, claim._output = spec["fitted_on"], spec["output"]
        for node in spec["nodes"]:
            operations = {role: _resolved(Operation(node[role][0], json.loads(node[role][1]),
                                                    node[role][2])) for role in ROLES}
            claim._nodes.append({**node, **operations})
        claim._file_sha256 = sha256
        return claim

    def __repr__(self) -> str:
        steps = " → ".join(["tokens", *self.nodes])
        return f"<assay.Interpretation '{self.title}': {steps}>"
