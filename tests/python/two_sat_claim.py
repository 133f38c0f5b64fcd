"""The shipped interpretation of the 2-SAT network, written in Python."""

import torch

import assay

ENDS = list(range(2, 41, 4))
_ASSIGNMENTS = torch.arange(32)
# [literal, assignment]: does the assignment make the literal true?
_TRUE = torch.stack([(_ASSIGNMENTS >> v & 1).bool() for v in range(5)]
                    + [~(_ASSIGNMENTS >> v & 1).bool() for v in range(5)])


def clauses(tokens):
    return tokens[:, 1:].view(len(tokens), 10, 4)[:, :, :2]


def equal_up_to_order(left, right):
    return (left.sort(-1).values == right.sort(-1).values).flatten(1).all(1)


def any_on(neurons):
    return neurons.any(1).long()


def _run(program, satisfied):
    if isinstance(program, bool):
        return torch.full((len(satisfied),), program)
    column = satisfied[:, program["assignment"]]
    yes, no = program["yes"], program["no"]
    if yes is True and no is False:
        return column
    return torch.where(column, _run(yes, satisfied), _run(no, satisfied))


def claim_of(net, native):
    """The claim, with the numbers of the native one and none of its functions."""
    numbers = {name: native[name] for name in native.nodes}
    parse, levels = numbers["parse"], numbers["evaluate"]
    prototypes = parse["alpha"].tensors["prototypes"]
    labels = parse["alpha"].tensors["labels"]
    unit = (prototypes / prototypes.norm(dim=1, keepdim=True)).T.contiguous()
    written, mean = parse["gamma"].tensors["prototypes"], parse["gamma"].tensors["mean"]
    row = torch.zeros(10, 10, dtype=torch.int64)
    written_labels = parse["gamma"].tensors["labels"]
    row[written_labels[:, 0], written_labels[:, 1]] = torch.arange(len(written_labels))
    programs = levels["h"].parameters["programs"]
    thresholds = levels["alpha"].tensors["thresholds"]
    neurons = levels["gamma"].parameters["neurons"]
    on, off = levels["gamma"].tensors["on"], levels["gamma"].tensors["mean"]
    stream = levels["gamma"].tensors["stream"]

    def evaluate(pairs):
        true = _TRUE[pairs]  # [batch, clause, 2, assignment]
        satisfied = true.any(2).all(1)
        return torch.stack([_run(program, satisfied) for program in programs], 1)

    def write_clauses(pairs):
        values = mean.repeat(len(pairs), 1, 1)
        values[:, ENDS] = written[row[pairs[:, :, 0], pairs[:, :, 1]]]
        return values

    def write_levels(states):
        hidden = off.repeat(len(states), 1)
        hidden[:, neurons] = states.to(hidden.dtype) * on
        return stream.expand(len(states), 1, -1), hidden[:, None]

    claim = assay.Interpretation("2-SAT in Python", network=net, task="two-sat")
    claim.node("parse", parents=["tokens"], at=parse["sites"], reads=parse["reads"], h=clauses,
               alpha=lambda x: labels[(x @ unit).argmax(-1)], gamma=write_clauses,
               equal=equal_up_to_order)
    claim.node("evaluate", parents=["parse"], at=levels["sites"], reads=levels["reads"], h=evaluate,
               alpha=lambda x: x[:, 0] >= thresholds, gamma=write_levels)
    claim.node("or", parents=["evaluate"], at="logits[pos=40]", h=any_on,
               alpha=assay.argmax([14, 13]))
    return claim
