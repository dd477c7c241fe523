import math

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.icc import icc_statistic, intraclass_correlation
from dermatrust.agreement.interval import estimate

NAN = math.nan
KINDS = ("ICC(2,1)", "ICC(2,k)", "ICC(3,1)")
THEIR_NAMES = {"ICC(2,1)": "ICC(A,1)", "ICC(2,k)": "ICC(A,k)", "ICC(3,1)": "ICC(C,1)"}
# Shrout & Fleiss (1979), Table 2: 6 targets (columns here) by 4 judges.
SHROUT_FLEISS = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]


def panel(rng, n_raters, n_units, spread=1.0):
    """Ratings on half levels of 0 to 5: units that differ, raters that differ, and noise."""
    truth, generosity = rng.normal(2.5, spread, n_units), rng.normal(0, 0.5, (n_raters, 1))
    return np.clip(np.round(2 * (truth + generosity + rng.normal(0, 0.7, (n_raters, n_units)))) / 2, 0, 5)


def pingouins(ratings, kind):
    """Return its value, low and high."""
    units, raters = np.meshgrid(np.arange(ratings.shape[1]), np.arange(ratings.shape[0]))
    table = pd.DataFrame({"unit": units.ravel(), "rater": raters.ravel(), "rating": ratings.ravel()})
    found = pingouin.intraclass_corr(table, "unit", "rater", "rating", nan_policy="omit").set_index("Type")
    row = found.loc[THEIR_NAMES[kind]]
    return row["ICC"], *row["CI95"]


@pytest.mark.parametrize(("kind", "value"), [("ICC(2,1)", 0.29), ("ICC(2,k)", 0.62), ("ICC(3,1)", 0.71)])
def test_value_of_the_table_in_the_paper(kind, value):
    assert intraclass_correlation(SHROUT_FLEISS, kind).value == pytest.approx(value, abs=0.005)


def test_values_and_interval_by_hand():
    # Units 1 and 3, raters (0, 2) and (2, 4): mean 2. Squares: units 2 * (1 + 1) = 4 with 1 degree of freedom, raters
    # 4 with 1, error 0. ICC(2,1) = 4 / (4 + 0 + 2 * 4 / 2) = 1/2; ICC(2,k) = 4 / (4 + 4/2) = 2/3; ICC(3,1) = 1.
    table = [[0.0, 2.0], [2.0, 4.0]]
    assert [intraclass_correlation(table, kind).value for kind in KINDS] == pytest.approx([1 / 2, 2 / 3, 1.0])
    # No error, so the degrees of freedom are the raters' 1. The quantile of F(1, 1) at p is tan(pi p / 2)^2; with it
    # ICC(2,1) becomes 2 F 4 / (2 F 4 + 2 * 4) = F / (F + 1) = sin(pi p / 2)^2: the arcsine law.
    found = intraclass_correlation(table, "ICC(2,1)", confidence=0.9)
    assert (found.low, found.high) == pytest.approx(tuple(math.sin(math.pi * p / 2) ** 2 for p in (0.05, 0.95)))


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin's way with pandas
@pytest.mark.parametrize("kind", KINDS)
def test_value_and_interval_are_pingouins(kind, monkeypatch):
    monkeypatch.setitem(pingouin.options, "round.column.CI95", 12)  # it rounds to 2 digits otherwise
    rng = np.random.default_rng(0)
    shapes = [(2, 30), (5, 12), (3, 80), (8, 3)]
    tables = [panel(rng, *shape, spread) for shape in shapes for spread in (1.5, 0.3)]
    tables[2][1, 4] = tables[3][0, 0] = NAN
    for table in (np.array(SHROUT_FLEISS, dtype=float), *tables):
        found = intraclass_correlation(table, kind)
        assert (found.value, found.low, found.high) == pytest.approx(pingouins(table, kind), abs=1e-9)
        assert found.low < found.value < found.high


def test_a_unit_with_a_missing_rating_is_left_out():
    with_gaps = np.insert(np.array(SHROUT_FLEISS, dtype=float), [0, 3], [[NAN], [5.0], [NAN], [1.0]], axis=1)
    for kind in KINDS:
        whole, found = intraclass_correlation(SHROUT_FLEISS, kind), intraclass_correlation(with_gaps, kind)
        assert (found.value, found.low, found.high) == pytest.approx((whole.value, whole.low, whole.high), abs=1e-12)
        assert (found.n, found.n_raters, found.n_left_out) == (6, 4, 2)
        assert (whole.n, whole.n_left_out) == (6, 0)


def test_a_wider_interval_for_more_confidence():
    ends = [intraclass_correlation(SHROUT_FLEISS, confidence=c) for c in (0.5, 0.95, 0.99)]
    assert ends[2].low < ends[1].low < ends[0].low < ends[0].high < ends[1].high < ends[2].high


tables = st.integers(2, 4).flatmap(
    lambda k: st.integers(2, 6).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 5), min_size=n, max_size=n), min_size=k, max_size=k)
    )
)


