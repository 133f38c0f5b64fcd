"""Whether sites of a foreign module stop everything that it knows of its input.

Nobody has said what such a module's values are computed from, so this is found out in two ways, each
of which sees what the other misses. *Gradients*: the sites are overwritten with leaves, and autograd
tells whether the decision still depends on the embedded tokens. It does not see what passes through
integers or `detach()`: routing by argmax, masks computed from tokens. *Swaps*: the same values are
written while other tokens are read, and the decision must be equal bit for bit. A difference is a
witness; that there is none on so many inputs is evidence and no proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Sequence

import torch

if TYPE_CHECKING:
    from assay.wrap import WrappedNetwork

INPUTS = 1024  # that are swapped: a path that 2 tokens of 8 open was found in 17 of 20 tries at 128


class Cut(NamedTuple):
    """What was found of a set of sites."""

    word: str  # "complete", "incomplete" or "not seen incomplete"
    inputs: int  # that were swapped
    path: Sequence[str] = ()  # how the network still knows, in words

    def __str__(self) -> str:
        if self.word == "incomplete":
            return f"incomplete: {' → '.join(self.path)}"
        return f"{self.word} on {self.inputs:,} inputs" if self.inputs else self.word


def _tokens(network: WrappedNetwork, count: int, seed: int) -> torch.Tensor:
    """Random ones, as long as the inputs of the validation, if there is one."""
    like = network._probe_tokens if network._swapped is None else network._swapped
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, network.n_tokens, (count, like.shape[1]), generator=random)


def _site(place: str) -> tuple:
    return place, [], [], None


def _is_whole(site: tuple) -> bool:
    return not site[1] and not site[2] and site[3] is None


@torch.inference_mode(False)
def classify(network: WrappedNetwork, place: str) -> str:
    """`node`, `edge` or `dead`: see WrappedNetwork.classify."""
    from assay.hooks import Run

    tokens = network._probe_tokens.to(network.device)
    old: list[torch.Tensor] = []
    new: list[torch.Tensor] = []

    def replace(value: torch.Tensor) -> torch.Tensor:
        if not value.requires_grad:  # no parameter before it asks for gradients
            value = value.requires_grad_() if value.is_leaf else value
        old.append(value)
        new.append(value.detach().clone().requires_grad_())
        return new[0].clone()

    frozen = [p for p in network.module.parameters() if not p.requires_grad]
    run = Run({network._keys[place]: replace}, len(tokens))
    try:
        for parameter in frozen:
            parameter.requires_grad_(True)
        with network._modes(gradients=True), network._hooks.on(run):
            logits = network._forward(tokens)
            if not logits.requires_grad:
                return "dead"
            weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0))
            asked = [new[0], *([old[0]] if old[0].requires_grad else [])]
            reached = torch.autograd.grad((logits * weights.to(logits)).sum(), asked,
                                          allow_unused=True)
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
    if reached[0] is None:
        return "dead"
    return "edge" if len(reached) > 1 and reached[1] is not None else "node"


def _by_gradients(network: WrappedNetwork, sites: Sequence[tuple], decision: tuple,
                  tokens: torch.Tensor) -> bool | None:
    """Does the decision depend on the embedded tokens, with the sites held? None: nobody knows."""
    held = {network._own.get(site[0], site[0]) for site in sites if _is_whole(site)}
    embeddings = [_site(name) for name, key in network._keys.items() if key.kind == "out"
                  and isinstance(network._modules[key.module], torch.nn.Embedding)
                  and network._modules[key.module].num_embeddings == network.n_tokens
                  and name not in held]
    if not embeddings:
        return None
    with torch.no_grad():
        own = network._trace(tokens, [*embeddings, *sites], [])
    with network._modes(gradients=True):
        leaves = [value.detach().clone().requires_grad_() for value in own[: len(embeddings)]]
        written = zip([*embeddings, *sites],
                      [*leaves, *(value.detach() for value in own[len(embeddings):])])
        read = network._trace(tokens, [decision], list(written))[0]
        if not read.requires_grad:
            return False
        weights = torch.randn(read.shape, generator=torch.Generator().manual_seed(1)).to(read)
        reached = torch.autograd.grad((read * weights).sum(), leaves, allow_unused=True)
    # With narrowed sites the graph is connected even where nothing passes: exact zeros tell that.
    return any(one is not None and bool((one != 0).any()) for one in reached)


def _by_swaps(network: WrappedNetwork, sites: Sequence[tuple], decision: tuple,
              tokens: torch.Tensor, others: torch.Tensor) -> list[int] | None:
    """The first input whose decision other tokens change while the same is written; None: none."""
    size = 128
    with torch.no_grad():
        for own, other in zip(tokens.split(size), others.split(size)):
            own, other = own.to(network.device), other.to(network.device)
            values = network._trace(own, sites, [])
            written = list(zip(sites, values))
            before = network._trace(own, [decision], written)[0]
            after = network._trace(other, [decision], written)[0]
            changed = (before != after).flatten(1).any(1)
            if bool(changed.any()):
                return own[int(changed.nonzero()[0])].tolist()
    return None


@torch.inference_mode(False)
def test(network: WrappedNetwork, sites: Sequence[tuple], decision: tuple) -> Cut:
    """Both ways, on INPUTS inputs: half of them those of a validation, where there is one."""
    if any(site == decision or (site[0] == decision[0] and _is_whole(site))
           for site in sites):
        return Cut("complete", 0)
    given = network._swapped
    drawn = _tokens(network, INPUTS - (0 if given is None else len(given)), seed=2)
    tokens = drawn if given is None else torch.cat([given, drawn])
    mixed = tokens[torch.randperm(len(tokens), generator=torch.Generator().manual_seed(3))]
    mixed[::2] = _tokens(network, len(mixed[::2]), seed=4)
    if _by_gradients(network, sites, decision, tokens[:8].to(network.device)):
        return Cut("incomplete", 8, ("the tokens", "a path that autograd sees", decision[0]))
    witness = _by_swaps(network, sites, decision, tokens, mixed)
    if witness is not None:
        shown = " ".join(map(str, witness))
        return Cut("incomplete", len(tokens),
                   ("the tokens", "a path that no gradient follows, such as a choice by integers "
                    f"(seen on the input {shown})", decision[0]))
    return Cut("not seen incomplete", len(tokens))


@torch.inference_mode(False)
def reaches(network: WrappedNetwork, sites: Sequence[tuple], decision: tuple) -> bool | None:
    """Can what is written at the sites change the decision? By swaps of what is written."""
    tokens = _tokens(network, 128, seed=5).to(network.device)
    with torch.no_grad():
        values = network._trace(tokens, sites, [])
        plain = network._trace(tokens, [decision], [])[0]
        other = [(site, value.flip(0)) for site, value in zip(sites, values)]
        if not torch.equal(network._trace(tokens, [decision], other)[0], plain):
            return True
        noise = torch.Generator().manual_seed(6)
        other = [(site, value + 10 * torch.randn(value.shape, generator=noise).to(value))
                 for site, value in zip(sites, values)]
        return not torch.equal(network._trace(tokens, [decision], other)[0], plain)
