"""What stands in for tokens that an explanation takes away (`assay.explain`)."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import torch


class uniform:  # noqa: N801 - a function for its users
    """Any token of a vocabulary by any other."""

    def __init__(self, n_tokens: int) -> None:
        self.n_tokens = int(n_tokens)


class masked_lm:  # noqa: N801
    """What a masked language model expects in place of the tokens, as in ReAGent's paper.

    All masked tokens are hidden at first and filled from left to right, each given those before it.

    Parameters
    ----------
    model
        A Hugging Face masked language model (or any module that maps ids [1, pos] to logits, or to
        an object with ``logits``).
    tokenizer
        Its tokenizer, for the mask token; or the id of the mask token.
    top_p
        Tokens are drawn among the likeliest that have this probability together.
    """

    name = "masked-lm"

    def __init__(self, model: Callable, tokenizer: Any, top_p: float = 0.99) -> None:
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p: expected a share above 0 and at most 1, got {top_p}")
        self.model = model
        self.mask = int(getattr(tokenizer, "mask_token_id", tokenizer))
        self.top_p = top_p

    def __call__(self, sequence: Sequence[int], masked: Sequence[bool], seed: int) -> list[int]:
        ids = torch.tensor([sequence])
        hidden = [i for i, is_masked in enumerate(masked) if is_masked]
        ids[0, hidden] = self.mask
        generator = torch.Generator().manual_seed(seed % (1 << 63))
        with torch.no_grad():
            for position in hidden:
                output = self.model(ids)
                logits = (output if isinstance(output, torch.Tensor) else output.logits)[0, position]
                logits = logits.float()
                logits[self.mask] = -torch.inf
                chances, tokens = logits.softmax(0).sort(descending=True)
                kept = int((chances.cumsum(0) < self.top_p).sum()) + 1
                drawn = torch.multinomial(chances[:kept], 1, generator=generator)
                ids[0, position] = tokens[drawn]
        return ids[0].tolist()


class left_to_right:  # noqa: N801
    """What a causal language model expects from what stands before each token.

    It does not see what comes behind, nor the other replacements: the model reads each explained input
    once, and every replacement of a token is drawn from its predictions there. That is cheap, and what
    is drawn is text that begins well; a masked language model fits both sides. The first token has
    nothing before it and is drawn from all tokens that the model knows.

    Parameters
    ----------
    model
        A Hugging Face causal language model (or any module that maps ids [1, pos] to logits, or to an
        object with ``logits``).
    top_p
        Tokens are drawn among the likeliest that have this probability together.
    """

    name = "left-to-right"

    def __init__(self, model: Callable, top_p: float = 0.95) -> None:
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p: expected a share above 0 and at most 1, got {top_p}")
        self.model = model
        self.top_p = top_p
        self._read: tuple[int, ...] = ()
        self._choices: list[tuple[torch.Tensor, torch.Tensor]] = []  # of each position: tokens, chances

    def _look(self, sequence: Sequence[int]) -> None:
        with torch.no_grad():
            output = self.model(torch.tensor([list(sequence)]))
            logits = (output if isinstance(output, torch.Tensor) else output.logits)[0].float()
        first = torch.full_like(logits[:1], 0.0)
        self._choices = []
        for chances in torch.cat([first, logits[:-1]]).softmax(-1):
            chances, tokens = chances.sort(descending=True)
            kept = int((chances.cumsum(0) < self.top_p).sum()) + 1
            self._choices.append((tokens[:kept], chances[:kept]))
        self._read = tuple(sequence)

    def __call__(self, sequence: Sequence[int], masked: Sequence[bool], seed: int) -> list[int]:
        if tuple(sequence) != self._read:
            self._look(sequence)
        generator = torch.Generator().manual_seed(seed % (1 << 63))
        replaced = list(sequence)
        for position, is_masked in enumerate(masked):
            if is_masked:
                tokens, chances = self._choices[position]
                replaced[position] = int(tokens[torch.multinomial(chances, 1, generator=generator)])
        return replaced
