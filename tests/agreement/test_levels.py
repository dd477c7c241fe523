import numpy as np
import pytest

from dermatrust.agreement.levels import level_counts, level_distances, level_positions, scale_of

NAN = float("nan")
RATINGS = np.array([[0.0, 0.5, NAN], [0.5, 0.5, 2.0], [0.0, NAN, NAN]])
SCALE = (0.0, 0.5, 2.0)


def test_positions_and_counts_by_hand():
    assert level_positions(RATINGS, SCALE).tolist() == [[0, 1, -1], [1, 1, 2], [0, -1, -1]]
    assert level_counts(RATINGS, SCALE).tolist() == [[2, 1, 0], [0, 2, 0], [0, 0, 1]]


@pytest.mark.parametrize("rating", [-1.0, 0.25, 3.0])
def test_a_rating_below_between_or_above_the_levels_is_refused(rating):
    with pytest.raises(ValueError, match=rf"rating {rating:g} is no level of the scale; expected 0, 0.5, 2, or NaN"):
        level_positions(np.array([[0.0, rating]]), SCALE)


@pytest.mark.parametrize("levels", [[], [1], [1, 1], [2, 1], [0, NAN], [0, float("inf")]])
def test_levels_that_are_no_scale_are_refused(levels):
    with pytest.raises(ValueError, match="expected at least 2 finite numbers in ascending order"):
        scale_of(levels)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("linear", [0, 1 / 3, 2 / 3, 1]),
        ("quadratic", [0, 1 / 9, 4 / 9, 1]),
        ("ordinal", [0, 1 / 6, 3 / 6, 1]),  # pairs among 2, 3 and 4 levels: 1, 3 and 6
        ("none", [0, 1, 1, 1]),
    ],
)
def test_distances_by_hand(weights, expected):
    distances = level_distances(4, weights)
    assert distances[0].tolist() == pytest.approx(expected)
    assert distances[2, 1] == distances[1, 2] == distances[0, 1]


def test_weights_of_another_name_are_refused():
    with pytest.raises(ValueError, match="weights are 'cubic'; expected one of linear, quadratic, ordinal, none"):
        level_distances(4, "cubic")
