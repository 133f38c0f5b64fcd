"""One run on many workers: processes of this machine, or the nodes of a Ray cluster.

Whatever ``assay merge`` adds up can be shared out: a worker computes part i of n, as ``--shard i/n``
of the command does, and the records of the parts become the record of one run. A part is a function
of what was asked and of its number alone. So one whose worker was lost is computed again by another,
and it does not matter which workers there are, how many, or in which order they finish.

A validation that ends when its claims are decided needs more than sums, since no part knows how the
inputs before it came out. Its workers return beside their records what was to be seen after each
chunk. These looks are taken here in the order of the inputs, so that the run ends at the look at
which one process would have ended, and the parts behind it are cancelled.

Files are named, not sent: their paths must lead to the same files on all nodes.
"""

from __future__ import annotations

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import tempfile
import warnings
from typing import Any, Callable, Iterator, Mapping

from assay import _core, commands
from assay.engine_jobs import ClaimJob, CommandJob, Part, claim_job
from assay.engine_pools import Lost, Processes, Ray, engine_named
from assay.errors import Interrupted
from assay.host import described, fitting_exceptions, progress_bar
from assay.interpretation import Interpretation
from assay.network import load
from assay.record import Record, ValidationReport

__all__ = ["Lost", "MADE_IN_PARTS", "Processes", "Ray", "run", "validate"]

MADE_IN_PARTS = ("compare", "discover", "measure", "mutate", "study", "validate")


class _Kept:
    """Parts that are kept in a folder, so that a run that broke off goes on with the others.

    Beside them stands what was asked, ``asked.json``: parts that answer something else are refused.
    """

    def __init__(self, folder: str | os.PathLike | None = None,
                 asked: Mapping[str, Any] | None = None) -> None:
        self.folder = pathlib.Path(folder) if folder else None
        self.number: int | None = None  # of parts, where there are some already
        if not self.folder:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        found = {int(path.stem.rpartition("-")[2]) for path in self.folder.glob("part-*-of-*.json")}
        if len(found) > 1:
            raise ValueError(f"{self.folder}: parts of different runs: of "
                             f"{' and of '.join(map(str, sorted(found)))}")
        file, now = self.folder / "asked.json", json.loads(json.dumps(asked, default=str))
        if found:
            self.number = found.pop()
            before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
            for name in [*now, *before]:
                if before.get(name) != now.get(name):
                    raise ValueError(f"{self.folder}: parts of another run: {name} was "
                                     f"{before.get(name)}, is {now.get(name)}")
        _write(file, json.dumps(now, indent=1))

    def _path(self, index: int, of: int) -> pathlib.Path:
        return self.folder / f"part-{index}-of-{of}.json"

    def read(self, index: int, of: int, inputs: int | None) -> Part | None:
        if not self.folder or not self._path(index, of).exists():
            return None
        path = self._path(index, of)
        looks = path.with_suffix(".looks")
        return Part(path.read_text(encoding="utf-8"),
                    json.loads(looks.read_text(encoding="utf-8")) if looks.exists() else [])

    def write(self, part: Part, index: int, of: int, inputs: int | None) -> None:
        if not self.folder:
            return
        path = self._path(index, of)
        if part.looks:
            _write(path.with_suffix(".looks"), json.dumps(part.looks))
        _write(path, part.text)


def _write(path: pathlib.Path, text: str) -> None:
    """All of it, or nothing."""
    begun = path.with_name(path.name + ".begun")
    begun.write_text(text, encoding="utf-8")
    os.replace(begun, path)


