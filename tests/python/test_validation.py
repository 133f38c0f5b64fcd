"""Validation: the command's own records, from memory; and functions that misbehave."""

import gc
import json
import os
import signal
import subprocess
import threading
import time
import weakref

import pytest
import torch
from conftest import TWO_SAT, Halves, first_is_larger, halves_claim, maxima, sample
from two_sat_claim import claim_of

import assay

MODEL, TREES = str(TWO_SAT / "model.safetensors"), str(TWO_SAT / "trees.json")
RUN_FACTS = {"command", "times", "started", "seconds", "cpu_seconds", "blas", "threads"}


def without_facts(record):
    return {name: value for name, value in record.items() if name not in RUN_FACTS}


def by_command(command, tmp_path, *arguments):
    file = tmp_path / "record.json"
    subprocess.run([command, "validate", "--model", MODEL, "--interpretation", TREES, "--json",
                    str(file), "--quiet", *arguments], check=False)
    return json.loads(file.read_text())


def counts(report):
    return [(row["node"], row["axiom"], row["failures"], row["n"], row["unrelated"]["failures"])
            for row in report["rows"]]


def test_a_native_claim_gives_the_commands_record(command, tmp_path, trees):
    claims = ["parse.PE<=0.05", "evaluate.PE<=0.01"]
    theirs = by_command(command, tmp_path, "--inputs", "1024", *(f"--claim={c}" for c in claims))
    ours = assay.validate(trees, count=1024, claims=claims)
    assert json.dumps(without_facts(ours.fields)).replace(TREES, "") == json.dumps(
        without_facts(theirs)).replace(TREES, "")


def test_files_are_validated_by_the_command_itself(command, tmp_path):
    theirs = by_command(command, tmp_path, "--inputs", "512", "--seed", "3", "--stop", "never")
    ours = assay.validate(model=MODEL, interpretation=TREES, inputs=512, seed=3, stop="never")
    assert without_facts(ours.fields) == without_facts(theirs)
    assert ours["command"].startswith("assay validate ")


def test_an_interpretation_in_python_gives_the_native_counts(two_sat, trees):
    native = assay.validate(trees, count=2048, seed=5, stop="never")
    ours = assay.validate(claim_of(two_sat, trees), count=2048, seed=5, stop="never")
    assert counts(ours) == counts(native)
    assert any(row["failures"] for row in ours["rows"])
    again = assay.validate(claim_of(two_sat, trees), count=2048, seed=5, stop="never", threads=1)
    assert counts(again) == counts(ours)


def test_a_true_claim_about_a_module_holds_and_a_false_one_is_violated(halves):
    net = assay.wrap(halves, sample(0, 0, 4))
    report = assay.validate(halves_claim(net), inputs=sample, claims=["maxima.PE <= 0.02"])
    assert report.require("maxima.PE <= 0.02") is report
    assert report.code == 0 and report["rows"][0]["failures"] == 0
    wrong = halves_claim(net)
    wrong.node("maxima", parents=["tokens"], at="maxima", h=lambda t: maxima(t).clamp(max=8),
               alpha=lambda x: x.round().long(), gamma=lambda value: value.float())
    report = assay.validate(wrong, inputs=sample, claims=["maxima.PE <= 0.02"], stop="never",
                            count=2000)
    tokens = torch.cat([sample(1, first, min(128, 2000 - first)) for first in range(0, 2000, 128)])
    expected = int((maxima(tokens) == 9).any(1).sum())
    assert report.row("maxima.PE")["failures"] == expected
    with pytest.raises(assay.ClaimNotHeld, match="maxima.PE <= 0.02 is violated") as raised:
        report.require("maxima.PE <= 0.02")
    assert raised.value.verdict == "violated" and report.code == 1
    witness = report.witnesses("maxima", "PE")[0]
    assert max(witness["tokens"]) == 9 and max(witness["interpretation"]) == 8


def test_the_report_says_that_cuts_of_a_module_are_evidence(halves):
    report = assay.validate(halves_claim(assay.wrap(halves, sample(0, 0, 4))), inputs=sample,
                            claims=["maxima.PR <= 0.05"])
    remarks = {remark["node"]: remark["text"] for remark in report["remarks"]}
    assert "none of 1,024 inputs shows a path" in remarks["maxima"]


