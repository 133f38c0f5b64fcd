"""The notebooks run, and show what their texts say (their last cells assert it)."""

import json
import os

import pytest
import run_notebook
from conftest import SOURCES

NOTEBOOKS = sorted((SOURCES / "docs/notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path, monkeypatch):
    if path.stem == "hugging_face":
        pytest.importorskip("transformers")
    monkeypatch.setenv("ASSAY_SOURCES", os.fspath(SOURCES))
    found = run_notebook.run(path)
    shown = [output["data"] for cell in found["cells"] if cell["cell_type"] == "code"
             for output in cell["outputs"] if output["output_type"] == "execute_result"]
    assert any("<table>" in data.get("text/html", "") for data in shown)


def test_there_are_three_with_outputs():
    assert len(NOTEBOOKS) == 3
    for path in NOTEBOOKS:
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        assert any(cell["outputs"] for cell in cells), f"{path}: tests/python/run_notebook.py --write"


def test_an_exception_names_its_cell(tmp_path):
    path = tmp_path / "wrong.ipynb"
    path.write_text(json.dumps({"cells": [
        {"cell_type": "markdown", "source": ["text"]},
        {"cell_type": "code", "source": ["1 / 0"], "outputs": []}]}))
    with pytest.raises(ZeroDivisionError) as raised:
        run_notebook.run(path)
    assert raised.value.__notes__ == [f"in cell 1 of {path}"]
