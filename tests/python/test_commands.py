"""The command's jobs as functions, and the command with tasks of Python."""

import json
import os
import subprocess
import sys

import pytest
from conftest import BUILD, TWO_SAT, SOURCES

import assay

MODEL = str(TWO_SAT / "model.safetensors")
HERE = os.path.dirname(__file__)


def in_python(*arguments):
    return subprocess.run([sys.executable, "-m", "assay", *arguments], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(BUILD / "python")}, check=False)


def test_discover_gives_the_commands_record(command, tmp_path):
    out = tmp_path / "circuit.json"
    ours = assay.discover(model=MODEL, inputs=32, method="eap", out=out, seed=2)
    circuit = json.loads(out.read_text())
    theirs = tmp_path / "theirs.json"
    subprocess.run([command, "discover", "--model", MODEL, "--inputs", "32", "--method", "eap",
                    "--out", str(out), "--seed", "2", "--json", str(theirs), "--quiet"], check=True)
    again = json.loads(theirs.read_text())
    leave_out = {"command", "seconds", "times", "started", "circuit"}  # whose file says how it was made
    assert {k: v for k, v in ours.fields.items() if k not in leave_out} == {
        k: v for k, v in again.items() if k not in leave_out}
    assert circuit["nodes"] == json.loads(out.read_text())["nodes"]
    measured = assay.measure(model=MODEL, circuit=out, inputs=32)
    assert measured.kind == "measurement"


def test_inspect_and_attack():
    inspected = assay.inspect(MODEL)
    assert inspected.kind == "inspection"
    attacked = assay.attack(model=MODEL, seconds=1)
    assert attacked.kind == "attack"


def test_options_that_do_not_exist_are_refused(tmp_path):
    with pytest.raises(ValueError, match="--colour"):
        assay.discover(model=MODEL, out=tmp_path / "c.json", colour="red")
    with pytest.raises(ValueError, match="no-such-task"):
        assay.derive("no-such-task")


def test_merge_adds_parts_up(tmp_path):
    for part in (1, 2):
        assay.validate(model=MODEL, interpretation=str(TWO_SAT / "trees.json"), inputs=512,
                       stop="never", shard=f"{part}/2", json_file=tmp_path / f"{part}.json")
    merged = assay.merge(tmp_path / "1.json", tmp_path / "2.json")
    assert merged["rows"][0]["n"] == 512


def test_version_and_help():
    assert assay.__version__ == in_python("--version").stdout.strip()
    assert "validate" in in_python("--help").stdout
    assert len(assay.validate.__doc__) > 1000


def test_the_command_sees_tasks_of_python():
    listed = in_python("--load", os.path.join(HERE, "my_task.py"), "list")
    assert "py-majority" in listed.stdout, listed.stderr
    missing = in_python("--load", "nothing.py", "list")
    assert missing.returncode == 2 and "nothing.py: no such file" in missing.stderr


def test_the_command_runs_operations_of_python(two_sat, trees, tmp_path):
    import my_task

    claim = assay.Interpretation.load(TWO_SAT / "trees.json", two_sat)
    node = trees["or"]
    claim.node("or", parents=node["parents"], at=node["sites"], h=my_task.any_is_on,
               alpha=node["alpha"], gamma=node["gamma"], equal=my_task.same_answer)
    claim.save(tmp_path / "claim.json")
    ran = in_python("--load", os.path.join(HERE, "my_task.py"), "validate", "--model", MODEL,
                    "--interpretation", str(tmp_path / "claim.json"), "--inputs", "256", "--stop",
                    "never", "--json", str(tmp_path / "report.json"), "--quiet")
    assert ran.returncode == 0, ran.stderr
    theirs = json.loads((tmp_path / "report.json").read_text())
    native = assay.validate(trees, count=256, stop="never")
    assert [row["failures"] for row in theirs["rows"]] == [row["failures"] for row in native["rows"]]
    assert theirs["nodes"][2]["equality"] == "my_task:same_answer"
    with pytest.raises(ValueError, match="expected h, alpha"):
        assay.register("beta", my_task.any_is_on)


