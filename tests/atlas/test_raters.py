import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.atlas.raters import PANEL, SimulatedRater, panel_agreement
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension, Rating

ACCURACY, SAFETY = Dimension.ACCURACY, Dimension.SAFETY


def flat(score):
    return dict.fromkeys(DIMENSIONS, score)


def mean_score(ratings, dimension):
    return np.mean([rating.scores[dimension] for rating in ratings])


def test_a_rater_without_faults_gives_the_rounded_truth():
    truth = dict(zip(DIMENSIONS, (0, 0.24, 0.25, 3.3, 4.75, 5), strict=True))
    assert list(SimulatedRater("r").rate(truth, 0, narrative_id="n", seed=0).scores.values()) == [0, 0, 0.5, 3.5, 5, 5]
    assert list(SimulatedRater("r", step=1.0).rate(truth, 9, narrative_id="n", seed=0).scores.values()) == [
        0,
        0,
        0,
        3,
        5,
        5,
    ]


def test_severity_bias_and_drift_add_up():
    rater = SimulatedRater("r", severity=0.5, bias={SAFETY: -1.0}, drift=1.0, session=200)
    scores = rater.rate(flat(3.0), 150, narrative_id="n", seed=0).scores  # 3 - 0.5 + 1.5 = 4, on safety one less
    assert (scores[ACCURACY], scores[SAFETY]) == (4.0, 3.0)
    assert rater.rate(flat(3.0), 200, narrative_id="n", seed=0).scores[ACCURACY] == 2.5  # a new session


@given(
    st.floats(-3, 3), st.floats(0, 3), st.floats(0, 1), st.sampled_from([0.5, 1.0]), st.floats(0, 5), st.integers(0, 99)
)  # fmt: skip
@settings(max_examples=200)
def test_every_rating_is_valid_and_on_the_scale(severity, noise, missing, step, truth, index):
    rater = SimulatedRater("r", severity=severity, noise=noise, missing=missing, step=step, drift=5.0)
    rating = rater.rate(flat(truth), index, narrative_id=f"n{index}", seed=3)
    assert all(0 <= score <= 5 and (score / step).is_integer() for score in rating.scores.values())
    assert rating.scores.keys() | rating.unscored.keys() == set(DIMENSIONS)
    assert Rating.from_line(rating.to_line(), where="here") == rating


def test_all_or_nothing_is_missing():
    assert not SimulatedRater("r", missing=0).rate(flat(3.0), 0, narrative_id="n", seed=0).unscored
    rating = SimulatedRater("r", missing=1).rate(flat(3.0), 0, narrative_id="n", seed=0)
    assert not rating.scores
    assert {one.reason for one in rating.unscored.values()} == {"not rated"}


def test_ratings_do_not_depend_on_the_order_of_calls_and_differ_between_raters_and_seeds():
    names = [f"n{i}" for i in range(40)]
    forwards = {name: PANEL[1].rate(flat(3.0), 0, narrative_id=name, seed=0) for name in names}
    backwards = {name: PANEL[1].rate(flat(3.0), 0, narrative_id=name, seed=0) for name in reversed(names)}
    assert forwards == backwards
    rename = SimulatedRater("other", noise=1).latent(flat(3.0), 0, narrative_id="n", seed=0)
    assert rename != SimulatedRater("another", noise=1).latent(flat(3.0), 0, narrative_id="n", seed=0)
    assert rename != SimulatedRater("other", noise=1).latent(flat(3.0), 0, narrative_id="n", seed=1)
    assert len({tuple(rating.scores.values()) for rating in forwards.values()}) > 30


def test_bias_drift_noise_and_missing_are_recovered_from_4000_ratings():
    rater = SimulatedRater("r", severity=0.4, bias={SAFETY: 0.3}, noise=0.5, missing=0.1)
    ratings = [rater.rate(flat(2.5), i, narrative_id=f"n{i}", seed=0) for i in range(4000)]
    values = {d: [r.scores[d] for r in ratings if d in r.scores] for d in DIMENSIONS}
    assert np.mean(values[ACCURACY]) == pytest.approx(2.1, abs=0.03)  # three standard errors, 0.52 / sqrt(3600) each
    assert np.mean(values[SAFETY]) == pytest.approx(2.4, abs=0.03)
    assert np.std(values[ACCURACY]) == pytest.approx((0.5**2 + 0.5**2 / 12) ** 0.5, abs=0.03)  # with rounding's share
    assert sum(len(r.unscored) for r in ratings) / 24000 == pytest.approx(0.1, abs=0.01)
    tiring = SimulatedRater("r", noise=0.5, drift=-0.5)
    late = [tiring.rate(flat(3.0), i, narrative_id=f"n{i}", seed=0) for i in range(4000)]
    slope = np.polyfit(np.arange(4000) % 200, [r.scores[ACCURACY] for r in late], 1)[0]
    assert 100 * slope == pytest.approx(-0.5, abs=0.06)


