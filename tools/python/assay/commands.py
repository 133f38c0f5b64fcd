"""The command's jobs as functions: the same names, the same defaults, a record as the result.

An option ``--max-n 3`` of the command is the argument ``max_n=3``, a switch is ``True``, an option
that may be given again takes a list. ``assay validate --help`` says what each one means.
"""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from typing import Any

from assay import _core
from assay.errors import Interrupted
from assay.host import fitting_exceptions, printer, progress_bar
from assay.record import Record, record_from

_INTERRUPTED = 130


def arguments_of(options: dict[str, Any]) -> list[str]:
    """``{"max_n": 3, "signed": True, "claim": ["a", "b"]}`` as the command's arguments."""
    arguments: list[str] = []
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            arguments.append(flag)
            continue
        for one in value if isinstance(value, (list, tuple)) else [value]:
            arguments.append(f"{flag}={os.fspath(one) if isinstance(one, os.PathLike) else one}")
    return arguments


def run(command: str, *positional: Any, verbose: bool = False, progress: bool | None = None,
        json_file: str | os.PathLike | None = None, engine: Any = None,
        **options: Any) -> Record | None:
    """Runs a job of the command in this process, or on the workers of an `assay.engine`.

    Returns
    -------
    Record or None
        What ``--json`` would write; None for jobs that write none.

    Raises
    ------
    ValueError, FileNotFoundError
        With the command's message.
    Interrupted
        After Ctrl-C, with what the run kept.
    """
    if engine is not None:
        from assay import engine as engines

        return engines.run(command, *positional, engine=engine, verbose=verbose, progress=progress,
                           json_file=json_file, **options)
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        writes_record = command not in ("report", "plan")
        path = pathlib.Path(json_file) if json_file else pathlib.Path(folder) / "record.json"
        arguments = [*command.split(), *map(os.fspath, map(_text, positional)),
                     *arguments_of(options)]
        shown = " ".join(["assay", *map(_quoted, arguments)])
        if writes_record:
            arguments.append(f"--json={path}")
        threads = int(options.get("threads") or 0)
        paths = [value for value in options.values() if isinstance(value, (str, os.PathLike))]
        with progress_bar(progress) as bar, fitting_exceptions(*paths):
            code, stopped = _core.run(arguments, shown, threads, printer(verbose), bar)
        text = path.read_text(encoding="utf-8") if writes_record and path.exists() else None
    record = record_from(text, code) if text else None
    if stopped or code == _INTERRUPTED:
        raise Interrupted(record)
    return record


def _text(value: Any) -> str | os.PathLike:
    return value if isinstance(value, os.PathLike) else str(value)


def _quoted(argument: str) -> str:
    import shlex

    return shlex.quote(argument)


def train(task: str, **options: Any) -> Record:
    """Trains a network for a task: ``assay.train("two-sat", preset="demo", out="runs/demo")``.

    Returns the manifest of the run; the network is in the folder ``out``.
    """
    return run(f"train {task}", **options)


def derive(task: str, **options: Any) -> Record:
    """Derives an interpretation from a network: ``assay.derive("two-sat", model=..., out=...)``."""
    return run(f"derive {task}", **options)


def plan(**options: Any) -> None:
    """Declares a validation before it runs: ``assay.plan(model=..., claim=[...], out=...)``."""
    run("plan", **options)


def prove(**options: Any) -> Record:
    """Proves what holds for every input, or finds an input that refutes it."""
    return run("prove", **options)


def attack(**options: Any) -> Record:
    """Looks for an input on which a network or an interpretation is wrong."""
    return run("attack", **options)


def mutate(**options: Any) -> Record:
    """Changes one thing in an interpretation, which validation must catch."""
    return run("mutate", **options)


def discover(**options: Any) -> Record:
    """Finds the circuit that does the work: ``assay.discover(model=..., out="circuit.json")``."""
    return run("discover", **options)


def measure(**options: Any) -> Record:
    """Measures how well a circuit stands in for its network."""
    return run("measure", **options)


def compare_circuits(first: str, second: str, **options: Any) -> Record:
    """Tells which edges two circuits share."""
    return run("compare-circuits", first, second, **options)


def compare(**options: Any) -> Record:
    """Holds methods of explaining against what is known to matter."""
    return run("compare", **options)


def study(**options: Any) -> Record:
    """Tells which surrogates follow a network trained on synthetic texts."""
    return run("study", **options)


def merge(*parts: str, **options: Any) -> Record:
    """Adds up the records of the parts of a run."""
    return run("merge", *parts, **options)


def inspect(model: str, **options: Any) -> Record:
    """Tells a model's sizes, parameters and sites."""
    return run("inspect", model, **options)


def convert(source: str, target: str, **options: Any) -> Record:
    """Reads a model in any layout, writes safetensors."""
    return run("convert", source, target, **options)


def report(*records: str | os.PathLike | Record, out: str | os.PathLike) -> None:
    """Writes one page about several runs.

    Parameters
    ----------
    records
        Records, or the files that they were saved in.
    out
        The page, one HTML file.
    """
    texts = []
    for record in records:
        if isinstance(record, Record):
            texts.append((record.text, ""))
        else:
            texts.append((pathlib.Path(record).read_text(encoding="utf-8"), os.fspath(record)))
            json.loads(texts[-1][0])
    with fitting_exceptions():
        _core.write_page(texts, os.fspath(out))