@given(tables)
def test_order_unit_and_origin_of_the_scale_do_not_matter_and_consistency_ignores_generosity(table):
    ratings = np.array(table, dtype=float)
    generosity = np.arange(len(ratings))[:, np.newaxis] / 2
    for kind in KINDS:
        value = icc_statistic(kind)(ratings)
        found = intraclass_correlation(ratings, kind)
        assert found.value == pytest.approx(value, nan_ok=True)
        assert not value > 1
        assert math.isnan(found.low + found.high) or found.low <= value + 1e-9 <= found.high + 2e-9
        for same in (ratings[::-1], ratings[:, ::-1], 3 * ratings + 1):
            assert icc_statistic(kind)(same) == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True)
    consistency = icc_statistic("ICC(3,1)")
    assert consistency(ratings + generosity) == pytest.approx(consistency(ratings), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "ratings",
    [
        np.full((3, 20), 4.4),  # nobody varies, and 4.4 is no sum of powers of two
        [[1.0], [2.0]],
        [[1.0, 2.0], [3.0, NAN]],
        np.full((2, 4), NAN),
        np.zeros((2, 0)),
    ],
)
def test_without_variation_or_two_complete_units_nothing_is_defined(kind, ratings):
    found = intraclass_correlation(ratings, kind)
    assert np.isnan([found.value, found.low, found.high]).all()


def test_where_only_raters_vary_agreement_is_0_and_consistency_is_not_defined():
    table = np.repeat([[1.1], [2.7], [4.4]], 7, axis=1)
    assert [intraclass_correlation(table, kind).value for kind in KINDS] == pytest.approx([0, 0, NAN], nan_ok=True)


@pytest.mark.parametrize("kind", KINDS)
def test_perfect_agreement_is_1_throughout(kind):
    found = intraclass_correlation(np.tile([0.0, 4.4, 3.3, 0.1], (3, 1)), kind)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_values_below_0_are_not_clipped():
    # Two raters in opposite order: no squares between units or raters, error 4 / 2 = 2. ICC(3,1) = -2 / 2 = -1;
    # ICC(2,1) = -2 / (2 - 2 * 2 / 3) = -3; the variance of means is -2 / 3, so ICC(2,k) is not defined.
    opposite = [[1, 2, 3], [3, 2, 1]]
    values = [intraclass_correlation(opposite, kind).value for kind in KINDS]
    assert values == pytest.approx([-3, NAN, -1], nan_ok=True)


def test_a_variance_of_means_that_is_0_but_for_rounding_has_no_correlation():
    # The two units' means are the same, and raters differ by as much as error explains: 0.01 - 0.01.
    assert math.isnan(intraclass_correlation([[2.6, 2.5], [2.4, 2.5]], "ICC(2,k)").value)


def test_degrees_of_freedom_below_1_give_no_interval_rather_than_one_without_the_value():
    rng = np.random.default_rng(1)
    found = [intraclass_correlation(rng.integers(0, 6, (3, 3))) for _ in range(400)]
    unknown = [f for f in found if math.isnan(f.low)]
    assert unknown
    assert all(f.value < 0 or math.isnan(f.value) for f in unknown)
    assert all(f.low <= f.value <= f.high for f in found if not math.isnan(f.low))


def test_stacked_sums_give_what_each_gives_alone_and_weights_stand_for_repeated_units():
    ratings = panel(np.random.default_rng(2), 3, 15)
    ratings[1, 3] = NAN
    weights = np.random.default_rng(3).multinomial(15, np.full(15, 1 / 15), (2, 4))
    for kind in KINDS:
        statistic = icc_statistic(kind)
        together = statistic.value(weights @ statistic.terms(ratings))
        alone = [[statistic(np.repeat(ratings, row, axis=1)) for row in block] for block in weights]
        assert together == pytest.approx(np.array(alone), abs=1e-9)
    assert icc_statistic("ICC(2,1)").terms is icc_statistic("ICC(3,1)").terms


def test_resampled_interval_is_near_the_f_interval_where_units_are_patients():
    ratings = np.random.default_rng(4).normal(0, 1, 150) + np.random.default_rng(5).normal(0, 1, (4, 150))
    f_based = intraclass_correlation(ratings)
    resampled = estimate(icc_statistic("ICC(2,1)"), ratings, rng=np.random.default_rng(6), n_resamples=2_000)
    assert resampled.value == pytest.approx(f_based.value)
    assert (resampled.low, resampled.high) == pytest.approx((f_based.low, f_based.high), abs=0.03)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"ratings": [[1, 2]]}, r"shape \(1, 2\); expected \(raters, n\) with at least 2 raters"),
        ({"kind": "ICC(1,1)"}, r"kind is 'ICC\(1,1\)'; expected one of ICC\(2,1\), ICC\(2,k\), ICC\(3,1\)"),
        ({"confidence": 95}, "confidence is 95; expected a number above 0 and below 1"),
    ],
)
def test_what_makes_no_sense_is_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        intraclass_correlation(**({"ratings": SHROUT_FLEISS} | asked))
