"""The trial of a newcomer: at most 25 lines of Python, no compiler, a page and a verdict."""

import ast
import pathlib

import newcomer
import torch


class Compare(torch.nn.Module):
    """Reads the digits of each half together."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(12, 16)
        self.halves = torch.nn.Sequential(torch.nn.Flatten(2), torch.nn.Linear(48, 64),
                                          torch.nn.ReLU(), torch.nn.Linear(64, 8))
        self.answer = torch.nn.Sequential(torch.nn.Flatten(1), torch.nn.Linear(16, 64),
                                          torch.nn.ReLU(), torch.nn.Linear(64, 12))

    def forward(self, tokens):
        return self.answer(self.halves(self.embed(tokens).view(-1, 2, 3, 16)))


def trained():
    torch.manual_seed(0)
    model = Compare()
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=800)
    for _ in range(800):
        tokens = torch.randint(0, 10, (256, 6))
        first, second = tokens.view(-1, 2, 3).amax(2).T
        loss = torch.nn.functional.cross_entropy(model(tokens), 10 + (first >= second).long())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


def test_twenty_five_lines_give_a_page_and_a_verdict(tmp_path):
    report = newcomer.check(trained(), tmp_path / "report.html")
    assert report.row("maxima.PE")["verdict"] in ("holds", "violated")
    assert report.row("answer.PE")["verdict"] == "holds"
    assert report.verdict in str(report) or "claims" in report.verdict
    page = (tmp_path / "report.html").read_text()
    assert page.lower().startswith("<!doctype html") and "largest digit of each half" in page


def test_the_lines_are_counted():
    """Lines of code, without blank ones and what only documents."""
    text = pathlib.Path(newcomer.__file__).read_text()
    documented = ast.get_docstring(ast.parse(text)).count("\n") + 1
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) - documented <= 25
