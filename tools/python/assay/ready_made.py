"""Common abstractions (α) and concretisations (γ), and how they are fitted.

What is fitted here is fitted on inputs that the caller gives: use others than those that the claim
is then tested on.
"""

from __future__ import annotations

from typing import Sequence

import torch

from assay.interpretation import Operation
from assay.network import Network, as_tokens

_BATCH = 512


def argmax(tokens: Sequence[int]) -> Operation:
    """α of the output: which of these tokens has the largest logit, as an index into them."""
    return Operation("argmax_of", {"tokens": [int(token) for token in tokens]})


def write_answer(tokens: Sequence[int], d_vocab: int) -> Operation:
    """γ of the output: logits that decide for one of these tokens."""
    return Operation("write_answer", {"tokens": [int(t) for t in tokens], "d_vocab": int(d_vocab)})


def recorded(network: Network, at: str, tokens: torch.Tensor) -> torch.Tensor:
    """What is at a site, on all of these inputs: [inputs, …], without gradients."""
    with torch.no_grad():
        parts = [network.trace(part, [at])[at] for part in as_tokens(tokens).split(_BATCH)]
    return torch.cat(parts)


def _columns(values: torch.Tensor) -> torch.Tensor:
    """Values [inputs] or [inputs, k] as whole numbers [inputs, k]."""
    if values.is_floating_point():
        raise TypeError(f"values: expected whole numbers, got {values.dtype}")
    values = values.to(torch.int64)
    return values.view(-1, 1) if values.dim() == 1 else values.flatten(1)


def prototypes(network: Network, at: str, tokens: torch.Tensor, values: torch.Tensor,
               sizes: Sequence[int] | None = None) -> torch.Tensor:
    """The mean of what is at a site, for each value.

    Parameters
    ----------
    at
        A site.
    tokens : int64 [inputs, pos]
        Inputs to fit on.
    values : whole numbers [inputs] or [inputs, k]
        Each input's abstract value, of k elements.
    sizes
        How many values each element has; None: as many as occur.

    Returns
    -------
    Tensor [*sizes, *site]
        The mean over the inputs with that value; over all inputs, for a value that none has.
    """
    seen, columns = recorded(network, at, tokens), _columns(values)
    if len(columns) != len(seen):
        raise ValueError(f"values: expected one for each of {len(seen)} inputs, got {len(columns)}")
    shape = list(sizes) if sizes else [int(n) + 1 for n in columns.amax(0)]
    index = torch.zeros(len(columns), dtype=torch.int64)
    for column, size in zip(columns.T, shape):
        if int(column.min()) < 0 or int(column.max()) >= size:
            raise ValueError(f"values: expected 0 to {size - 1}, got {int(column.min())} to "
                             f"{int(column.max())}")
        index = index * size + column
    total = int(torch.tensor(shape).prod())
    flat = seen.flatten(1).to(torch.float64)
    sums = torch.zeros(total, flat.shape[1], dtype=torch.float64).index_add(0, index, flat)
    counts = torch.bincount(index, minlength=total)
    means = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], flat.mean(0))
    return means.to(seen.dtype).view(*shape, *seen.shape[1:])


class write_means:  # noqa: N801 - a function for its users
    """γ: writes the mean of the value.

    Parameters
    ----------
    means : Tensor [*sizes, *site]
        As `prototypes` returns it: one leading axis for each element of the value.
    """

    def __init__(self, means: torch.Tensor) -> None:
        self.means = means.detach().clone()

    def __call__(self, value: torch.Tensor) -> torch.Tensor:
        return self.means[tuple(_columns(value).T)]

    def as_operation(self) -> Operation:
        return Operation("assay.ready_made:write_means", tensors={"means": self.means},
                         function=self)


class nearest:  # noqa: N801
    """α: the value whose prototype is nearest.

    Parameters
    ----------
    means : Tensor [*sizes, *site]
        As `prototypes` returns it.
    elements
        How many leading axes of `means` are elements of the value.
    """

    def __init__(self, means: torch.Tensor, elements: int = 1) -> None:
        self.means = means.detach().clone()
        self.elements = int(elements)
        self._flat = self.means.flatten(self.elements).flatten(0, self.elements - 1)

    def __call__(self, activations: torch.Tensor) -> torch.Tensor:
        index = torch.cdist(activations.flatten(1)[None], self._flat[None])[0].argmin(1)
        columns = []
        for size in reversed(self.means.shape[:self.elements]):
            columns.insert(0, index % size)
            index = torch.div(index, size, rounding_mode="floor")
        return columns[0] if self.elements == 1 else torch.stack(columns, 1)

    def as_operation(self) -> Operation:
        return Operation("assay.ready_made:nearest", {"elements": self.elements},
                         {"means": self.means}, self)


