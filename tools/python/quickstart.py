"""What tools/quickstart --python shows: the shipped 2-SAT network, validated from Python.

Usage: python tools/python/quickstart.py FOLDER, which gets the record and the page.
"""

import pathlib
import sys

import assay

folder = pathlib.Path(sys.argv[1])
reference = pathlib.Path("tasks/two_sat/reference")
network = assay.load(reference / "model.safetensors")
trees = assay.Interpretation.load(reference / "trees.json", network)

# The claims: no worse than the published network (arXiv 2407.13594).
report = assay.validate(trees, claims=["parse.PE<=0.001", "parse.PR<=0.0418", "evaluate.PE<=0.182",
                                       "evaluate.PR<=0.0128", "or.CE<=0.0043"])
print(report)
report.save(folder / "report.json")
report.to_html(folder / "report.html")
print(f"record and page: {folder}/report.json, {folder}/report.html")
