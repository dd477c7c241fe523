import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from dermatrust.agreement.two_shares import effective_items, weighted_difference

counts = st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=2, max_size=30).map(
    lambda rows: [np.array(column, dtype=float)[:, np.newaxis] for column in zip(*rows, strict=True)]
)


def column(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def test_items_by_hand():
    # 2 of 2 and 0 of 2, twice: each cluster is one item. Variance of the sum 4 * 4/3, so 0.25 * 64 * 3/16 = 3,
    # one fewer than the clusters, since their mean is theirs.
    assert effective_items(column(2, 0, 2, 0), column(2, 2, 2, 2)) == pytest.approx([3])
    # Items as different within clusters as between them: never more than there are.
    assert effective_items(column(1, 1, 0, 0), column(1, 1, 1, 1)) == pytest.approx([3])
    assert effective_items(column(1, 1, 1, 2), column(2, 2, 2, 3)) == pytest.approx([9])
    # Nobody differs: only that there are so many clusters is known.
    assert effective_items(column(1, 1, 1, 1), column(2, 2, 2, 2)) == pytest.approx([4])
    assert effective_items(column(0, 0, 0), column(2, 1, 2)) == pytest.approx([3])
    assert effective_items(column(1), column(2)) == [0]
    assert effective_items(column(1, 0), column(2, 0)) == [0]


@pytest.mark.parametrize(("hits", "n"), [(0, 40), (3, 40), (20, 41), (40, 40)])
def test_one_share_of_independent_items_is_wilson_s_interval(hits, n):
    first = (np.arange(n) < hits).astype(float)[:, np.newaxis]
    found = weighted_difference(first, 0 * first, np.ones((n, 1)), (1.0, 1e-9))
    known = n if hits in (0, n) else n - 1  # a mean that was estimated costs one
    expected = proportion_confint(hits / n * known, known, method="wilson")
    assert (found[1][0], found[2][0]) == pytest.approx(expected, abs=1e-8)


def test_two_shares_by_hand():
    # Of 60 items 30 count for the first, 6 for the second. Wilson's intervals of 0.5 and 0.1 of 59; the correlation
    # of two shares of the same items is -sqrt(0.5 * 0.1 / (0.5 * 0.9)) = -1/3.
    kinds = np.repeat([0, 1, 2], [30, 6, 24])
    first, second = ((kinds == kind).astype(float)[:, np.newaxis] for kind in (0, 1))
    (low_1, high_1), (low_2, high_2) = (proportion_confint(p * 59, 59, method="wilson") for p in (0.5, 0.1))
    found = [float(one[0]) for one in weighted_difference(first, second, np.ones((60, 1)), (1.0, 2.0))]
    down, up = (0.5 - low_1, 2 * (high_2 - 0.1)), (high_1 - 0.5, 2 * (0.1 - low_2))
    far = [float(np.sqrt(a**2 + b**2 + 2 / 3 * a * b)) for a, b in (down, up)]
    assert found == pytest.approx([0.3, 0.3 - far[0], 0.3 + far[1]])


@given(counts)
def test_it_holds_its_value_and_turns_with_its_sides(columns):
    first, second, others = columns
    items = first + second + others
    value, low, high = weighted_difference(first, second, items, (1.0, 0.5))
    if items.sum() == 0:
        assert np.isnan(value).all()
    elif (items > 0).sum() < 2:
        assert np.isnan(low).all()
        assert np.isnan(high).all()
    else:
        assert low <= value <= high
        assert high - low > 0
        turned = weighted_difference(second, first, items, (0.5, 1.0))
        np.testing.assert_allclose(turned, [-value, -high, -low], atol=1e-12)


def test_a_patient_seen_thrice_is_one_patient():
    kinds = np.random.default_rng(0).integers(0, 3, 60)
    once = [(kinds == kind).astype(float)[:, np.newaxis] for kind in (0, 1)]
    found = weighted_difference(*once, np.ones((60, 1)), (1.0, 1.0))
    thrice = weighted_difference(*(3 * one for one in once), np.full((60, 1), 3.0), (1.0, 1.0))
    np.testing.assert_allclose(found, thrice)
