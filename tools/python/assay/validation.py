"""Testing an interpretation against the four axioms."""

from __future__ import annotations

import itertools
import os
from typing import Any, Callable, Mapping, Sequence

import torch

from assay import _core
from assay.commands import run
from assay.errors import Interrupted
from assay.host import described, fitting_exceptions, printer, progress_bar
from assay.interpretation import Interpretation
from assay.network import Network, as_tokens
from assay.record import ValidationReport
from assay.rows import read_inputs
from assay.task import InMemory, RegisteredTask, Task, task as task_named


def tokens_of(inputs: Any, count: int | None) -> torch.Tensor:
    if isinstance(inputs, torch.Tensor):
        return as_tokens(inputs[:count])
    rows = list(itertools.islice(inputs, count))
    if not rows:
        raise ValueError("inputs: expected at least one, got none")
    if isinstance(rows[0], torch.Tensor):
        return as_tokens(torch.stack(rows))
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise ValueError(f"inputs: expected one length, got {min(lengths)} to {max(lengths)} tokens: "
                         "no position would mean the same in all of them")
    return as_tokens(rows)


def _drawing(function: Callable, n_tokens: int) -> Callable[[int, int, int], torch.Tensor]:
    """A caller's function (seed, first, count), held to what it promises."""

    def draw(seed: int, first: int, count: int) -> torch.Tensor:
        tokens = as_tokens(function(seed, first, count))
        if len(tokens) != count:
            raise ValueError(f"inputs: the function returned {len(tokens)} inputs, expected {count}")
        if int(tokens.min()) < 0 or int(tokens.max()) >= n_tokens:
            raise ValueError(f"inputs: the function returned tokens {int(tokens.min())} to "
                             f"{int(tokens.max())}, the network has 0 to {n_tokens - 1}")
        return tokens.contiguous()

    return draw


def _answers(claim: Interpretation, answers: Any, inputs: torch.Tensor) -> list[int]:
    """The tokens among which the network decides."""
    if callable(answers):
        answers = torch.as_tensor(answers(inputs)).unique()
    if answers is not None:
        return [int(answer) for answer in answers]
    alpha = claim[claim.output]["alpha"]
    if alpha.name == "argmax_of":
        return alpha.parameters["tokens"]
    raise ValueError("answers: among which tokens does the network decide? (it may be left out only "
                     "where alpha of the output is assay.argmax)")


