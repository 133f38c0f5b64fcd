"""Runs that workers share: the record of one process, whoever computes it and whatever dies."""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import engine_inputs
import pytest
from conftest import BUILD, SOURCES, TWO_SAT, halves_claim, sample

import assay
from assay import _core

MODEL, TREES = str(TWO_SAT / "model.safetensors"), str(TWO_SAT / "trees.json")
CLAIMS = ["parse.PE<=0.005", "evaluate.PE<=0.2", "evaluate.PR[UNSAT]<=0.1", "evaluate.CE<=0.001"]
FACTS = ("command", "threads", "blas", "times", "seconds", "started")
TWO = assay.engine.Processes(2)


pytestmark = pytest.mark.filterwarnings("ignore:slow matrix products")  # of a busy machine


def told(record):
    """A record without what is true of one process alone, such as how long it took."""

    def without(value):
        if isinstance(value, dict):
            return {name: without(one) for name, one in value.items() if name not in FACTS}
        return [without(one) for one in value] if isinstance(value, list) else value

    return without(record.fields)


def decided_at(report):
    return [row["decided_at"]["n"] for row in report["rows"] if row.get("decided_at")]


class Unreliable:
    """Workers in this process, which are lost at the times given: (part, how often)."""

    def __init__(self, losses=(), size=2):
        self.losses, self.size = dict(losses), size
        self.computed = []

    def pool(self, threads):
        return self

    lost = (assay.engine.Lost,)

    def share(self, job):
        return job

    def submit(self, job, index, of, inputs):
        future = concurrent.futures.Future()
        if self.losses.get(index, 0) > 0:
            self.losses[index] -= 1
            future.set_exception(assay.engine.Lost(f"worker of part {index}"))
        else:
            self.computed.append((index, inputs))
            future.set_result(job.part(index, of, inputs))
        return future

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("shards", [2, 3, 20])
def test_a_run_that_ends_when_decided_ends_where_one_process_ends(shards):
    alone = assay.validate(model=MODEL, interpretation=TREES, inputs=2560, claims=CLAIMS, threads=1)
    shared = assay.validate(model=MODEL, interpretation=TREES, inputs=2560, claims=CLAIMS,
                            engine=Unreliable(), shards=shards)
    assert len(set(decided_at(alone))) > 1  # claims are decided one after another
    assert 128 < alone["inputs"] < 2560  # and that is within a part, unless a part is one chunk
    assert shards == 20 or alone["inputs"] not in (0, 1280, 896, 1792)
    assert decided_at(shared) == decided_at(alone)
    assert told(shared) == told(alone) and shared.code == alone.code


def test_processes_give_the_record_of_one():
    alone = assay.validate(model=MODEL, interpretation=TREES, inputs=2560, claims=CLAIMS, threads=1)
    shared = assay.validate(model=MODEL, interpretation=TREES, inputs=2560, claims=CLAIMS, engine=TWO)
    assert told(shared) == told(alone)
    assert "shard" not in shared and not shared.partial


def test_what_is_not_decided_is_counted_to_the_end():
    strict = ["parse.PE<=0.0001", "evaluate.PE<=0.2"]
    alone = assay.validate(model=MODEL, interpretation=TREES, inputs=600, claims=strict, threads=1)
    shared = assay.validate(model=MODEL, interpretation=TREES, inputs=600, claims=strict,
                            engine=Unreliable())  # 600 inputs are 5 chunks: so many parts
    assert alone.code == 3 and shared["inputs"] == 600
    assert told(shared) == told(alone)


def test_runs_without_an_early_end(two_sat, trees):
    for options in ({"stop": "never", "claims": CLAIMS}, {}):
        alone = assay.validate(model=MODEL, interpretation=TREES, inputs=640, seed=4, threads=1,
                               **options)
        shared = assay.validate(model=MODEL, interpretation=TREES, inputs=640, seed=4,
                                engine=Unreliable(), shards=3, **options)
        assert told(shared) == told(alone)
    claims = assay.validate(trees, count=640, threads=1)
    assert told(assay.validate(trees, count=640, engine=Unreliable(), shards=4)) == told(claims)
    chunk = assay.validate(trees, count=100, engine=Unreliable())  # nothing to share
    assert told(chunk) == told(assay.validate(trees, count=100))


def test_inputs_of_the_callers_own(trees, tmp_path, monkeypatch):
    rows = engine_inputs.formulas(5, 0, 700)
    for inputs in (rows, rows.tolist(), engine_inputs.formulas):
        alone = assay.validate(trees, inputs=inputs, count=700, threads=1)
        shared = assay.validate(trees, inputs=inputs, count=700, engine=Unreliable(), shards=3)
        assert told(shared) == told(alone)
    once = assay.validate(trees, inputs=iter(rows.tolist()), engine=Unreliable(), shards=2)
    assert once["inputs"] == 700


