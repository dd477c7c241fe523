import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact, permutation_test

from dermatrust.agreement.flip_permutation import flip_permutation

NAN = math.nan
effects = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=2, max_size=8)
flips = st.lists(st.integers(0, 1), min_size=1, max_size=12)


def test_by_hand():
    # No control of four flips: 1 / 5. One does: 2 / 5. The attack itself does not: all five do as much.
    found = flip_permutation([1, 1, 0], [[0, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]])
    assert found.p == pytest.approx([0.2, 0.4, 1.0])
    assert found.least_p == pytest.approx([0.2] * 3)
    assert found.n_controls.tolist() == [4, 4, 4]
    assert found.control_effects == pytest.approx([0, 0.25, 0.25])


def test_draws_by_hand():
    # Attack 3 of 3 draws, controls 1 of 2 and 0 of 2 and 0 of 2 (missing draws): by change 1 / 4; by draw one of the
    # C(9, 3) = 84 choices of three draws, times C(4, 3) that hold three of the four flips.
    attack = [[1, 1, 1]]
    controls = [[[1, 0, NAN], [0, 0, NAN], [NAN, 0, 0]]]
    assert flip_permutation(attack, controls).p == pytest.approx([1 / 4])
    found = flip_permutation(attack, controls, unit="draw")
    assert found.p == pytest.approx([4 / 84])
    assert found.least_p == pytest.approx([1 / 84])
    assert found.effects == pytest.approx([1])
    assert found.control_effects == pytest.approx([1 / 6])


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=2, max_size=5))
def test_by_change_it_is_the_exact_permutation_test_of_scipy(values):
    # Which of the changes is called the attack is exchanged: the first one, after all orders.
    theirs = permutation_test(
        (values,), lambda changes: changes[0], permutation_type="pairings", alternative="greater", n_resamples=np.inf
    )
    assert flip_permutation(values[:1], [values[1:]]).p == pytest.approx([theirs.pvalue])


@given(flips, flips)
def test_by_draw_it_is_fishers_test_of_scipy(attack, control):
    table = [[sum(attack), len(attack) - sum(attack)], [sum(control), len(control) - sum(control)]]
    found = flip_permutation([attack], [[control]], unit="draw")
    assert found.p == pytest.approx([fisher_exact(table, alternative="greater").pvalue])
    assert found.least_p[0] <= found.p[0] * (1 + 1e-9)


@given(effects, st.randoms(use_true_random=False))
def test_order_of_controls_does_not_matter_and_p_is_in_range(values, random):
    attack, *controls = values
    found = flip_permutation([attack], [controls])
    random.shuffle(controls)
    assert flip_permutation([attack], [controls]).p == found.p
    assert 0 < found.least_p[0] <= found.p[0] <= 1


@pytest.mark.parametrize("unit", ["change", "draw"])
def test_it_keeps_its_level_where_attacks_are_nothing_special(unit):
    rng = np.random.default_rng(0)
    draws = (rng.random((2000, 20, 5)) < 0.5).astype(float)
    p = flip_permutation(draws[:, 0], draws[:, 1:], unit=unit).p
    assert 0.01 < (p <= 0.05).mean() < 0.06
    assert (p <= 0.5).mean() < 0.53


def test_only_by_change_does_it_keep_it_where_some_changes_happen_to_flip():
    rng = np.random.default_rng(1)
    chances = rng.beta(0.3, 0.3, (2000, 20, 1))  # of each change, the attack's among them
    draws = (rng.random((2000, 20, 10)) < chances).astype(float)
    by_change, by_draw = (flip_permutation(draws[:, 0], draws[:, 1:], unit=unit).p for unit in ("change", "draw"))
    assert (by_change <= 0.05).mean() < 0.06
    assert (by_draw <= 0.05).mean() > 0.2


def test_missing_attacks_and_controls():
    found = flip_permutation([1, NAN, 1], [[0, NAN, 0], [0, 0, 0], [NAN, NAN, NAN]])
    assert found.p == pytest.approx([1 / 3, NAN, NAN], nan_ok=True)
    assert found.n_controls.tolist() == [2, 3, 0]
    assert flip_permutation(np.empty(0), np.empty((0, 3))).p.shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flip_permutation([1], [0, 0]), r"attacks of shape \(1,\) do not fit controls of shape \(2,\)"),
        (lambda: flip_permutation([1, 0], [[0]]), r"controls of shape \(1, 1\)"),
        (lambda: flip_permutation([0.5], [[0]], unit="draw"), r"effect is 0\.5; expected 0 or 1"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