def test_agreement_worked_by_hand():
    # biases 0, -0.6, 0.6: variance 0.36; noise 0.09, 0.25, 0.65 (0.8 -> 0.64): mean (0.09 + 0.25 + 0.64) / 3 = 0.98 / 3
    raters = [SimulatedRater("a", noise=0.3), SimulatedRater("b", severity=0.6, noise=0.5),
              SimulatedRater("c", severity=-0.6, noise=0.8)]  # fmt: skip
    agreement = panel_agreement(raters, ACCURACY, true_variance=1.0, n=10)
    assert agreement.icc_2_1 == pytest.approx(1 / (1 + 0.36 + 0.98 / 3))
    assert agreement.icc_3_1 == pytest.approx(1 / (1 + 0.98 / 3))
    # pairs: 0.36 + 0.34, 0.36 + 0.73, 1.44 + 0.89
    assert agreement.mean_squared_difference == pytest.approx((0.70 + 1.09 + 2.33) / 3)


def test_agreement_of_raters_who_drift_apart_worked_by_hand():
    # One point a narrative up and down, n = 4: places 0-3, mean 1.5, sample variance 5/3. MSR = 2 * 5 = 10,
    # MSE = 2 * 5/3 = 10/3, MSC = 4 * var(1.5, -1.5) = 18. They differ by 0, 2, 4, 6: mean square 14.
    raters = [SimulatedRater("up", drift=100), SimulatedRater("down", drift=-100)]
    agreement = panel_agreement(raters, ACCURACY, true_variance=5.0, n=4)
    assert agreement.icc_3_1 == pytest.approx((20 / 3) / (40 / 3))
    assert agreement.icc_2_1 == pytest.approx((20 / 3) / (40 / 3 + 2 * (18 - 10 / 3) / 4))
    assert agreement.mean_squared_difference == pytest.approx(14)


@pytest.mark.parametrize("dimension", [ACCURACY, SAFETY, Dimension.REASONING_COHERENCE])
def test_simulated_panels_agree_as_the_closed_form_says(dimension):
    n, k = 6000, len(PANEL)
    truth = np.random.default_rng(1).choice([1.0, 2.0, 3.0, 4.0], n)
    table = np.array(
        [
            [rater.latent(flat(t), i, narrative_id=f"n{i}", seed=5)[dimension] for rater in PANEL]
            for i, t in enumerate(truth)
        ]
    )
    expected = panel_agreement(PANEL, dimension, true_variance=float(truth.var(ddof=1)), n=n)
    residuals = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
    rows = k * table.mean(1).var(ddof=1)
    columns = n * table.mean(0).var(ddof=1)
    residual = (residuals**2).sum() / ((n - 1) * (k - 1))
    assert (rows - residual) / (rows + (k - 1) * residual) == pytest.approx(expected.icc_3_1, abs=0.01)
    absolute = (rows - residual) / (rows + (k - 1) * residual + k * (columns - residual) / n)
    assert absolute == pytest.approx(expected.icc_2_1, abs=0.01)
    pairs = [((table[:, a] - table[:, b]) ** 2).mean() for a, b in ((0, 1), (0, 2), (1, 2))]
    assert np.mean(pairs) == pytest.approx(expected.mean_squared_difference, rel=0.03)


def test_a_panel_of_nothing_has_no_agreement():
    same = [SimulatedRater("a"), SimulatedRater("b")]
    assert panel_agreement(same, ACCURACY, true_variance=1, n=2).icc_2_1 == 1
    with pytest.raises(DataError, match="same score"):
        panel_agreement(same, ACCURACY, true_variance=0, n=2)
    with pytest.raises(DataError, match="at least two"):
        panel_agreement(same[:1], ACCURACY, true_variance=1, n=9)
    tiring = [SimulatedRater("a", drift=1, session=5), SimulatedRater("b", drift=1)]
    with pytest.raises(DataError, match="sessions differ"):
        panel_agreement(tiring, ACCURACY, true_variance=1, n=9)


@pytest.mark.parametrize(
    "wrong", [{"noise": -1}, {"noise": float("nan")}, {"missing": 1.1}, {"step": 0}, {"session": 0}]
)
def test_parameters_that_mean_nothing_are_refused(wrong):
    with pytest.raises(DataError, match=f"rater r: {next(iter(wrong))}"):
        SimulatedRater("r", **wrong)
