"""Tasks of Python: what they know beside inputs, and whether it agrees; inputs from files."""

import json

import pytest
import torch
from conftest import halves_claim, sample

import assay


class Parity(assay.Task):
    """Is the number of ones in five bits odd?"""

    name, n_tokens, n_ctx, answers = "py-parity", 4, 5, [2, 3]
    names = {2: "even", 3: "odd"}
    feature_kinds = ("half",)
    wording = {"deed": "tells odd from even", "input": "word", "inputs": "words"}

    def domain(self):
        tokens = torch.arange(32)[:, None] >> torch.arange(5) & 1
        parts = [("train", "derive", "test")[i % 3] for i in range(32)]
        return tokens, self.truth(tokens), parts

    def sample(self, part, seed, first, count):
        tokens, labels, parts = self.domain()
        own = torch.tensor([i for i, name in enumerate(parts) if name == part])
        drawn = own[(torch.arange(first, first + count) * 2654435761 + seed >> 7) % len(own)]
        return tokens[drawn], labels[drawn]

    def truth(self, tokens):
        return 2 + tokens.sum(1) % 2

    def partners(self, part, seed, first, count):
        clean, labels = self.sample(part, seed, first, count)
        corrupt = clean.clone()
        corrupt[:, 0] = 1 - corrupt[:, 0]
        return clean, corrupt, labels, 5 - labels

    def transformations(self):
        def turn_round(tokens, seed, first):
            """Reads the word backwards."""
            return tokens.flip(1)

        return {"turn-round": turn_round}

    def features(self, kind, tokens):
        return [("left", [0, 1]), ("right", [2, 3])]

    def to_text(self, tokens):
        return "".join(map(str, tokens.tolist()))

    def to_tokens(self, text):
        if set(text) - {"0", "1"}:
            raise ValueError(f"{text}: expected zeros and ones")
        return torch.tensor([int(bit) for bit in text])


def test_what_a_task_says_of_itself_agrees():
    tried = assay.check_task(Parity())
    assert {"truth", "domain", "partners", "transformations", "features", "to_text"} <= {*tried}


def fails_with(message, **methods):
    wrong = type("Wrong", (Parity,), {"name": "py-wrong", **methods})()
    with pytest.raises(ValueError, match=message):
        assay.check_task(wrong)


def test_what_does_not_agree_is_found():
    parity = Parity()
    fails_with("sample says 3, truth 2", truth=lambda self, tokens: 2 + 0 * tokens.sum(1),
               sample=lambda self, *given: parity.sample(*given))
    fails_with("returned 7, which is none of its answers", truth=lambda self, t: 7 + 0 * t.sum(1))
    fails_with("share an input", sample=lambda self, part, seed, first, count: parity.sample(
        "test", seed, first, count))
    fails_with("draws other inputs when", sample=lambda self, part, seed, first, count: (
        torch.randint(0, 2, (count, 5)), torch.full((count,), 2)))
    fails_with("depends on how many are asked for", sample=lambda self, part, seed, first, count:
               parity.sample(part, seed, 0, count))
    fails_with("changes the answer", transformations=lambda self: {
        "set-all": lambda tokens, seed, first: torch.ones_like(tokens)})
    fails_with("partners say", partners=lambda self, *given: (
        lambda clean, corrupt, right, wrong: (clean, clean, right, wrong))(*parity.partners(*given)))
    fails_with("does not read what", to_tokens=lambda self, text: torch.zeros(5).long())
    fails_with("holds an input twice", domain=lambda self: tuple(
        torch.cat([x, x]) if isinstance(x, torch.Tensor) else x + x for x in parity.domain()))
    fails_with("has no positions of the input", features=lambda self, kind, tokens: [("far", [9])])


def test_the_core_knows_what_a_task_knows():
    task = Parity().known()
    known = assay.task("py-parity")
    assert known.to_text(torch.tensor([1, 0, 1, 1, 0])) == "10110"
    assert known.to_tokens("01100").tolist() == [0, 1, 1, 0, 0]
    with pytest.raises(ValueError, match="expected zeros and ones"):
        known.to_tokens("012")
    # Inputs that can be listed have exact rates.
    module = torch.nn.Sequential(torch.nn.Embedding(4, 1), torch.nn.Flatten(1), Answer()).eval()
    module[0].weight.data = torch.tensor([[0.0], [1.0], [0.0], [0.0]])
    claim = assay.Interpretation("parity", network=assay.wrap(module, known.sample("test", 1, 0, 4)[0]))
    claim.node("bits", parents=["tokens"], at="1", h=lambda tokens: tokens,
               alpha=lambda x: x.round().long(), gamma=lambda bits: bits.float())
    claim.node("answer", parents=["bits"], at="logits", h=lambda bits: bits.sum(1) % 2,
               alpha=assay.argmax([2, 3]))
    report = assay.validate(claim, task=task, part="all", claims=["bits.PE <= 0"])
    assert report["scope"] == "domain" and report.row("bits.PE")["n"] == 32
    assert report.row("bits.PE")["verdict"] == "holds"


