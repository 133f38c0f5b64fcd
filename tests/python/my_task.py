"""A task that `assay --load my_task.py` adds."""

import torch

import assay


class Majority(assay.Task):
    """Are more than half of six tokens 1?"""

    name, help = "py-majority", "are more than half of six tokens 1?"
    n_tokens, n_ctx, answers = 4, 6, [2, 3]
    names = {2: "no", 3: "yes"}

    def sample(self, part, seed, first, count):
        offset = {"train": 0, "derive": 1, "test": 2}[part]
        index = torch.arange(first, first + count) * 3 + offset
        tokens = (index[:, None] * 2654435761 + seed >> torch.arange(16, 22)) & 1
        return tokens, 2 + (tokens.sum(1) > 3).long()


TASK = Majority().register()


@assay.register("equality")
def same_answer(left, right):
    """Equal element by element; said in Python."""
    return (left == right).view(len(left), -1).all(1)


@assay.register("h")
def any_is_on(neurons):
    """Whether any neuron is on."""
    return neurons.any(1).long()
