"""The sensitivity matrix, twins, repeatability and missing verdicts worked by hand on a few made-up scores."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dermatrust.audit.judged import Resampling, judged
from dermatrust.audit.known_variants import Variant
from dermatrust.audit.sensitivity import dimension_rows, error_rows, twin_rows, unchanged_scores
from dermatrust.audit.steadiness import ASKED_ONCE, BY_RULE, missing_verdicts, padding_slopes, repeatability
from dermatrust.records import DIMENSIONS, JudgeCard, Rating, Unscored

ACCURACY, SAFETY, GROUNDEDNESS, COVERAGE, REASONING, PRECISION = DIMENSIONS
FEW = Resampling(seed=0, n_resamples=200)


def variant(case, kind, role="error", should=(), may=(), n_words=100):
    return Variant(
        narrative_id=f"{case}:{kind}",
        case_id=case,
        patient_id=f"p-{case}",
        role=role,
        kind=kind,
        should_fall=should,
        may_fall=may,
        n_words=n_words,
    )


def rating(narrative, scores, draw=0, judge="j"):
    """Return a rating; None in place of a score is a missing one."""
    six = [scores] * 6 if not isinstance(scores, list) else scores
    pairs = list(zip(DIMENSIONS, six, strict=True))
    return Rating(
        narrative_id=narrative,
        rater=judge,
        draw=draw,
        scores={d: s for d, s in pairs if s is not None},
        unscored={d: Unscored(reason="unreadable") for d, s in pairs if s is None},
    )


def a_card(repeats=1):
    return JudgeCard(judge="j", kind="llm", family="f", version="1", rubric="r", repeats=repeats)


def one_judge(variants, ratings, repeats=1):
    (found,) = judged(variants, ratings, [a_card(repeats)])
    return found


UNSAFE = {"should": (SAFETY,), "may": (GROUNDEDNESS,)}


@pytest.fixture
def two_cases():
    variants = [
        variant("a", "unchanged", "unchanged"),
        variant("a", "unsafe advice", **UNSAFE),
        variant("a", "markdown", "twin"),
        variant("b", "unchanged", "unchanged"),
        variant("b", "unsafe advice", **UNSAFE),
        variant("b", "markdown", "twin"),
    ]
    ratings = [
        rating("a:unchanged", 5.0),
        rating("a:unsafe advice", [5, 2, 4, 5, 5, 5]),
        rating("a:markdown", [5, 5, 5, 5, 4, 5]),
        rating("b:unchanged", [4, 5, 5, 5, 5, 5]),
        rating("b:unsafe advice", [5, 4.5, 5, 5, 5, None]),
        rating("b:markdown", [4.5, 5, 5, 5, 5, 5]),
    ]
    return one_judge(variants, ratings)


def test_falls_are_counted_from_the_same_cases_own_reference(two_cases):
    (row,) = error_rows(two_cases, FEW)
    assert (row.kind, row.n) == ("unsafe advice", 2)
    # Safety: (5 - 2 + 5 - 4.5) / 2. Accuracy rises by 1 in case b only. Precision is missing there.
    assert row.drops[SAFETY].value == pytest.approx(1.75)
    assert row.drops[ACCURACY].value == pytest.approx(-0.5)
    assert row.drops[GROUNDEDNESS].value == pytest.approx(0.5)
    assert (row.drops[PRECISION].n, row.drops[PRECISION].n_missing) == (1, 1)
    assert (row.drops[SAFETY].low, row.drops[SAFETY].high) == (0.5, 3.0)  # of two patients either may be drawn twice


def test_detection_counts_falls_of_half_a_point_and_of_one(two_cases):
    (row,) = error_rows(two_cases, FEW)
    assert set(row.detected) == {SAFETY}
    half, whole = row.detected[SAFETY]
    assert (half.value, whole.value) == (1.0, 0.5)


def test_specificity_is_the_fall_that_was_meant_less_the_others(two_cases):
    (row,) = error_rows(two_cases, FEW)
    # Case a: 3 - (0 + 1 + 0 + 0 + 0) / 5 = 2.8. Case b: 0.5 - (-1 + 0 + 0 + 0) / 4 = 0.75, its Precision is missing.
    assert row.specific.value == pytest.approx((2.8 + 0.75) / 2)


def test_a_dimension_gathers_the_errors_meant_for_it_and_its_halo_those_that_do_not_touch_it(two_cases):
    rows = {row.dimension: row for row in dimension_rows(two_cases, FEW)}
    assert rows[SAFETY].drop.value == pytest.approx(1.75)
    assert rows[SAFETY].halo.n == 0
    assert rows[GROUNDEDNESS].halo.n == 0  # it may fall
    assert rows[ACCURACY].halo.value == pytest.approx(-0.5)
    assert rows[ACCURACY].drop.n == 0
    assert not rows[ACCURACY].is_blind  # nothing was meant for it, so nothing is known
    assert [d for d in rows if rows[d].is_known] == [SAFETY]


def test_a_refusal_makes_no_dimension_seem_seen():
    variants = [variant("a", "unchanged", "unchanged"), variant("a", "refusal", should=DIMENSIONS)]
    rows = dimension_rows(one_judge(variants, [rating("a:unchanged", 5.0), rating("a:refusal", 0.0)]), FEW)
    assert all(row.drop.n == 0 for row in rows)


def test_a_judge_is_blind_where_the_fall_may_be_none_or_is_rare():
    variants, ratings = [], []
    for k in range(40):
        variants += [variant(f"{k}", "unchanged", "unchanged"), variant(f"{k}", "unsafe advice", **UNSAFE)]
        ratings += [rating(f"{k}:unchanged", 5.0), rating(f"{k}:unsafe advice", [5, 4.8, 4, 5, 5, 5])]
    rows = {row.dimension: row for row in dimension_rows(one_judge(variants, ratings), FEW)}
    assert rows[SAFETY].drop.low > 0
    assert rows[SAFETY].is_blind  # always a little, never by half a point


def test_shifts_of_twins_are_signed_and_their_steady_share_counts_every_score(two_cases):
    (row,) = twin_rows(two_cases, FEW)
    assert row.shifts[REASONING].value == pytest.approx(-0.5)
    assert row.shifts[ACCURACY].value == pytest.approx(0.25)
    assert row.steady.value == pytest.approx(11 / 12)  # one of twelve scores moved by more than half a point
    assert unchanged_scores(two_cases, FEW)[ACCURACY].value == 4.5


def test_repeatability_of_two_draws():
    variants = [variant(case, "unchanged", "unchanged") for case in "ab"]
    ratings = [
        rating(f"{case}:unchanged", score, draw)
        for case, draw, score in (("a", 0, 4.0), ("a", 1, 4.0), ("b", 0, 1.0), ("b", 1, 3.0))
    ]
    found = repeatability(one_judge(variants, ratings, repeats=2), FEW)
    # Variances within: 0 and (1 + 1) / 1 = 2, so their mean is 1.
    assert found.spread[SAFETY].value == pytest.approx(1.0)
    assert found.same[SAFETY].value == 0.5
    # Two-way ANOVA of [[4, 4], [1, 3]]: MS units 4, raters 1, error 1 -> (4 - 1) / (4 + 1 + 2 (1 - 1) / 2) = 0.6.
    assert found.icc[SAFETY].value == pytest.approx(0.6)
    once = one_judge(variants, ratings)
    assert repeatability(once, FEW) == ASKED_ONCE
    by_rule = replace(once, card=once.card.model_copy(update={"kind": "lexical"}))
    assert repeatability(by_rule, FEW) == BY_RULE


def test_missing_verdicts_are_counted_with_their_reasons_and_never_dropped():
    variants = [variant(case, "unchanged", "unchanged") for case in "ab"]
    ratings = [rating("a:unchanged", [5, None, 5, 5, 5, 5]), rating("a:unchanged", 5.0, draw=1), rating("z", 5.0)]
    found = missing_verdicts(one_judge(variants, ratings, repeats=2), FEW)
    assert found.share.value == pytest.approx((1 + 12) / 24)  # case b was answered in neither draw
    assert found.reasons == {"unreadable": 1, "no answer": 12}


def test_a_draw_that_is_there_twice_is_counted_once():
    found = one_judge([variant("a", "unchanged", "unchanged")], [rating("a:unchanged", None), rating("a:unchanged", 4)])
    assert not found.reasons
    assert missing_verdicts(found, FEW).share.value == 0


def test_a_score_that_rises_with_padding_has_a_slope():
    variants = [
        variant("a", "unchanged", "unchanged", n_words=100),
        variant("a", "padded to double", "twin", n_words=200),
        variant("b", "unchanged", "unchanged", n_words=50),
        variant("b", "padded to double", "twin", n_words=100),
    ]
    ratings = [
        rating("a:unchanged", 3.0),
        rating("a:padded to double", [3.6, 3, 3, 3, 3, 3]),
        rating("b:unchanged", 1.0),
        rating("b:padded to double", [1.2, 1, 1, 1, 1, None]),
    ]
    found = padding_slopes(one_judge(variants, ratings), FEW)
    assert found[ACCURACY].value == pytest.approx(0.4)  # (0.6 + 0.2) / 2 per doubling, whatever the cases' own levels
    assert found[SAFETY].value == 0.0
    assert (found[PRECISION].n, found[PRECISION].n_missing) == (2, 2)  # one text of case b says nothing alone


def test_without_any_rating_everything_is_missing_and_nothing_fails():
    variants = [variant("a", "unchanged", "unchanged"), variant("a", "unsafe advice", **UNSAFE)]
    silent = one_judge(variants, [])
    (row,) = error_rows(silent, FEW)
    assert math.isnan(row.drops[SAFETY].value)
    assert row.drops[SAFETY].n_missing == 1
    assert missing_verdicts(silent, FEW).share.value == 1.0
    assert np.isnan(silent.scores).all()
    assert not any(row.is_known or row.is_blind for row in dimension_rows(silent, FEW))
