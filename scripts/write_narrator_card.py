"""Measures the embedded narrators on cases they never saw and writes their model card.

python scripts/write_narrator_card.py [--n 1000] [--page docs/narrators.md]
"""

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import PIL.Image

from dermatrust.atlas import Facts, draw_facts
from dermatrust.atlas.errors import errors_of, visible_attributes
from dermatrust.atlas.perception import DIAGNOSIS_HEAD, FEATURES_HEAD, Heads
from dermatrust.atlas.prose import write_narrative, write_reference
from dermatrust.atlas.render import render
from dermatrust.atlas.scoring import true_scores
from dermatrust.atlas.vocabulary import ATTRIBUTES
from dermatrust.clients.nano import WEIGHTS, Network
from dermatrust.judge.lexical import judge_lexically
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS, Dimension

PAGE = Path(__file__).parents[1] / "docs" / "narrators.md"
NARRATORS = ("strong", "middling", "weak")
SEED, SPLIT = 77, "held-out"
N_SCORED = 300
GREY = PIL.Image.new("RGB", (336, 336), (128, 128, 128))


@dataclass
class Measured:
    """Shares of right answers by head, each over the cases whose photographs show it.

    Attributes:
        seen: With the photographs.
        blank: With every photograph blanked to grey.
        n: Cases counted.
    """

    seen: dict[str, float]
    blank: dict[str, float]
    n: dict[str, int]


def shows(facts: Facts, head: str) -> bool:
    """Whether some photograph of a case lets an observer judge this; a diagnosis always counts."""
    return head == DIAGNOSIS_HEAD or head in visible_attributes(facts)


def is_right(chances: dict[str, np.ndarray], target: np.ndarray, heads: Heads) -> dict[str, float]:
    """Return for each head whether the likeliest value holds; for features the share that is called rightly."""
    right = {}
    for head, place in heads.slices().items():
        truth = target[place]
        if head == FEATURES_HEAD:
            right[head] = float(np.mean((chances[head] >= 0.5) == (truth > 0.5)))
        else:
            right[head] = float(truth[int(chances[head].argmax())])
    return right


def measure(name: str, cases: list[Facts]) -> Measured:
    """Return how often one narrator is right on cases drawn with a seed it was not trained on."""
    network, heads = Network(WEIGHTS / f"narrator-{name}.onnx"), Heads.of_atlas()
    sums = {kind: dict.fromkeys(heads.values, 0.0) for kind in ("seen", "blank")}
    n = dict.fromkeys(heads.values, 0)
    nothing = network.chances([GREY])
    for facts in cases:
        pictures = [PIL.Image.fromarray(render(facts, view)) for view in facts.views]
        target = heads.targets(facts)
        for kind, chances in (("seen", network.chances(pictures)), ("blank", nothing)):
            for head, right in is_right(chances, target, heads).items():
                sums[kind][head] += right * shows(facts, head)
        for head in n:
            n[head] += shows(facts, head)
    share = {kind: {head: total / n[head] for head, total in of.items()} for kind, of in sums.items()}
    return Measured(share["seen"], share["blank"], n)


def prior(cases: list[Facts]) -> dict[str, float]:
    """Return how often the commonest answer is right: what can be had without looking."""
    heads = Heads.of_atlas()
    found = {}
    for head, place in heads.slices().items():
        truth = np.stack([heads.targets(facts)[place] for facts in cases if shows(facts, head)])
        often = truth.mean(axis=0)
        found[head] = float(np.maximum(often, 1 - often).mean()) if head == FEATURES_HEAD else float(often.max())
    return found


def mean_scores(name: str, cases: list[Facts]) -> tuple[dict[Dimension, float], dict[Dimension, float]]:
    """Return a narrator's mean true scores, and what the lexical judge gives the same narratives."""
    network = Network(WEIGHTS / f"narrator-{name}.onnx")
    true, judged = dict.fromkeys(DIMENSIONS, 0.0), dict.fromkeys(DIMENSIONS, 0.0)
    for facts in cases:
        said = network.perceive([PIL.Image.fromarray(render(facts, view)) for view in facts.views])
        text = write_narrative(said, np.random.default_rng(facts.seed))
        label = load_lexicon().diagnoses[facts.diagnosis].name
        verdict = judge_lexically(text, write_reference(facts), label=label, urgency=facts.urgency)
        deserved = true_scores(errors_of(facts, said, knows_history=False))
        for dimension in DIMENSIONS:
            true[dimension] += deserved[dimension] / len(cases)
            judged[dimension] += verdict.scores[dimension] / len(cases)
    return true, judged


