"""Places that are part of a module's value, or a sum of two: heads, fused queries, the middle stream.

A projection holds all heads side by side in its last axis, some hold queries, keys and values, too;
and the residual stream between attention and MLP is the output of no submodule. Such places are read
from the values that there are, and what is written to them is put back there.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from assay.hooks import Key


class View(NamedTuple):
    """How a place lies in a module's value."""

    heads: int = 0  # the last axis is split into so many; 0: it is taken as it is
    part: int = 0  # which of `parts` that stand side by side in the last axis
    parts: int = 1
    by_head: bool = False  # each head has its own parts, rather than each part all heads

    def _split(self, value: torch.Tensor) -> torch.Tensor:
        """[…, parts, heads, d_head], a view of the value."""
        front = value.shape[:-1]
        if self.by_head:
            return value.reshape(*front, self.heads, self.parts, -1).transpose(-3, -2)
        return value.reshape(*front, self.parts, max(1, self.heads), -1)

    def read(self, value: torch.Tensor) -> torch.Tensor:
        """The place's value: […, heads, d_head], or […, width] of one that is not split."""
        if self == View():
            return value
        part = self._split(value)[..., self.part, :, :]
        return part if self.heads else part.squeeze(-2)

    def write(self, value: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        """The module's value with another one in this place."""
        if self == View():
            return new
        split = list(self._split(value).unbind(-3))
        split[self.part] = new if self.heads else new.unsqueeze(-2)
        whole = torch.stack(split, -3)
        return (whole.transpose(-3, -2) if self.by_head else whole).reshape(value.shape)


class Spot(NamedTuple):
    """Where a place is."""

    key: Key | None  # of the module's value; None: the logits
    view: View = View()
    # The place is the sum of this value and that of `key`, which comes later: what is written goes
    # into the second, less the first, so that all that reads the sum reads what was written. (The
    # input of the submodule that reads it next would be an edge: skip paths go around it.)
    before: Key | None = None