def validate(claim: Interpretation | None = None, *, task: Any = None, inputs: Any = None,
             answers: Any = None, claims: str | Sequence[str] = (), count: int | None = None,
             confidence: float = 0.95, stop: str = "", seed: int | None = None, part: str = "",
             data: str | os.PathLike = "", independent: bool = False, witnesses: int = 1,
             threads: int = 0, readout: int | None = None, interchange: bool = False,
             unmapped: bool = False, sources: str = "", progress: bool | None = None,
             verbose: bool = False, engine: Any = None, shards: int | None = None,
             parts: str | os.PathLike | None = None, **options: Any) -> ValidationReport:
    """Tests an interpretation against the axioms, on inputs that it was not fitted on.

    Four questions of every node: do the activations mean what the interpretation computes there,
    from the input (PE) and from the step before (CE), and does the network still give its answer
    when the interpretation's value is written in their place (PR, CR)? Rates carry exact bounds.
    With claims, the run ends as soon as all of them are decided.

    Parameters
    ----------
    claim
        The interpretation. None: ``model=`` and ``interpretation=`` name files, and further options
        are those of ``assay validate``.
    task
        Whose inputs it is tested on: a name, an `assay.Task`, or what the interpretation says.
    inputs
        The caller's own inputs: token ids [inputs, pos], an iterable of such rows, or a function
        (seed, first, count) -> int64 [count, pos] of an endless stream of independent draws, the
        i-th of which depends on (seed, i) alone; or a file that `read_inputs` reads. A number is
        `count`.
    answers
        Token ids among which the network decides, or their names by id; a function from inputs to
        their right answers will do. By default those of the output's `assay.argmax`.
    claims
        Such as ``"parse.PE <= 0.001"``, or ``"parse.PE[UNSAT] <= 0.01"`` for the inputs that the
        network answers so.
    count
        Inputs at most; by default 80,000, or all of a list.
    confidence
        Of every bound and of all verdicts together.
    stop
        ``"decided"``: as soon as all claims are (the default, where inputs are drawn), or
        ``"never"`` before all inputs are checked.
    seed
        Of the inputs that are drawn (default 1).
    part
        Of inputs that can be listed: ``"all"``, ``"unseen"`` or ``"test"``.
    data
        A file of inputs, one per line.
    independent
        The listed inputs are independent draws: rates are bounded beyond the list.
    witnesses
        Failing inputs kept per node and axiom.
    threads
        Workers; 0: one per processor, or one alone for a network of Python's.
    readout
        The position at which the network answers, for inputs of the caller's own (default: the
        last).
    interchange
        Also exchange each node's value, and those of each pair of nodes, between two inputs: does
        the network's answer follow as the program's does (rows II and IA)?
    unmapped
        And resample what the interpretation calls irrelevant: does the answer stay (UM)?
    sources
        Where exchanged values come from: ``"inputs"`` (the default: other draws, or other inputs of
        the list), ``"all"`` that are listed, or the task's ``"counterfactuals"``.
    progress
        Shows a bar of tqdm; None: where someone may be watching.
    verbose
        Prints what the command prints.
    engine
        Who computes: this process (None), ``"processes"`` of this machine or the nodes of a
        ``"ray"`` cluster (`assay.engine`). The report is the same.
    shards
        With an engine: into how many parts.
    parts
        With an engine: a folder that keeps the parts; those that are there are not computed again.

    Returns
    -------
    ValidationReport

    Raises
    ------
    ValueError, TypeError, FileNotFoundError
        For what cannot be tested, with the command's messages. An exception in a function of the
        interpretation arrives as itself, with a note that names the node.
    Interrupted
        After Ctrl-C: ``.report`` holds what was counted until then.
    """
    claims = [claims] if isinstance(claims, str) else list(claims)
    if isinstance(inputs, int):
        count, inputs = inputs, None
    if claim is None:
        given = {"task": task, "inputs": count, "claim": claims, "stop": stop or None, "seed": seed,
                 "part": part or None, "data": data or None, "independent": independent,
                 "threads": threads or None, "interchange": interchange, "unmapped": unmapped,
                 "sources": sources or None}
        if confidence != 0.95:
            given["confidence"] = confidence
        if witnesses != 1:
            given["witnesses"] = witnesses
        return run("validate", progress=progress, verbose=verbose, engine=engine, shards=shards,
                   parts=parts, **given, **options)
    arguments = {"task": task, "inputs": inputs, "answers": answers, "claims": claims,
                 "count": count, "confidence": confidence, "stop": stop, "seed": seed, "part": part,
                 "data": data, "independent": independent, "witnesses": witnesses,
                 "threads": threads, "readout": readout, "interchange": interchange,
                 "unmapped": unmapped, "sources": sources}
    if engine is not None:
        from assay import engine as engines

        return engines.validate(claim, arguments, engine=engine, shards=shards, parts=parts,
                                progress=progress, verbose=verbose, **options)
    if options:
        raise TypeError(f"validate: unknown argument {', '.join(options)}")
    text, stopped, _ = count_failures(claim, **arguments, progress=progress, verbose=verbose)
    report = ValidationReport(text)
    if stopped:
        raise Interrupted(report)
    if verbose:
        print(report)
    return report


