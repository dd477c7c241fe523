import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, recall_score

from dermatrust.agreement.confusion_rates import balanced_accuracy
from dermatrust.agreement.interval import estimate
from dermatrust.agreement.recall import class_recall, mean_recall, recall_terms

NAN = math.nan
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


def test_mean_recall_by_hand():
    # Class 0 three of four, class 1 nothing of one, class 2 nobody: (3/4 + 0) / 2. One item has no class.
    ratings = [[0, 0, 0, 0, 1, NAN], [1, 1, 1, 0, 0, 1]]
    assert mean_recall(3)(ratings) == pytest.approx(3 / 8)
    assert class_recall(0, 3)(ratings) == 0.75
    assert class_recall(1, 3)(ratings) == 0
    assert math.isnan(class_recall(2, 3)(ratings))


@pytest.mark.filterwarnings("ignore:y_pred contains classes", "ignore:A single label was found")
@given(pairs)
def test_it_is_that_of_scikit_learn(given_pairs):
    truth, said = np.array(given_pairs).T
    ratings = np.array([truth, truth == said], dtype=float)
    assert mean_recall(4)(ratings) == pytest.approx(balanced_accuracy_score(truth, said))
    theirs = recall_score(truth, said, labels=range(4), average=None, zero_division=np.nan)
    assert [class_recall(k, 4)(ratings) for k in range(4)] == pytest.approx(theirs.tolist(), nan_ok=True)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30))
def test_of_two_classes_it_is_balanced_accuracy(rows):
    truth, call = np.array(rows, dtype=float).T
    own = mean_recall(2)([truth, (truth == call).astype(float)])
    if len(set(truth)) == 2:
        assert own == pytest.approx(balanced_accuracy([truth, call]))


def test_it_has_an_interval_and_shares_terms():
    rng = np.random.default_rng(0)
    ratings = np.array([rng.integers(0, 3, 60), rng.integers(0, 2, 60)], dtype=float)
    found = estimate(mean_recall(3), ratings, np.arange(60) // 2, rng=rng, n_resamples=200)
    assert found.low < found.value < found.high
    assert mean_recall(5).terms is class_recall(2, 5).terms is recall_terms(5)


def test_nobody_is_undefined():
    assert math.isnan(mean_recall(2)([[], []]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_recall(0), "n_classes is 0"),
        (lambda: class_recall(2, 2), "class 2 is none of 2"),
        (lambda: mean_recall(2)([[2], [1]]), "class is 2; expected a whole number from 0 to 1"),
        (lambda: mean_recall(2)([[0.5], [1]]), r"class is 0\.5"),
        (lambda: mean_recall(2)([[0], [0.5]]), r"right is 0\.5"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
