"""What the values of a module are: found out by running it on inputs of different sizes.

Nothing but a run tells which axis is the batch and which the positions, which submodules run twice
and which never. So the module is run on 2 and on 3 inputs, and on inputs that are one token shorter:
the axis that grows with the batch is the batch, those that shrink with the tokens are positions.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from assay import attention
from assay.hooks import Key, Survey
from assay.network import as_tokens

if TYPE_CHECKING:
    from assay.wrap import WrappedNetwork

_LONGEST_PROBE = 64  # positions of the inputs that a module is tried on, where it leaves that open


def _sizes_of(module: torch.nn.Module) -> tuple[int | None, int | None]:
    """Tokens and positions as the configuration of Hugging Face and TransformerLens models has them."""
    config = getattr(module, "config", None) or getattr(module, "cfg", None)

    def first(*names: str) -> int | None:
        found = [getattr(config, name) for name in names if isinstance(getattr(config, name, None),
                                                                       int)]
        return found[0] if found else None

    return first("vocab_size", "d_vocab"), first("max_position_embeddings", "n_positions", "n_ctx")


class Probing:
    """The sites of a wrapped module.

    Attributes
    ----------
    keys : dict
        Of each place, which value of which submodule it is.
    places : list
        Each place's name and axes, in the order of computation; the last one is `logits`.
    refused : dict
        Values that are no sites, each with the reason.
    tokens : int64 [2, pos]
        Inputs that the module takes.
    pooled : bool
        Whether there are logits for an input as a whole, rather than for each position.
    description : dict
        What `_core.python_network` is told.
    """

    def __init__(self, network: WrappedNetwork, example: Any, n_tokens: int | None,
                 n_ctx: int | None) -> None:
        self._network = network
        self._modules = network._modules
        self.keys: dict[str, Key] = {}
        self.refused: dict[str, str] = {}
        configured = _sizes_of(network.module)
        n_tokens = n_tokens or configured[0]
        if example is not None:
            example = as_tokens(example)
            n_ctx = n_ctx or example.shape[1]
        n_ctx = n_ctx or configured[1]
        if n_ctx is None:
            raise ValueError("how many tokens does an input have? give an example, "
                             "assay.wrap(model, tokens), or n_ctx=")
        length = example.shape[1] if example is not None else min(n_ctx, _LONGEST_PROBE)
        base = example[:1] if example is not None else torch.zeros(1, length, dtype=torch.int64)
        survey = self._survey(base.repeat(2, 1))
        n_tokens = n_tokens or self._vocabulary(survey)
        random = torch.Generator().manual_seed(0)

        def tokens(batch: int, positions: int) -> torch.Tensor:
            return torch.randint(0, n_tokens, (batch, positions), generator=random)

        first, wider = self._survey(tokens(2, length)), self._survey(tokens(3, length))
        longer = None
        if length > 1:
            with contextlib.suppress(Exception):  # a module may take one length only
                longer = self._survey(tokens(2, length - 1))
        self.tokens = tokens(2, length)
        self.places = self._name_places(first, wider, longer, length)
        self.places.append(("logits", self._axes_of_logits(first, length)))
        embedding = next((name for name, key in self.keys.items()
                          if key.kind == "out" and key.module in first.tokens_seen_by
                          and isinstance(self._modules[key.module], torch.nn.Embedding)), None)
        self.description = {"places": self.places, "logits": "logits", "embedding": embedding,
                            "n_ctx": int(n_ctx), "n_tokens": int(n_tokens)}

    def _survey(self, tokens: torch.Tensor) -> Survey:
        network = self._network
        survey = Survey(list(self._modules.values()), tokens.shape[0])
        survey.tokens = tokens = tokens.to(network.device)
        with torch.no_grad(), network._modes(), network._hooks.on(survey):
            survey.logits = network._forward(tokens).detach()
        return survey

    def _vocabulary(self, survey: Survey) -> int:
        for module in survey.tokens_seen_by:
            if isinstance(self._modules[module], torch.nn.Embedding):
                return self._modules[module].num_embeddings
        raise ValueError("how many tokens are there? no nn.Embedding reads them: give n_tokens=")

    def _name_places(self, first: Survey, wider: Survey, longer: Survey | None,
                     length: int) -> list[tuple[str, list]]:
        """Fills `keys` and `refused`; the places with their axes, in the order of computation."""
        places = []
        paths: dict[int, list[str]] = {}
        for path, part in self._network.module.named_modules(remove_duplicate=False):
            paths.setdefault(id(part), []).append(path)
        for key in first.order:
            axes, reason = self._axes(key, first, wider, longer, length)
            for path in paths[key.module]:
                if not path:
                    continue  # the module itself: its output is `logits`
                name = self._name(path, key, first)
                if reason:
                    self.refused[name] = reason
                elif name not in self.keys:
                    self.keys[name] = key
                    places.append((name, axes))
        for module in first.fused:
            for path in paths[module]:
                self.refused.update({f"{path}:{kind}": attention.WHY_NOT for kind in attention.KINDS})
        for module, names in paths.items():
            if first.calls[module, "out"] == 0:
                for path in names:
                    self.refused[path] = ("never reached: its weight is used without calling it, or "
                                          "not at all")
        return places

    def _name(self, path: str, key: Key, survey: Survey) -> str:
        """`PATH[@call][:in|:scores|:pattern|:out.leaf]`."""
        call = f"@{key.call}" if survey.calls[key.module, key.kind] > 1 else ""
        is_first = survey.firsts.get(key[:3]) == key.leaf
        leaf = "" if is_first or not key.leaf else "." + ".".join(map(str, key.leaf))
        kind = f":{key.kind}" if key.kind != "out" else ":out" if leaf else ""
        return f"{path}{call}{kind}{leaf}"

    def _axes(self, key: Key, first: Survey, wider: Survey, longer: Survey | None,
              length: int) -> tuple[list, str]:
        """The axes behind the batch, or why the value is no site."""
        if not first.dtypes[key].is_floating_point:
            return [], "not floating-point: nothing can be written that a gradient would follow"
        shape, wide = first.shapes[key], wider.shapes.get(key)
        if wide is None or len(wide) != len(shape):
            return [], "its shape depends on the values of the input"
        batch = [axis for axis in range(len(shape)) if shape[axis] != wide[axis]]
        if not batch:
            return [], "it is the same for all inputs of a batch"
        if batch != [0] or (shape[0], wide[0]) != (2, 3):
            return [], (f"the batch is not its first axis: {list(shape)} for 2 inputs, {list(wide)} "
                        "for 3")
        long = longer.shapes.get(key) if longer is not None else None
        if long is not None and len(long) == len(shape):
            position = [axis for axis in range(1, len(shape)) if shape[axis] != long[axis]]
            if any((shape[axis], long[axis]) != (length, length - 1) for axis in position):
                return [], f"its size does not follow the positions: {list(shape)}, {list(long)}"
        else:
            position = [axis for axis in range(1, len(shape)) if shape[axis] == length]
            position = position if len(position) == 1 or key.kind in attention.KINDS else []
        if key.kind in attention.KINDS:
            if position != [len(shape) - 2, len(shape) - 1]:
                return [], "a softmax over something else than positions"
            heads = [("head", int(shape[1]))] if len(shape) == 4 else []
            return [*heads, ("pos", -1), ("key", -1)], ""
        axes = []
        for axis in range(1, len(shape)):
            if axis in position[:2]:
                axes.append(("pos" if axis == position[0] else "key", -1))
            else:
                axes.append(("neuron" if axis == len(shape) - 1 else "d_head", int(shape[axis])))
        return axes, ""

    def _axes_of_logits(self, first: Survey, length: int) -> list:
        shape = first.logits.shape
        if not first.logits.is_floating_point() or len(shape) not in (2, 3) or shape[0] != 2:
            raise ValueError(f"logits: expected [batch, pos, vocab] or [batch, classes], got "
                             f"{list(shape)} for 2 inputs; say where they are: output=…")
        if len(shape) == 3 and shape[1] != length:
            raise ValueError(f"logits: expected {length} positions, got {list(shape)}")
        self.pooled = len(shape) == 2
        return [("pos", 1 if self.pooled else -1), ("output", int(shape[-1]))]
