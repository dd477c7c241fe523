"""Print how far the lexical judge agrees with the atlas's truth, as the tables of docs/atlas-rule.md.

python scripts/calibrate_lexical_judge.py --cases 400 --per-kind 40
"""

import argparse
from collections.abc import Sequence

import click
import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.facts import Facts
from dermatrust.atlas.planting import applicable_kinds, draw_candidate, plant_errors
from dermatrust.atlas.prose import write_narrative, write_reference
from dermatrust.atlas.said import ERROR_KINDS, ErrorKind, truth_said
from dermatrust.atlas.scoring import main_dimension, true_scores
from dermatrust.judge.lexical import judge_lexically
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS

SPLIT = "calibration"
MOST_TRIED = 4000
Floats = NDArray[np.float64]


def judged(facts: Facts, text: str) -> list[float]:
    """Return the lexical judge's six scores, in the order of the dimensions."""
    label = load_lexicon().diagnoses[facts.diagnosis].name
    scores = judge_lexically(text, write_reference(facts), label=label, urgency=facts.urgency).scores
    return [scores[dimension] for dimension in DIMENSIONS]


def score_candidates(seed: int, n_cases: int) -> tuple[Floats, Floats]:
    """Return judged and true scores of random candidates, each of shape (n_cases, 6)."""
    said, true = [], []
    for number in range(n_cases):
        facts = draw_facts(seed, SPLIT, number)
        _, errors, text = draw_candidate(facts, np.random.default_rng([seed, number]))
        said.append(judged(facts, text))
        scores = true_scores(errors)
        true.append([scores[dimension] for dimension in DIMENSIONS])
    return np.array(said), np.array(true)


def effect_of(kind: ErrorKind, seed: int, n_cases: int) -> tuple[Floats, int]:
    """Return the mean change, shape (6,), that one error of a kind makes, and over how many cases."""
    changes: list[list[float]] = []
    for number in range(MOST_TRIED):
        facts = draw_facts(seed, SPLIT, number)
        if kind not in applicable_kinds(facts):
            continue
        rng = np.random.default_rng([seed, number, ERROR_KINDS.index(kind)])
        wrong = write_narrative(plant_errors(facts, [kind], rng), rng)
        right = write_narrative(truth_said(facts), rng)
        changes.append([a - b for a, b in zip(judged(facts, wrong), judged(facts, right), strict=True)])
        if len(changes) == n_cases:
            break
    return np.array(changes).mean(axis=0), len(changes)


def rank_correlation(a: Floats, b: Floats) -> float:
    """Return Spearman's rho, ties sharing their mean rank.

    Example:
        >>> round(rank_correlation(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 9.0])), 6)
        1.0
    """
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse], dtype=np.float64)


def main(argv: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--per-kind", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    said, true = score_candidates(args.seed, args.cases)
    click.echo("| dimension | MAE | Spearman | mean true | mean judged |\n|---|---|---|---|---|")
    for place, dimension in enumerate(DIMENSIONS):
        a, b = said[:, place], true[:, place]
        mae, rho = np.abs(a - b).mean(), rank_correlation(a, b)
        click.echo(f"| {dimension.title} | {mae:.2f} | {rho:.2f} | {b.mean():.2f} | {a.mean():.2f} |")
    click.echo("\n| error | n | " + " | ".join(d.title for d in DIMENSIONS) + " |\n" + "|---" * 8 + "|")
    for kind in ERROR_KINDS:
        change, n_cases = effect_of(kind, args.seed, args.per_kind)
        cells = [
            f"**{value:+.2f}**" if dimension is main_dimension(kind) else f"{value:+.2f}"
            for dimension, value in zip(DIMENSIONS, change, strict=True)
        ]
        click.echo(f"| {kind} | {n_cases} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