def test_a_path_around_the_sites_leaves_claims_undecided(halves):
    class Leaky(Halves):
        """Half a thousandth of the answer comes from the digits themselves."""

        def forward(self, tokens):
            return super().forward(tokens) + 5e-4 * self.embed(tokens).sum(1).roll(1, -1)

    net = assay.wrap(Leaky().eval(), sample(0, 0, 4))
    report = assay.validate(halves_claim(net), inputs=sample, claims=["maxima.PE <= 0.05"])
    row = report.row("maxima.PE")
    assert row["failures"] == 0 and row["verdict"] == "undecided"
    assert report["nodes"][0]["complete_cut"] is False and "autograd" in " ".join(
        report["nodes"][0]["path_around"])
    with pytest.raises(assay.ClaimNotHeld, match="undecided"):
        report.require("maxima.PE <= 0.05")


def test_a_gamma_that_writes_the_answer_is_vacuous(halves):
    """One node for the whole network: every axiom holds, and nothing was said."""
    claim = assay.Interpretation("all of it", network=assay.wrap(halves, sample(0, 0, 4)))
    claim.node("answer", parents=["tokens"], at="logits",
               h=lambda tokens: first_is_larger(maxima(tokens)), alpha=assay.argmax([10, 11]))
    report = assay.validate(claim, inputs=sample, claims=["answer.PE <= 0.05"])
    assert report.row("answer.PE")["verdict"] == "vacuous" and report.code == 1


def test_lists_are_exact_and_independence_is_stated(halves):
    claim, rows = halves_claim(assay.wrap(halves, sample(0, 0, 4))), sample(2, 0, 300)
    exact = assay.validate(claim, inputs=rows, claims=["maxima.PE <= 0"])
    assert exact["scope"] == "list" and exact.code in (0, 3)
    drawn = assay.validate(claim, inputs=rows.tolist(), independent=True)
    assert drawn["scope"] == "distribution"
    assert counts(exact) == counts(drawn)
    assert counts(assay.validate(claim, inputs=iter(rows.tolist()), count=100))[0][3] == 100


def test_answers_may_have_names(halves):
    claim = halves_claim(assay.wrap(halves, sample(0, 0, 4)))
    report = assay.validate(claim, inputs=sample, answers={10: "no", 11: "yes"},
                            claims=["maxima.PE[yes] <= 0.1"])
    assert report["rows"][-1]["answer_name"] == "yes"
    report.require("maxima.PE[yes] <= 0.1")
    by_truth = assay.validate(claim, inputs=sample, count=256,
                              answers=lambda tokens: 10 + first_is_larger(maxima(tokens)))
    assert by_truth["task"]["settings"]["answers"] == "10 11"


def test_reports_are_objects(tmp_path, halves):
    report = assay.validate(halves_claim(assay.wrap(halves, sample(0, 0, 4))), inputs=sample,
                            claims=["maxima.PE <= 0.05"])
    assert "The claim holds" in report.verdict and "maxima" in str(report)
    assert "<table>" in report._repr_html_() and "holds" in report._repr_html_()
    rows = report.rows
    assert len(rows) == 8
    report.save(tmp_path / "report.json")
    assert (tmp_path / "report.json").read_text() == report.text
    assert assay.open_record(tmp_path / "report.json").verdict == report.verdict
    report.to_html(tmp_path / "report.html")
    assert "<!DOCTYPE html>" in (tmp_path / "report.html").read_text()[:200].replace("doctype", "DOCTYPE")
    assay.report(report, tmp_path / "report.json", out=tmp_path / "two.html")
    # Claims that were not declared are judged by the counts of the report.
    report.require("answer.PR <= 0.5")
    with pytest.raises(assay.ClaimNotHeld) as raised:
        report.require("answer.PR <= 0.0001")
    assert raised.value.verdict == "undecided"
    with pytest.raises(ValueError, match="no row nobody.PE"):
        report.require("nobody.PE <= 0.1")
    with pytest.raises(KeyError, match="there are maxima.PE"):
        report.row("nobody.PE")


# --- functions that misbehave


class Peculiar(Exception):
    pass


def failing(role, exception):
    def function(*_):
        raise exception("by intention")

    return {role: function}


@pytest.mark.parametrize("role", ["h", "alpha", "gamma", "equal"])
@pytest.mark.parametrize("exception", [Peculiar, RuntimeError, KeyError])
def test_exceptions_arrive_as_themselves_with_the_node(halves, role, exception):
    net = assay.wrap(halves, sample(0, 0, 4))
    functions = {"h": maxima, "alpha": lambda x: x.round().long(), "gamma": lambda v: v.float(),
                 "equal": "equal", **failing(role, exception)}
    claim = halves_claim(net).node("maxima", parents=["tokens"], at="maxima", **functions)
    with pytest.raises(exception, match="by intention") as raised:
        assay.validate(claim, inputs=sample, count=256)
    name = "equality" if role == "equal" else role
    assert f"in {name} of node 'maxima'" in raised.value.__notes__
    assert raised.traceback[-1].name == "function"  # the original traceback


