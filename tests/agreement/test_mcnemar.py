import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar

from dermatrust.agreement.clusters import sum_clusters
from dermatrust.agreement.mcnemar import mcnemar, mcnemar_p_values
from dermatrust.agreement.permutation import sign_flip_test

NAN = math.nan
answers = st.lists(st.tuples(st.sampled_from([0, 1, NAN]), st.sampled_from([0, 1, NAN])), max_size=30)


def test_the_example_of_its_paper():
    # Fagerland et al. (2013), table 1: 1 and 7 discordant of 21 children. Tail (1 + 8) / 256, the count found 8 / 256.
    first = [1] + [1] + [0] * 7 + [0] * 12
    second = [1] + [0] + [1] * 7 + [0] * 12
    found = mcnemar(first, second)
    assert (found.n_both, found.n_first_only, found.n_second_only, found.n_neither) == (1, 1, 7, 12)
    assert found.p_exact == pytest.approx(18 / 256)
    assert found.p_mid == pytest.approx(10 / 256)
    assert found.n == 21
    assert found.difference == pytest.approx(-6 / 21)


@given(answers)
def test_counts_and_exact_p_are_those_of_statsmodels(pairs):
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found = mcnemar(first, second)
    table = np.zeros((2, 2))
    for a, b in pairs:
        if not math.isnan(a + b):
            table[1 - int(a), 1 - int(b)] += 1
    assert [[found.n_both, found.n_first_only], [found.n_second_only, found.n_neither]] == table.tolist()
    if found.n_first_only + found.n_second_only:
        assert found.p_exact == pytest.approx(their_mcnemar(table, exact=True).pvalue)
        assert 0 < found.p_mid < found.p_exact
    else:
        assert (found.p_exact, found.p_mid) == (1, 1)


@given(st.integers(0, 60), st.integers(0, 60))
def test_p_values_are_those_of_the_binomial_distribution(b, c):
    exact, mid = (float(p) for p in mcnemar_p_values(b, c))
    if b + c:
        assert exact == pytest.approx(binomtest(b, b + c, 0.5).pvalue)
        # One-sided mid-p, doubled; for equal counts both halves of the middle bar stay.
        tail = binom.cdf(min(b, c) - 1, b + c, 0.5) + binom.pmf(min(b, c), b + c, 0.5) / 2
        assert mid == pytest.approx(1 - binom.pmf(b, b + c, 0.5) / 2 if b == c else 2 * tail)
    assert mcnemar_p_values(c, b) == (exact, mid)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=11))
def test_with_one_item_a_patient_it_is_the_test_of_flipped_signs(pairs):
    first, second = np.array(pairs, dtype=float).T
    flips = sign_flip_test(sum_clusters(first - second, np.arange(len(pairs))), rng=np.random.default_rng(0))
    assert flips.is_exact
    assert mcnemar(first, second).p_exact == pytest.approx(flips.p[0])


def test_mid_p_keeps_its_level_where_exact_is_too_careful():
    levels = []
    for n in range(6, 60):
        counts = np.arange(n + 1)
        p_values = mcnemar_p_values(counts, n - counts)
        levels.append([binom.pmf(counts[p < 0.05], n, 0.5).sum() for p in p_values])
    exact, mid = np.array(levels).T
    assert exact.max() <= 0.05
    assert exact.mean() < 0.035 < mid.mean() < 0.05  # over numbers of differing items, as studies have them


def test_many_pairs_do_not_overflow():
    exact, mid = mcnemar_p_values([30_000, 0], [30_400, 4000])
    assert 0.05 < float(mid[0]) < float(exact[0]) < 0.2
    assert exact[1] == mid[1] == 0


def test_nobody_is_no_evidence():
    found = mcnemar([], [])
    assert (found.n, found.p_exact, found.p_mid) == (0, 1, 1)
    assert math.isnan(found.difference)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mcnemar([0, 1], [1]), r"answers of shape \(2,\) do not fit answers of shape \(1,\)"),
        (lambda: mcnemar([0.5], [1]), r"answer is 0\.5"),
        (lambda: mcnemar_p_values(-1, 2), "below 0"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