def _in_order(pool: Any, job: Any, asked: list[tuple[int, int, int | None]], kept: _Kept,
              retries: int, show: Callable[[int, int, str], None] | None) -> Iterator[Part]:
    """Parts of a run, in the order in which they are asked for.

    Twice as many are under way as there are workers. One whose worker is lost goes first again.

    Parameters
    ----------
    asked
        Part, of how many, and how many of its inputs (None: all).

    Raises
    ------
    Lost
        Naming the part whose worker was lost more than `retries` times.
    Exception
        What a worker raised.
    """
    done = {at: part for at, one in enumerate(asked) if (part := kept.read(*one))}
    waiting = collections.deque(at for at in range(len(asked)) if at not in done)
    running: dict[concurrent.futures.Future, int] = {}
    losses: collections.Counter[int] = collections.Counter()
    warned: set[str] = set()
    computed = len(done)
    for next_ in range(len(asked)):
        while next_ not in done:
            while waiting and len(running) < 2 * pool.size:
                at = waiting.popleft()
                running[pool.submit(job, *asked[at])] = at
            finished, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in finished:
                at = running.pop(future)
                try:
                    part = future.result()
                except pool.lost as error:
                    losses[at] += 1
                    if losses[at] > retries:
                        raise Lost(f"part {asked[at][0]} of {asked[at][1]}: its worker was lost "
                                   f"{losses[at]} times: {error}") from error
                    waiting.appendleft(at)
                    continue
                if part.error:
                    raise part.error
                for message in part.warned:
                    if (kind := re.sub(r"\d+", "", message)) not in warned:
                        warned.add(kind)
                        warnings.warn(message, stacklevel=2)
                kept.write(part, *asked[at])
                done[at] = part
                computed += 1
                if show:
                    show(computed, len(asked), "parts")
        yield done.pop(next_)


def _most(error: ValueError) -> int | None:
    """How many parts there can be, where the core says that they are too many."""
    found = re.search(r"inputs are (\d+) chunks of up to", str(error))
    return int(found[1]) if found else None


def _parts(pool: Any, job: Any, shards: int | None, default: int, kept: _Kept, retries: int,
           show: Any) -> Iterator[Part]:
    """All parts of a run in order: as many as were asked for, or else as are kept or make sense.

    A run of a single chunk has none.
    """
    if shards is not None and shards < 2:
        raise ValueError(f"shards: expected at least 2, got {shards}")
    shared = pool.share(job)

    def all_of(of: int) -> Iterator[Part]:
        return _in_order(pool, shared, [(i, of, None) for i in range(1, of + 1)], kept, retries, show)

    try:
        yield from all_of(shards or kept.number or default)
    except ValueError as error:
        most = _most(error)
        if shards or most is None:
            raise
        if most > 1:
            yield from all_of(most)


def run(command: str, *positional: Any, engine: Any, shards: int | None = None,
        parts: str | os.PathLike | None = None, retries: int = 3, verbose: bool = False,
        progress: bool | None = None, json_file: str | os.PathLike | None = None,
        **options: Any) -> Record:
    """A job of the command, shared out among the workers of an engine.

    Parameters
    ----------
    engine
        ``"processes"``, ``"ray"``, `Processes` or `Ray`.
    shards
        Into how many parts (default: four for each worker).
    parts
        A folder that keeps their records; those that are there already are not computed again.
    retries
        How often a part is computed again whose worker was lost.

    Returns
    -------
    Record
        That of one process, but for facts about the run (command, threads, times).

    Raises
    ------
    ValueError
        As the command; and for jobs that are not made in parts.
    Lost
        Naming the part whose worker was lost again and again.
    Interrupted
        After Ctrl-C. What `parts` keeps need not be computed again.
    """
    if command.split()[0] not in MADE_IN_PARTS:
        raise ValueError(f"engine: {command} is not made in parts; {', '.join(MADE_IN_PARTS)} are")
    if command == "validate" and options.get("claim") and options.get("stop") != "never":
        report = _validate_files(options, engine=engine, shards=shards, parts=parts,
                                 retries=retries, progress=progress, verbose=verbose)
        if json_file:
            report.save(json_file)
        return report
    pages = ("html", "junit", "markdown", "csv") + (("out",) if command == "discover" else ())
    merged = {name: options.pop(name) for name in pages if name in options}
    options["threads"] = options.get("threads") or 1
    job = CommandJob(command, positional, options)
    kept = _Kept(parts, job.asked())
    with tempfile.TemporaryDirectory(prefix="assay-") as folder, progress_bar(progress) as show, \
            engine_named(engine).pool(options["threads"]) as pool:
        files = []
        try:
            for part in _parts(pool, job, shards, 4 * pool.size, kept, retries, show):
                files.append(pathlib.Path(folder) / f"part-{len(files) + 1}.json")
                files[-1].write_text(part.text, encoding="utf-8")
        except KeyboardInterrupt as error:
            raise Interrupted(None) from error
        if files:
            return commands.run("merge", *files, verbose=verbose, progress=False,
                                json_file=json_file, **merged)
    return commands.run(command, *positional, verbose=verbose, progress=progress,
                        json_file=json_file, **options, **merged)


