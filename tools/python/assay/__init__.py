"""Assay: validates mechanistic interpretations of neural networks.

A claim such as "block 0 finds the maximum of each half, the rest compares them" becomes a small
program beside the network. `validate` runs both on the same inputs and reports how often each step
fails, with exact confidence bounds, on which inputs, and at which step it first goes wrong::

    import assay

    net = assay.wrap(model, example)
    claim = assay.Interpretation("maximum of two halves", network=net)
    claim.node("maxima", parents=["tokens"], at="mix[pos=5]", h=..., alpha=..., gamma=...)
    claim.node("answer", parents=["maxima"], at="logits[pos=5]", h=..., alpha=assay.argmax([11, 12]))
    report = assay.validate(claim, inputs=sample, claims=["maxima.PE <= 0.02"])

The terms are defined in docs/concepts.md, this package is described in docs/python.md.
"""

from assay import engine, language_models, replacers
from assay._core import version as __version__
from assay.commands import (
    attack,
    compare,
    compare_circuits,
    convert,
    derive,
    discover,
    inspect,
    measure,
    merge,
    mutate,
    plan,
    prove,
    report,
    study,
    train,
)
from assay.conformance import check_task
from assay.errors import ClaimNotHeld, Interrupted
from assay.explaining import explain
from assay.generation import Step, explain_generation
from assay.interpretation import Interpretation, Operation, operation, register
from assay.network import Network, load, to_native, trace
from assay.ready_made import (
    argmax,
    linear_probe,
    nearest,
    prototypes,
    write_answer,
    write_direction,
    write_means,
)
from assay.record import Record, ValidationReport, open_record
from assay.rows import Inputs, Rows, read_inputs
from assay.task import Task, task
from assay.texts import TextExplanation
from assay.validation import validate
from assay.wrap import WrappedNetwork, wrap

__all__ = [
    "ClaimNotHeld",
    "Inputs",
    "Interpretation",
    "Interrupted",
    "Network",
    "Operation",
    "Record",
    "Rows",
    "Step",
    "Task",
    "TextExplanation",
    "ValidationReport",
    "WrappedNetwork",
    "__version__",
    "argmax",
    "attack",
    "check_task",
    "compare",
    "compare_circuits",
    "convert",
    "derive",
    "discover",
    "engine",
    "explain",
    "explain_generation",
    "inspect",
    "language_models",
    "linear_probe",
    "load",
    "measure",
    "merge",
    "mutate",
    "nearest",
    "open_record",
    "operation",
    "plan",
    "prototypes",
    "prove",
    "read_inputs",
    "register",
    "replacers",
    "report",
    "study",
    "task",
    "to_native",
    "trace",
    "train",
    "validate",
    "wrap",
    "write_answer",
    "write_direction",
    "write_means",
]
