"""Runs a notebook's code, one cell after the other, without Jupyter: the tests and `--write` do.

    python tests/python/run_notebook.py [--write] docs/notebooks/own_network.ipynb

What the last line of a cell is worth is shown as a notebook shows it, by `_repr_html_`; `--write`
puts it, and what was printed, into the file.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import pathlib
import sys
from typing import Any


def _run_cell(source: str, names: dict[str, Any], where: str) -> tuple[str, Any]:
    """What a cell printed, and what its last line is worth."""
    tree = ast.parse(source, where)
    shows = tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";")
    last = tree.body.pop() if shows else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, where, "exec"), names)  # noqa: S102 - it is what this file is for
        value = None
        if last is not None:
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)  # noqa: S307
    return printed.getvalue(), value


def _outputs(printed: str, value: Any) -> list[dict]:
    outputs = []
    if printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": printed})
    if value is not None:
        data = {"text/plain": repr(value)}
        if hasattr(value, "_repr_html_"):
            data["text/html"] = value._repr_html_()
        outputs.append({"output_type": "execute_result", "data": data, "metadata": {}})
    return outputs


def run(path: pathlib.Path) -> dict:
    """The notebook with its outputs. An exception in a cell arrives as itself, with a note."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        count += 1
        cell["execution_count"] = count
        try:
            cell["outputs"] = _outputs(*_run_cell("".join(cell["source"]), names,
                                                  f"{path.name} cell {number}"))
        except Exception as error:
            error.__notes__ = [*getattr(error, "__notes__", []), f"in cell {number} of {path}"]
            raise
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
    return notebook


def main() -> None:
    arguments = sys.argv[1:]
    writes = "--write" in arguments
    for path in [pathlib.Path(one) for one in arguments if one != "--write"]:
        notebook = run(path)
        if writes:
            path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n",
                            encoding="utf-8")


if __name__ == "__main__":
    main()