class write_direction:  # noqa: N801
    """γ: ``base + value · direction``, for a value that is a number per input.

    Parameters
    ----------
    direction : Tensor [*site]
    base : Tensor [*site]
        What stands there for the value 0.
    """

    def __init__(self, direction: torch.Tensor, base: torch.Tensor) -> None:
        self.direction, self.base = direction.detach().clone(), base.detach().clone()

    def __call__(self, value: torch.Tensor) -> torch.Tensor:
        if value.dim() != 1:
            raise ValueError(f"write_direction: expected a number per input, got a value of shape "
                             f"{list(value.shape)}")
        amount = value.to(self.base.dtype).view(-1, *[1] * self.base.dim())
        return self.base + amount * self.direction

    def as_operation(self) -> Operation:
        return Operation("assay.ready_made:write_direction",
                         tensors={"direction": self.direction, "base": self.base}, function=self)


class probe:  # noqa: N801
    """α: what a linear classifier reads; see `linear_probe`.

    Parameters
    ----------
    weight : Tensor [width, classes of all elements]
    bias : Tensor [classes of all elements]
    sizes
        How many classes each element of the value has.
    single
        Whether the value is one number per input rather than a row of them.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, sizes: Sequence[int],
                 single: bool) -> None:
        self.weight, self.bias = weight.detach().clone(), bias.detach().clone()
        self.sizes, self.single = [int(size) for size in sizes], bool(single)

    def __call__(self, activations: torch.Tensor) -> torch.Tensor:
        logits = activations.flatten(1).to(self.weight.dtype) @ self.weight + self.bias
        read = [part.argmax(1) for part in logits.split(self.sizes, 1)]
        return read[0] if self.single else torch.stack(read, 1)

    def as_operation(self) -> Operation:
        return Operation("assay.ready_made:probe", {"sizes": self.sizes, "single": self.single},
                         {"weight": self.weight, "bias": self.bias}, self)


def linear_probe(network: Network, at: str, tokens: torch.Tensor, values: torch.Tensor,
                 sizes: Sequence[int] | None = None, ridge: float = 1e-3,
                 steps: int = 100) -> probe:
    """α: a linear classifier for each element of the value, fitted on some inputs.

    Multinomial logistic regression with an L2 penalty, by L-BFGS from zero: the result depends on
    its arguments alone.

    Parameters
    ----------
    at
        The site that it reads.
    tokens : int64 [inputs, pos]
        Inputs to fit on.
    values : whole numbers [inputs] or [inputs, k]
        What it is to read from them.
    sizes
        How many classes each element has; None: as many as occur.
    ridge
        The penalty, times the mean square of the weights.
    steps
        Iterations of L-BFGS at most.
    """
    seen, columns = recorded(network, at, tokens).flatten(1).double(), _columns(values)
    if len(columns) != len(seen):
        raise ValueError(f"values: expected one for each of {len(seen)} inputs, got {len(columns)}")
    shape = list(sizes) if sizes else [int(n) + 1 for n in columns.amax(0)]
    mean, scale = seen.mean(0), seen.std(0).clamp(min=1e-6)
    x = (seen - mean) / scale
    with torch.enable_grad():
        weight = torch.zeros(x.shape[1], sum(shape), dtype=torch.float64, requires_grad=True)
        bias = torch.zeros(sum(shape), dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.LBFGS([weight, bias], max_iter=steps,
                                      line_search_fn="strong_wolfe")

        def closure() -> torch.Tensor:
            optimiser.zero_grad()
            parts = (x @ weight + bias).split(shape, 1)
            loss = sum(torch.nn.functional.cross_entropy(part, column)
                       for part, column in zip(parts, columns.T))
            loss = loss + ridge * weight.square().sum() / len(shape)
            loss.backward()
            return loss

        optimiser.step(closure)
    weight, bias = weight.detach(), bias.detach()
    unscaled = weight / scale[:, None]
    return probe(unscaled.float(), (bias - mean @ unscaled).float(), shape, values.dim() == 1)
