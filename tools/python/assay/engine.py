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
import dataclasses
import json
import os
import pathlib
import pickle
import re
import subprocess
import sys
import tempfile
import threading
import uuid
import warnings
from typing import Any, Callable, Iterator, Mapping

from assay import _core, commands
from assay.errors import Interrupted
from assay.host import described, progress_bar
from assay.interpretation import Interpretation, _find, _importable
from assay.network import load
from assay.record import Record, ValidationReport

MADE_IN_PARTS = ("compare", "discover", "measure", "mutate", "study", "validate")


class Lost(RuntimeError):
    """A worker ended before its part was done."""


@dataclasses.dataclass
class Part:
    """What a worker returns."""

    text: str = ""  # the record
    looks: list = dataclasses.field(default_factory=list)  # of PartsInOrder
    warned: list[str] = dataclasses.field(default_factory=list)
    error: Exception | None = None  # what it raised, in place of all that


# ---- what workers do ---------------------------------------------------------------------------


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


@dataclasses.dataclass
class ClaimJob:
    """A validation of an interpretation of files and of functions that any process can import."""

    model: str
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
            raise Lost("interrupted")
        return Part(text, looks)


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


# ---- where workers are -------------------------------------------------------------------------


def _own_paths() -> str:
    """PYTHONPATH for workers: what this process can import and a fresh interpreter could not."""
    shared = (sys.prefix, sys.base_prefix)
    return os.pathsep.join(os.path.abspath(path) for path in sys.path
                           if not path.startswith(shared))


class Processes:
    """Worker processes on this machine.

    Parameters
    ----------
    workers
        How many; by default as many as there are processors for the threads of each.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers

    def pool(self, threads: int) -> _ProcessPool:
        return _ProcessPool(self.workers or max(1, (os.cpu_count() or 1) // threads))


class _ProcessPool:
    """A thread for each worker, which hands it one part after another.

    Unlike those of ``multiprocessing``, workers do not run the caller's main module again, and one
    that dies takes nothing but its own part with it.
    """

    lost = (Lost,)

    def __init__(self, size: int) -> None:
        self.size = size
        self._threads = concurrent.futures.ThreadPoolExecutor(size)
        self._own = threading.local()
        self._workers: list[subprocess.Popen] = []

    def share(self, job: Any) -> Any:
        return job

    def submit(self, job: Any, *part: Any) -> concurrent.futures.Future:
        return self._threads.submit(self._ask, (job, *part))

    def _ask(self, question: tuple) -> Part:
        worker = getattr(self._own, "worker", None) or self._started()
        try:
            pickle.dump(question, worker.stdin)
            worker.stdin.flush()
            return pickle.load(worker.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self._own.worker = None
            worker.kill()
            raise Lost(f"process {worker.pid} ended with {worker.wait()}") from error

    def _started(self) -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, "-c", "from assay.engine import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "PYTHONPATH": _own_paths()})
        self._workers.append(worker)
        self._own.worker = worker
        return worker

    def __enter__(self) -> _ProcessPool:
        return self

    def __exit__(self, *_: Any) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._threads.shutdown()
        for worker in self._workers:
            worker.stdout.close()


def serve() -> None:
    """The work of a process of `_ProcessPool`. What anything prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(compute(*question), answers)
        answers.flush()


class Ray:
    """The nodes of a Ray cluster: the one this process is connected to, or that ``ray.init()`` finds
    or starts.
    """

    def pool(self, threads: int) -> _RayPool:
        try:
            import ray
        except ImportError as error:
            raise ImportError("engine='ray' needs Ray: pip install 'assay[ray]', or pip install ray"
                              ) from error
        if not ray.is_initialized():
            ray.init(log_to_driver=False, logging_level="ERROR")
        return _RayPool(ray, threads)


class _RayPool:
    """Parts as Ray tasks.

    Ray's own retries are off: `_in_order` counts lost parts and says which one was lost too often.
    """

    def __init__(self, ray: Any, threads: int) -> None:
        self._ray = ray
        self.lost = (ray.exceptions.RayError,)
        self.size = max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
        environment = {"env_vars": {"PYTHONPATH": _own_paths()}}
        self._compute = ray.remote(num_cpus=threads, max_retries=0,
                                   runtime_env=environment)(compute)
        self._running: dict[concurrent.futures.Future, Any] = {}

    def share(self, job: Any) -> Any:
        return self._ray.put(job)

    def submit(self, job: Any, *part: Any) -> concurrent.futures.Future:
        task = self._compute.remote(job, *part)
        future = task.future()
        self._running[future] = task
        future.add_done_callback(lambda done: self._running.pop(done, None))
        return future

    def __enter__(self) -> _RayPool:
        return self

    def __exit__(self, *_: Any) -> None:
        for task in list(self._running.values()):
            self._ray.cancel(task, force=True)


ENGINES: dict[str, Callable[[], Any]] = {"processes": Processes, "ray": Ray}


