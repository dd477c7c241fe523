"""Print how well a candidate's true scores can be guessed without the picture and without the truth.

    python scripts/audit_atlas_shortcuts.py --train 2000 --held-out 1000

Two guessers, both ridge regressions fitted on other patients: one sees hashed words and word pairs; the other, the
image-blind one, sees besides what the lexicon reads and how well it goes with the disease concluded, by the atlas's own
table of diseases. What both can read off honestly is what is missing from a text or dangerous in it.
"""

import argparse
import re
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

import click
import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.disease import diseases_by_id
from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.planting import draw_candidate
from dermatrust.atlas.prose import is_usual
from dermatrust.atlas.scoring import true_scores
from dermatrust.atlas.vocabulary import ATTRIBUTES, VALUES, Attribute
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS

FALSE_FINDINGS, WRONG_DIAGNOSIS = "False findings stated", "Wrong diagnosis"
"""What only the picture can tell, guessed besides the scores: how many stated findings are false, and whether the
disease concluded is the wrong one."""
TARGETS = (*(dimension.title for dimension in DIMENSIONS), FALSE_FINDINGS, WRONG_DIAGNOSIS)
READABLE = frozenset(
    {"refusal", "vague wording", "overconfidence", "unsafe advice", "no diagnosis", "missing finding", "no reasoning"}
)
"""Kinds that stand in the text itself; --hidden-only leaves out texts that have one."""
_FALSE = ("wrong finding", "invented finding", "wrong site", "wrong colour")
MOST_R2_OF_WORDS = {
    "Accuracy": 0.35,
    "Safety": 0.8,
    "Medical Groundedness": 0.5,
    "Clinical Coverage": 0.82,
    "Reasoning Coherence": 0.65,
    "Description Precision": 0.78,
    FALSE_FINDINGS: 0.15,
    WRONG_DIAGNOSIS: 0.2,
}
"""More than this of the variance of a target must not be explained by its words; a test holds the texts to it."""
MOST_R2_IMAGE_BLIND = {
    "Accuracy": 0.55,
    "Safety": 0.82,
    "Medical Groundedness": 0.58,
    "Clinical Coverage": 0.86,
    "Reasoning Coherence": 0.88,
    "Description Precision": 0.83,
    FALSE_FINDINGS: 0.27,
    WRONG_DIAGNOSIS: 0.42,
}
"""The same for the image-blind guesser, who knows which findings go with which disease."""
N_BUCKETS = 4096
PENALTIES = (30.0, 100.0, 300.0, 1000.0, 3000.0)
_WORD = re.compile(r"[a-z0-9]+")
Floats = NDArray[np.float64]
Describe = Callable[[str], Floats]


def draw_texts(seed: int, split: str, n_texts: int, *, hidden_only: bool = False) -> tuple[list[str], Floats]:
    """Return candidate texts and what is guessed of them, shape (n_texts, 8), in the order of `TARGETS`."""
    texts, scores = [], []
    for number in range(n_texts):
        _, errors, text = draw_candidate(
            draw_facts(seed, split, number), np.random.default_rng([seed, number, n_texts])
        )
        if hidden_only and any(error.kind in READABLE for error in errors):
            continue
        texts.append(text)
        true = true_scores(errors)
        n_false = sum(error.kind in _FALSE for error in errors)
        is_wrong = any(error.kind.startswith("wrong diagnosis") for error in errors)
        scores.append([*(true[dimension] for dimension in DIMENSIONS), float(n_false), float(is_wrong)])
    return texts, np.array(scores)


def words(text: str) -> Floats:
    """Return how often each bucket of words and word pairs occurs, as square roots, shape (N_BUCKETS,)."""
    found = _WORD.findall(text.lower())
    counts = np.zeros(N_BUCKETS)
    for term in (*found, *map(" ".join, pairwise(found))):
        counts[zlib.crc32(term.encode()) % N_BUCKETS] += 1
    return np.sqrt(counts)


