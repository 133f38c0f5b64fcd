"""Functions that workers of an engine import by their names."""

import os
import signal

import torch

import assay


def formulas(seed, first, count):
    return assay.task("two-sat").sample("test", seed, first, count)[0]


def _once(name):
    """Whether this is the first time that anybody asks, in any process."""
    try:
        os.close(os.open(os.path.join(os.environ["ASSAY_TEST_FOLDER"], name), os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


def formulas_and_a_death(seed, first, count):
    """Kills the worker that is the first to come to the inputs from 1,024 on."""
    if first >= 1024 and _once("died"):
        os.kill(os.getpid(), signal.SIGKILL)
    return formulas(seed, first, count)


def deadly(seed, first, count):
    """Kills every worker that comes to input 512."""
    if first <= 512 < first + count and count < 256:  # larger draws are not those of a chunk
        os.kill(os.getpid(), signal.SIGKILL)
    return formulas(seed, first, count)


def counted_formulas(seed, first, count):
    """Leaves a mark for each input that a chunk begins with."""
    if count < 256:
        with open(os.path.join(os.environ["ASSAY_TEST_FOLDER"], "firsts"), "a") as file:
            file.write(f"{first}\n")
    return formulas(seed, first, count)


def same_and_talkative(left, right):
    """Equal element by element; prints where workers answer."""
    print("a line that no one reads")
    return (left == right).view(len(left), -1).all(1)


def broken(left, right):
    raise KeyError("the function of the caller")


ANSWERS = torch.tensor([0, 1])