def _engine(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if given not in ENGINES:
        raise ValueError(f"engine: unknown '{given}'; there are {', '.join(ENGINES)}")
    return ENGINES[given]()


# ---- all parts of a run ------------------------------------------------------------------------


class _Kept:
    """Parts that are kept in a folder, so that a run that broke off goes on with the others."""

    def __init__(self, folder: str | os.PathLike | None) -> None:
        self.folder = pathlib.Path(folder) if folder else None
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)

    def number(self) -> int | None:
        """Of how many the parts are that are kept here, if there are any."""
        if not self.folder:
            return None
        found = {int(path.stem.rpartition("-")[2]) for path in self.folder.glob("part-*-of-*.json")}
        if len(found) > 1:
            raise ValueError(f"{self.folder}: parts of different runs: of "
                             f"{' and of '.join(map(str, sorted(found)))}")
        return found.pop() if found else None

    def _path(self, index: int, of: int) -> pathlib.Path:
        return self.folder / f"part-{index}-of-{of}.json"

    def read(self, index: int, of: int) -> Part | None:
        if not self.folder or not self._path(index, of).exists():
            return None
        path = self._path(index, of)
        looks = path.with_suffix(".looks")
        return Part(path.read_text(encoding="utf-8"),
                    json.loads(looks.read_text(encoding="utf-8")) if looks.exists() else [])

    def write(self, index: int, of: int, part: Part) -> None:
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


def _in_order(pool: Any, job: Any, of: int, kept: _Kept, retries: int,
              show: Callable[[int, int, str], None] | None) -> Iterator[Part]:
    """The parts of a run, in their order. Twice as many are under way as there are workers."""
    done = {index: part for index in range(1, of + 1) if (part := kept.read(index, of))}
    waiting = collections.deque(index for index in range(1, of + 1) if index not in done)
    running: dict[concurrent.futures.Future, int] = {}
    tries: collections.Counter[int] = collections.Counter()
    warned: set[str] = set()
    computed = len(done)
    for index in range(1, of + 1):
        while index not in done:
            while waiting and len(running) < 2 * pool.size:
                at = waiting.popleft()
                running[pool.submit(job, at, of, None)] = at
            finished, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in finished:
                at = running.pop(future)
                try:
                    part = future.result()
                except pool.lost as error:
                    tries[at] += 1
                    if tries[at] > retries:
                        raise RuntimeError(f"part {at} of {of}: its worker was lost {tries[at]} "
                                           f"times: {error}") from error
                    waiting.appendleft(at)
                    continue
                if part.error:
                    raise part.error
                for message in set(part.warned) - warned:
                    warnings.warn(message, stacklevel=2)
                warned.update(part.warned)
                kept.write(at, of, part)
                done[at] = part
                computed += 1
                if show:
                    show(computed, of, "parts")
        yield done.pop(index)


def _fewer(error: ValueError) -> int | None:
    """How many parts there can be at most, where the core says that they are too many."""
    found = re.search(r"inputs are (\d+) chunks of up to", str(error))
    return int(found[1]) if found else None


