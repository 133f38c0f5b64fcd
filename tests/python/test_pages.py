"""The API's pages are made without a warning, where pdoc is installed."""

import os
import subprocess
import sys

import pytest
from conftest import BUILD, SOURCES

import assay


def test_pages_are_made_without_warnings(tmp_path):
    pytest.importorskip("pdoc")
    made = subprocess.run([SOURCES / "tools/python/pages", tmp_path, BUILD], capture_output=True,
                          text=True, check=False, env={**os.environ, "ASSAY_PYTHON": sys.executable})
    assert made.returncode == 0 and "Warn" not in made.stderr, made.stderr
    page = (tmp_path / "assay.html").read_text()
    for name in assay.__all__:
        assert name in page, name


def test_everything_public_says_what_it_is():
    for name in assay.__all__:
        if name != "__version__":
            assert getattr(assay, name).__doc__, name
