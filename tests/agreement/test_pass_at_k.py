import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.interval import estimate
from dermatrust.agreement.pass_at_k import first_k, pass_at_k, run_counts

NAN = math.nan
RULES = ["any", "majority", "all"]


def product_of_chen(n, c, k):
    """Return 1 - C(n - c, k) / C(n, k) as the product that the paper prints for it."""
    return 1.0 if n - c < k else 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1))


def test_by_hand():
    # Two of five runs are right. Of the ten pairs three hold no right one, six one, and one both.
    found = [pass_at_k(2, rule)([[2], [5]]) for rule in RULES]
    assert found == pytest.approx([7 / 10, 1 / 10, 1 / 10])  # one of two is no majority
    # Of the ten triples one holds no right one, and three hold both, which is a majority.
    assert [pass_at_k(3, rule)([[2], [5]]) for rule in RULES] == pytest.approx([9 / 10, 3 / 10, 0])


@given(st.integers(1, 40), st.data())
def test_it_is_the_product_of_its_paper(n, data):
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k(k)([[c], [n]]) == pytest.approx(product_of_chen(n, c, k))
    assert pass_at_k(k, "all")([[c], [n]]) == pytest.approx(math.comb(c, k) / math.comb(n, k))


@pytest.mark.parametrize("rule", RULES)
@given(runs=st.lists(st.integers(0, 1), min_size=1, max_size=7), data=st.data())
def test_it_is_the_mean_over_all_choices(rule, runs, data):
    k = data.draw(st.integers(1, len(runs)))
    choices = [first_k([list(choice)], k, rule)[0] for choice in itertools.combinations(runs, k)]
    assert pass_at_k(k, rule)(run_counts([runs])) == pytest.approx(np.mean(choices))


def test_it_is_unbiased_and_the_plain_formula_is_not():
    rng = np.random.default_rng(0)
    right = (rng.random((20_000, 6)) < 0.2).sum(axis=1)
    truth = 1 - 0.8**4
    assert pass_at_k(4)([right, np.full(20_000, 6)]) == pytest.approx(truth, abs=0.01)
    assert np.mean(1 - (1 - right / 6) ** 4) < truth - 0.05


@given(st.integers(1, 10), st.integers(0, 10))
def test_more_runs_help_any_and_hurt_all(n, c):
    c = min(c, n)
    found = {rule: [pass_at_k(k, rule)([[c], [n]]) for k in range(1, n + 1)] for rule in RULES}
    assert found["any"] == sorted(found["any"])
    assert found["all"] == sorted(found["all"], reverse=True)
    assert found["any"][0] == found["all"][0] == found["majority"][0] == pytest.approx(c / n)
    assert all(a >= m >= e for a, m, e in zip(*(found[rule] for rule in RULES), strict=True))


def test_items_with_too_few_runs_do_not_count():
    counts = run_counts([[1, 0, NAN], [1, 1, 0], [NAN, NAN, NAN]])
    assert counts.tolist() == [[1, 2, 0], [2, 3, 0]]
    found = estimate(pass_at_k(3, "majority"), counts, rng=np.random.default_rng(0), n_resamples=10)
    assert (found.value, found.n) == (1, 1)
    assert math.isnan(pass_at_k(4)(counts))
    assert math.isnan(pass_at_k(1)([[], []]))


def test_first_runs():
    runs = [[1, 0, 0, 1], [0, 0, 1, 1], [NAN, 1, 1, 1], [1, 1, 1, NAN]]
    expected = {"any": [1, 1, NAN, 1], "majority": [0, 0, NAN, 1], "all": [0, 0, NAN, 1]}
    for rule in RULES:
        assert first_k(runs, 3, rule) == pytest.approx(expected[rule], nan_ok=True)


def test_it_has_an_interval_over_patients():
    rng = np.random.default_rng(0)
    counts = run_counts(rng.integers(0, 2, (60, 5)))
    found = estimate(pass_at_k(3, "all"), counts, np.arange(60) // 2, rng=rng, n_resamples=200)
    assert found.low < found.value < found.high
    assert found.n_clusters == 30


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pass_at_k(0), "k is 0"),
        (lambda: first_k([[1]], 0), "k is 0"),
        (lambda: first_k([[1]], 2), "there are 1 runs; expected at least k = 2"),
        (lambda: pass_at_k(1)([[3], [2]]), "3 of 2 runs are right"),
        (lambda: pass_at_k(1)([[0.5], [2]]), r"0\.5 of 2 runs"),
        (lambda: run_counts([1, 0]), r"runs of shape \(2,\)"),
        (lambda: run_counts([[2]]), "run is 2"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
