"""Results as objects: what the command writes with --json, read with a little comfort."""

from __future__ import annotations

import html
import json
import pathlib
from typing import Any

from assay import _core
from assay.errors import ClaimNotHeld


class Record:
    """A record of a run, as ``--json`` of the command writes it.

    Fields are those of docs/formats.md, by name: ``record["rows"]``.

    Attributes
    ----------
    text : str
        The JSON text, byte for byte what the command writes.
    code : int
        The exit code that the command ends with: 0 done and all claims hold, 1 a claim is violated
        or vacuous, 3 a claim is undecided.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        self.text = text
        self.code = code
        self.fields: dict[str, Any] = json.loads(text)

    @property
    def kind(self) -> str:
        """What the record is about: ``validation``, ``discovery``, …"""
        return self.fields["kind"]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def keys(self):
        return self.fields.keys()

    def save(self, path: str | pathlib.Path) -> None:
        """Writes the JSON file that the command and `open_record` read."""
        pathlib.Path(path).write_text(self.text, encoding="utf-8")

    def to_html(self, path: str | pathlib.Path) -> None:
        """Writes the report page: one HTML file that works offline."""
        _core.write_page([(self.text, "")], str(path))

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"

    def __repr__(self) -> str:
        return f"<assay.Record: {self.kind}, {', '.join(self.fields)}>"


class ValidationReport(Record):
    """What a validation found.

    In a notebook it shows the verdict and the table; ``print(report)`` shows what the command
    prints.
    """

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text, _core.report_exit_code(text) if code is None else code)

    @property
    def verdict(self) -> str:
        """The verdict in one or two sentences."""
        return _core.report_sentence(self.text)

    @property
    def partial(self) -> bool:
        """Whether the run was interrupted before it ended."""
        return bool(self.fields.get("partial", False))

    @property
    def rows(self):
        """Counts, bounds, claims and verdicts, a row for each node and axiom.

        Returns
        -------
        pandas.DataFrame, or list of dict where pandas is not installed
        """
        kept = ("node", "axiom", "n", "failures", "rate", "upper", "simultaneous_upper",
                "anytime_upper", "claim", "verdict", "because", "answer_name")
        rows = [{name: row.get(name) for name in kept if name in row} for row in self.fields["rows"]]
        for row in rows:
            row.setdefault("rate", row["failures"] / row["n"] if row["n"] else None)
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    def row(self, name: str) -> dict[str, Any]:
        """One row of the record by its name, such as ``parse.PE``.

        Raises
        ------
        KeyError
            If there is none; the message lists those that there are.
        """
        for row in self.fields["rows"]:
            if row.get("answer") is None and name == f"{row['node']}.{row['axiom']}":
                return row
        names = [f"{row['node']}.{row['axiom']}" for row in self.fields["rows"]]
        raise KeyError(f"there is no row {name}; there are {', '.join(names)}")

    def witnesses(self, node: str, axiom: str) -> list[dict[str, Any]]:
        """The first inputs on which an axiom fails at a node.

        Returns
        -------
        list of dict
            ``input`` (its index), ``tokens``, and the values of ``network`` and
            ``interpretation``; of PR and CR their decisions, as indices into the answers.
        """
        return self.row(f"{node}.{axiom}")["witnesses"]

    def require(self, claim: str) -> ValidationReport:
        """Raises unless the claim, such as ``"parse.PE <= 0.001"``, is shown to hold.

        A claim that the run was given has the run's own verdict. Of any other one the counts of
        this report decide; it was not declared before they were known.

        Returns
        -------
        ValidationReport
            This one, so that calls can be chained.

        Raises
        ------
        ClaimNotHeld
            With the verdict's sentence.
        ValueError
            For what is no claim, and a row that does not exist.
        """
        row_name, _, rate = claim.partition("<=")
        for row in self.fields["rows"]:
            answer = f"[{row['answer_name']}]" if row.get("answer_name") is not None else ""
            same = row_name.replace(" ", "") == f"{row['node']}.{row['axiom']}{answer}"
            if same and row.get("claim") is not None and _number(rate) == row["claim"]:
                return self._require(row, self.verdict)
        judged = ValidationReport(_core.with_claim(self.text, claim))
        row = next(row for row in judged.fields["rows"] if row.get("claim") is not None)
        return self._require(row, judged.verdict)

    def _require(self, row: dict[str, Any], sentence: str) -> ValidationReport:
        if row["verdict"] == "holds":
            return self
        name = f"{row['node']}.{row['axiom']} <= {row['claim']:g}"
        counts = f"{row['failures']} failures in {row['n']} inputs"
        because = f" ({row['because']})" if row.get("because") else ""
        raise ClaimNotHeld(f"{name} is {row['verdict']}: {counts}{because}. {sentence}",
                           row["verdict"])

    def __str__(self) -> str:
        return _core.report_text(self.text)

    def __repr__(self) -> str:
        return f"<assay.ValidationReport of '{self.fields['title']}': {self.verdict}>"

    def _repr_html_(self) -> str:
        def cell(value: Any) -> str:
            if value is None:
                return ""
            return html.escape(f"{value:.4g}" if isinstance(value, float) else str(value))

        columns = ("node", "axiom", "failures", "n", "upper", "claim", "verdict")
        names = ("node", "axiom", "failures", "inputs", "≤ 95%" if self.fields.get("confidence")
                 in (None, 0.95) else "upper bound", "claim", "verdict")
        colours = {"holds": "#1a7f37", "violated": "#cf222e", "vacuous": "#cf222e",
                   "undecided": "#9a6700"}
        body = []
        for row in self.fields["rows"]:
            colour = colours.get(row.get("verdict") or "", "inherit")
            cells = "".join(f"<td style='text-align:right'>{cell(row.get(name))}</td>"
                            for name in columns)
            body.append(f"<tr style='color:{colour}'>{cells}</tr>")
        head = "".join(f"<th>{name}</th>" for name in names)
        return (f"<p><b>{html.escape(self.fields['title'])}</b><br>{html.escape(self.verdict)}</p>"
                f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def record_from(text: str, code: int = 0) -> Record:
    """The object for a record of any kind."""
    if json.loads(text).get("kind") == "validation":
        return ValidationReport(text, code)
    return Record(text, code)


def open_record(path: str | pathlib.Path) -> Record:
    """Reads what ``--json`` of the command, or `Record.save`, has written.

    Raises
    ------
    FileNotFoundError, ValueError
    """
    text = pathlib.Path(path).read_text(encoding="utf-8")
    try:
        fields = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not a record: {error}") from None
    if not isinstance(fields, dict) or "kind" not in fields:
        raise ValueError(f"{path}: not a record: it has no field 'kind'")
    if fields["kind"] == "validation":
        return ValidationReport(text)
    return Record(text)
