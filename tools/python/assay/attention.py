"""Scores and patterns of attention: the input and the output of the softmax that a module calls.

No submodule returns them in every version of every model, but all that compute attention step by step
call `softmax` on them. A mode of PyTorch sees the functions that this thread calls, and the hooks of
`hooks.py` know which module is running: its softmax over [batch, head, pos, key] has the scores as
input and the pattern as output. Both can be written, too. Fused attention computes neither, and is
named when somebody asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from assay.hooks import Run

KINDS = ("scores", "pattern")
FUSED = "scaled_dot_product_attention"
WHY_NOT = ("the model computes attention in one fused operation (sdpa), which shows neither scores nor "
           "patterns: load it with attn_implementation=\"eager\", or call "
           "model.set_attn_implementation(\"eager\"), and wrap it again")


def is_attention(value: Any, dim: Any) -> bool:
    """Whether a softmax of this value may be one of attention: over the last axis, of a square for
    each input, or for each head of each input."""
    return (isinstance(value, torch.Tensor) and value.dim() in (3, 4)
            and dim in (-1, value.dim() - 1) and value.is_floating_point())


class Watch(TorchFunctionMode):
    """While this lasts, the softmaxes of this thread are values of the modules that call them."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def __torch_function__(self, function: Any, types: Any, args: tuple = (),
                           kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        if name not in ("softmax", FUSED) or not self._run.inside:
            return function(*args, **kwargs)
        module = self._run.inside[-1]
        if name == FUSED:
            self._run.fused.add(id(module))
            return function(*args, **kwargs)
        scores = args[0] if args else kwargs["input"]
        if not is_attention(scores, args[1] if len(args) > 1 else kwargs.get("dim")):
            return function(*args, **kwargs)
        rest = {key: value for key, value in kwargs.items() if key != "input"}
        scores = self._at(module, "scores", scores)
        return self._at(module, "pattern", function(scores, *args[1:], **rest))

    def _at(self, module: torch.nn.Module, kind: str, value: torch.Tensor) -> torch.Tensor:
        """What flows on. Some modules have inputs and heads on one axis, [batch · head, pos, key]."""
        batch, shape = self._run.batch, value.shape
        if value.dim() == 4 or not batch or shape[0] % batch or shape[0] == batch:
            return self._run.at(module, kind, value)
        split = value.view(batch, shape[0] // batch, *shape[1:])
        return self._run.at(module, kind, split).reshape(shape)
