import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.judge import Combined, combine_draws
from dermatrust.records import DIMENSIONS, Dimension, Rating, Unscored


def draw(score, number=0, narrative="n"):
    """Rate every dimension alike; a text instead of a score is the reason why there is none."""
    if isinstance(score, str):
        return Rating.all_unscored(narrative_id=narrative, rater="r", reason=score, draw=number)
    return Rating(narrative_id=narrative, rater="r", scores=dict.fromkeys(DIMENSIONS, score), draw=number)


def combined(*scores):
    return combine_draws([draw(score, number) for number, score in enumerate(scores)])[Dimension.ACCURACY]


def test_hand_worked_mean_and_spread():
    # Mean of 2, 4, 5 is 11/3; squared deviations 25/9 + 1/9 + 16/9 = 42/9, over n - 1 = 2 gives 7/3.
    result = combined(2, 4, 5)
    assert result.mean == pytest.approx(11 / 3)
    assert result.spread == pytest.approx(math.sqrt(7 / 3))
    assert (result.n, result.unscored) == (3, None)


def test_a_missing_draw_is_left_out_and_counted():
    assert combined(4, "no answer", 4) == Combined(mean=4.0, spread=0.0, n=2, unscored=None)


def test_one_scored_draw_has_no_spread():
    assert combined(3, "unreadable") == Combined(mean=3.0, spread=None, n=1, unscored=None)


def test_no_scored_draw_is_missing_for_the_most_frequent_reason():
    assert combined("no answer", "unreadable", "unreadable") == Combined(
        mean=None, spread=None, n=0, unscored="unreadable"
    )


def test_dimensions_are_combined_apart():
    unscored = {Dimension.SAFETY: Unscored(reason="doubled")}
    scores = {d: 4.0 for d in DIMENSIONS if d != Dimension.SAFETY}
    result = combine_draws([Rating(narrative_id="n", rater="r", scores=scores, unscored=unscored)])
    assert result[Dimension.SAFETY].unscored == "doubled"
    assert result[Dimension.ACCURACY].mean == 4.0


@given(st.lists(st.floats(0, 5), min_size=2, max_size=9))
def test_mean_and_spread_agree_with_numpy(scores):
    result = combined(*scores)
    assert result.mean == pytest.approx(np.mean(scores))
    assert result.spread == pytest.approx(np.std(scores, ddof=1), abs=1e-9)


@pytest.mark.parametrize("ratings", [[], [draw(1), draw(2, narrative="other")]])
def test_ratings_of_different_things_cannot_be_combined(ratings):
    with pytest.raises(ValueError, match="one narrative by one rater"):
        combine_draws(ratings)
