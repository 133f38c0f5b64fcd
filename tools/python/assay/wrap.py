"""Any torch module as a network: its sites are the outputs and inputs of its submodules.

Foreign modules do surprising things: they call a submodule twice or never, write in place, keep
heads and batches on axes of their own, route by integers that no gradient passes. What is not sure
is found out by running the module (`probing.py`), and what cannot be told is refused by name.
"""

from __future__ import annotations

import contextlib
import difflib
import inspect
import re
import weakref
from typing import Any, Callable, Iterator, Mapping, Sequence

import torch

from assay import _core, attention, cuts
from assay.families import translated
from assay.hooks import Hooks, Key, Run, Stop
from assay.network import Network, as_tokens, sha256_of
from assay.probing import Probing
from assay.views import Spot, View


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


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equal bit for bit, also where both are NaN."""
    return bool(((a == b) | (a != a) & (b != b)).all())


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
                 edges: bool = False, heads: Mapping[str, int] | None = None,
                 inputs_per_run: int = 128) -> None:
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
        self._parameter = next(self.module.parameters(), None)  # tells the device
        # Its fast path under no_grad calls no submodule (torch 1.13).
        self._needs_grad = any(isinstance(part, torch.nn.TransformerEncoderLayer)
                               for part in self._modules.values())
        self._classes: dict[str, str] = {}
        self._sites: dict[str, tuple] = {}  # as text -> what it says
        self._cuts: dict = {}
        self._swapped: torch.Tensor | None = None
        self._sums: dict[str, str] = {}
        self._rewritten: set[Key] = set()  # values that the module itself writes over later
        known = inspect.signature(self.module.forward).parameters
        self._arguments = {"use_cache": False} if "use_cache" in known else {}
        found = Probing(self, example, n_tokens, n_ctx)
        self._keys, self.refused, self._pooled = found.keys, found.refused, found.pooled
        self._probe_tokens = found.tokens
        self._spots = {name: Spot(key) for name, key in self._keys.items()}
        self._spots["logits"] = Spot(None)
        self._own: dict[str, str] = {}  # names of TransformerLens -> the module's own
        self._headed: dict[str, str] = {}  # its own -> those with an axis of heads
        axes = dict(found.places)
        self._name_heads(axes)
        self._split_heads(axes, heads or {})
        self._add_names(axes)
        found.description["places"] = list(axes.items())
        self._kinds = {name: [kind for kind, _ in known] for name, known in axes.items()}
        core = _core.python_network(weakref.proxy(self), found.description, inputs_per_run)
        super().__init__(core, layout=type(self.module).__name__)
        self._self_check()

    @staticmethod
    def _name_heads(axes: dict[str, list]) -> None:
        """In modules of TransformerLens, values of attention have an axis of heads already."""
        for place, known in axes.items():
            if re.search(r"\.attn\.hook_(q|k|v|z|rot_q|rot_k|pattern|attn_scores)$", place):
                inner = [i for i, (kind, _) in enumerate(known) if kind == "d_head"]
                if len(inner) == 1:
                    known[inner[0]] = ("head", known[inner[0]][1])
                    known[-1] = ("d_head" if known[-1][0] == "neuron" else known[-1][0], known[-1][1])

    def _split_heads(self, axes: dict[str, list], heads: Mapping[str, int]) -> None:
        """Gives places an axis of heads that their callers say they have."""
        for place, count in heads.items():
            if place not in self._keys:
                raise ValueError(f"heads: there is no place {place}")
            if not axes[place] or axes[place][-1][1] < 0 or axes[place][-1][1] % count:
                raise ValueError(f"heads: the last axis of {place} is {axes[place][-1:]}, which "
                                 f"{count} heads do not share evenly")
            width = axes[place].pop()[1]
            axes[place] += [("head", count), ("d_head", width // count)]
            self._spots[place] = Spot(self._keys[place], View(count))
            self._headed[place] = place

    def _add_names(self, axes: dict[str, list]) -> None:
        """The names of TransformerLens, where the family is known."""
        logits = axes.pop("logits")
        for name, (own, spot, equals) in translated(self.module, self._keys).items():
            if name in axes or own in self._headed:
                continue
            known, view = list(axes[own]), spot.view
            if view.heads:
                width = known.pop()[1]
                if width % (view.heads * view.parts):
                    continue
                known += [("head", view.heads), ("d_head", width // view.heads // view.parts)]
                if view.parts == 1:
                    self._headed[own] = name
            axes[name], self._own[name], self._spots[name] = known, own, spot
            if spot.before is not None and equals in self._keys:
                self._sums[name] = equals
        axes["logits"] = logits

    # --- the module as it is

    @property
    def device(self) -> torch.device:
        if self._parameter is not None:
            return self._parameter.device
        return next((buffer.device for buffer in self.module.buffers()), torch.device("cpu"))

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
            result = self.module(tokens, **self._arguments)
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
            everything = [(name, [], [], None) for name in [*names, "logits"]]
            with torch.no_grad():
                recorded = self._trace(tokens, everything, [])
                if not torch.equal(recorded[-1], self._as_site(plain)):
                    return True
                written = [(site, value) for site, value in zip(everything, recorded)]
                return not torch.equal(self._trace(tokens, everything[-1:], written[:-1])[0],
                                       recorded[-1])

        self._check_sums(tokens)
        if spoils(list(self._keys)):
            for name in [name for name in self._keys if spoils([name])]:
                del self._keys[name]
                self.refused[name] = "looking at it changes what the module computes"
        self._find_rewritten(tokens)

    def _find_rewritten(self, tokens: torch.Tensor) -> None:
        """Values that are not the same at the end of a run. Most are seen by PyTorch's count of
        changes, but not those that are written through ``.data``."""
        names = list(self._keys)
        everything = [(name, [], [], None) for name in names]
        with torch.no_grad():
            seen = self._trace(tokens, everything, [])
            known, self._rewritten = self._rewritten, set(self._keys.values())
            copied = self._trace(tokens, everything, [])
        self._rewritten = known | {self._keys[name] for name, a, b in zip(names, seen, copied)
                                   if not _same(a, b)}

    def _check_sums(self, tokens: torch.Tensor) -> None:
        """That a sum is what the next submodule reads: a family may differ from those we know."""
        for name, equals in self._sums.items():
            with torch.no_grad():
                ours, theirs = self._trace(tokens, [(name, [], [], None), (equals, [], [], None)], [])
            if not torch.allclose(ours, theirs, atol=1e-5, rtol=1e-5):
                self.refused[name] = f"it is not what {equals} reads, as it is in this family"
                del self._spots[name]

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
        site = site.strip()
        place, bracket, narrowing = site.partition("[")
        if "head=" in narrowing:  # of a projection that holds all heads side by side
            site = self._headed.get(place, place) + bracket + narrowing
        return "logits[pos=0]" if self._pooled and site == "logits" else site

    def shape(self, site: str) -> tuple[int, ...]:
        self._site(site)
        return super().shape(site)

    def _site(self, text: str) -> tuple[str, list[int], list[int], int | None]:
        """A site's place, positions, neurons and head. Raises ValueError with the nearest names."""
        if text not in self._sites:
            self._sites[text] = self._parsed(text)
        return self._sites[text]

    def _parsed(self, text: str) -> tuple[str, list[int], list[int], int | None]:
        text = self.canonical(text) if "head=" in text else text
        place = text.partition("[")[0].strip()
        if place not in self._spots:
            if place.endswith(":out") and place[:-4] in self._spots:
                return self._parsed(text.replace(":out", "", 1))
            if place in self.refused:
                raise ValueError(f"site {text}: {self.refused[place]}")
            if place.endswith((".attn.hook_pattern", ".attn.hook_attn_scores")) and \
                    attention.WHY_NOT in self.refused.values():
                raise ValueError(f"site {text}: {attention.WHY_NOT}")
            multiple = [name for name in self._spots if name.startswith(place + "@")]
            near = multiple or difflib.get_close_matches(place, self._spots, 5, 0.5)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            several = " runs more than once in a forward pass:" if multiple else ": there is no such"
            raise ValueError(f"site {text}{several} place{hint} (print(model) shows the paths)")
        fused = [name for name, own in self._own.items() if own == place
                 and self._spots[name].view.parts > 1]
        if "head=" in text and fused and place not in self._headed:
            raise ValueError(f"site {text}: {place} holds queries, keys and values of all heads; "
                             f"take {', '.join(fused)}")
        return self._core.site(text)

    def _as_site(self, logits: torch.Tensor) -> torch.Tensor:
        """[batch, pos, vocab], in float32 at least. Logits that were computed in bfloat16 still tie
        often, of 50,000 words on some percent of the inputs: such inputs have no decision."""
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        return logits.unsqueeze(1) if self._pooled else logits

    def _axis_of(self, place: str, kind: str) -> int:
        return 1 + self._kinds[place].index(kind)

    def _index(self, value: torch.Tensor, site: tuple) -> list[torch.Tensor]:
        """Of each axis which of its entries a narrowed site takes."""
        place, positions, neurons, head = site
        index = [torch.arange(size, device=value.device) for size in value.shape]
        chosen = (("pos", positions), ("neuron", neurons), ("head", [] if head is None else [head]))
        for kind, entries in chosen:
            if entries:
                index[self._axis_of(place, kind)] = torch.tensor(entries, device=value.device)
        return index

    def _narrow(self, value: torch.Tensor, site: tuple) -> torch.Tensor:
        place, positions, neurons, head = site
        for kind, chosen in (("pos", positions), ("neuron", neurons)):
            if chosen:
                index = torch.tensor(chosen, device=value.device)
                value = value.index_select(self._axis_of(place, kind), index)
        return value if head is None else value.select(self._axis_of(place, "head"), head)

    def _write(self, value: torch.Tensor, site: tuple, new: torch.Tensor) -> torch.Tensor:
        """The place's value with another one at the site."""
        place, positions, neurons, head = site
        part = self._narrow(value, site)
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
        if part is value:
            return new.clone()
        if head is not None:
            new = new.unsqueeze(self._axis_of(place, "head"))
        grid = [entries.view([-1 if axis == i else 1 for i in range(value.dim())])
                for axis, entries in enumerate(self._index(value, site))]
        return value.clone().index_put(tuple(grid), new)

    def _trace(self, tokens: torch.Tensor | None, record: Sequence[tuple],
               overwrite: Sequence[tuple]) -> list[torch.Tensor]:
        """`interp::Network::trace`: sites are (place, positions, neurons, head)."""
        if tokens is None or tokens.numel() == 0 and tokens.dim() != 2:
            raise ValueError("a wrapped module cannot run without tokens")
        least, most = map(int, torch.aminmax(tokens)) if tokens.numel() else (0, 0)
        if tokens.shape[1] > self.n_ctx or least < 0 or most >= self.n_tokens:
            raise ValueError(f"tokens: expected up to {self.n_ctx} of 0 to {self.n_tokens - 1}, got "
                             f"{list(tokens.shape)} of {least} to {most}")
        recorded: dict[int, torch.Tensor] = {}
        streams: dict[Key, torch.Tensor] = {}  # first terms of places that are sums
        visits: dict[Key | None, list] = {}  # in order: what is written, then what is read
        borrowed: list[tuple[Key, torch.Tensor, int]] = []  # recorded uncopied, and its version then

        def visit_at(site: tuple, number: int | None, new: torch.Tensor | None) -> None:
            spot = self._spots[site[0]]
            visits.setdefault(spot.key, []).append((number, site, spot, new))
            if spot.before is not None:
                visits.setdefault(spot.before, [])

        for site, value in overwrite:
            visit_at(site, None, value)
        for number, site in enumerate(record):
            visit_at(site, number, None)
        kept = {spot.before for here in visits.values() for _, _, spot, _ in here} - {None}

        def visit(key: Key | None) -> Callable[[torch.Tensor], torch.Tensor]:
            def at(value: torch.Tensor) -> torch.Tensor:
                for number, site, spot, new in visits[key]:
                    stream = streams[spot.before] if spot.before is not None else None
                    if number is None:
                        value = self._written(value, stream, spot, site, new)
                    else:
                        recorded[number], value = self._read(value, stream, spot, site)
                        if recorded[number] is value and key is not None:
                            borrowed.append((key, value, value._version))
                if key in kept:
                    streams[key] = value
                return value

            return at

        run = Run({key: visit(key) for key in visits if key is not None}, len(tokens),
                  stops_early=None not in visits)
        keeps_graph = torch.is_grad_enabled()
        with self._modes(), self._hooks.on(run):
            try:
                logits = self._as_site(self._forward(tokens.to(self.device)))
                if None in visits:
                    visit(None)(logits)
            except Stop:
                pass
        for key, here in visits.items():
            if key is not None and key not in run.seen:
                raise ValueError(f"site {here[0][1][0] if here else key}: not reached in this run")
        rewritten = {key for key, value, version in borrowed if value._version != version}
        if rewritten:  # in place, by the module: once more, with copies
            self._rewritten |= rewritten
            return self._trace(tokens, record, overwrite)
        values = [recorded[number] for number in range(len(record))]
        return values if keeps_graph else [value.detach() for value in values]

    def _written(self, value: torch.Tensor, stream: torch.Tensor | None, spot: Spot, site: tuple,
                 new: torch.Tensor) -> torch.Tensor:
        """The module's value with another one at a site of the place that lies in it."""
        if stream is None:
            return spot.view.write(value, self._write(spot.view.read(value), site, new))
        # Of a sum, the second term makes up the difference; what is not written stays as it was.
        whole = self._write(value + stream, site, new)
        return self._write(value, site, self._narrow(whole - stream, site))

    def _read(self, value: torch.Tensor, stream: torch.Tensor | None, spot: Spot,
              site: tuple) -> tuple[torch.Tensor, torch.Tensor]:
        """What is recorded, and what flows on: on the path of gradients, and safe from in-place."""
        place = spot.view.read(value) if stream is None else value + stream
        part = self._narrow(place, site)
        if spot.key is None:  # which nothing reads
            return part, value
        if part is value:
            copies = value.is_inference() or spot.key in self._rewritten
            return value, value.clone() if copies else value
        if part.requires_grad and torch.is_grad_enabled():
            return part, self._written(value, stream, spot, site, part)
        return (part if site[1] or site[2] else part.clone()), value

    # --- what depends on what

    def classify(self, place: str) -> str:
        """``node``: the value is all that flows on. ``edge``: its old value is read elsewhere, too.
        ``dead``: what is written there is not read."""
        if place not in self._classes:
            spot, own = self._spots[place], self._own.get(place, place)
            is_node = spot.key is None or spot.before is not None  # all that reads a sum reads it
            self._classes[place] = "node" if is_node else cuts.classify(self, own)
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
        return site[0], tuple(site[1]), tuple(site[2]), site[3]

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
         heads: Mapping[str, int] | None = None, inputs_per_run: int = 128) -> WrappedNetwork:
    """Makes a network of any torch module that maps token ids to logits.

    Its sites are named by the paths that ``print(model)`` shows: ``PATH`` is the output of that
    submodule (the first tensor of it), ``PATH:in`` its first input, ``PATH:out.1`` another tensor
    of its output, ``PATH@1`` the second of several calls; ``logits`` is what the module returns.
    Narrowed, ``PATH[pos=2,5]``, ``PATH[pos=5;neuron=0,3]``. ``PATH:scores`` and ``PATH:pattern``
    are those of the attention that the submodule computes, if it calls a softmax for it. Models of Hugging Face whose family is
    known have TransformerLens' names as well, and heads: ``blocks.0.hook_resid_mid``,
    ``blocks.0.attn.hook_z[head=2]``.

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
    heads
        Places whose last axis holds heads side by side, and how many: they get an axis of heads,
        ``PATH[head=2]``. Known families need not say so.
    inputs_per_run
        Inputs that go through the module at once.

    Raises
    ------
    TypeError, ValueError
        For a module that cannot be looked into, is in training mode, or computes something else
        each time.
    """
    return WrappedNetwork(module, example, n_tokens=n_tokens, n_ctx=n_ctx, call=call, output=output,
                          edges=edges, heads=heads, inputs_per_run=inputs_per_run)
