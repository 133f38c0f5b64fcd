"""Any torch module as a network: its sites are the outputs and inputs of its submodules.

Foreign modules do surprising things: they call a submodule twice or never, write in place, keep
heads and batches on axes of their own, route by integers that no gradient passes. What is not sure
is found out by running the module (`probing.py`), and what cannot be told is refused by name.
"""

from __future__ import annotations

import contextlib
import difflib
import inspect
import weakref
from typing import Any, Callable, Iterator, Mapping, Sequence

import torch

from assay import _core, cuts
from assay.hooks import Hooks, Run, Stop
from assay.network import Network, as_tokens, sha256_of
from assay.probing import Probing


def _require_eval(module: torch.nn.Module) -> None:
    for name, part in module.named_modules():
        random = isinstance(part, torch.nn.modules.dropout._DropoutNd) and part.p > 0
        random = random or getattr(part, "dropout", 0.0) not in (0, 0.0) and isinstance(
            getattr(part, "dropout"), float)
        changing = isinstance(part, torch.nn.modules.batchnorm._BatchNorm)
        if part.training and (random or changing):
            raise ValueError(f"the module is in training mode, where '{name}' "
                             f"({type(part).__name__}) computes something else each time; call "
                             "model.eval() first")


class WrappedNetwork(Network):
    """A torch module as a network; see `wrap`.

    Attributes
    ----------
    module : torch.nn.Module
    refused : dict
        Values that are no sites, each with the reason.
    """

    def __init__(self, module: torch.nn.Module, example: Any = None, *,
                 n_tokens: int | None = None, n_ctx: int | None = None,
                 call: Callable[[torch.Tensor], Any] | None = None,
                 output: Callable[[Any], torch.Tensor] | None = None,
                 edges: bool = False, inputs_per_run: int = 128) -> None:
        if isinstance(module, torch.jit.ScriptModule):
            raise TypeError("a ScriptModule cannot be wrapped: hooks do not see its parts; wrap the "
                            "module that it was made from")
        if not isinstance(module, torch.nn.Module):
            raise TypeError(f"module: expected a torch.nn.Module, got {type(module).__name__}")
        self.module = getattr(module, "_orig_mod", module)  # of torch.compile
        self.edges = edges
        self._call, self._output = call, output
        _require_eval(self.module)
        self._modules = {id(part): part for _, part in
                         self.module.named_modules(remove_duplicate=False)}
        self._hooks = Hooks(self._modules)
        # Its fast path under no_grad calls no submodule (torch 1.13).
        self._needs_grad = any(isinstance(part, torch.nn.TransformerEncoderLayer)
                               for part in self._modules.values())
        self._classes: dict[str, str] = {}
        self._cuts: dict = {}
        self._swapped: torch.Tensor | None = None
        found = Probing(self, example, n_tokens, n_ctx)
        self._keys, self.refused, self._pooled = found.keys, found.refused, found.pooled
        self._probe_tokens = found.tokens
        self._kinds = {name: [kind for kind, _ in axes] for name, axes in found.places}
        core = _core.python_network(weakref.proxy(self), found.description, inputs_per_run)
        super().__init__(core, layout=type(self.module).__name__)
        self._self_check()

    # --- the module as it is

    @property
    def device(self) -> torch.device:
        for tensor in (*self.module.parameters(), *self.module.buffers()):
            return tensor.device
        return torch.device("cpu")

    @property
    def sha256(self) -> str:
        if not self._sha256:
            state = {k: v for k, v in self.module.state_dict().items()
                     if isinstance(v, torch.Tensor)}
            self._sha256 = sha256_of(state)
        return self._sha256

    def parameters(self) -> dict[str, torch.Tensor]:
        return dict(self.module.named_parameters())

    def _forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The logits: [batch, pos, vocab], or [batch, classes]."""
        if self._call is not None:
            result = self._call(tokens)
        else:
            known = inspect.signature(self.module.forward).parameters
            result = self.module(tokens, **({"use_cache": False} if "use_cache" in known else {}))
        if self._output is not None:
            return self._output(result)
        if isinstance(result, torch.Tensor):
            return result
        if isinstance(result, Mapping):
            if "logits" in result:
                return result["logits"]
            raise ValueError(f"the module returns {', '.join(result)}, and no logits; say which of "
                             "these the answer is read from: output=lambda result: …")
        if isinstance(result, (tuple, list)) and result and isinstance(result[0], torch.Tensor):
            return result[0]
        raise ValueError(f"the module returns {type(result).__name__}; say where its logits are: "
                         "output=lambda result: …")

    @contextlib.contextmanager
    def _modes(self, gradients: bool = False) -> Iterator[None]:
        """Gradients where they are needed: enable_grad alone does not undo inference mode."""
        if gradients:
            with torch.inference_mode(False), torch.enable_grad():
                yield
        elif self._needs_grad and not torch.is_grad_enabled():
            with torch.enable_grad():
                yield
        else:
            yield

    # --- the check before anything else

    def _self_check(self) -> None:
        """Recorded and overwritten runs equal the plain run, bit for bit, or the wrapping is refused."""
        tokens = self._probe_tokens.to(self.device)
        with torch.no_grad(), self._modes():
            plain, again = self._forward(tokens).detach(), self._forward(tokens).detach()
        if not torch.equal(plain, again):
            raise ValueError("two runs on the same input differ: the module is random, or it keeps "
                             "what it saw; call model.eval(), switch caches off")

        def spoils(names: Sequence[str]) -> bool:
            everything = [(name, [], []) for name in [*names, "logits"]]
            with torch.no_grad():
                recorded = self._trace(tokens, everything, [])
                if not torch.equal(recorded[-1], self._as_site(plain)):
                    return True
                written = [(site, value) for site, value in zip(everything, recorded)]
                return not torch.equal(self._trace(tokens, everything[-1:], written[:-1])[0],
                                       recorded[-1])

        if not spoils(list(self._keys)):
            return
        for name in [name for name in self._keys if spoils([name])]:
            del self._keys[name]
            self.refused[name] = "looking at it changes what the module computes"

    # --- looking and writing

    def trace(self, tokens: Any, record: Sequence[str] = ("logits",),
              overwrite: Mapping[str, torch.Tensor] | None = None) -> dict[str, torch.Tensor]:
        if tokens is None:
            raise ValueError("tokens: a wrapped module cannot run without them")
        sites = [self._site(text) for text in record]
        written = [(self._site(text), value) for text, value in (overwrite or {}).items()]
        for site, _ in written:
            self._require_node(site[0])
        values = self._trace(as_tokens(tokens), sites, written)
        if not torch.is_grad_enabled():
            values = [value.detach() for value in values]
        return dict(zip(record, values))

    def canonical(self, site: str) -> str:
        return "logits[pos=0]" if self._pooled and site.strip() == "logits" else site.strip()

    def shape(self, site: str) -> tuple[int, ...]:
        self._site(site)
        return super().shape(site)

    def _site(self, text: str) -> tuple[str, list[int], list[int]]:
        """A site's place, positions and neurons. Raises ValueError with the nearest names."""
        place = text.partition("[")[0].strip()
        if place != "logits" and place not in self._keys:
            if place.endswith(":out") and place[:-4] in self._keys:
                return self._site(text.replace(":out", "", 1))
            if place in self.refused:
                raise ValueError(f"site {text}: {self.refused[place]}")
            multiple = [name for name in self._keys if name.startswith(place + "@")]
            near = multiple or difflib.get_close_matches(place, self._keys, 5, 0.5)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            several = " runs more than once in a forward pass:" if multiple else ": there is no such"
            raise ValueError(f"site {text}{several} place{hint} (print(model) shows the paths)")
        return self._core.site(text)

    def _as_site(self, logits: torch.Tensor) -> torch.Tensor:
        """[batch, pos, vocab], in float32 at least. Logits that were computed in bfloat16 still tie
        often, of 50,000 words on some percent of the inputs: such inputs have no decision."""
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        return logits.unsqueeze(1) if self._pooled else logits

    def _axis_of(self, place: str, kind: str) -> int:
        return 1 + self._kinds[place].index(kind)

    def _narrow(self, value: torch.Tensor, site: tuple) -> torch.Tensor:
        place, positions, neurons = site
        for kind, chosen in (("pos", positions), ("neuron", neurons)):
            if chosen:
                index = torch.tensor(chosen, device=value.device)
                value = value.index_select(self._axis_of(place, kind), index)
        return value

    def _write(self, value: torch.Tensor, site: tuple, new: torch.Tensor) -> torch.Tensor:
        place, positions, neurons = site
        part = self._narrow(value, site) if positions or neurons else value
        if not isinstance(new, torch.Tensor):
            raise TypeError(f"overwrite of {place}: expected a torch.Tensor, got "
                            f"{type(new).__name__}")
        if new.dim() != part.dim() or new.shape[1:] != part.shape[1:] or \
                new.shape[0] not in (1, part.shape[0]):
            raise ValueError(f"overwrite of {place}: expected the shape {list(part.shape)} or a batch "
                             f"of 1, got {list(new.shape)}")
        if not new.is_floating_point():
            raise TypeError(f"overwrite of {place}: expected {part.dtype}, got {new.dtype}")
        new = new.to(device=part.device, dtype=part.dtype).expand(part.shape)
        if not positions and not neurons:
            return new.clone()
        index: list[Any] = [torch.arange(size, device=value.device) for size in value.shape]
        for kind, chosen in (("pos", positions), ("neuron", neurons)):
            if chosen:
                index[self._axis_of(place, kind)] = torch.tensor(
                    chosen, device=value.device)
        grid = [part.view([-1 if axis == i else 1 for i in range(value.dim())])
                for axis, part in enumerate(index)]
        return value.clone().index_put(tuple(grid), new)

    def _trace(self, tokens: torch.Tensor | None, record: Sequence[tuple],
               overwrite: Sequence[tuple]) -> list[torch.Tensor]:
        """`interp::Network::trace`: sites are (place, positions, neurons)."""
        if tokens is None or tokens.numel() == 0 and tokens.dim() != 2:
            raise ValueError("a wrapped module cannot run without tokens")
        if tokens.shape[1] > self.n_ctx or tokens.numel() and (
                int(tokens.min()) < 0 or int(tokens.max()) >= self.n_tokens):
            raise ValueError(f"tokens: expected up to {self.n_ctx} of 0 to {self.n_tokens - 1}, got "
                             f"{list(tokens.shape)} of {int(tokens.min())} to {int(tokens.max())}")
        recorded: dict[int, torch.Tensor] = {}
        visits: dict[str, list] = {}
        for number, site in enumerate(record):
            visits.setdefault(site[0], []).append((number, site, None))
        for site, value in overwrite:
            visits.setdefault(site[0], []).insert(0, (None, site, value))

        def visit(place: str) -> Callable[[torch.Tensor], torch.Tensor]:
            def at(value: torch.Tensor) -> torch.Tensor:
                for number, site, new in visits[place]:
                    if number is None:
                        value = self._write(value, site, new)
                    else:
                        recorded[number], value = self._read(value, site)
                return value

            return at

        logits_wanted = "logits" in visits
        run = Run({self._keys[place]: visit(place) for place in visits if place != "logits"},
                  stops_early=not logits_wanted)
        keeps_graph = torch.is_grad_enabled()
        with self._modes(), self._hooks.on(run):
            try:
                logits = self._as_site(self._forward(tokens.to(self.device)))
                if logits_wanted:
                    visit("logits")(logits)
            except Stop:
                pass
        for place in visits:
            if place != "logits" and self._keys[place] not in run.seen:
                raise ValueError(f"site {place}: not reached in this run")
        values = [recorded[number] for number in range(len(record))]
        return values if keeps_graph else [value.detach() for value in values]

    def _read(self, value: torch.Tensor, site: tuple) -> tuple[torch.Tensor, torch.Tensor]:
        """What is recorded, and what flows on: on the path of gradients, and safe from in-place."""
        part = self._narrow(value, site)
        if site[0] == "logits":  # which nothing reads
            return part, value
        if part is value:
            return value, value.clone()
        if part.requires_grad and torch.is_grad_enabled():
            return part, self._write(value, site, part)
        return part, value

    # --- what depends on what

    def classify(self, place: str) -> str:
        """``node``: the value is all that flows on. ``edge``: its old value is read elsewhere, too.
        ``dead``: what is written there is not read."""
        if place not in self._classes:
            self._classes[place] = "node" if place == "logits" else cuts.classify(self, place)
        return self._classes[place]

    def _require_node(self, place: str) -> None:
        found = self.classify(place)
        if found == "dead":
            raise ValueError(f"site {place}: what is written there changes nothing: the module "
                             "computes it and does not use it")
        if found == "edge" and not self.edges:
            raise ValueError(
                f"site {place}: it is an edge of the network, not a value: the module goes on reading "
                "the old value elsewhere, such as a skip path. Write to the outputs that it is the "
                "sum of, or state that the edge is meant with assay.wrap(…, edges=True)")

    def prepare(self, claim: Any, inputs: Any, seed: int | None,
                readout: int) -> list[tuple[str, str]]:
        """Before a validation: refuses sites that γ could not write to, and tells how far the nodes'
        sites are known to be complete cuts, tried on some of the inputs."""
        self._sha256 = ""  # weights may have changed since it was last asked for
        for name in claim.nodes:
            for site in claim[name]["sites"]:
                self._require_node(self._site(site)[0])
        tokens = inputs(1 if seed is None else seed, 0, cuts.INPUTS // 2) if callable(inputs) \
            else inputs
        self._swapped = tokens[:cuts.INPUTS // 2]
        self._cuts.clear()
        remarks = []
        for name in claim.nodes:
            found = self.cut(*claim[name]["sites"], decision=self._core.logits_site(readout))
            if found.word == "not seen incomplete":
                remarks.append((name, f"its sites are taken for a complete cut because none of "
                                      f"{found.inputs:,} inputs shows a path around them: nobody has "
                                      "said what the module's values are computed from"))
        return remarks

    def cut(self, *sites: str, decision: str | None = None) -> cuts.Cut:
        """Whether the network can still know, around these sites, what its input was.

        Returns
        -------
        cuts.Cut
            Its ``word`` is ``incomplete`` (with a witness), ``not seen incomplete`` (on so many
            inputs), or ``complete`` where the sites hold the decision itself.
        """
        readout = decision or self._core.logits_site(self.n_ctx - 1)
        return self._cut(tuple(map(self._frozen, map(self._site, sites))),
                         self._frozen(self._site(readout)))

    @staticmethod
    def _frozen(site: tuple) -> tuple:
        return site[0], tuple(site[1]), tuple(site[2])

    def _cut(self, sites: tuple, decision: tuple) -> cuts.Cut:
        if (sites, decision) not in self._cuts:
            self._cuts[sites, decision] = cuts.test(self, sites, decision)
        return self._cuts[sites, decision]

    def _path_around(self, sites: Sequence[tuple], decision: tuple) -> tuple[bool | None, list[str]]:
        found = self._cut(tuple(map(self._frozen, sites)), self._frozen(decision))
        return found.word == "incomplete", [*found.path]

    def _reaches(self, sites: Sequence[tuple], decision: tuple) -> bool | None:
        return cuts.reaches(self, sites, decision)

    def __repr__(self) -> str:
        return (f"<assay.WrappedNetwork of {type(self.module).__name__}: {len(self._keys)} places, "
                f"{self.n_tokens} tokens, up to {self.n_ctx} positions>")


def wrap(module: torch.nn.Module, example: Any = None, *, n_tokens: int | None = None,
         n_ctx: int | None = None, call: Callable[[torch.Tensor], Any] | None = None,
         output: Callable[[Any], torch.Tensor] | None = None, edges: bool = False,
         inputs_per_run: int = 128) -> WrappedNetwork:
    """Makes a network of any torch module that maps token ids to logits.

    Its sites are named by the paths that ``print(model)`` shows: ``PATH`` is the output of that
    submodule (the first tensor of it), ``PATH:in`` its first input, ``PATH:out.1`` another tensor
    of its output, ``PATH@1`` the second of several calls; ``logits`` is what the module returns.
    Narrowed, ``PATH[pos=2,5]``, ``PATH[pos=5;neuron=0,3]``.

    The module is not changed: hooks are on it only while it runs for Assay. Before anything else it
    is checked that runs that record and overwrite equal plain runs bit for bit.

    Parameters
    ----------
    module
        In evaluation mode.
    example : int64 [batch, pos]
        Some inputs: they say how many positions there are.
    n_tokens, n_ctx
        Sizes, where neither the example, the configuration nor an ``nn.Embedding`` tells them.
    call
        Calls the module on tokens, where ``module(tokens)`` would not do: with a mask, say.
    output
        Takes the logits from what the module returns: [batch, pos, vocab], or [batch, classes].
    edges
        Allows to overwrite edges: inputs of a submodule that are read elsewhere as well.
    inputs_per_run
        Inputs that go through the module at once.

    Raises
    ------
    TypeError, ValueError
        For a module that cannot be looked into, is in training mode, or computes something else
        each time.
    """
    return WrappedNetwork(module, example, n_tokens=n_tokens, n_ctx=n_ctx, call=call, output=output,
                          edges=edges, inputs_per_run=inputs_per_run)
