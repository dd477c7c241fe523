import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from dermatrust.agreement.interval import estimate
from dermatrust.agreement.set_scores import mean_set_f1, set_f1, set_precision, set_recall

NAN = math.nan
sets = st.lists(st.tuples(st.sets(st.integers(0, 4)), st.sets(st.integers(0, 4))), min_size=1, max_size=20)


def counts(pairs):
    return np.array([[len(true), len(said), len(true & said)] for true, said in pairs], dtype=float).T


def flags(which):
    return np.array([[k in one for k in range(5)] for one in which], dtype=int)


def test_by_hand():
    # {a, b} of which {b} was said; {a, b, c} of which {c, d, e}; nobody knows the third.
    ratings = [[2, 3, 4], [1, 3, NAN], [1, 1, 0]]
    assert set_precision(ratings) == 2 / 4
    assert set_recall(ratings) == 2 / 5
    assert set_f1(ratings) == pytest.approx(4 / 9)
    assert mean_set_f1()(ratings) == pytest.approx((2 / 3 + 2 / 6) / 2)


@pytest.mark.filterwarnings("ignore:No positive class")
@given(sets)
def test_it_is_that_of_scikit_learn(pairs):
    true, said = flags(true for true, _ in pairs), flags(said for _, said in pairs)
    own = counts(pairs)
    for found, theirs in ((set_precision, precision_score), (set_recall, recall_score), (set_f1, f1_score)):
        expected = theirs(true, said, average="micro", zero_division=NAN)
        assert found(own) == pytest.approx(expected, nan_ok=True)
    for empty in (0.0, 1.0):
        expected = f1_score(true, said, average="samples", zero_division=empty)
        assert mean_set_f1(empty)(own) == pytest.approx(expected)


@given(sets)
def test_truth_and_answer_are_alike_to_f1(pairs):
    own = counts(pairs)
    turned = own[[1, 0, 2]]
    assert set_f1(turned) == pytest.approx(set_f1(own), nan_ok=True)
    assert set_precision(turned) == pytest.approx(set_recall(own), nan_ok=True)
    assert 0 <= mean_set_f1()(own) <= 1


def test_nothing_true_and_nothing_said():
    nothing = [[0, 2], [0, 2], [0, 1]]
    assert [mean_set_f1(empty)(nothing) for empty in (1.0, 0.0, NAN)] == [0.75, 0.25, 0.5]
    for found in (set_precision, set_recall, set_f1, mean_set_f1(NAN)):
        assert math.isnan(found([[0], [0], [0]]))
        assert math.isnan(found([[], [], []]))
    assert math.isnan(set_precision([[2], [0], [0]]))
    assert mean_set_f1()([[2], [0], [0]]) == set_f1([[2], [0], [0]]) == 0  # an answer that was not given is wrong


def test_it_has_an_interval_over_patients():
    rng = np.random.default_rng(0)
    true, said = rng.integers(1, 5, (2, 60))
    ratings = np.stack([true, said, rng.integers(0, np.minimum(true, said) + 1)]).astype(float)
    found = estimate(set_f1, ratings, np.arange(60) // 2, rng=rng, n_resamples=200)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("wrong", [[[1], [3], [2]], [[3], [1], [2]], [[2.5], [3], [1]], [[2], [2], [-1]]])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="no more hits than there are"):
        set_f1(wrong)
    with pytest.raises(ValueError, match="expected"):
        set_f1(wrong[:2])
