"""Networks: Assay's own, read from files. Modules of one's own: wrap.py."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import pathlib
import tempfile
from typing import Any, Mapping, Sequence

import torch

from assay import _core
from assay.host import fitting_exceptions


class Network:
    """A network that can be looked into and written to, at its *sites*.

    A site is the name of a place, optionally narrowed:
    ``blocks.0.hook_resid_post[pos=2,6]``.

    Attributes
    ----------
    path : str
        The file that it was read from; empty: none.
    layout : str
        How the file was laid out.
    metadata : dict
        What the file says beside weights, such as the task.
    """

    def __init__(self, core: _core.Network, *, sha256: str = "", path: str = "",
                 layout: str = "", metadata: Mapping[str, Any] | None = None) -> None:
        self._core = core
        self._sha256 = sha256
        self.path = path
        self.layout = layout
        self.metadata = dict(metadata or {})

    @property
    def places(self) -> list[str]:
        """The names of all places."""
        return [name for name, _ in self._core.places]

    @property
    def n_ctx(self) -> int:
        """Tokens of the longest input."""
        return self._core.n_ctx

    @property
    def n_tokens(self) -> int:
        """Tokens that exist."""
        return self._core.n_tokens

    @property
    def sha256(self) -> str:
        """The hash of the file, or of the parameters, in hex."""
        return self._sha256

    def canonical(self, site: str) -> str:
        """The site as reports name it."""
        return site.strip()

    def shape(self, site: str) -> tuple[int, ...]:
        """The shape of a site's value; -1 stands for the batch."""
        return tuple(self._core.shape(site))

    def parameters(self) -> dict[str, torch.Tensor]:
        """The weights by name: the tensors themselves, to be read, written, or differentiated by."""
        return self._core.parameters()

    def trace(self, tokens: torch.Tensor | Sequence[Sequence[int]] | None,
              record: Sequence[str] = ("logits",),
              overwrite: Mapping[str, torch.Tensor] | None = None) -> dict[str, torch.Tensor]:
        """One run that records some sites and overwrites others. Gradients flow through it.

        Parameters
        ----------
        tokens : int64 [batch, pos]
        record
            Sites to record.
        overwrite
            Values by site, shaped as `shape` says; a batch of 1 is broadcast.

        Returns
        -------
        dict
            The recorded values by site, in the order of `record`.

        Raises
        ------
        ValueError
            For sites that the network lacks, tokens out of range, and values of the wrong shape.
        """
        tokens = None if tokens is None else as_tokens(tokens)
        with fitting_exceptions():
            values = self._core.trace(tokens, list(record), list((overwrite or {}).items()))
        return dict(zip(record, values))

    def complete_cut(self, *sites: str, decision: str | None = None) -> tuple[bool | None, list[str]]:
        """Whether every path from the tokens to the decision passes through these sites.

        Returns
        -------
        complete : bool or None
            None: it cannot be told.
        path : list of str
            One that does not, if any.
        """
        readout = decision or self._core.logits_site(self.n_ctx - 1)
        return self._core.path_around(list(sites), readout)

    def prepare(self, claim: Any, inputs: Any, seed: int | None,
                readout: int) -> list[tuple[str, str]]:
        """What must be known of the nodes of a claim before it is tested, for the report."""
        return []

    def __repr__(self) -> str:
        source = self.path or type(self).__name__
        return f"<assay.Network {source}: {self.n_tokens} tokens, up to {self.n_ctx} positions>"


def as_tokens(tokens: Any) -> torch.Tensor:
    """Token ids as int64 [batch, pos]. Raises TypeError and ValueError for what is none."""
    if isinstance(tokens, torch.Tensor) and (tokens.is_floating_point() or tokens.is_complex()
                                             or tokens.dtype == torch.bool):
        raise TypeError(f"tokens: expected whole numbers, got {tokens.dtype}")
    tensor = torch.as_tensor(tokens)
    if tensor.is_floating_point():
        raise TypeError("tokens: expected whole numbers, got floating-point ones")
    if tensor.dim() != 2:
        raise ValueError(f"tokens: expected the shape [batch, pos], got {list(tensor.shape)}")
    return tensor.to(torch.int64)


def sha256_of(tensors: Mapping[str, torch.Tensor]) -> str:
    """A hash of named tensors: their names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {value.dtype} {list(value.shape)}\n".encode())
        digest.update(ctypes.string_at(value.data_ptr(), value.numel() * value.element_size()))
    return digest.hexdigest()


def load(path: str | os.PathLike) -> Network:
    """Reads a network that Assay runs itself, whatever the layout of its file.

    Parameters
    ----------
    path
        A safetensors file, a PyTorch checkpoint, or a folder that `save_pretrained` of a Hugging
        Face model wrote.

    Raises
    ------
    FileNotFoundError, ValueError
        With all that must be known of the network and nobody says (docs/own.md).
    """
    if not pathlib.Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file")
    with fitting_exceptions(path):
        loaded = _core.load(os.fspath(path))
    return Network(loaded["network"], sha256=loaded["sha256"], path=os.fspath(path),
                   layout=loaded["layout"], metadata=json.loads(loaded["metadata"]) or {})


def trace(network: Network | torch.nn.Module, tokens: torch.Tensor,
          record: Sequence[str] = ("logits",),
          overwrite: Mapping[str, torch.Tensor] | None = None) -> dict[str, torch.Tensor]:
    """`Network.trace` of a network, or of a module that is wrapped for it (`assay.wrap`)."""
    if isinstance(network, torch.nn.Module):
        from assay.wrap import wrap

        network = wrap(network, example=tokens)
    return network.trace(tokens, record, overwrite)


def to_native(model: Any) -> Network:
    """A Hugging Face model as a network that Assay runs itself, where it knows the architecture.

    Components of such a network can be run one by one: circuits can be found in it, and cuts are
    known rather than tried.

    Parameters
    ----------
    model
        Anything with ``save_pretrained``.

    Raises
    ------
    ValueError
        For an architecture or a setting that Assay does not run, by its name.
    """
    if not hasattr(model, "save_pretrained"):
        raise TypeError(f"model: expected a Hugging Face model, got {type(model).__name__}")
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        model.save_pretrained(folder)
        network = load(folder)
    network.path = ""
    return network
