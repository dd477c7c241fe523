import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from dermatrust.agreement.eigenvalue_ratio import eigenvalue_ratio

NAN = math.nan
tables = st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=5, max_size=5), min_size=2, max_size=30)


def test_by_hand():
    # Items 0 and 1 are alike, item 2 is unrelated: eigenvalues 2, 1, 0. Item 3 does not vary.
    found = eigenvalue_ratio([[1, 1, 0, 1], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]])
    assert found.eigenvalues == pytest.approx([2, 1, 0], abs=1e-12)
    assert (found.n_items, found.n_persons) == (3, 4)
    assert found.ratio == pytest.approx(2)
    assert found.first_share == pytest.approx(2 / 3)


@given(tables)
def test_it_is_that_of_numpys_correlations(rows):
    answers = np.array(rows)
    varied = answers[:, answers.std(axis=0) > 0]
    found = eigenvalue_ratio(answers)
    assert found.n_items == varied.shape[1]
    if varied.shape[1] > 1:
        theirs = np.sort(np.linalg.eigvalsh(np.corrcoef(varied.T)))[::-1]
        assert found.eigenvalues == pytest.approx(theirs, abs=1e-9)
        assert found.eigenvalues.sum() == pytest.approx(found.n_items)
        assert found.ratio >= 1 - 1e-12


def test_pairs_are_correlated_over_those_who_have_both():
    rng = np.random.default_rng(0)
    answers = (rng.random((40, 3)) < 0.5).astype(float)
    answers[rng.random((40, 3)) < 0.3] = NAN
    expected = np.eye(3)
    for a in range(3):
        for b in range(a):
            both = ~np.isnan(answers[:, a] + answers[:, b])
            expected[a, b] = expected[b, a] = np.corrcoef(answers[both, a], answers[both, b])[0, 1]
    assert eigenvalue_ratio(answers).eigenvalues == pytest.approx(np.linalg.eigvalsh(expected)[::-1])


def test_two_dimensions_have_a_lower_ratio_than_one():
    rng = np.random.default_rng(1)
    ability = rng.normal(size=(400, 2))
    chances = expit(2 * (ability[:, [0] * 20 + [1] * 20] - rng.normal(size=40) / 2))
    two = eigenvalue_ratio(rng.random((400, 40)) < chances)
    one = eigenvalue_ratio(rng.random((400, 40)) < expit(2 * (ability[:, [0] * 40] - rng.normal(size=40) / 2)))
    assert two.ratio < 1.5
    assert one.ratio > 5


def test_one_thing_alone_and_nothing_at_all():
    assert eigenvalue_ratio([[1, 1], [0, 0]]).ratio == math.inf
    for answers in ([[1, 1], [1, 0]], [[NAN, NAN]], np.empty((0, 3))):
        assert math.isnan(eigenvalue_ratio(answers).ratio)


@pytest.mark.parametrize("wrong", [[1, 0], [[2]]])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="response"):
        eigenvalue_ratio(wrong)
