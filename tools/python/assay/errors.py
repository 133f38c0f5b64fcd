"""Exceptions of the package. Bad input raises ValueError, TypeError or FileNotFoundError."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.record import Record


class Interrupted(KeyboardInterrupt):
    """Ctrl-C stopped a run, which kept what it had.

    Attributes
    ----------
    report : Record or None
        What was found until then. In a notebook: ``sys.last_value.report``.
    """

    def __init__(self, report: Record | None) -> None:
        super().__init__("interrupted" + ("; see .report for what was found" if report else ""))
        self.report = report


class ClaimNotHeld(AssertionError):
    """`ValidationReport.require`: the claim was not shown to hold.

    Attributes
    ----------
    verdict : str
        ``violated``, ``undecided`` or ``vacuous``.
    """

    def __init__(self, message: str, verdict: str) -> None:
        super().__init__(message)
        self.verdict = verdict