def image_blind(text: str) -> Floats:
    """Return words, plus what a reader who knows the diseases can tell about the plausibility of what is said."""
    lexicon = load_lexicon()
    mentions = lexicon.mentions(text)
    named = [m.concept.id.partition("/")[2] for m in mentions if m.concept.kind == "diagnosis"]
    known = diseases_by_id()
    claimed = {m.concept.name for m in mentions if m.status == "affirmed"}
    kinds = [
        sum(m.concept.kind == kind for m in mentions) for kind in ("finding", "colour", "border", "site", "red_flag")
    ]
    odd = []
    for disease in (known.get(named[-1]) if named else None, known.get(named[-2]) if len(named) > 1 else None):
        for attribute in ATTRIBUTES:
            said = _said(attribute, claimed)
            odd += [float(len(said)), float(sum(not is_usual(disease, attribute, v) for v in said)) if disease else 0.0]
    answer = lexicon.diagnoses[named[-1]] if named else None
    grave = float(answer is not None and (answer.urgency != "routine" or answer.malignant))
    extra = [*map(float, kinds), *odd, sum(odd[1::2]), grave, float(len(named)), float(len(set(named)))]
    repeats = float(len(named) > 1 and named[-1] in named[:-1])
    return np.concatenate([words(text), [*extra, repeats]])


def _said(attribute: Attribute, claimed: set[str]) -> list[str]:
    return [value for value in VALUES[attribute] if value in claimed]


def guess(train: Floats, scores: Floats, held_out: Floats) -> Floats:
    """Return ridge regression's guesses; the penalty is chosen on the last fifth of the training texts."""
    n_fit = len(train) * 4 // 5
    losses = [
        np.mean((_ridge(train[:n_fit], scores[:n_fit], train[n_fit:], penalty) - scores[n_fit:]) ** 2, axis=0)
        for penalty in PENALTIES
    ]
    best = np.argmin(losses, axis=0)
    guesses = {place: _ridge(train, scores, held_out, PENALTIES[place]) for place in set(best.tolist())}
    return np.stack([guesses[int(place)][:, column] for column, place in enumerate(best)], axis=1)


def _ridge(train: Floats, scores: Floats, held_out: Floats, penalty: float) -> Floats:
    """Solve in the dual, since there are more words than texts; columns are standardised, rare ones held down."""
    centre, spread = train.mean(axis=0), train.std(axis=0) + 0.05
    a, b = (train - centre) / spread, (held_out - centre) / spread
    mean = scores.mean(axis=0)
    weights = np.linalg.solve(a @ a.T + penalty * np.eye(len(a)), scores - mean)
    return np.asarray(b @ (a.T @ weights) + mean)


def audit(
    describe: Describe, seed: int, n_train: int, n_held_out: int, **which: bool
) -> dict[str, tuple[float, float, float]]:
    """Return per target: mean absolute error, that of always guessing the mean, and R²."""
    texts, scores = draw_texts(seed, "audit-train", n_train, **which)
    held_texts, held_scores = draw_texts(seed, "audit-test", n_held_out, **which)
    guesses = guess(np.stack([*map(describe, texts)]), scores, np.stack([*map(describe, held_texts)]))
    mean = scores.mean(axis=0)
    error, base = np.abs(guesses - held_scores).mean(axis=0), np.abs(mean - held_scores).mean(axis=0)
    r2 = 1 - ((guesses - held_scores) ** 2).sum(axis=0) / ((mean - held_scores) ** 2).sum(axis=0)
    return {name: (float(error[i]), float(base[i]), float(r2[i])) for i, name in enumerate(TARGETS)}


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table per guesser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=int, default=2000)
    parser.add_argument("--held-out", type=int, default=1000)
    parser.add_argument("--hidden-only", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    for title, describe, bounds in (
        ("bag of words", words, MOST_R2_OF_WORDS),
        ("image-blind", image_blind, MOST_R2_IMAGE_BLIND),
    ):
        click.echo(f"| {title} | MAE | MAE of the mean | R² | bound on R² |\n|---|---|---|---|---|")
        rows = audit(describe, args.seed, args.train, args.held_out, hidden_only=args.hidden_only)
        for name, (error, base, r2) in rows.items():
            bound = bounds.get(name, 1.0)
            click.echo(f"| {name} | {error:.2f} | {base:.2f} | {r2:.2f} | {bound:.2f} |")
        click.echo()


if __name__ == "__main__":
    main()
