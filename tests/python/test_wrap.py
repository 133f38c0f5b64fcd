"""Modules of somebody else: what surprises, and what is refused."""

import copy
import pickle
import threading

import pytest
import torch
from conftest import Halves, Maxima, sample
from torch import nn

import assay

VOCAB, WIDTH = 9, 8


class Small(nn.Module):
    """Embedding, two blocks with a skip, logits at every position."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.embed = nn.Embedding(VOCAB, WIDTH)
        self.attn = nn.Linear(WIDTH, WIDTH)
        self.ln = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 16), nn.ReLU(), nn.Linear(16, WIDTH))
        self.head = nn.Linear(WIDTH, VOCAB)

    def forward(self, tokens):
        x = self.embed(tokens)
        x = x + self.attn(x.cumsum(1))
        x = x + self.mlp(self.ln(x))
        return self.head(x)


def tokens_of(count=6, length=5, seed=1):
    return torch.randint(0, VOCAB, (count, length), generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def small():
    return Small().eval()


@pytest.fixture
def net(small):
    return assay.wrap(small, tokens_of())


def hooks_on(module):
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


def test_looking_and_writing_back_change_nothing(small, net):
    tokens = tokens_of()
    with torch.no_grad():
        plain = small(tokens)
        places = [place for place in net.places if place != "logits"]
        seen = net.trace(tokens, [*places, "logits"])
        assert torch.equal(seen["logits"], plain)
        for place in places:
            if net.classify(place) == "node":
                assert torch.equal(net.trace(tokens, ["logits"], {place: seen[place]})["logits"],
                                   plain), place
    assert hooks_on(small) == 0


def test_a_narrowed_site_is_a_part_of_the_whole(net):
    tokens = tokens_of()
    whole = net.trace(tokens, ["mlp"])["mlp"]
    assert torch.equal(net.trace(tokens, ["mlp[pos=1,3]"])["mlp[pos=1,3]"], whole[:, [1, 3]])
    part = "mlp.1[pos=2;neuron=0,5]"
    assert net.shape(part) == (-1, 1, 2)
    written = net.trace(tokens, ["mlp.1"], {part: torch.full((1, 1, 2), 7.0)})["mlp.1"]
    plain = net.trace(tokens, ["mlp.1"])["mlp.1"]
    plain[:, 2, [0, 5]] = 7
    assert torch.equal(written, plain)


def test_zeroing_a_site_is_what_it_says(small, net):
    tokens = tokens_of()
    x = small.embed(tokens)
    x = x + small.attn(x.cumsum(1))
    expected = small.head(x)  # without the MLP
    found = net.trace(tokens, ["logits"], {"mlp": torch.zeros(1, 5, WIDTH)})["logits"]
    torch.testing.assert_close(found, expected)


def test_edges_are_not_overwritten_unawares(small, net):
    """`ln:in` looks like the residual stream, but the skip path goes on with the old value."""
    assert net.classify("ln:in") == "edge"
    assert net.classify("mlp") == "node"
    zero = torch.zeros(1, 5, WIDTH)
    with pytest.raises(ValueError, match="site ln:in: it is an edge"):
        net.trace(tokens_of(), ["logits"], {"ln:in": zero})
    allowed = assay.wrap(small, tokens_of(), edges=True)
    allowed.trace(tokens_of(), ["logits"], {"ln:in": zero})


def test_dead_sites_are_refused():
    class Dead(Small):
        def forward(self, tokens):
            self.attn(self.embed(tokens))  # computed and not used
            return self.head(self.embed(tokens) * 1.0)

    # The embedding is called twice, the attention's output is read by nobody.
    net = assay.wrap(Dead().eval(), tokens_of())
    assert net.classify("attn") == "dead"
    with pytest.raises(ValueError, match="site attn: what is written there changes nothing"):
        net.trace(tokens_of(), ["logits"], {"attn": torch.zeros(1, 5, WIDTH)})
    with pytest.raises(ValueError, match="runs more than once.*embed@0, embed@1"):
        net.trace(tokens_of(), ["embed"])
    assert torch.equal(*net.trace(tokens_of(), ["embed@0", "embed@1"]).values())


def test_gradients_are_those_of_the_module(small, net):
    small.double()
    net = assay.wrap(small, tokens_of())
    tokens = tokens_of()
    value = net.trace(tokens, ["attn"])["attn"].detach()

    def loss(x):
        return net.trace(tokens, ["logits"], {"attn": x})["logits"].square().sum()

    assert torch.autograd.gradcheck(loss, value[:, :2].repeat(1, 3, 1)[:, :5].requires_grad_())
    recorded = net.trace(tokens, ["attn", "logits"])
    of_recorded = torch.autograd.grad(recorded["logits"].square().sum(), recorded["attn"])[0]
    leaf = value.clone().requires_grad_()
    of_written = torch.autograd.grad(loss(leaf), leaf)[0]
    torch.testing.assert_close(of_recorded, of_written)
    narrowed = net.trace(tokens, ["attn[pos=1]", "logits"])
    part = torch.autograd.grad(narrowed["logits"].square().sum(), narrowed["attn[pos=1]"])[0]
    torch.testing.assert_close(part, of_written[:, 1:2])


def test_modes_of_the_caller(small, net):
    tokens = tokens_of()
    plain = net.trace(tokens, ["mlp"])["mlp"]
    assert plain.requires_grad
    with torch.no_grad():
        assert not net.trace(tokens, ["mlp"])["mlp"].requires_grad
    with torch.inference_mode():
        assert torch.equal(net.trace(tokens, ["mlp"])["mlp"], plain)
        assert net.classify("ln:in") == "edge"
        assert net.cut("attn").word == "incomplete"


# --- cuts


class Route(nn.Module):
    """The head reads `main`; what else reaches it is up to the way."""

    def __init__(self, way):
        super().__init__()
        torch.manual_seed(0)
        self.way = way
        self.embed = nn.Embedding(VOCAB, WIDTH)
        self.main = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, VOCAB)
        self.other = nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens):
        x = self.embed(tokens)
        y = self.main(x)
        if self.way == "skip":
            y = y + 0.1 * self.other(x)
        elif self.way == "argmax":
            y = torch.where((x.argmax(-1, keepdim=True) % 2 == 0), y, -y)
        elif self.way == "detach":
            y = y + self.other(x).detach()
        elif self.way == "tokens":
            y = y * (tokens != 0).unsqueeze(-1)
        elif self.way == "rare":
            y = y + (tokens == 3).any(1)[:, None, None]
        elif self.way == "cancelled":
            y = y + (self.other(x) - self.other(x))
        return self.head(y)


@pytest.mark.parametrize("way, word", [
    ("", "not seen incomplete"), ("skip", "incomplete"), ("argmax", "incomplete"),
    ("detach", "incomplete"), ("tokens", "incomplete"), ("rare", "incomplete"),
    ("cancelled", "not seen incomplete")])
def test_cuts_in_three_words(way, word):
    net = assay.wrap(Route(way).eval(), tokens_of())
    found = net.cut("main")
    assert found.word == word, found
    assert (found.word == "incomplete") == bool(found.path)
    if word == "not seen incomplete":
        assert found.inputs == 1024
    assert net.cut("logits").word == "complete"


def test_a_last_position_that_is_all_that_is_read():
    net = assay.wrap(Route("").eval(), tokens_of())
    assert net.cut("main[pos=4]", decision="logits[pos=4]").word == "not seen incomplete"
    assert net.cut("main[pos=3]", decision="logits[pos=4]").word == "incomplete"


# --- what modules do


def test_in_place_modules(small):
    class InPlace(Small):
        def __init__(self):
            super().__init__()
            self.mlp[1] = nn.ReLU(inplace=True)

    module = InPlace().eval()
    net = assay.wrap(module, tokens_of())
    seen = net.trace(tokens_of(), ["mlp.0", "mlp.1"])
    x = module.embed(tokens_of())
    x = x + module.attn(x.cumsum(1))
    torch.testing.assert_close(seen["mlp.0"], module.mlp[0](module.ln(x)))  # before the ReLU
    assert seen["mlp.0"].min() < 0 and seen["mlp.1"].min() >= 0
    leaf = torch.zeros(1, 5, 16, requires_grad=True)
    net.trace(tokens_of(), ["logits"], {"mlp.0": leaf})["logits"].sum().backward()
    assert torch.equal(leaf.detach(), torch.zeros(1, 5, 16))  # the caller's tensor is as it was


def test_tuples_and_mappings():
    class Parts(nn.Module):
        def forward(self, x):
            return {"twice": 2 * x, "more": (x + 1, [x - 1])}

    class Whole(Small):
        def __init__(self):
            super().__init__()
            self.parts = Parts()

        def forward(self, tokens):
            parts = self.parts(self.embed(tokens))
            return {"logits": self.head(parts["twice"] + parts["more"][1][0]), "loss": None}

    net = assay.wrap(Whole().eval(), tokens_of())
    assert {"parts", "parts:out.more.0", "parts:out.more.1.0"} <= set(net.places)
    seen = net.trace(tokens_of(), ["parts", "parts:out.more.1.0"])
    torch.testing.assert_close(seen["parts"] / 2 - 1, seen["parts:out.more.1.0"])
    zeroed = net.trace(tokens_of(), ["logits"], {"parts:out.more.1.0": torch.zeros(1, 5, WIDTH)})
    torch.testing.assert_close(zeroed["logits"], net.module.head(seen["parts"]))


def test_training_mode_and_randomness_are_refused(small):
    module = nn.Sequential(small, nn.Dropout(0.1))
    module.train()
    with pytest.raises(ValueError, match=r"training mode.*Dropout.*model.eval\(\)"):
        assay.wrap(module, tokens_of())

    class Random(Small):
        def forward(self, tokens):
            return super().forward(tokens) + torch.rand(())

    with pytest.raises(ValueError, match="two runs on the same input differ"):
        assay.wrap(Random().eval(), tokens_of())


def test_outputs_that_are_no_logits(small):
    class Hidden(Small):
        def forward(self, tokens):
            return {"last_hidden_state": self.embed(tokens)}

    with pytest.raises(ValueError, match="returns last_hidden_state, and no logits"):
        assay.wrap(Hidden().eval(), tokens_of())
    net = assay.wrap(Hidden().eval(), tokens_of(), output=lambda result: result["last_hidden_state"])
    assert net.shape("logits[pos=0]") == (-1, 1, WIDTH)
    with pytest.raises(TypeError, match="ScriptModule"):
        assay.wrap(torch.jit.script(nn.Linear(2, 2)))
    with pytest.raises(TypeError, match="expected a torch.nn.Module"):
        assay.wrap(lambda tokens: tokens)
    with pytest.raises(ValueError, match="how many tokens does an input have"):
        assay.wrap(small)


def test_axes_are_found_out():
    class BatchSecond(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.inner = nn.Embedding(VOCAB, WIDTH), nn.Linear(WIDTH, WIDTH)
            self.flat, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, VOCAB)

        def forward(self, tokens):
            x = self.inner(self.embed(tokens).transpose(0, 1)).transpose(0, 1)
            y = self.flat(x.reshape(-1, WIDTH)).view_as(x)
            return self.head(y)

    net = assay.wrap(BatchSecond().eval(), tokens_of())
    with pytest.raises(ValueError, match="the batch is not its first axis"):
        net.trace(tokens_of(), ["inner"])
    with pytest.raises(ValueError, match="the batch is not its first axis"):
        net.trace(tokens_of(), ["flat"])


def test_values_that_do_not_fit(net):
    tokens = tokens_of()
    for shape in ([4, 5, WIDTH], [1], [5, WIDTH], [6, 4, WIDTH]):
        with pytest.raises(ValueError, match="overwrite of mlp: expected the shape"):
            net.trace(tokens, ["logits"], {"mlp": torch.zeros(shape)})
    with pytest.raises(TypeError, match="expected a torch.Tensor, got list"):
        net.trace(tokens, ["logits"], {"mlp": [0.0]})
    with pytest.raises(ValueError):
        net.trace(tokens, ["mlp[pos=99]"])
    with pytest.raises(ValueError, match="0 to 8"):
        net.trace([[0, 1, 2, 3, 9]])
    with pytest.raises(ValueError, match="did you mean mlp"):
        net.trace(tokens, ["mpl"])


def test_modules_that_are_never_called():
    class Tied(Small):
        def forward(self, tokens):
            return nn.functional.linear(self.embed(tokens), self.head.weight)

    net = assay.wrap(Tied().eval(), tokens_of())
    with pytest.raises(ValueError, match="never reached: its weight is used without calling it"):
        net.trace(tokens_of(), ["head"])


def test_pooled_classifiers():
    class Pooled(Small):
        def forward(self, tokens):
            return super().forward(tokens).mean(1)

    net = assay.wrap(Pooled().eval(), tokens_of())
    assert net.shape("logits[pos=0]") == (-1, 1, VOCAB)
    tokens = tokens_of()
    assert torch.equal(net.trace(tokens)["logits"][:, 0], net.module(tokens))


def test_encoders_of_torch():
    """The fast path of 1.13 would call no submodule at all."""

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.embed = nn.Embedding(VOCAB, WIDTH)
            layer = nn.TransformerEncoderLayer(WIDTH, 2, 16, dropout=0.0, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 2)
            self.head = nn.Linear(WIDTH, VOCAB)

        def forward(self, tokens):
            return self.head(self.layers(self.embed(tokens)))

    net = assay.wrap(Encoder().eval(), tokens_of())
    with torch.no_grad():
        seen = net.trace(tokens_of(), ["layers.layers.0.linear1", "layers.layers.1"])
    assert seen["layers.layers.0.linear1"].shape == (6, 5, 16)
    with pytest.raises(ValueError, match="never reached"):
        net.trace(tokens_of(), ["layers.layers.0.self_attn.out_proj"])


# --- the process


def test_threads_and_plain_users_do_not_disturb_each_other(small):
    nets = [assay.wrap(small, tokens_of()), assay.wrap(small, tokens_of())]
    wrong: list = []

    def traces(net, seed):
        try:
            try_traces(net, seed)
        except Exception as error:  # noqa: BLE001 - which a thread would swallow
            wrong.append(repr(error))

    def try_traces(net, seed):
        tokens = tokens_of(seed=seed)
        with torch.no_grad():
            expected = small(tokens)
            for value in range(100):
                written = torch.full((1, 5, WIDTH), float(value))
                found = net.trace(tokens, ["mlp", "logits"], {"mlp": written})
                if not torch.equal(found["mlp"], written.expand(6, 5, WIDTH)):
                    wrong.append("written")
                if not torch.equal(small(tokens), expected):
                    wrong.append("plain")

    threads = [threading.Thread(target=traces, args=(nets[i % 2], i)) for i in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong and hooks_on(small) == 0


def test_failures_leave_no_hook(small):
    class Failing(Small):
        fails = None

        def forward(self, tokens):
            result = super().forward(tokens)
            if self.fails:
                raise self.fails("inside")
            return result

    module = Failing().eval()
    net = assay.wrap(module, tokens_of())
    for kind in (ValueError, KeyboardInterrupt, SystemExit):
        module.fails = kind
        with pytest.raises(kind, match="inside"):
            net.trace(tokens_of(), ["mlp", "logits"])
        assert hooks_on(module) == 0
    module.fails = None
    assert torch.equal(net.trace(tokens_of())["logits"], module(tokens_of()))


def test_traces_within_hooks_of_the_user(small, net):
    inner: list = []
    handle = small.ln.register_forward_hook(
        lambda *_: inner.append(net.trace(tokens_of(), ["embed"])["embed"].detach()) or None)
    try:
        outer = net.trace(tokens_of(), ["mlp"])["mlp"]
    finally:
        handle.remove()
    assert inner and torch.equal(inner[0], small.embed(tokens_of()))
    torch.testing.assert_close(outer, net.trace(tokens_of(), ["mlp"])["mlp"])


def test_modules_can_be_copied_and_pickled_while_they_run(small, net):
    copies: list = []
    handle = small.ln.register_forward_hook(
        lambda *_: copies.append((copy.deepcopy(small.mlp), pickle.dumps(small.mlp))) and None)
    try:
        net.trace(tokens_of(), ["mlp", "logits"])
    finally:
        handle.remove()
    copied, pickled = copies[0]
    x = torch.rand(2, WIDTH)
    assert torch.equal(copied(x), small.mlp(x)) and torch.equal(pickle.loads(pickled)(x), small.mlp(x))


def test_a_run_ends_where_nothing_more_is_needed():
    late: list = []

    class Late(Small):
        def forward(self, tokens):
            x = self.embed(tokens)
            x = self.attn(x)
            late.append(1)
            return self.head(x)

    net = assay.wrap(Late().eval(), tokens_of())
    late.clear()
    net.trace(tokens_of(), ["attn"])
    assert not late


def test_fixtures_do_what_they_say():
    module = Halves().eval()
    tokens = sample(1, 0, 50)
    assert torch.equal(Maxima()(module.embed(tokens)).long()[:, 0], tokens[:, :3].amax(1))


def test_inputs_may_be_longer_than_those_it_was_tried_on(small):
    net = assay.wrap(small, n_ctx=100)  # tried on 64 positions
    net._swapped = tokens_of(8, 80)
    assert net.cut("mlp[pos=79]", decision="logits[pos=79]").word == "incomplete"
    assert net.trace(tokens_of(2, 100), ["mlp[pos=99]"])["mlp[pos=99]"].shape == (2, 1, WIDTH)
    with pytest.raises(ValueError, match="expected up to 100"):
        net.trace(tokens_of(2, 101))
