"""Stated probabilities held against the target, and errors where a rater is sure."""

import math

import numpy as np
import pytest

from dermatrust.align.compare import Bootstrap
from dermatrust.align.confidence import confidence_rows, hits, most_confident, step_of
from dermatrust.align.ratings import FACTORS, RatingTable
from dermatrust.align.said import Said
from dermatrust.align.target import study_of
from dermatrust.records import DIMENSIONS, Case, Narrative, Rater

NAN = math.nan


def study(given, wanted, stated, *, said=True):
    """One judge and one person; the same numbers on all six dimensions, every narrative of a patient of its own."""
    n = len(given)
    scores = np.repeat(np.array([given, wanted], dtype=float)[:, :, np.newaxis], 6, axis=2)
    probabilities = np.full_like(scores, NAN)
    probabilities[0] = np.repeat(np.array(stated, dtype=float)[:, np.newaxis], 6, axis=1)
    table = RatingTable(
        raters=(Rater(id="j", kind="evaluator"), Rater(id="Dr A", kind="human")),
        narratives=tuple(Narrative(id=f"n{k}", case_id=f"c{k}", author="m", text="A plaque.") for k in range(n)),
        cases=tuple(Case(id=f"c{k}") for k in range(n)), patients=np.arange(n), n_patients=n, scores=scores,
        draws=np.full((2, *scores.shape), NAN), places=np.tile(np.arange(n), (2, 1)),
        factors=dict.fromkeys(FACTORS, ("all",) * n), n_empty=0,
        said=Said(probabilities, scores, {}, ({}, {})) if said else None,
    )  # fmt: skip
    return study_of(table)


# Ten narratives stated at 0.9, of which 9 are right and one is off by 1; ten at 0.3, of which 2 are right, 8 off by 2.
GIVEN = [3.0] * 20
WANTED = [3.0] * 9 + [4.0] + [3.0] * 2 + [5.0] * 8
STATED = [0.9] * 10 + [0.3] * 10


@pytest.fixture(scope="module")
def rows():
    return confidence_rows(study(GIVEN, WANTED, STATED), Bootstrap(n_resamples=300))


def test_a_row_for_each_dimension_and_the_macro_mean(rows):
    assert [row.measure for row in rows] == [*DIMENSIONS, "macro"]
    assert [row.curves is None for row in rows] == [False] * 6 + [True]
    assert {row.step for row in rows} == {1.0}


def test_hand_worked_calibration(rows):
    for row in rows:
        assert row.stated == pytest.approx((0.9 * 10 + 0.3 * 10) / 20)
        assert row.right == pytest.approx(11 / 20)
        assert row.excess.value == pytest.approx(0.6 - 0.55)
        assert row.ece == pytest.approx((10 * abs(0.9 - 0.9) + 10 * abs(0.3 - 0.2)) / 20)
        assert row.excess.low <= row.excess.value <= row.excess.high
        assert (row.excess.n, row.excess.n_missing) == (20, 0)
    bins = rows[0].curves.bins
    assert [n for _, _, n in bins] == [0, 0, 10, 0, 0, 0, 0, 0, 10, 0]
    assert [bins[2][1], bins[8][1]] == pytest.approx([0.2, 0.9])


def test_hand_worked_errors_of_the_surest(rows):
    # Ten share a confidence, so the surest quarter is these ten: errors 0 nine times and 1 once.
    for row in rows:
        quarter, half, whole = row.errors
        assert row.n_sure == (10, 10, 20)
        assert (quarter.value, half.value) == pytest.approx((0.1, 0.1))
        assert whole.value == pytest.approx((1 + 16) / 20)
        assert row.gain.value == pytest.approx(0.1 - 0.85)
        assert row.gain.low <= row.gain.value <= row.gain.high < 0
    assert rows[0].curves.coverage == pytest.approx((0.5, 1.0))
    assert rows[0].curves.risk == pytest.approx((0.1, 0.85))


def test_confidence_that_says_nothing_has_no_gain():
    (row, *_) = confidence_rows(study(GIVEN, WANTED, [0.5] * 20), Bootstrap(n_resamples=50))
    assert (row.n_sure, row.gain.value, row.gain.low, row.gain.high) == ((20, 20, 20), 0.0, 0.0, 0.0)


def test_fewer_than_ten_narratives_show_no_error_of_the_surest():
    rows = confidence_rows(study(GIVEN[:9], WANTED[:9], STATED[:9]), Bootstrap(n_resamples=50))
    for row in rows:
        assert all(math.isnan(one.value) for one in (*row.errors, row.gain))
    assert rows[0].curves.coverage == ()


def test_what_is_not_stated_is_missing_and_counted():
    (row, *_) = confidence_rows(study(GIVEN, WANTED, [NAN] * 4 + STATED[4:]), Bootstrap(n_resamples=50))
    assert (row.excess.n, row.excess.n_missing) == (16, 4)


@pytest.mark.parametrize(
    "given",
    [
        study(GIVEN, WANTED, [NAN] * 20),
        study(GIVEN, WANTED, STATED, said=False),
        study([3.14] * 20, WANTED, STATED),
    ],
)
def test_who_states_nothing_or_scores_in_no_known_steps_is_left_out(given):
    assert confidence_rows(given, Bootstrap(n_resamples=10)) == []


@pytest.mark.parametrize(("scores", "step"), [([0, 5, 3], 1.0), ([0.5, 5], 0.5), ([0.25, 0.5], 0.25), ([0.3], None)])
def test_steps(scores, step):
    assert step_of(np.array(scores, dtype=float)) == step


def test_a_hit_is_the_target_rounded_to_the_same_steps_halves_upwards():
    wanted = np.array([2.5, 2.5, 2.4, 2.74, 2.75])
    assert hits(np.full(5, 3.0), wanted, 1.0).tolist() == [1, 1, 0, 1, 1]
    assert hits(np.full(5, 2.5), wanted, 0.5).tolist() == [1, 1, 1, 1, 0]
    third = np.array([0.1 + 0.2 + 2.2])  # 2.5 but for its last digits
    assert hits(np.array([3.0]), third, 1.0).tolist() == [1]


def test_equal_confidence_is_taken_together():
    stated = np.array([0.2, 0.9, 0.9, 0.9])
    assert most_confident(stated, 0.25).tolist() == [False, True, True, True]
    assert most_confident(np.full(3, NAN), 0.5).tolist() == [False] * 3
