import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.multiplicity import holm

NAN = math.nan
p_values = st.lists(st.floats(0, 1) | st.just(NAN), max_size=12)


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


@given(p_values)
def test_adjusted_values_lie_between_p_and_bonferroni_and_keep_the_order(p):
    adjusted, raw = holm(p), np.array(p)
    known = ~np.isnan(raw)
    assert (np.isnan(adjusted) == ~known).all()
    assert (adjusted[known] >= raw[known]).all()
    assert (adjusted[known] <= np.minimum(1, raw[known] * known.sum())).all()
    assert (np.diff(adjusted[known][np.argsort(raw[known])]) >= 0).all()


def test_a_test_that_was_not_made_does_not_count():
    assert holm([0.02, NAN, NAN]).tolist() == pytest.approx([0.02, NAN, NAN], nan_ok=True)


def test_a_table_keeps_its_shape():
    assert holm([[0.01, 0.02], [NAN, 0.5]]).shape == (2, 2)
    assert holm([]).shape == (0,)


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match="from 0 to 1"):
        holm([0.5, p])