def count_failures(claim: Interpretation, *, task: Any, inputs: Any, answers: Any,
                   claims: Sequence[str], count: int | None, confidence: float, stop: str,
                   seed: int | None, part: str, data: str | os.PathLike, independent: bool,
                   witnesses: int, threads: int, readout: int | None, interchange: bool,
                   unmapped: bool, sources: str, progress: bool | None = False,
                   verbose: bool = False, share: tuple[int, int, int | None] | None = None,
                   ) -> tuple[str, bool, list]:
    """The record of `validate`, or of part i of n of it.

    Parameters
    ----------
    share
        (i, n, the first so many inputs of the part, or None for all of them); None: the whole.

    Returns
    -------
    The record, whether Ctrl-C stopped it, and of a part of a run that ends when its claims are
    decided: what was counted after each chunk (tools/python/engine.h).
    """
    if not isinstance(claim, Interpretation):
        raise TypeError(f"claim: expected an assay.Interpretation, got {type(claim).__name__}")
    network = claim.network
    if isinstance(inputs, (str, os.PathLike)):
        inputs, right = read_inputs(inputs)
        if answers is None and right is not None:
            answers = right.unique().tolist()
    subject, given_inputs = _subject(claim, task, inputs, answers, count, readout, seed)
    if given_inputs is None:
        draws = subject.core
        remarks = network.prepare(claim, lambda seed, first, n: draws.sample("test", seed, first, n)[0],
                                  seed, subject.readout)
    else:
        remarks = network.prepare(claim, given_inputs, seed, subject.readout)
    call = described("validate", claim=claim.title, task=getattr(subject, "name", None),
                     claims=claims, count=count, confidence=confidence, stop=stop or None,
                     seed=seed, witnesses=witnesses, interchange=interchange or None,
                     unmapped=unmapped or None, sources=sources or None)
    if threads == 0 and not network._core.is_native:
        threads = 1
    settings = {
        "claims": claims, "inputs": count, "part": part, "data": os.fspath(data),
        "independent": independent, "confidence": float(confidence), "stop": stop, "seed": seed,
        "witnesses": witnesses, "threads": threads, "interchange": interchange,
        "unmapped": unmapped, "sources": sources, "command": call, "print": printer(verbose),
        "remarks": remarks, "share": share, "model": (network.path, network.sha256),
        "interpretation": (claim.path, claim.sha256)}
    with progress_bar(progress) as bar, fitting_exceptions(data):
        return _core.validate(network._core, claim._spec(), subject.core, given_inputs,
                              {**settings, "progress": bar})


def _subject(claim: Interpretation, task: Any, inputs: Any, answers: Any, count: int | None,
             readout: int | None, seed: int | None) -> tuple[Task | RegisteredTask, Any]:
    """The task, and the caller's own inputs as the core takes them; None: the task's."""
    network: Network = claim.network
    if inputs is None:
        named = task if task is not None else claim.task
        if named is None:
            raise ValueError("inputs: on what is it tested? give inputs=, or a task")
        if isinstance(named, str):
            named = task_named(named)
        elif isinstance(named, dict):
            named = task_named(named["name"], **named.get("settings", {}))
        elif isinstance(named, Task):
            named = named.known()
        elif not isinstance(named, RegisteredTask):
            raise TypeError(f"task: expected a name or an assay.Task, got {type(named).__name__}")
        return named, None
    if task is not None:
        raise ValueError("inputs and task: give one of them; inputs of one's own have no task")
    if callable(inputs):
        given: Any = _drawing(inputs, network.n_tokens)
        first = given(1 if seed is None else seed, 0, 256)
    else:
        given = first = tokens_of(inputs, count)
        if int(given.min()) < 0 or int(given.max()) >= network.n_tokens:
            raise ValueError(f"inputs: tokens {int(given.min())} to {int(given.max())}, the network "
                             f"has 0 to {network.n_tokens - 1}")
        given = given.contiguous()
    names = dict(answers) if isinstance(answers, Mapping) else None
    return InMemory(network.n_tokens, first.shape[1], _answers(claim, answers, first), readout,
                    names, given if callable(inputs) else None), given
