"""The lexical judge on the real references: each against itself, and against another case's."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dermatrust.judge.lexical import judge_lexically
from dermatrust.lexicon import load_lexicon
from dermatrust.narrate import is_refusal
from dermatrust.records import DIMENSIONS, Dimension

ROOT = Path(__file__).parents[2]
RELEASE = Path(__file__).parents[3] / "shared" / "data" / "dermbench-release"
pytestmark = pytest.mark.skipif(not RELEASE.is_dir(), reason="the DermBench text release is not beside the repository")
SLOWEST_PER_S = 100
"""Judgements per second below which something is badly wrong, however busy the machine."""


@pytest.fixture(scope="module")
def rows():
    manifest = (RELEASE / "data" / "manifest" / "dermbench_test.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in manifest]
    return [(row["diagnosis"], (RELEASE / row["cot"]).read_text(encoding="utf-8")) for row in cases]


@pytest.fixture(scope="module")
def judged(rows):
    """Every reference against itself and against another case's, with judgements per second of processor time."""
    lexicon = load_lexicon()
    order = np.random.default_rng(0).permutation(len(rows))
    others = {int(a): int(b) for a, b in zip(order, np.roll(order, 1), strict=True)}
    began = time.process_time()
    same = [judge_lexically(text, text, label=label, lexicon=lexicon) for label, text in rows]
    other = [
        judge_lexically(rows[others[i]][1], text, label=label, lexicon=lexicon) for i, (label, text) in enumerate(rows)
    ]
    return same, other, 2 * len(rows) / (time.process_time() - began)


def _column(judgements, dimension):
    return np.array([j.scores.get(dimension, np.nan) for j in judgements])


def _auc(high, low):
    high, low = high[~np.isnan(high)], low[~np.isnan(low)]
    return float((high[:, None] > low).mean() + 0.5 * (high[:, None] == low).mean())


def test_own_reference_scores_high_and_another_clearly_lower(judged, capsys):
    same, other, per_s = judged
    lines = [f"{len(same)} references, {per_s:.0f} judgements/s"]
    aucs, means = {}, {}
    for dimension in DIMENSIONS:
        a, b = _column(same, dimension), _column(other, dimension)
        aucs[dimension], means[dimension] = _auc(a, b), np.nanmean(a)
        low, quarter, middle = np.nanpercentile(a, [5, 25, 50])
        lines.append(
            f"{dimension:22} self {np.nanmean(a):.2f} (5 % {low:.2f}, 25 % {quarter:.2f}, 50 % {middle:.2f}, "
            f"n {np.sum(~np.isnan(a))})  other {np.nanmean(b):.2f}  AUC {aucs[dimension]:.3f}"
        )
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert means[Dimension.ACCURACY] > 3.5
    assert np.mean(_column(same, Dimension.REASONING_COHERENCE) >= 4.5) > 0.95
    assert all(means[d] > 4.5 for d in DIMENSIONS if d != Dimension.ACCURACY)
    assert aucs[Dimension.ACCURACY] > 0.8
    assert all(aucs[d] > 0.9 for d in (Dimension.MEDICAL_GROUNDEDNESS, Dimension.CLINICAL_COVERAGE))


def test_without_the_label_a_reference_agrees_with_its_own_conclusion(rows):
    accuracies = [
        judgement.scores[Dimension.ACCURACY]
        for _, text in rows
        if not is_refusal(text) and Dimension.ACCURACY in (judgement := judge_lexically(text, text)).scores
    ]
    assert len(accuracies) > 0.9 * len(rows)
    assert np.mean([a >= 4.5 for a in accuracies]) > 0.9


STOCK = (
    "There is a red plaque with scale on the arm. The border is well defined. Psoriasis is less likely because the "
    "scale is fine. Tinea corporis is less likely because there is no central clearing. Lichen planus is less likely "
    "because the lesion is not violaceous. Therefore the answer is eczema."
)


def test_a_stock_paragraph_keeps_what_the_documentation_says(rows):
    judged = [judge_lexically(STOCK, text, label=label) for label, text in rows[::4]]
    means = {d: round(float(np.nanmean(_column(judged, d))), 1) for d in DIMENSIONS}
    page = " ".join((ROOT / "docs" / "lexical-judge.md").read_text(encoding="utf-8").split())
    accuracy, groundedness = means[Dimension.ACCURACY], means[Dimension.MEDICAL_GROUNDEDNESS]
    assert f"one stock paragraph that ends in eczema gets {accuracy} and {groundedness} of 5" in page
    assert f"({means[Dimension.SAFETY]} in the same trial" in page
    assert means[Dimension.REASONING_COHERENCE] == 5


def test_it_is_fast_enough(judged):
    assert judged[2] > SLOWEST_PER_S
