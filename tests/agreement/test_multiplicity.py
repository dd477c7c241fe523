import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from dermatrust.agreement.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm

NAN = math.nan
p_values = st.lists(st.floats(0, 1) | st.just(NAN), max_size=12)
every_adjustment = pytest.mark.parametrize("adjust", [holm, benjamini_hochberg, benjamini_yekutieli])


def brute_force(p):
    """Smallest alpha at which Holm's procedure, as he words it, rejects each hypothesis."""
    known = sorted((v, i) for i, v in enumerate(p) if not math.isnan(v))
    result = [NAN] * len(p)
    for last in range(len(known)):
        # hypothesis `last` in order is rejected when it and all before it pass their thresholds alpha / (m - j)
        needed = max((len(known) - j) * known[j][0] for j in range(last + 1))
        result[known[last][1]] = min(needed, 1.0)
    return result


def test_adjusted_values_worked_by_hand():
    # Sorted .01 .03 .04 .05: times 4, 3, 2, 1 = .04 .09 .08 .05, then running maximum .04 .09 .09 .09.
    assert holm([0.05, 0.01, 0.04, 0.03]).tolist() == pytest.approx([0.09, 0.04, 0.09, 0.09])


@given(p_values)
def test_adjusted_values_are_those_of_brute_force(p):
    assert holm(p).tolist() == pytest.approx(brute_force(p), nan_ok=True)


def test_false_discovery_rates_worked_by_hand():
    # Sorted .01 .03 .04 .05: times 4/1, 4/2, 4/3, 4/4 = .04 .06 .0533 .05, then running minimum from the end
    # .04 .05 .05 .05; Yekutieli's are these times 1 + 1/2 + 1/3 + 1/4 = 25/12.
    p = [0.05, 0.01, 0.04, 0.03]
    assert benjamini_hochberg(p).tolist() == pytest.approx([0.05, 0.04, 0.05, 0.05])
    assert benjamini_yekutieli(p).tolist() == pytest.approx([0.05 * 25 / 12, 1 / 12, 0.05 * 25 / 12, 0.05 * 25 / 12])


@given(st.lists(st.floats(0, 1) | st.sampled_from([0.01, 0.04]), min_size=1, max_size=12), st.integers(0, 3))
def test_false_discovery_rates_are_those_of_statsmodels_and_scipy(p, n_missing):
    for adjust, theirs, method in ((benjamini_hochberg, "fdr_bh", "bh"), (benjamini_yekutieli, "fdr_by", "by")):
        adjusted = adjust([NAN] * n_missing + p)[n_missing:]
        np.testing.assert_allclose(adjusted, multipletests(p, method=theirs)[1], rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(adjusted, false_discovery_control(p, method=method), rtol=1e-12, atol=1e-300)


@every_adjustment
@given(p=p_values)
def test_adjusted_values_are_at_least_p_and_keep_the_order(adjust, p):
    adjusted, raw = adjust(p), np.array(p)
    known = ~np.isnan(raw)
    assert (np.isnan(adjusted) == ~known).all()
    assert (adjusted[known] >= raw[known]).all()
    assert (adjusted[known] <= 1).all()
    assert (np.diff(adjusted[known][np.argsort(raw[known])]) >= 0).all()


@given(p_values)
def test_false_discovery_rates_ask_for_less_than_holm_and_holm_for_less_than_bonferroni(p):
    known = np.array([v for v in p if not math.isnan(v)])
    assert (benjamini_hochberg(known) <= holm(known) * (1 + 1e-12)).all()
    assert (benjamini_hochberg(known) <= benjamini_yekutieli(known)).all()
    assert (holm(known) <= np.minimum(1, known * known.size)).all()


@every_adjustment
def test_a_test_that_was_not_made_does_not_count(adjust):
    assert adjust([0.02, NAN, NAN]).tolist() == pytest.approx([0.02, NAN, NAN], nan_ok=True)


@every_adjustment
def test_a_table_keeps_its_shape(adjust):
    assert adjust([[0.01, 0.02], [NAN, 0.5]]).shape == (2, 2)
    assert adjust([]).shape == (0,)
    assert np.isnan(adjust([NAN, NAN])).all()


@every_adjustment
@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(adjust, p):
    with pytest.raises(ValueError, match="from 0 to 1"):
        adjust([0.5, p])