def page(n: int) -> str:
    """Return the model card."""
    cases = [draw_facts(SEED, SPLIT, number) for number in range(n)]
    measured = {name: measure(name, cases) for name in NARRATORS}
    guess = prior(cases)
    rows = []
    for head in (*ATTRIBUTES, DIAGNOSIS_HEAD):
        cells = [f"{measured[name].seen[head]:.3f} ({measured[name].blank[head]:.3f})" for name in NARRATORS]
        rows.append(f"| {head} | {measured['strong'].n[head]} | {' | '.join(cells)} | {guess[head]:.3f} |")
    files = []
    for name in NARRATORS:
        path = WEIGHTS / f"narrator-{name}.onnx"
        network = Network(path)
        files.append(
            f"| `nano/narrator-{name}` | {network.card.side_px} px | {path.stat().st_size / 1e6:.2f} MB | "
            f"`{network.sha256[:16]}` |"
        )
    scored = cases[:N_SCORED]
    scores = {name: mean_scores(name, scored) for name in NARRATORS}
    lines = []
    for d in DIMENSIONS:
        cells = [f"{scores[name][0][d]:.2f} ({scores[name][1][d]:.2f})" for name in NARRATORS]
        lines.append(f"| {d.title} | {' | '.join(cells)} |")
    return TEXT.format(
        n=n, seed=SEED, rows="\n".join(rows), files="\n".join(files), scores="\n".join(lines), n_scored=len(scored)
    )


TEXT = """# The embedded narrators

Three small networks that look at the photographs of the synthetic [skin atlas](atlas.md) and put what they see into
words. **They are synthetic through and through**: trained on drawings, they know nothing of real skin, and no number
made with them is clinical performance. They exist so that the whole pipeline runs for real on any machine, with models
of truly different skill.

This page is written by `scripts/write_narrator_card.py`.

## What they are

| name | picture | weights | SHA-256 begins |
|---|---|---|---|
{files}

Each is a convolutional network with one output per value of every finding and per disease, run by ONNX Runtime. The
photographs of a case count as independent looks: their log chances are averaged. A finding is put into words from a
chance of 0.4 on, so what a narrator cannot see it leaves out. The words come from the same phrases as the planted
candidate narratives; no text is corrupted. A narrator is worse because its eyes are worse: its picture is smaller, its
network narrower, its training shorter. The recipes stand in `dermatrust.train.narrator`; to train them again (extra
`train`, some minutes on two cores):

    python -m dermatrust.train.narrator

Sizes in millimetres and warning signs from the history (growth, bleeding) cannot be seen in these pictures. A narrator
gives no size and names no warning sign; the rule of true scores does not hold that against it, the lexical judge, which
reads the reference, does.

## How well they see

Share of right answers on {n} held-out cases (seed {seed}; patients, cases and pictures of which no narrator saw any),
each finding counted over the cases whose photographs can show it. In brackets: the same with every photograph blanked
to grey. *Prior* is the share of the commonest answer. For *features* it is the share of all sixteen secondary findings
that are rightly called present or absent.

| finding | cases | strong (blank) | middling (blank) | weak (blank) | prior |
|---|---|---|---|---|---|
{rows}

Blanked, every narrator falls to the prior or below: what it says comes from the picture.

## How they score

Mean true scores on the first {n_scored} of these cases by [the rule of true scores](atlas-rule.md), and in brackets
what the lexical judge gives the same narratives.

| dimension | strong | middling | weak |
|---|---|---|---|
{scores}

Where seeing matters they truly differ, but for Medical Groundedness of the middling and the weak one: the weak one
leaves more unsaid, and what is not said cannot be false; the lexical judge marks it down for having so little to show.
Reasoning Coherence asks only whether the argument holds together, and all three argue from what they think they see by
the same frame, so on it they are alike.

## What they are not

Not a baseline for any real model, not a skin-disease classifier, not trained on any photograph. The skill of the strong
one is the skill of reading this project's drawings.
"""


@click.command()
@click.option("--n", type=int, default=1000, help="Held-out cases.")
@click.option("--page", "path", type=click.Path(path_type=Path), default=PAGE)
def main(n: int, path: Path) -> None:
    """Write the model card."""
    path.write_text(page(n), encoding="utf-8")


if __name__ == "__main__":
    main()