def validate(claim: Interpretation, arguments: dict[str, Any], *, engine: Any,
             shards: int | None = None, parts: str | os.PathLike | None = None, retries: int = 3,
             progress: bool | None = None, verbose: bool = False) -> ValidationReport:
    """`assay.validate` of an interpretation, shared out among the workers of an engine.

    The report is that of one process, but for facts about the run; also where it ends as soon as
    all claims are decided.

    Parameters
    ----------
    arguments
        Of `assay.validation.count_failures`.
    engine, shards, parts, retries
        As of `run`. A run that ends when its claims are decided has at least 64 parts by default,
        so that little is counted behind its end.

    Raises
    ------
    ValueError
        Also for what does not travel: lambdas, networks and tasks in memory.
    Interrupted
        After Ctrl-C, with what was counted without a gap.
    """
    arguments = {**arguments, "threads": arguments.get("threads") or 1}
    told = {name: arguments[name] for name in
            ("task", "claims", "count", "confidence", "stop", "seed", "witnesses", "interchange",
             "unmapped", "sources") if arguments[name]}
    call = described("validate", claim=claim.title, **told,
                     engine=engine if isinstance(engine, str) else type(engine).__name__)
    job = claim_job(claim, arguments)
    kept = _Kept(parts, job.asked())
    whole = _core.PartsInOrder()
    taken = 0
    ends_early = arguments["claims"] and arguments["stop"] != "never"
    with progress_bar(progress) as show, engine_named(engine).pool(arguments["threads"]) as pool:
        default = max(64 if ends_early else 1, 4 * pool.size)
        try:
            for part in _parts(pool, job, shards, default, kept, retries, show):
                with fitting_exceptions():
                    decided = whole.look(part.text, part.looks)
                if decided is not None:
                    part = _until(pool, job, part, decided, retries)
                with fitting_exceptions():
                    whole.take(part.text)
                taken += 1
                if decided is not None:
                    break
        except KeyboardInterrupt as error:
            raise Interrupted(ValidationReport(whole.report(call)) if taken else None) from error
    if not taken:
        from assay.validation import validate as in_this_process

        return in_this_process(claim, **arguments, progress=progress, verbose=verbose)
    report = ValidationReport(whole.report(call))
    if verbose:
        print(report)
    return report


def _until(pool: Any, job: ClaimJob, part: Part, inputs: int, retries: int) -> Part:
    """Of a part its first inputs alone, up to the look that ends the run."""
    shard = json.loads(part.text)["shard"]
    if inputs == sum(counted["count"] for counted in shard["counted"]):
        return part
    asked = [(shard["index"], shard["of"], inputs)]
    return next(_in_order(pool, job, asked, _Kept(), retries, None))


def _validate_files(options: Mapping[str, Any], **how: Any) -> ValidationReport:
    """A validation that ends when its claims are decided, with the command's options."""
    given = {name: value for name, value in options.items() if value not in (None, False, "")}
    plain = {"model", "interpretation", "task", "inputs", "claim", "stop", "seed", "confidence",
             "witnesses", "threads"}
    if further := sorted(given.keys() - plain):
        raise ValueError(f"engine: runs that end when their claims are decided take no {further[0]}; "
                         "give stop='never'")
    for name in ("model", "interpretation"):
        if name not in given:
            raise ValueError(f"{name}: expected a file, got none")
    claim = Interpretation.load(given["interpretation"], load(given["model"]))
    about = json.loads(claim._task_json())["name"]
    if given.get("task", about) != about:
        raise ValueError(f"the interpretation is about the task {about}, not about {given['task']}")
    arguments = {"task": None, "inputs": None, "answers": None, "claims": given["claim"],
                 "count": given.get("inputs"), "confidence": given.get("confidence", 0.95),
                 "stop": given.get("stop", ""), "seed": given.get("seed"), "part": "", "data": "",
                 "independent": False, "witnesses": given.get("witnesses", 1),
                 "threads": given.get("threads", 0), "readout": None, "interchange": False,
                 "unmapped": False, "sources": ""}
    return validate(claim, arguments, **how)