def _parts(pool: Any, job: Any, shards: int | None, default: int, kept: _Kept, retries: int,
           show: Any) -> Iterator[Part]:
    """The parts of a run, as many as were asked for, or else as many as make sense.

    A run of a single chunk has none.
    """
    if shards is not None and shards < 2:
        raise ValueError(f"shards: expected at least 2, got {shards}")
    of = shards or kept.number() or default
    shared = pool.share(job)
    try:
        yield from _in_order(pool, shared, of, kept, retries, show)
    except ValueError as error:
        most = _fewer(error)
        if shards or most is None:
            raise
        if most > 1:
            yield from _in_order(pool, shared, most, kept, retries, show)


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
    RuntimeError
        Naming the part whose worker was lost again and again.
    """
    if command.split()[0] not in MADE_IN_PARTS:
        raise ValueError(f"engine: {command} is not made in parts; {', '.join(MADE_IN_PARTS)} are")
    if command == "validate" and options.get("claim") and options.get("stop") != "never":
        report = _validate_files(options, engine=engine, shards=shards, parts=parts,
                                 retries=retries, progress=progress)
        if json_file:
            report.save(json_file)
        return report
    pages = ("html", "junit", "markdown", "csv") + (("out",) if command == "discover" else ())
    merged = {name: options.pop(name) for name in pages if name in options}
    options["threads"] = options.get("threads") or 1
    kept = _Kept(parts)
    with tempfile.TemporaryDirectory(prefix="assay-") as folder, progress_bar(progress) as show, \
            _engine(engine).pool(options["threads"]) as pool:
        files = []
        job = CommandJob(command, positional, options)
        for part in _parts(pool, job, shards, 4 * pool.size, kept, retries, show):
            files.append(pathlib.Path(folder) / f"part-{len(files) + 1}.json")
            files[-1].write_text(part.text, encoding="utf-8")
        if not files:
            return commands.run(command, *positional, verbose=verbose, progress=progress,
                                json_file=json_file, **{**options, **merged})
        return commands.run("merge", *files, verbose=verbose, progress=False, json_file=json_file,
                            **merged)


# ---- validations -------------------------------------------------------------------------------


def _named(what: str, function: Callable) -> str:
    name = _importable(function)
    if name is None:
        raise ValueError(f"engine: {what} is a function that no other process could import; define "
                         "it in a module")
    return name


def _claim_job(claim: Interpretation, arguments: Mapping[str, Any]) -> ClaimJob:
    """Everything that travels. @raises ValueError naming what does not."""
    network = claim.network
    if not network._core.is_native or not network.path:
        raise ValueError("engine: a network in memory does not travel; expected one that assay.load "
                         "has read from a file")
    kept = dict(arguments)
    functions = {name: _named(name, kept.pop(name)) for name in ("inputs", "answers")
                 if callable(kept[name])}
    task = kept["task"]
    if task is not None and not isinstance(task, (str, Mapping)):
        raise ValueError("engine: a task in memory does not travel; name one that Assay knows")
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        claim.save(f"{folder}/claim.json")
        files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
    return ClaimJob(network.path, files, (claim.path, claim.sha256), kept, functions)


def validate(claim: Interpretation, arguments: dict[str, Any], *, engine: Any,
             shards: int | None = None, parts: str | os.PathLike | None = None, retries: int = 3,
             progress: bool | None = None) -> ValidationReport:
    """`assay.validate` of an interpretation, shared out among the workers of an engine.

    The report is that of one process, but for facts about the run; also where it ends as soon as
    all claims are decided.

    Parameters
    ----------
    arguments
        Of `assay.validation.count_failures`.
    engine, shards, parts, retries
        As of `run`. By default there are at least 64 parts, if there are as many chunks of inputs.

    Raises
    ------
    ValueError
        Also for what does not travel: lambdas, networks and tasks in memory.
    Interrupted
        After Ctrl-C, with what was counted without a gap.
    """
    arguments = {**arguments, "threads": arguments.get("threads") or 1}
    told = {name: arguments[name] for name in
            ("task", "claims", "count", "confidence", "stop", "seed", "witnesses")}
    call = described("validate", claim=claim.title, **told,
                     engine=engine if isinstance(engine, str) else type(engine).__name__)
    job = _claim_job(claim, arguments)
    whole = _core.PartsInOrder()
    taken = 0
    with progress_bar(progress) as show, _engine(engine).pool(arguments["threads"]) as pool:
        all_parts = _parts(pool, job, shards, max(64, 4 * pool.size), _Kept(parts), retries, show)
        try:
            for part in all_parts:
                decided = whole.look(part.text, part.looks)
                if decided is not None:
                    part = _begun(pool, job, part, decided, retries)
                whole.take(part.text)
                taken += 1
                if decided is not None:
                    break
        except KeyboardInterrupt as error:
            raise Interrupted(ValidationReport(whole.report(call)) if taken else None) from error
    if not taken:
        from assay.validation import validate as in_this_process

        return in_this_process(claim, **arguments)
    return ValidationReport(whole.report(call))


def _validate_files(options: Mapping[str, Any], **how: Any) -> ValidationReport:
    """A validation that ends when its claims are decided, with the command's options."""
    given = {name: value for name, value in options.items() if value not in (None, False, "")}
    plain = {"model", "interpretation", "task", "inputs", "claim", "stop", "seed", "confidence",
             "witnesses", "threads"}
    if further := sorted(given.keys() - plain):
        raise ValueError(f"engine: runs that end when their claims are decided take no {further[0]}; "
                         "give stop='never'")
    claim = Interpretation.load(given["interpretation"], load(given["model"]))
    about = json.loads(claim._task_json())["name"]
    if given.get("task", about) != about:
        raise ValueError(f"the interpretation is about the task {about}, not about {given['task']}")
    arguments = {"task": None, "inputs": None, "answers": None, "claims": given["claim"],
                 "count": given.get("inputs"), "confidence": given.get("confidence", 0.95),
                 "stop": given.get("stop", ""), "seed": given.get("seed"), "part": "", "data": "",
                 "independent": False, "witnesses": given.get("witnesses", 1),
                 "threads": given.get("threads", 0), "readout": None}
    return validate(claim, arguments, **how)


def _begun(pool: Any, job: ClaimJob, part: Part, inputs: int, retries: int) -> Part:
    """The part up to the look that ends the run."""
    counted = json.loads(part.text)
    if counted["inputs"] == inputs:
        return part
    shard = counted["shard"]
    for left in range(retries, -1, -1):
        try:
            begun = pool.submit(job, shard["index"], shard["of"], inputs).result()
        except pool.lost:
            if not left:
                raise
            continue
        if begun.error:
            raise begun.error
        return begun
    raise AssertionError("not reached")
