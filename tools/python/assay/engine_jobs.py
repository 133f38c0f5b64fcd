"""What workers of an engine compute: one part of a job (engine.py).

A job travels as what any process can read again: options, paths, bytes of a saved interpretation, and
functions by ``module:function``. What cannot travel is refused by name, before the work begins.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
import pickle
import tempfile
import uuid
import warnings
from typing import Any, Callable, Mapping

import torch

from assay import commands
from assay.interpretation import Interpretation, _find, _importable
from assay.network import load, sha256_of


@dataclasses.dataclass
class Part:
    """What a worker returns."""

    text: str = ""  # the record
    looks: list = dataclasses.field(default_factory=list)  # of PartsInOrder
    warned: list[str] = dataclasses.field(default_factory=list)
    error: Exception | None = None  # what it raised, in place of all that


@dataclasses.dataclass
class CommandJob:
    """A job of the command, by its options."""

    command: str
    positional: tuple
    options: dict[str, Any]
    folder: str = dataclasses.field(default_factory=os.getcwd)

    def part(self, index: int, of: int, inputs: int | None) -> Part:
        record = commands.run(self.command, *self.positional, progress=False,
                              shard=f"{index}/{of}", **self.options)
        return Part(record.text)

    def asked(self) -> dict[str, Any]:
        """What the parts are about, files by their contents."""
        said = {"command": self.command, "of": list(self.positional), **self.options}
        said.pop("threads")
        for value in [*self.positional, *self.options.values()]:
            if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
                contents = pathlib.Path(value).read_bytes()
                said[f"sha256 of {value}"] = hashlib.sha256(contents).hexdigest()
        return said


@dataclasses.dataclass
class ClaimJob:
    """A validation of an interpretation of files and of functions that any process can import."""

    model: str
    sha256: str  # of the model
    files: dict[str, bytes]  # of the saved interpretation
    source: tuple[str, str]  # its path and hash, as records name them
    arguments: dict[str, Any]
    functions: dict[str, str]  # arguments that are functions: module:function
    folder: str = dataclasses.field(default_factory=os.getcwd)
    key: str = dataclasses.field(default_factory=lambda: uuid.uuid4().hex)

    def part(self, index: int, of: int, inputs: int | None) -> Part:
        from assay.validation import count_failures

        functions = {name: _find(found) for name, found in self.functions.items()}
        text, stopped, looks = count_failures(
            _claim_of(self.key, self), **{**self.arguments, **functions}, share=(index, of, inputs))
        if stopped:
            raise RuntimeError("interrupted")
        return Part(text, looks)

    def asked(self) -> dict[str, Any]:
        """What the parts are about."""
        said = {**self.arguments, **self.functions, "model": self.sha256,
                "interpretation": self.source[1]}
        said.pop("threads")
        if isinstance(said["inputs"], torch.Tensor):
            said["inputs"] = sha256_of({"": said["inputs"]})
        return said


_claims: dict[str, Interpretation] = {}


def _claim_of(key: str, job: ClaimJob) -> Interpretation:
    """The interpretation of a job, which a worker loads once for all of its parts."""
    if key not in _claims:
        _claims.clear()
        with tempfile.TemporaryDirectory(prefix="assay-") as folder:
            for name, data in job.files.items():
                (pathlib.Path(folder) / name).write_bytes(data)
            claim = Interpretation.load(f"{folder}/claim.json", load(job.model))
        claim.path, claim._file_sha256 = job.source
        _claims[key] = claim
    return _claims[key]


def compute(job: CommandJob | ClaimJob, index: int, of: int, inputs: int | None) -> Part:
    """One part of a job, in the process of a worker. What goes wrong is returned, not raised."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            os.chdir(job.folder)
            part = job.part(index, of, inputs)
        except Exception as error:  # noqa: BLE001 - also what a function of the caller raises
            part = Part(error=_sendable(error))
    part.warned = [str(warning.message) for warning in caught]
    return part


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _named(what: str, function: Callable) -> str:
    name = _importable(function)
    if name is None:
        raise ValueError(f"engine: {what} is a function that no other process could import; define "
                         "it in a module")
    return name


def claim_job(claim: Interpretation, arguments: Mapping[str, Any]) -> ClaimJob:
    """Everything that travels.

    Raises
    ------
    ValueError
        Naming what does not.
    """
    network = claim.network
    if not network._core.is_native or not network.path:
        raise ValueError("engine: a network in memory does not travel; expected one that assay.load "
                         "has read from a file")
    kept = dict(arguments)
    functions = {name: _named(name, kept.pop(name)) for name in ("inputs", "answers")
                 if callable(kept[name])}
    if kept.get("inputs") is not None and not isinstance(kept["inputs"], (str, os.PathLike)):
        from assay.validation import tokens_of

        kept["inputs"] = tokens_of(kept["inputs"], kept["count"])  # an iterator is read once
    task = kept["task"]
    if task is not None and not isinstance(task, (str, Mapping)):
        raise ValueError("engine: a task in memory does not travel; name one that Assay knows")
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        claim.save(f"{folder}/claim.json")
        files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
    return ClaimJob(network.path, network.sha256, files, (claim.path, claim.sha256), kept, functions)
