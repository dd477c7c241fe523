import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from dermatrust.agreement.answer_entropy import answer_confidence, calibration_shift
from dermatrust.agreement.interval import estimate

NAN = math.nan
tables = st.lists(st.lists(st.sampled_from([0, 1, 2, 3, NAN]), min_size=5, max_size=5), min_size=1, max_size=10)


def test_by_hand():
    # Two of four answers are the first option, one each the next: H = log(2) / 2 + 2 * log(4) / 4 = 1.5 log 2.
    found = answer_confidence([[0, 0, 1, 2], [3, 3, 3, NAN], [0, 1, 2, 3]], 4)
    assert found.confidence == pytest.approx([1 - 1.5 / 2, 1, 0])
    assert found.n_answers.tolist() == [4, 3, 4]
    assert answer_confidence([[0, 1], [0, 1]], [2, 4]).confidence == pytest.approx([0, 0.5])


@given(tables)
def test_it_is_the_entropy_of_scipy(rows):
    table = np.array(rows, dtype=float)
    found = answer_confidence(table, 4)
    for row, value, n in zip(table, found.confidence, found.n_answers, strict=True):
        counts = [(row == k).sum() for k in range(4)]
        assert n == sum(counts)
        if n < 2:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(1 - entropy(counts, base=4))
            assert -1e-12 <= value <= 1


@given(tables, st.permutations(range(4)), st.permutations(range(5)))
def test_names_and_order_do_not_matter(rows, names, order):
    table = np.array(rows, dtype=float)
    renamed = np.array([[value if math.isnan(value) else names[int(value)] for value in row] for row in table])
    own = answer_confidence(table, 4).confidence
    assert answer_confidence(renamed[:, order], 4).confidence == pytest.approx(own, nan_ok=True)


def test_shift_by_hand():
    # Mean confidence 0.6, share right 0.5: of the two items that have both.
    ratings = [[1.0, 0.2, 0.9, NAN], [0.25, 0.75, NAN, 1]]
    assert calibration_shift(ratings) == pytest.approx(0.1)
    assert math.isnan(calibration_shift([[], []]))


def test_shift_has_an_interval():
    rng = np.random.default_rng(0)
    ratings = np.stack([rng.random(80), rng.random(80) < 0.5])
    found = estimate(calibration_shift, ratings, np.arange(80) // 2, rng=rng, n_resamples=200)
    assert found.low < found.value < found.high
    assert found.n_clusters == 40


def test_nobody_and_one_answer():
    assert answer_confidence(np.empty((0, 3)), 4).confidence.shape == (0,)
    assert np.isnan(answer_confidence([[1], [NAN]], 3).confidence).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: answer_confidence([0, 1], 2), r"answers of shape \(2,\)"),
        (lambda: answer_confidence([[0, 1]], [2, 2]), r"n_options of shape \(2,\)"),
        (lambda: answer_confidence([[0, 0]], 1), "n_options must be whole numbers of at least 2"),
        (lambda: answer_confidence([[0, 0], [0, 3]], [4, 3]), "answer is 3; expected a whole number from 0 to 2"),
        (lambda: answer_confidence([[0.5]], 2), r"answer is 0\.5"),
        (lambda: calibration_shift([[1.2], [1]]), r"confidence is 1\.2"),
        (lambda: calibration_shift([[1], [-1]]), "right is -1"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
