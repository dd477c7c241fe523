"""How far an evaluator is from the true scores of drawn cases it has never seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import BootstrapMeans, cluster_bootstrap
from dermatrust.datasets.atlas_chunk import TRUTH_RATER
from dermatrust.evaluator.drawing import draw
from dermatrust.evaluator.form import read_evaluation
from dermatrust.evaluator.policy import Policy, Row
from dermatrust.evaluator.readout import read_out
from dermatrust.records import DIMENSIONS
from dermatrust.train.examples import Example, Examples, read_examples
from dermatrust.train.features import Features, look_at
from dermatrust.train.readout import BATCH, open_logits

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """Held-out narratives of one kind, seen by one tower.

    Attributes:
        name: What is special about them.
        examples: Narratives with their true scores.
        features: What the tower sees in the photographs.
        targets: True scores, shape (narratives, 6).
        patients: Number of the patient of each, shape (narratives,).
    """

    name: str
    examples: tuple[Example, ...]
    features: Features
    targets: Floats
    patients: NDArray[np.int64]


def open_part(name: str, folder: Path, policy: Policy, kept: Path, *, author: str = "") -> Part:
    """Return a drawn dataset as a part to measure on.

    Args:
        name: What to call it.
        folder: A dataset folder of the atlas with critiques.
        policy: Whose tower looks.
        kept: File for the features.
        author: Only texts whose author's name begins so.

    Raises:
        DataError: The folder cannot be read.
    """
    found: Examples = read_examples(folder, rater=TRUTH_RATER)
    rows = tuple(row for row in found.rows if row.author.startswith(author))
    targets = np.array([[e.evaluation.scores[d] for d in DIMENSIONS] for e in rows])
    _, patients = np.unique([e.patient_id for e in rows], return_inverse=True)
    features = Features(look_at(policy, found.pictures, kept, is_quiet=True))
    return Part(name, rows, features, targets, patients.astype(np.int64))


def rows_of(policy: Policy, part: Part, *, images: str = "own") -> list[Row]:
    """Return a part as rows: with each case's "own" images, "blank" ones, or "swapped" with another patient's."""
    script, n = policy.script, part.features.tokens_per_image
    rows = []
    for k, example in enumerate(part.examples):
        shown = part.examples[_other(part, k)].images if images == "swapped" else example.images
        features = part.features.of(shown)
        features = torch.zeros_like(features) if images == "blank" else features
        rows.append(Row(script.prompt(script.form.shown(example.narrative), n * len(shown)), features))
    return rows


def _other(part: Part, k: int) -> int:
    """Return the next narrative of another patient."""
    n = len(part.examples)
    return next(j % n for j in range(k + n // 2, k + n // 2 + n) if part.patients[j % n] != part.patients[k])


def score(policy: Policy, rows: Sequence[Row], *, by_readout: bool = True) -> tuple[Floats, Floats]:
    """Return the likeliest and the expected scores of rows, scores first, both of shape (rows, 6).

    Args:
        policy: The evaluator.
        rows: Prompts.
        by_readout: Read them from the checks where the evaluator has a readout, rather than at their own places.
    """
    script = policy.script
    levels = torch.tensor(script.form.levels, dtype=torch.float64)
    options = [torch.tensor(one) for one in script.skeleton.options[-len(DIMENSIONS) :]]
    likeliest, expected = np.zeros((len(rows), len(DIMENSIONS))), np.zeros((len(rows), len(DIMENSIONS)))
    readout = policy.readout if by_readout else None
    for chosen, logits in open_logits(policy, [len(row) for row in rows], lambda chosen: [rows[k] for k in chosen]):
        scores = torch.from_numpy(read_out(script, readout, logits)[:, -len(DIMENSIONS) :])
        chances = torch.stack([scores[:, k, one].softmax(-1) for k, one in enumerate(options)], dim=1).double()
        likeliest[chosen] = levels[chances.argmax(-1)].numpy()
        expected[chosen] = (chances * levels).sum(-1).numpy()
    return likeliest, expected


def score_with_critique(policy: Policy, rows: Sequence[Row], *, max_new_tokens: int = 200) -> Floats:
    """Return the scores of rows, critique first and greedily; shape (rows, 6), NaN where none could be read."""
    cue = policy.script.encode(policy.script.form.cue("critique first"))
    found = np.full((len(rows), len(DIMENSIONS)), np.nan)
    order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
    policy.eval()
    for start in range(0, len(rows), BATCH):
        chosen = order[start : start + BATCH]
        draws = draw(policy, [rows[k] for k in chosen], cue, max_new_tokens=max_new_tokens)
        for k, (one,) in zip(chosen, draws, strict=True):
            scores = read_evaluation(policy.script.decode(one.ids)).scores
            found[k] = [scores.get(dimension, np.nan) for dimension in DIMENSIONS]
    return found


def errors(scores: Floats, part: Part, *, seed: int = 0, n_resamples: int = 2000) -> BootstrapMeans:
    """Return mean absolute errors with 95 % intervals over patients: six dimensions, then their mean.

    Args:
        scores: Shape (narratives, 6); NaN where there is none.
        part: What they are of.
        seed: Of the resampling.
        n_resamples: How many resamples.
    """
    return of_values(np.abs(scores - part.targets), part, seed=seed, n_resamples=n_resamples)


def of_values(values: Floats, part: Part, *, seed: int = 0, n_resamples: int = 2000) -> BootstrapMeans:
    """Return the means of values, shape (narratives, 6), and of their mean over dimensions, with intervals."""
    columns = np.column_stack([values, values.mean(axis=1)])
    return cluster_bootstrap(columns, part.patients, rng=np.random.default_rng(seed), n_resamples=n_resamples)
