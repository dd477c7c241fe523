import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.coincidence import coincidence_terms, rater_pairs
from dermatrust.agreement.contingency import tables

NAN = float("nan")
columns = st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, NAN]), min_size=4, max_size=4), min_size=1, max_size=12)


def test_coincidences_by_hand():
    # The first item's ratings 1, 1, 3 make the ordered pairs 11 twice, 13 twice and 31 twice, each over 3 - 1. The
    # second's 2, 3 make 23 and 32. The third has one rating, the fourth none.
    ratings = np.array([[1, 2, 3, NAN], [1, NAN, NAN, NAN], [3, 3, NAN, NAN]])
    terms = coincidence_terms([1, 2, 3])(ratings)
    assert terms[:, 0].tolist() == [1, 1, 0, 0]
    assert tables(terms[0]).tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert tables(terms[1]).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert not terms[2:].any()


def test_pairs_of_raters_by_hand():
    # Two raters gave the first level and one the second: 2 ordered pairs alike, 2 one way, 2 the other.
    assert rater_pairs(np.array([[2.0, 1.0], [0.0, 1.0]])).tolist() == [[2, 2, 2, 0], [0, 0, 0, 0]]


@given(columns)
def test_each_rating_that_can_be_paired_counts_once_and_order_does_not_matter(columns):
    ratings = np.array(columns).T
    table = tables(coincidence_terms([1, 2, 3])(ratings).sum(axis=0))
    pairable = ratings[:, (~np.isnan(ratings)).sum(axis=0) >= 2]
    assert np.array_equal(table, table.T)
    assert table.sum(axis=0) == pytest.approx([(pairable == level).sum() for level in (1, 2, 3)])