@pytest.mark.parametrize("command, options", [
    ("discover", {"method": "eap", "inputs": 96}),
    ("measure", {"inputs": 96}),
    ("compare", {"methods": "occlusion:deletion", "inputs": 6,
                 "model": str(TWO_SAT.parent / "variable/model.safetensors")}),
    ("mutate", {"table": True, "interpretation": TREES, "inputs": 256}),
])
def test_other_jobs_give_the_record_of_one_process(command, options, tmp_path):
    given = {"model": MODEL, "threads": 1, "seed": 3, **options}
    circuit = tmp_path / "circuit.json"
    if command == "measure":
        assay.discover(model=MODEL, method="eap", inputs=32, out=circuit)
        given["circuit"] = circuit
    job, merged = getattr(assay, command), {"out": circuit} if command == "discover" else {}
    alone = job(**given, **merged)
    shared = job(**given, **merged, engine=Unreliable(), json_file=tmp_path / "shared.json")
    leave_out = {"circuit"} if command == "discover" else set()
    assert {k: v for k, v in told(shared).items() if k not in leave_out} == {
        k: v for k, v in told(alone).items() if k not in leave_out}
    assert assay.open_record(tmp_path / "shared.json").text == shared.text


def test_a_worker_that_is_killed_is_replaced(trees, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_TEST_FOLDER", str(tmp_path))
    shared = assay.validate(trees, inputs=engine_inputs.formulas_and_a_death, count=2048,
                            engine=TWO, shards=8)
    assert (tmp_path / "died").exists()
    alone = assay.validate(trees, inputs=engine_inputs.formulas, count=2048, threads=1)
    assert told(shared) == told(alone)


def test_a_part_that_kills_every_worker_is_named(trees):
    with pytest.raises(assay.engine.Lost, match=r"part 3 of 4: its worker was lost 2 times"):
        assay.validate(trees, inputs=engine_inputs.deadly, count=1024, engine=TWO, shards=4,
                       retries=1)


def test_lost_parts_are_computed_again_and_counted_once(trees):
    alone = assay.validate(trees, count=1024, claims=CLAIMS, threads=1)
    engine = Unreliable(losses={1: 3, 2: 1, 5: 2})
    shared = assay.validate(trees, count=1024, claims=CLAIMS, engine=engine, shards=8)
    assert told(shared) == told(alone)
    whole = [index for index, inputs in engine.computed if inputs is None]
    assert len(whole) == len(set(whole))
    with pytest.raises(assay.engine.Lost, match="part 4 of 8"):
        assay.validate(trees, count=1024, engine=Unreliable(losses={4: 4}), shards=8)


def test_a_run_that_broke_off_goes_on(trees, tmp_path):
    kept, asked = tmp_path / "parts", {"count": 1280, "claims": CLAIMS[:1] + CLAIMS[3:], "seed": 2}
    with pytest.raises(assay.engine.Lost):
        assay.validate(trees, **asked, engine=Unreliable(losses={4: 9}, size=1), shards=10,
                       parts=kept, retries=0)
    there = {int(path.name.split("-")[1]) for path in kept.glob("part-*-of-10.json")}
    assert {1, 2} <= there <= {1, 2, 3}
    engine = Unreliable(size=1)
    shared = assay.validate(trees, **asked, engine=engine, parts=kept)  # of 10 parts, as before
    assert there.isdisjoint(index for index, inputs in engine.computed if inputs is None)
    assert told(shared) == told(assay.validate(trees, **asked, threads=1))
    for other in ({"seed": 3}, {"count": 1408}, {"claims": CLAIMS}):  # what is kept answers none
        with pytest.raises(ValueError, match=f"parts: parts of another run: {next(iter(other))} was"):
            assay.validate(trees, engine=Unreliable(), parts=kept, **{**asked, **other})
    (kept / "part-1-of-10.looks").unlink()
    with pytest.raises(ValueError, match="part 1 of 10: expected what 2 claims had counted"):
        assay.validate(trees, **asked, engine=Unreliable(), parts=kept)


def test_parts_of_a_job_are_kept_with_what_was_asked(tmp_path):
    model, kept = tmp_path / "model.safetensors", tmp_path / "parts"
    shutil.copy(MODEL, model)
    asked = {"model": model, "interpretation": TREES, "inputs": 384, "stop": "never"}
    first = assay.validate(**asked, engine=Unreliable(), shards=3, parts=kept)
    engine = Unreliable()
    assert told(assay.validate(**asked, engine=engine, parts=kept)) == told(first)
    assert engine.computed == []
    with open(model, "ab") as file:
        file.write(b" ")  # another file under the same name
    with pytest.raises(ValueError, match="parts: parts of another run: sha256 of"):
        assay.validate(**asked, engine=Unreliable(), parts=kept)
    (kept / "part-1-of-4.json").write_text("{}")
    with pytest.raises(ValueError, match="of 3 and of 4"):
        assay.validate(**{**asked, "model": MODEL}, engine=Unreliable(), parts=kept)


def test_an_interrupt_keeps_what_was_counted(trees):
    class Interrupting(Unreliable):
        def submit(self, job, index, of, inputs):
            if index == 5:
                raise KeyboardInterrupt
            return super().submit(job, index, of, inputs)

    with pytest.raises(assay.Interrupted) as caught:
        assay.validate(trees, count=1280, engine=Interrupting(size=1), shards=10)
    report = caught.value.report
    assert report.partial and 128 <= report["inputs"] <= 512
    assert told(report)["shard"]["counted"] == [{"first": 0, "count": report["inputs"]}]
    with pytest.raises(assay.Interrupted):
        assay.validate(model=MODEL, interpretation=TREES, inputs=1280, engine=Interrupting(),
                       shards=10)


def test_functions_travel_by_their_names(two_sat, trees, halves):
    claim = assay.Interpretation.load(TREES, two_sat)
    node = trees["or"]

    def with_equality(function):
        return claim.node("or", parents=node["parents"], at=node["sites"], h=node["h"],
                          alpha=node["alpha"], gamma=node["gamma"], equal=function)

    shared = assay.validate(with_equality(engine_inputs.same_and_talkative), count=512, engine=TWO,
                            shards=2)
    assert told(shared) == told(assay.validate(claim, count=512, threads=1))
    with pytest.raises(KeyError, match="the function of the caller"):
        assay.validate(with_equality(engine_inputs.broken), count=512, engine=TWO, shards=2)
    with pytest.raises(ValueError, match="node 'or': equality is a function that no file can name"):
        assay.validate(with_equality(lambda left, right: left == right), engine=TWO)
    with pytest.raises(ValueError, match="inputs is a function that no other process"):
        assay.validate(trees, inputs=lambda seed, first, count: None, engine=TWO)
    with pytest.raises(ValueError, match="a network in memory does not travel"):
        assay.validate(halves_claim(assay.wrap(halves, sample(0, 0, 4))), inputs=sample, engine=TWO)


def test_what_cannot_be_shared_is_refused_by_name(tmp_path):
    files = {"model": MODEL, "interpretation": TREES}
    with pytest.raises(ValueError, match="unknown 'mpi'; there are processes, ray"):
        assay.validate(**files, engine="mpi")
    with pytest.raises(ValueError, match="prove is not made in parts; compare, discover"):
        assay.prove(**files, engine=TWO)
    with pytest.raises(ValueError, match="take no prove; give stop='never'"):
        assay.validate(**files, claims=CLAIMS, prove=True, engine=TWO)
    with pytest.raises(ValueError, match="interpretation: expected a file"):
        assay.validate(model=MODEL, claims=CLAIMS, engine=TWO)
    with pytest.raises(ValueError, match="at least 2, got 1"):
        assay.validate(**files, engine=TWO, shards=1)
    with pytest.raises(ValueError, match="640 inputs are 5 chunks of up to 128"):
        assay.validate(**files, inputs=640, engine=Unreliable(), shards=9)
    with pytest.raises(ValueError, match="acdc decides on all inputs at once"):
        assay.discover(model=MODEL, method="acdc", inputs=96, out=tmp_path / "c.json", engine=TWO)
    with pytest.raises(ValueError, match="not about dyck"):
        assay.validate(**files, task="dyck", claims=CLAIMS, engine=TWO)


def test_parts_are_taken_in_order_and_once(trees):
    parts = []

    class Keeping(Unreliable):
        def submit(self, job, index, of, inputs):
            future = super().submit(job, index, of, inputs)
            parts.append(future.result())
            return future

    assay.validate(trees, count=384, engine=Keeping(size=1), shards=3)
    whole = _core.PartsInOrder()
    with pytest.raises(ValueError, match="expected the parts of a run"):
        whole.report("")
    whole.take(parts[0].text)
    for wrong in (0, 2):
        other = _core.PartsInOrder()
        other.take(parts[0].text)
        with pytest.raises(ValueError, match="expected part 2"):
            other.take(parts[wrong].text)
    edited = json.loads(parts[1].text)
    edited["rows"][0]["failures"] += 1
    with pytest.raises(RuntimeError, match="parse.PE: its answers do not add up"):
        whole.take(json.dumps(edited))


def test_a_part_of_a_billion_inputs_costs_no_more_than_its_own():
    """It would take hours if each part went through all inputs of the run."""
    of = 10**9 // 128  # chunks, all of them whole
    last = assay.validate(model=MODEL, interpretation=TREES, inputs=10**9, stop="never", threads=1,
                          shard=f"{of}/{of}")
    assert last["shard"]["counted"] == [{"first": 10**9 - 128, "count": 128}]
    million = assay.validate(model=MODEL, interpretation=TREES, inputs=2**20, stop="never",
                             threads=1, shard="1/8192")
    assert last["data"]["sha256"] == million["data"]["sha256"]


# ---- docs/cluster.md ---------------------------------------------------------------------------


def block(language):
    text = (SOURCES / "docs/cluster.md").read_text(encoding="utf-8")
    return text.split(f"```{language}\n")[1].split("```")[0]


@pytest.fixture
def beside_the_files(tmp_path):
    for name in ("model.safetensors", "trees.json", "trees.safetensors"):
        shutil.copy(TWO_SAT / name, tmp_path / name)
    return tmp_path


def test_the_array_script_by_its_variables(command, beside_the_files):
    """As Slurm starts it; one task is killed in the middle and started again."""
    script = block("bash").replace("20000", "3000")
    assert "3000" in script and len(script.splitlines()) <= 10
    (beside_the_files / "validate.sbatch").write_text(script)

    def start(index, **variables):
        return subprocess.Popen(
            ["bash", "validate.sbatch"], cwd=beside_the_files, start_new_session=True,
            env={**os.environ, "PATH": f"{os.path.dirname(os.path.abspath(command))}:{os.environ['PATH']}",
                 "SLURM_ARRAY_TASK_ID": str(index), **variables})

    for index in (1, 2):
        assert start(index, SLURM_ARRAY_TASK_COUNT="3").wait() == 0
    third, part = start(3, SLURM_ARRAY_TASK_COUNT="3"), beside_the_files / "parts/3.json"
    while not part.exists() and third.poll() is None:
        time.sleep(0.01)
    os.killpg(third.pid, signal.SIGKILL)
    third.wait()
    assert start(3, SLURM_ARRAY_TASK_COUNT="1", OF="3").wait() == 0
    merged = assay.merge(*(beside_the_files / f"parts/{index}.json" for index in (1, 2, 3)))
    alone = assay.validate(model=MODEL, interpretation=TREES, inputs=3000, stop="never", threads=1)
    merged.fields["model"]["path"], merged.fields["interpretation"]["path"] = MODEL, TREES
    assert told(merged) == told(alone)


def test_the_python_of_the_documentation(beside_the_files):
    assay.discover(model=MODEL, method="eap", inputs=32, out=beside_the_files / "circuit.json")
    ran = subprocess.run([sys.executable, "-c", block("python")], cwd=beside_the_files, check=False,
                         capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": str(BUILD.resolve() / "python")})
    assert ran.returncode == 0 and "The claim holds" in ran.stdout, ran.stdout + ran.stderr


# ---- a Ray cluster of several nodes on this machine --------------------------------------------


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    folder = tmp_path_factory.mktemp("ray")
    os.environ["ASSAY_TEST_FOLDER"] = str(folder)
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made, folder
    ray.shutdown()
    made.shutdown()


def test_ray_gives_the_record_of_one_process(cluster, trees):
    alone = assay.validate(trees, count=2560, claims=CLAIMS, threads=1)
    shared = assay.validate(trees, count=2560, claims=CLAIMS, engine="ray", shards=10)
    assert told(shared) == told(alone)


def test_ray_survives_a_worker_and_a_node(cluster, trees):
    """One worker kills itself in the middle of a part; then a node of the cluster goes away."""
    import ray

    made, folder = cluster
    node = made.add_node(num_cpus=1)
    made.wait_for_nodes()
    kept = folder / "parts"

    def remove_node():
        while len(list(kept.glob("part-*.json"))) < 8:
            time.sleep(0.05)
        made.remove_node(node, allow_graceful=False)

    remover = threading.Thread(target=remove_node)
    remover.start()
    shared = assay.validate(trees, inputs=engine_inputs.formulas_and_a_death, count=4096,
                            engine="ray", shards=32, parts=kept)
    remover.join()
    assert (folder / "died").exists()
    assert sum(one["Alive"] for one in ray.nodes()) == 1
    alone = assay.validate(trees, inputs=engine_inputs.formulas, count=4096, threads=1)
    assert told(shared) == told(alone)
    assert len(list(kept.glob("part-*.json"))) == 32


def test_ray_that_is_missing_is_named(monkeypatch, trees):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'assay\[ray\]'"):
        assay.validate(trees, count=256, engine="ray")
