"""The command: ``python -m assay validate --model …``; the package installs it as ``assay``.

``--load FILE.py`` stands first, as often as there are files: what they register (tasks) is then
known to the command by its name. Shared objects are loaded as ever.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys

from assay import _core


def _load(path: str) -> None:
    """Runs a file of Python as a module of its name."""
    file = pathlib.Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"--load {path}: no such file")
    sys.path.insert(0, os.fspath(file.parent.resolve()))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    kept: list[str] = []
    while len(given) >= 2 and given[0] == "--load":
        path, given = given[1], given[2:]
        if not path.endswith(".py"):
            kept += ["--load", path]
            continue
        try:
            _load(path)
        except Exception as error:  # noqa: BLE001 - whatever the file raises
            print(f"assay: --load {path}: {type(error).__name__}: {error}", file=sys.stderr)
            return 2
    return _core.main(["assay", *kept, *given])


if __name__ == "__main__":
    sys.exit(main())