class Answer(torch.nn.Module):
    def forward(self, bits):
        odd = bits.sum(1) % 2
        return torch.stack([-1 + 0 * odd, -1 + 0 * odd, 1 - 2 * odd, 2 * odd - 1], 1)


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_inputs_are_read_from_json_lines(tmp_path):
    rows = [{"tokens": [1, 2, 3], "answer": 4}, {"tokens": [3, 2, 1], "answer": 5}]
    inputs = assay.read_inputs(write_lines(tmp_path / "a.jsonl", rows))
    assert inputs.tokens.tolist() == [[1, 2, 3], [3, 2, 1]] and inputs.answers.tolist() == [4, 5]
    words = {"yes": 1, "no": 2}
    texts = write_lines(tmp_path / "b.jsonl", [{"text": "yes no", "label": "no"}])
    read = assay.read_inputs(texts, tokens="text", answer="label",
                             tokenizer=lambda text: [words[word] for word in text.split()])
    assert read.tokens.tolist() == [[1, 2]] and read.answers.tolist() == [2]
    assert assay.read_inputs(write_lines(tmp_path / "c.jsonl", [{"tokens": [1]}])).answers is None


@pytest.mark.parametrize("rows, message", [
    ([{"tokens": [1, 2]}, {"tokens": [1]}], r":2: 1 tokens, those before it have 2"),
    ([{"tokens": [1], "answer": 2}, {"tokens": [1]}], ":2: 'answer' is missing from some rows"),
    ([{"tokens": "1 2"}], "give tokenizer="), ([{"tokens": [1.5]}], "expected a list of token ids"),
    ([{"words": [1]}], "expected an object with the field 'tokens'"), ([], "holds no inputs"),
])
def test_bad_rows_are_named(tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        assay.read_inputs(write_lines(tmp_path / "bad.jsonl", rows))


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        assay.read_inputs(tmp_path / "nothing.jsonl")
    (tmp_path / "broken.jsonl").write_text('{"tokens": [1]}\n{')
    with pytest.raises(ValueError, match="broken.jsonl:2: not JSON"):
        assay.read_inputs(tmp_path / "broken.jsonl")
    (tmp_path / "a.csv").write_text("1,2")
    with pytest.raises(ValueError, match="expected a file of name"):
        assay.read_inputs(tmp_path / "a.csv")


def test_inputs_are_read_from_parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    table = arrow.table({"tokens": [[1, 2], [3, 4]], "answer": [5, 6], "more": ["a", "b"]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    inputs = assay.read_inputs(tmp_path / "a.parquet")
    assert inputs.tokens.tolist() == [[1, 2], [3, 4]] and inputs.answers.tolist() == [5, 6]
    (tmp_path / "bad.parquet").write_text("nothing")
    with pytest.raises(ValueError, match="not a Parquet file"):
        assay.read_inputs(tmp_path / "bad.parquet")


def test_rows_of_a_file_are_a_task(tmp_path, halves):
    tokens = sample(9, 0, 300)
    answers = 10 + (tokens[:, :3].amax(1) >= tokens[:, 3:].amax(1)).long()
    rows = [{"tokens": row, "answer": answer} for row, answer in zip(tokens.tolist(), answers.tolist())]
    inputs = assay.read_inputs(write_lines(tmp_path / "rows.jsonl", rows))
    task = assay.Rows("py-rows", inputs, n_tokens=12)
    assay.check_task(task)
    claim = halves_claim(assay.wrap(halves, tokens[:4]))
    report = assay.validate(claim, task=task, part="all")
    assert report["scope"] == "domain" and report.row("maxima.PE")["failures"] == 0
    # And a path will do for inputs.
    by_path = assay.validate(claim, inputs=tmp_path / "rows.jsonl")
    assert by_path.row("maxima.PE")["n"] == 300
    with pytest.raises(ValueError, match="too few rows"):
        assay.Rows("py-few", (tokens[:1], answers[:1]))