def test_tasks_of_python_are_sampled():
    import my_task

    task = assay.task("py-majority")
    tokens, labels = task.sample("test", 1, 0, 8)
    again, _ = task.sample("test", 1, 4, 4)
    assert tokens.shape == (8, 6) and tokens[4:].equal(again)
    assert set(labels.tolist()) <= {2, 3}
    with pytest.raises(ValueError, match="py-majority"):
        my_task.Majority().register()


@pytest.mark.skipif(not (SOURCES / "docs/python.md").exists(), reason="no documentation beside")
def test_the_documentation_runs(tmp_path):
    """The Python of docs/python.md, block after block, as one program."""
    text = (SOURCES / "docs/python.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    assert len(blocks) >= 4
    program = "\n".join(["import torch; torch.set_num_threads(1)", *blocks])
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                         cwd=tmp_path, check=False,
                         env={**os.environ, "PYTHONPATH": str(BUILD / "python"),
                              "ASSAY_SOURCES": str(SOURCES)})
    assert run.returncode == 0, run.stderr[-2000:]


def test_claims_are_tested_on_tasks_of_python(tmp_path):
    import my_task
    import torch

    class Counter(torch.nn.Module):
        """Counts the ones; more than three are a majority."""

        def __init__(self):
            super().__init__()
            self.embed, self.answer = torch.nn.Embedding(4, 1), torch.nn.Linear(1, 4)
            self.count = torch.nn.Identity()
            with torch.no_grad():
                self.embed.weight.copy_(torch.tensor([[0.0], [1.0], [0.0], [0.0]]))
                self.answer.weight.copy_(torch.tensor([[0.0], [0.0], [0.0], [1.0]]))
                self.answer.bias.copy_(torch.tensor([-9.0, -9.0, 3.5, 0.0]))

        def forward(self, tokens):
            return self.answer(self.count(self.embed(tokens).sum(1)))

    class Unregistered(my_task.Majority):
        name = "py-majority-too"

    net = assay.wrap(Counter().eval(), torch.zeros(1, 6, dtype=torch.int64))
    claim = assay.Interpretation("count", network=net)
    claim.node("count", parents=["tokens"], at="count", h=lambda tokens: tokens.sum(1),
               alpha=lambda x: x[:, 0].round().long(), gamma=lambda n: n.float()[:, None])
    claim.node("answer", parents=["count"], at="logits", h=lambda n: (n > 3).long(),
               alpha=assay.argmax([2, 3]))
    for task in ("py-majority", Unregistered()):
        report = assay.validate(claim, task=task, count=1000, claims=["count.PE<=0.05"])
        report.require("count.PE<=0.05").to_html(tmp_path / "report.html")
    named = assay.validate(claim, task="py-majority", count=256, claims=["count.PE[yes]<=0.9"])
    assert named["rows"][-1]["answer_name"] == "yes"


def test_the_command_hands_python_over_to_the_package(command):
    """Where the interpreter has the package; else the command says what is missing."""
    arguments = [command, "--load", os.path.join(HERE, "my_task.py"), "list"]
    package = os.fspath(BUILD / "python")
    given = {**os.environ, "ASSAY_PYTHON": sys.executable, "PYTHONPATH": package}
    listed = subprocess.run(arguments, capture_output=True, text=True, check=False, env=given)
    assert listed.returncode == 0 and "py-majority" in listed.stdout, listed.stderr
    failed = subprocess.run([*arguments, "--no-such-option"], capture_output=True, text=True,
                            check=False, env=given)
    assert failed.returncode == 2
    for python in ("/bin/false", "/no/such/python"):
        without = {**os.environ, "ASSAY_PYTHON": python, "PYTHONPATH": ""}
        refused = subprocess.run(arguments, capture_output=True, text=True, check=False, env=without,
                                 cwd=HERE)
        assert refused.returncode == 2 and f"which {python} cannot import" in refused.stderr
