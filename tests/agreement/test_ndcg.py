import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from dermatrust.agreement.ndcg import ndcg

NAN = math.nan
lists = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=12)


def test_by_hand():
    # Ranked 2, 0, 3: (2 / 1 + 0 + 3 / 2) / (3 / 1 + 2 / log2(3)); gains of 3, 0, 7 where they are exponential.
    assert ndcg([3, 2, 0], [0.1, 0.9, 0.5]) == pytest.approx(3.5 / (3 + 2 / math.log2(3)))
    assert ndcg([3, 2, 0], [0.1, 0.9, 0.5], gain="exponential") == pytest.approx(6.5 / (7 + 3 / math.log2(3)))
    assert ndcg([3, 2, 0], [0.1, 0.9, 0.5], k=1) == pytest.approx(2 / 3)


@given(lists, st.integers(1, 15), st.sampled_from(["linear", "exponential"]))
def test_it_is_that_of_scikit_learn(items, k, gain):
    relevance, scores = np.array(items, dtype=float).T
    gains = relevance if gain == "linear" else 2**relevance - 1
    if relevance.any():
        assert ndcg(relevance, scores, k, gain=gain) == pytest.approx(ndcg_score([gains], [scores], k=k))
    else:
        assert math.isnan(ndcg(relevance, scores, k, gain=gain))


@given(lists, st.integers(1, 15))
def test_it_is_from_0_to_1_and_worst_ties_are_worst(items, k):
    relevance, scores = np.array(items, dtype=float).T
    if relevance.any():
        worst, given_, mean = (ndcg(relevance, scores, k, ties=ties) for ties in ("worst", "given", "mean"))
        assert 0 <= worst <= min(mean, given_) + 1e-12
        assert max(mean, given_) <= 1 + 1e-12
        assert ndcg(relevance, relevance, k) == pytest.approx(1)


def test_ties_are_the_mean_over_their_orders():
    relevance, scores = [3, 0, 1, 2], [1, 1, 1, 5]
    orders = [[*order, 5] for order in itertools.permutations([1, 2, 3])]
    assert ndcg(relevance, scores, 3) == pytest.approx(np.mean([ndcg(relevance, order, 3) for order in orders]))
    assert ndcg(relevance, scores, 3, ties="worst") == pytest.approx(min(ndcg(relevance, order, 3) for order in orders))
    assert ndcg(relevance, scores, 3, ties="given") == pytest.approx(ndcg(relevance, [3, 2, 1, 5], 3))


def test_what_is_not_ranked_comes_last_and_what_is_not_known_does_not_count():
    assert ndcg([3, 2, 1], [NAN, 1, -5]) == ndcg([3, 2, 1], [-9, 1, -5])
    assert ndcg([3, NAN, 1], [1, 9, 2]) == ndcg([3, 1], [1, 2])


def test_nothing_to_rank_is_undefined():
    assert math.isnan(ndcg([], []))
    assert math.isnan(ndcg([0, 0], [1, 2]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ndcg([1, 2], [1]), r"relevance of shape \(2,\) does not fit scores of shape \(1,\)"),
        (lambda: ndcg([-1], [1]), r"relevance \[-1\.0\]"),
        (lambda: ndcg([math.inf], [1]), "finite numbers"),
        (lambda: ndcg([1], [1], 0), "k is 0"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
