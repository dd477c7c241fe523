import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.bootstrap import KeptDraws, cluster_bootstrap
from dermatrust.agreement.decision_curve import act_curve, benefits, decision_curve

NAN = math.nan
STEPS = [0.05, 0.1, 0.25, 0.5]
items = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20).map(lambda k: k / 20)), min_size=1, max_size=40)


def curve(truth, probabilities, steps=STEPS, patients=None, **asked):
    patients = range(len(truth)) if patients is None else patients
    return decision_curve(
        truth, probabilities, steps, patients, rng=np.random.default_rng(0), **{"n_resamples": 50} | asked
    )


def test_net_benefit_by_hand():
    # At 0.2 a false alarm costs a quarter. Acted on .9, .3, .6 (one false): (2 - 1/4) / 4. All: (2 - 2/4) / 4 = .375.
    found = curve([1, 0, 0, 1, 1, NAN], [0.9, 0.3, 0.1, 0.6, NAN, 0.9], [0.2, 0.5, 0.7])
    assert found.net_benefit.tolist() == pytest.approx([1.75 / 4, 0.5, 0.25])
    assert found.treat_all.tolist() == pytest.approx([0.375, 0.0, (2 - 2 * 7 / 3) / 4])
    assert found.gain.tolist() == pytest.approx([0.0625, 0.5, 0.25])
    assert (found.n, found.n_clusters) == (4, 4)


@given(items)
def test_it_is_the_formula_of_vickers_and_elkin(rows):
    truth, stated = np.array(rows, dtype=float).T
    found = curve(truth, stated)
    for k, step in enumerate(STEPS):
        acted = stated >= step
        tp, fp = int(acted[truth == 1].sum()), int(acted[truth == 0].sum())
        prevalence = truth.mean()
        odds = step / (1 - step)
        assert found.net_benefit[k] == pytest.approx(tp / len(rows) - fp / len(rows) * odds)
        assert found.treat_all[k] == pytest.approx(prevalence - (1 - prevalence) * odds)
    assert (found.net_benefit <= truth.mean() + 1e-12).all()


@given(items)
def test_acting_on_all_and_on_none_gain_nothing(rows):
    truth = np.array(rows, dtype=float)[:, 0]
    rng = np.random.default_rng(0)
    everyone = act_curve(truth, np.ones(len(truth)), STEPS, range(len(truth)), rng=rng, n_resamples=20)
    nobody = act_curve(truth, np.zeros(len(truth)), STEPS, range(len(truth)), rng=rng, n_resamples=20)
    np.testing.assert_allclose(everyone.net_benefit, everyone.treat_all)
    np.testing.assert_allclose(nobody.net_benefit, 0)
    assert (everyone.gain <= 1e-12).all()
    assert (nobody.gain <= 1e-12).all()


def test_acts_are_a_curve_of_probabilities_nought_and_one():
    truth, acted = [1, 0, 1, 0, 0], [1, 1, 0, 0, 0]
    by_acts = act_curve(truth, acted, STEPS, range(5), rng=np.random.default_rng(0), n_resamples=50)
    by_probabilities = curve(truth, acted)
    for name in ("net_benefit", "low", "gain", "gain_high"):
        np.testing.assert_allclose(getattr(by_acts, name), getattr(by_probabilities, name))


def test_probabilities_that_are_doubled_lose_though_their_order_is_the_same():
    rng = np.random.default_rng(0)
    risk = rng.uniform(0, 0.5, 4000)
    truth = rng.random(4000) < risk
    honest, doubled = (curve(truth, p, [0.3], n_resamples=300) for p in (risk, 2 * risk))
    assert honest.gain_low[0] > 0
    assert doubled.net_benefit[0] < honest.low[0]


def test_interval_resamples_whole_patients():
    rng = np.random.default_rng(1)
    truth, stated = np.repeat(rng.integers(0, 2, 80), 3), np.repeat(rng.random(80), 3)
    honest = curve(truth, stated, [0.2], np.repeat(np.arange(80), 3), n_resamples=800)
    naive = curve(truth, stated, [0.2], n_resamples=800)
    widths = honest.high - honest.low, naive.high - naive.low
    assert float(widths[0][0] / widths[1][0]) == pytest.approx(math.sqrt(3), abs=0.25)


@pytest.mark.parametrize("by", ["probabilities", "one act", "an act for each threshold"])
def test_the_interval_is_that_of_the_mean_of_what_each_item_adds(by):
    """Counts of patients, by thresholds in any order, against the items themselves."""
    rng = np.random.default_rng(2)
    steps, patients = np.array([0.25, 0.05, 0.5, 0.1]), rng.integers(0, 12, 40)
    truth, stated = rng.integers(0, 2, 40).astype(float), rng.integers(0, 21, 40) / 20
    truth[3] = stated[5] = NAN
    acted = np.where(np.isnan(stated)[:, np.newaxis], NAN, stated[:, np.newaxis] >= steps)
    if by == "one act":
        acted = acted[:, 0]
    elif by == "an act for each threshold":
        acted[7, 1] = acted[8, 0] = NAN
    asked = {"n_resamples": 60, "confidence": 0.9}
    if by == "probabilities":
        found = decision_curve(truth, stated, steps, patients, rng=KeptDraws(4), **asked)
    else:
        found = act_curve(truth, acted, steps, patients, rng=KeptDraws(4), **asked)
    expected = cluster_bootstrap(benefits(truth, acted, steps), patients, rng=np.random.default_rng(4), **asked)
    np.testing.assert_allclose(found.net_benefit, expected.means, atol=1e-12)
    np.testing.assert_allclose(found.low, expected.low, atol=1e-12)
    np.testing.assert_allclose(found.high, expected.high, atol=1e-12)
    assert (found.n, found.n_clusters) == (expected.n.max(), expected.n_clusters.max())


def test_one_patient_has_no_interval_and_nobody_no_benefit():
    one = curve([1, 0], [0.9, 0.2], patients=["a", "a"])
    assert one.net_benefit[0] == pytest.approx((1 - 1 / 19) / 2)
    assert np.isnan(one.low).all()
    none = curve([NAN], [0.5])
    assert np.isnan(none.net_benefit).all()
    assert none.n == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: curve([1], [1.5]), "a probability is outside 0 to 1"),
        (lambda: curve([1], [0.5], [1.0]), "a threshold is not above 0 and below 1"),
        (lambda: curve([1], [0.5, 0.2]), "do not fit"),
        (lambda: benefits([1], [0.5], [0.2]), r"act is 0\.5"),
        (lambda: benefits([3], [1], [0.2]), "truth is 3"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