@pytest.mark.parametrize("returned, kind, message", [
    (lambda x: x.tolist(), TypeError, "alpha of node 'maxima' returned list, expected a torch.Tensor"),
    (lambda x: None, TypeError, "returned NoneType"),
    (lambda x: x[:1].long(), ValueError, r"returned a tensor of shape \[1, 2\], expected .* \(128\)"),
    (lambda x: x.sum(), ValueError, r"shape \[\], expected"),
    (lambda x: x.long().repeat(1, 2), ValueError, r"alpha gives values of shape \[128, 4\], but h of"),
    (lambda x: x.to(torch.complex64), TypeError, "complex"),
])
def test_wrong_values_say_what_was_expected(halves, returned, kind, message):
    claim = halves_claim(assay.wrap(halves, sample(0, 0, 4)), read=returned)
    with pytest.raises(kind, match=message):
        assay.validate(claim, inputs=sample, count=128)


@pytest.mark.parametrize("gamma, kind, message", [
    (lambda v: v.float()[:, :1], ValueError, r"overwrite of maxima: expected the shape \[\d+, 2\]"),
    (lambda v: (v.float(), v.float()), ValueError, "node 'maxima'"),
    (lambda v: "nothing", TypeError, "gamma of node 'maxima' returned str"),
])
def test_wrong_writes_say_what_was_expected(halves, gamma, kind, message):
    claim = halves_claim(assay.wrap(halves, sample(0, 0, 4)))
    claim.node("maxima", parents=["tokens"], at="maxima", h=maxima,
               alpha=lambda x: x.round().long(), gamma=gamma)
    with pytest.raises(kind, match=message):
        assay.validate(claim, inputs=sample, count=128)


def test_bad_input_is_refused_with_the_commands_messages(tmp_path, two_sat, trees, halves):
    with pytest.raises(ValueError, match="claim on unknown node 'pars'"):
        assay.validate(trees, claims=["pars.PE<=0.1"])
    with pytest.raises(FileNotFoundError):
        assay.load(tmp_path / "nothing.safetensors")
    with pytest.raises(FileNotFoundError, match="nothing.safetensors"):
        assay.validate(model=str(tmp_path / "nothing.safetensors"), interpretation=TREES)
    with pytest.raises(ValueError, match="--clam"):
        assay.validate(model=MODEL, interpretation=TREES, clam="x")
    with pytest.raises(ValueError, match="task"):
        assay.task("no-such-task")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ValueError):
        assay.Interpretation.load(tmp_path / "bad.json", two_sat)
    claim = halves_claim(assay.wrap(halves, sample(0, 0, 4)))
    with pytest.raises(ValueError, match="on what is it tested"):
        assay.validate(claim)
    with pytest.raises(TypeError, match="expected whole numbers"):
        assay.validate(claim, inputs=torch.rand(4, 6))
    with pytest.raises(ValueError, match="tokens 0 to 50, the network has 0 to 11"):
        assay.validate(claim, inputs=[[0, 1, 2, 3, 4, 50]])
    with pytest.raises(ValueError, match="one length"):
        assay.validate(claim, inputs=[[0, 1, 2, 3, 4, 5], [1, 2]])


# --- the process


def test_settings_of_the_process_stay(two_sat, trees):
    torch.set_num_threads(1)
    tiny = torch.tensor([1e-40])
    before = torch.get_num_threads(), torch.is_grad_enabled(), float(tiny * 1), signal.getsignal(
        signal.SIGINT)
    assay.validate(trees, count=128)
    assay.validate(model=MODEL, interpretation=TREES, inputs=128)
    after = torch.get_num_threads(), torch.is_grad_enabled(), float(tiny * 1), signal.getsignal(
        signal.SIGINT)
    assert after == before and float(tiny * 1) != 0


def test_ctrl_c_keeps_what_was_counted(two_sat, trees):
    claim = claim_of(two_sat, trees)

    pressed: list = []

    def inputs(seed, first, count):
        if first > 5000 and not pressed:
            pressed.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        return trees_inputs(first, count)

    with pytest.raises(KeyboardInterrupt) as raised:
        assay.validate(claim, inputs=inputs, answers=[14, 13], count=10_000_000, stop="never")
    assert time.monotonic() - pressed[0] < 5  # a second on a machine that is not busy
    report = raised.value.report
    assert report.partial and 0 < report["rows"][0]["n"] < 10_000_000
    with pytest.raises(KeyboardInterrupt):  # and Python hears signals again
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)


