"""Rubrics by hand: signs, clipping, truncation and saturation."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.protocols import Item, Score, ScoreTable
from dermatrust.protocols.metrics import mean_score
from dermatrust.protocols.scorers.rubric import (
    Criterion,
    LevelGroup,
    Truncation,
    bootstrap_deviation,
    clip,
    clipped,
    criteria_of,
    levelled_share,
    penalised_share,
    shares_by_tag,
    signed_share,
)

RUBRIC = (
    Criterion("a", 6, ("axis:x", "level:1")),
    Criterion("b", 2, ("axis:y",)),
    Criterion("c", -4, ("axis:z", "level:1")),
)


def table(*values):
    found = ScoreTable()
    for number, value in enumerate(values):
        found.add(Item(id=str(number), question="", target=""), Score(value=value))
    return found


def test_a_penalty_is_taken_off_and_no_more_than_all_can_be_reached():
    assert signed_share(RUBRIC, {"1": "true", "2": "true", "3": "false"}) == 1.0
    assert signed_share(RUBRIC, {"1": "true", "2": "false", "3": "true"}) == 0.25
    assert signed_share(RUBRIC, {"1": "false", "2": "false", "3": "true"}) == -0.5


def test_an_unread_verdict_is_missing_or_by_choice_not_met():
    verdicts = {"1": "true", "2": None}  # the third was never given
    assert math.isnan(signed_share(RUBRIC, verdicts))
    assert signed_share(RUBRIC, verdicts, unread=0.0) == 0.75


def test_tags_without_points_above_zero_have_no_share():
    found = shares_by_tag(RUBRIC, {"1": "true", "2": "false", "3": "true"})
    assert found == {"axis:x": 1.0, "level:1": pytest.approx(1 / 3), "axis:y": 0.0}
    assert math.isnan(signed_share(RUBRIC[2:], {"1": "true"}))


def test_a_rubric_without_points_above_zero_is_refused():
    with pytest.raises(ValueError, match="points above 0"):
        criteria_of([{"criterion": "c", "points": -1}])


@given(st.lists(st.tuples(st.integers(-10, 10), st.booleans()), min_size=1))
def test_shares_lie_between_all_penalties_and_one(pairs):
    criteria = [Criterion(str(k), points) for k, (points, _) in enumerate(pairs)]
    share = signed_share(criteria, {str(k): str(met).lower() for k, (_, met) in enumerate(pairs, 1)})
    possible = sum(points for points, _ in pairs if points > 0)
    if not possible:
        assert math.isnan(share)
    else:
        assert sum(points for points, _ in pairs if points < 0) / possible <= share <= 1


def test_only_the_mean_is_clipped_and_its_interval_with_it():
    metric = clipped(mean_score)
    found = metric(table(-1.0, -0.5, 0.25), np.random.default_rng(0))
    assert (found.value, found.low, found.n) == (0.0, 0.0, 3)
    assert metric(table(-0.5, 1.0), np.random.default_rng(0)).value == 0.25  # 0.5 if each were clipped
    assert math.isnan(clip(math.nan))


def test_the_bootstrap_deviation_comes_near_the_standard_error():
    values = np.random.default_rng(1).uniform(0.2, 0.8, 200)
    found = bootstrap_deviation(table(*values), np.random.default_rng(0))
    assert found.value == pytest.approx(values.std() / np.sqrt(200), rel=0.1)
    shuffled = bootstrap_deviation(table(*values[::-1]), np.random.default_rng(0))
    assert shuffled.value == found.value
    assert math.isnan(bootstrap_deviation(table(math.nan), np.random.default_rng(0)).value)


def test_scores_are_cut_to_their_weights_before_penalties():
    assert penalised_share([7, -3], [5, 5]) == 0.5  # 5 of 10: neither above the weight nor below 0
    assert penalised_share([1, 0], [5, 5], penalties=[2, 2]) == 0.0
    assert penalised_share([5, 4], [5, 5], penalties=[1]) == pytest.approx(0.8)


ESSENTIAL = LevelGroup({"e": 2}, 4)
IMPORTANT = LevelGroup({"i": 3, "j": 2}, 6)
HIGHLIGHT = LevelGroup({"h": 1}, 2)
PITFALL = LevelGroup({"p": 1}, 2)


def levelled(**how):
    return levelled_share(ESSENTIAL, IMPORTANT, HIGHLIGHT, PITFALL, **how)


def test_a_hand_worked_levelled_rubric():
    # (2*2 + 5 + 1 - 2*1) / (2*4 + 6 + 2 + 2*2) = 8 / 20
    assert levelled() == pytest.approx(8 / 20)
    assert levelled(is_offset=True) == pytest.approx((8 + 4) / 20)


def test_truncation_leaves_the_essentials_alone():
    # 2 of 4 essentials are below 60 %, so 2*2 - 2*1 of 20 is left; they are not below 50 %
    assert levelled(truncation=Truncation(0.6, 1)) == pytest.approx(2 / 20)
    assert levelled(truncation=Truncation(0.5, 0.5)) == levelled()
    assert levelled(truncation=Truncation(0.5, 0.4)) == pytest.approx(2 / 20)  # 1 of 2 pitfalls is above 40 %


def test_saturation_caps_each_tag_and_then_the_group():
    # Tags count at most 1.5: important 3, highlight 1; neither above twice the essentials (4)
    assert levelled(most_per_tag=1.5) == pytest.approx((4 + 3 + 1 - 2) / 20)
    poor = dataclasses.replace(ESSENTIAL, reached={"e": 1})
    found = levelled_share(poor, IMPORTANT, HIGHLIGHT, PITFALL, most_per_tag=9)
    assert found == pytest.approx((2 + 2 + 1 - 2) / 20)  # important 5 is cut to 2


def test_a_rubric_of_nothing_has_no_share():
    empty = LevelGroup()
    assert math.isnan(levelled_share(empty, empty, empty, empty))
