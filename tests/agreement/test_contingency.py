import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dermatrust.agreement.contingency import contingency_terms, midranks, tables

NAN = float("nan")


def test_a_table_by_hand():
    # Pairs (1, 4), (4, 1), (1, 4); the last two items lack a rating.
    sums = contingency_terms([1, 2, 4])(np.array([[1, 4, 1, NAN, 2], [4, 1, 4, 2, NAN]])).sum(axis=0)
    assert sums[0] == 3
    assert tables(sums).tolist() == [[0, 0, 2], [0, 0, 0], [1, 0, 0]]


def test_stacked_sums_become_stacked_tables():
    assert tables(np.arange(20.0).reshape(2, 2, 5))[1, 0].tolist() == [[11, 12], [13, 14]]


@given(st.lists(st.integers(0, 5), min_size=1))
def test_midranks_are_scipys_less_a_half(values):
    counts = np.bincount(values, minlength=6).astype(float)
    assert (midranks(counts)[values] + 0.5).tolist() == stats.rankdata(values).tolist()