def test_ctrl_c_ends_a_slow_function(halves):
    """A function that would go on for a minute is left, and what came before it is kept."""
    calls: list = []

    def read(x):
        calls.append(len(x))
        if len(calls) > 8:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(6000):
                time.sleep(0.01)
        return x.round().long()

    claim = halves_claim(assay.wrap(halves, sample(0, 0, 4)), read)
    began = time.monotonic()
    with pytest.raises(assay.Interrupted) as raised:
        assay.validate(claim, inputs=sample, count=100_000, stop="never")
    assert time.monotonic() - began < 30  # rather than a minute, on a machine however busy
    report = raised.value.report
    assert report.partial and 0 < report["rows"][0]["n"] < 100_000
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    # What is kept is the prefix of the stream that an undisturbed run counts.
    whole = assay.validate(halves_claim(assay.wrap(halves, sample(0, 0, 4))), inputs=sample,
                           count=report["rows"][0]["n"], stop="never")
    assert [row[:4] for row in counts(whole)] == [row[:4] for row in counts(report)]


def test_exceptions_without_ctrl_c_are_not_taken_for_it(halves):
    calls: list = []

    def read(x):
        calls.append(1)
        if len(calls) > 8:
            raise KeyboardInterrupt("by the function itself")
        return x.round().long()

    with pytest.raises(KeyboardInterrupt) as raised:
        assay.validate(halves_claim(assay.wrap(halves, sample(0, 0, 4)), read), inputs=sample,
                       count=100_000, stop="never")
    assert getattr(raised.value, "report", None) is None


def test_ctrl_c_before_anything_was_counted(halves):
    net = assay.wrap(halves, sample(0, 0, 4))

    def inputs(seed, first, count):
        if count > 1000:  # which only what comes before counting asks for
            os.kill(os.getpid(), signal.SIGINT)
        return sample(seed, first, count)

    with pytest.raises(assay.Interrupted) as raised:
        assay.validate(halves_claim(net), inputs=inputs)
    assert raised.value.report is None


def trees_inputs(first, count):
    return assay.task("two-sat").sample("test", 1, first, count)[0]


def test_nothing_is_kept(halves):
    """Functions, modules and values are dropped with their claim."""
    gone = []
    for _ in range(3):
        module = Halves().eval()
        net = assay.wrap(module, sample(0, 0, 4))
        claim = halves_claim(net)
        assay.validate(claim, inputs=sample, count=256)
        gone += [weakref.ref(module), weakref.ref(net), weakref.ref(claim)]
        del module, net, claim
        gc.collect()
    assert [ref() for ref in gone] == [None] * len(gone)


def test_ten_thousand_calls_leave_no_references(halves):
    import resource
    import sys

    net = assay.wrap(halves, sample(0, 0, 4))
    calls = []

    def read(x):
        calls.append(1)
        return x.round().long()

    claim, tokens = halves_claim(net, read), sample(3, 0, 128)
    spec = claim._spec()
    before = sys.getrefcount(read), sys.getrefcount(net)
    assay.validate(claim, inputs=tokens)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(10):
        assay.validate(claim, inputs=tokens)
    for _ in range(10_000):
        net.trace(tokens[:2], ["maxima"])
    gc.collect()
    assert (sys.getrefcount(read), sys.getrefcount(net)) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident < 20_000  # KB
    del spec


def test_threads_of_python_validate_side_by_side(halves):
    net = assay.wrap(halves, sample(0, 0, 4))
    results: list = []

    def work():
        results.append(counts(assay.validate(halves_claim(net), inputs=sample, count=512)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(results) == 3 and results[0] == results[1] == results[2]


def test_first_is_larger_is_the_modules_answer(halves):
    tokens = sample(4, 0, 500)
    answers = halves(tokens)[:, 10:].argmax(1)
    assert torch.equal(answers, first_is_larger(maxima(tokens)))


def test_a_forked_process_validates(halves):
    claim = halves_claim(assay.wrap(halves, sample(0, 0, 4)))
    expected = counts(assay.validate(claim, inputs=sample, count=256))
    child = os.fork()
    if child == 0:
        found = counts(assay.validate(claim, inputs=sample, count=256))
        os._exit(0 if found == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
