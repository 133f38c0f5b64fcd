"""What a researcher writes: six digits, is the largest one in the first half? Her model is given."""

import torch

import assay


def sample(seed, first, count):
    rows = [torch.Generator().manual_seed(seed * 10**7 + i) for i in range(first, first + count)]
    return torch.stack([torch.randint(0, 10, (6,), generator=row) for row in rows])


def maxima(tokens):
    return tokens.view(-1, 2, 3).amax(2)


def check(model, page):
    net, seen = assay.wrap(model, sample(0, 0, 8)), sample(7, 0, 2000)
    claim = assay.Interpretation("the largest digit of each half, compared", network=net)
    fitted = [net, "halves", seen, maxima(seen), [10, 10]]
    claim.node("maxima", parents=["tokens"], at="halves", h=maxima, alpha=assay.linear_probe(*fitted),
               gamma=assay.write_means(assay.prototypes(*fitted)))
    claim.node("answer", parents=["maxima"], at="logits", h=lambda m: (m[:, 0] >= m[:, 1]).long(),
               alpha=assay.argmax([10, 11]))
    report = assay.validate(claim, inputs=sample, claims=["maxima.PE <= 0.2", "answer.PE <= 0.2"])
    report.to_html(page)
    return report
