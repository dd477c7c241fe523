import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from dermatrust.agreement.interval import estimate
from dermatrust.agreement.label_f1 import label_f1, label_scores, label_terms

NAN = math.nan
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)), min_size=1, max_size=40)
tables = st.lists(st.lists(st.integers(0, 1), min_size=6, max_size=6), min_size=1, max_size=20)


def test_by_hand():
    # Label 0: said twice, true three times, hit twice: 4/5. Label 1: true once, said twice, hit once: 2/3. Labels 2
    # and 3 are nowhere, since of the last item nobody knows what is true.
    ratings = [[0, 0, 0, 1, NAN], [0, 0, 1, 1, 2]]
    found = label_scores(ratings, 4)
    assert found.f1 == pytest.approx([4 / 5, 2 / 3, NAN, NAN], nan_ok=True)
    assert (found.n_true.tolist(), found.n_said.tolist(), found.n) == ([3, 1, 0, 0], [2, 2, 0, 0], 4)
    assert found.undefined.tolist() == [2, 3]
    assert label_f1(4)(ratings) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert label_f1(4, undefined=0.0)(ratings) == pytest.approx((4 / 5 + 2 / 3) / 4)
    assert label_f1(4, "weighted")(ratings) == pytest.approx((3 * 4 / 5 + 2 / 3) / 4)
    assert label_f1(4, "micro")(ratings) == pytest.approx(3 / 4)


def test_said_and_never_true_is_0_and_silence_is_wrong():
    found = label_scores([[0, 0, 1], [0, 2, -1]], 3)
    assert found.f1 == pytest.approx([2 / 3, 0, 0])
    assert math.isnan(found.recall[2])
    assert math.isnan(found.precision[1])
    assert label_f1(3, "micro")([[0, 0, 1], [0, 2, -1]]) == pytest.approx(2 / 5)


@given(pairs)
def test_one_label_an_item_is_that_of_scikit_learn(rows):
    true, said = np.array(rows).T
    ratings = np.array([true, said], dtype=float)
    options = {"labels": range(4), "zero_division": NAN}
    precision, recall, f1, support = precision_recall_fscore_support(true, said, average=None, **options)
    found = label_scores(ratings, 4)
    assert found.precision == pytest.approx(precision, nan_ok=True)
    assert found.recall == pytest.approx(recall, nan_ok=True)
    assert found.f1 == pytest.approx(f1, nan_ok=True)
    assert found.n_true.tolist() == support.tolist()
    for average in ("micro", "macro", "weighted"):
        expected = f1_score(true, said, labels=range(4), average=average, zero_division=0.0)
        assert label_f1(4, average, undefined=0.0)(ratings) == pytest.approx(expected)
    if (said >= 0).all():
        assert label_f1(4, "micro")(ratings) == pytest.approx(accuracy_score(true, said))


@given(tables)
def test_several_labels_an_item_are_those_of_scikit_learn(rows):
    table = np.array(rows)
    for average in ("micro", "macro", "weighted"):
        expected = f1_score(table[:, :3], table[:, 3:], average=average, zero_division=0.0)
        own = label_f1(3, average, undefined=0.0)(table.T)
        assert own == pytest.approx(expected) or (math.isnan(own) and expected == 0)
        assert (
            label_f1(3, average)(table.T[[3, 4, 5, 0, 1, 2]])
            == pytest.approx(label_f1(3, average)(table.T), nan_ok=True)
            or average == "weighted"
        )  # truth and answer are alike to F1, not to the weights


def test_it_has_an_interval_and_shares_terms():
    rng = np.random.default_rng(0)
    ratings = rng.integers(0, 3, (2, 60)).astype(float)
    found = estimate(label_f1(3), ratings, np.arange(60) // 2, rng=rng, n_resamples=200)
    assert found.low < found.value < found.high
    assert label_f1(3).terms is label_f1(3, "micro").terms is label_terms(3)


def test_nobody_is_undefined():
    for average in ("micro", "macro", "weighted"):
        assert math.isnan(label_f1(2, average)([[], []]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: label_f1(0), "n_labels is 0"),
        (lambda: label_f1(2)([[2], [1]]), "label is 2; expected a whole number from -1 to 1"),
        (lambda: label_f1(3)([[0], [1], [0], [0]]), "ratings of 4 rows; expected 2, or 6 for 3 labels"),
        (lambda: label_f1(2)([[0], [1], [0], [0.5]]), r"label is 0\.5"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
