"""How work in the core meets this process: what it prints, its progress, and its failures."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import warnings
from typing import Any, Callable, Iterator

from assay.errors import Interrupted


def printer(verbose: bool) -> Callable[[str, bool], None]:
    """What takes the lines of a run: warnings always, the rest if `verbose`."""

    def take(line: str, is_warning: bool) -> None:
        if is_warning:
            warnings.warn(line, stacklevel=3)
        elif verbose:
            print(re.sub(r"\x1b\[[0-9;]*m", "", line))

    return take


@contextlib.contextmanager
def progress_bar(progress: bool | None) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar of tqdm. None: where tqdm is installed and someone may be watching."""
    watched = sys.stderr.isatty() or "ipykernel" in sys.modules
    if progress is False or (progress is None and not watched):
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield None
        return
    with tqdm(total=None, leave=False) as bar:

        def show(done: int, of: int, what: str) -> None:
            bar.total, bar.unit = of, " " + what
            bar.update(done - bar.n)

        yield show


def _is_ours(error: BaseException) -> bool:
    """Whether it was raised below this package, and not in functions or modules of the caller's."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is None or frame.tb_frame.f_globals.get("__package__") == __package__


@contextlib.contextmanager
def fitting_exceptions(*paths: Any) -> Iterator[None]:
    """Failures of the core as the kind of exception that fits, with the command's message.

    Parameters
    ----------
    paths
        Files that the work was to read: one that is not there is a FileNotFoundError.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise error if isinstance(error, Interrupted) else Interrupted(None)
    except RuntimeError as error:
        if type(error) is not RuntimeError or not _is_ours(error):
            raise
        message = str(error).split("\nException raised from ")[0]
        missing = [path for path in paths
                   if path and os.fspath(path) in message and not os.path.exists(path)]
        kind = FileNotFoundError if missing else ValueError
        raise kind(message) from error


def described(function: str, **arguments: Any) -> str:
    """The call as one would type it, for records."""

    def text(value: Any) -> str:
        plain = (str, int, float, bool, type(None), list, tuple)
        return repr(value) if isinstance(value, plain) else f"<{type(value).__name__}>"

    given = ", ".join(f"{name}={text(value)}" for name, value in arguments.items()
                      if value is not None and value != () and value is not False)
    return f"assay.{function}({given})"
