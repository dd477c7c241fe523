import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.agreement.decision_curve import act_curve, decision_curve

NAN = math.nan
STEPS = [0.05, 0.1, 0.25, 0.5]
items = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20).map(lambda k: k / 20)), min_size=1, max_size=40)


def curve(truth, probabilities, steps=STEPS, patients=None):
    return decision_curve(truth, probabilities, steps, range(len(truth)) if patients is None else patients)


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
    everyone, nobody = (act_curve(truth, np.full(len(truth), act), STEPS, range(len(truth))) for act in (1, 0))
    np.testing.assert_allclose(everyone.net_benefit, everyone.treat_all)
    np.testing.assert_allclose(nobody.net_benefit, 0)
    assert (everyone.gain <= 1e-12).all()
    assert (nobody.gain <= 1e-12).all()


def test_acts_are_a_curve_of_probabilities_nought_and_one():
    truth, acted = [1, 0, 1, 0, 0], [1, 1, 0, 0, 0]
    by_acts = act_curve(truth, acted, STEPS, range(5))
    by_probabilities = curve(truth, acted)
    for name in ("net_benefit", "low", "gain", "gain_high"):
        np.testing.assert_allclose(getattr(by_acts, name), getattr(by_probabilities, name))


def test_probabilities_that_are_doubled_lose_though_their_order_is_the_same():
    rng = np.random.default_rng(0)
    risk = rng.uniform(0, 0.5, 4000)
    truth = rng.random(4000) < risk
    honest, doubled = (curve(truth, p, [0.3]) for p in (risk, 2 * risk))
    assert honest.gain_low[0] > 0
    assert doubled.net_benefit[0] < honest.low[0]


def test_interval_is_of_whole_patients():
    rng = np.random.default_rng(1)
    truth, stated = np.repeat(rng.integers(0, 2, 80), 3), np.repeat(rng.random(80), 3)
    honest, naive = (curve(truth, stated, [0.2], patients) for patients in (np.repeat(np.arange(80), 3), None))
    widths = honest.high - honest.low, naive.high - naive.low
    assert float(widths[0][0] / widths[1][0]) == pytest.approx(math.sqrt(3), abs=0.05)


@pytest.mark.parametrize("by", ["probabilities", "one act", "an act for each threshold"])
def test_where_nothing_is_rare_the_interval_is_that_of_resampling_what_each_item_adds(by):
    rng = np.random.default_rng(2)
    steps, patients = np.array([0.4, 0.3, 0.5, 0.45]), rng.integers(0, 900, 2000)
    truth = rng.integers(0, 2, 2000).astype(float)
    stated = np.clip(0.3 * truth + rng.integers(0, 15, 2000) / 20, 0, 1)
    truth[3] = stated[5] = NAN
    acted = np.where(np.isnan(stated)[:, np.newaxis], NAN, stated[:, np.newaxis] >= steps)
    if by == "one act":
        acted = acted[:, 0]
    elif by == "an act for each threshold":
        acted[7, 1] = acted[8, 0] = NAN
    act = acted[:, np.newaxis] if acted.ndim == 1 else acted
    odds = steps / (1 - steps)
    adds = np.where(truth[:, np.newaxis] == 1, act, -act * odds)
    adds[np.isnan(truth)] = NAN
    expected = cluster_bootstrap(adds, patients, rng=np.random.default_rng(4), n_resamples=4000)
    found = curve(truth, stated, steps, patients) if by == "probabilities" else act_curve(truth, acted, steps, patients)
    np.testing.assert_allclose(found.net_benefit, expected.means, atol=1e-12)
    np.testing.assert_allclose(found.low, expected.low, atol=2e-3)
    np.testing.assert_allclose(found.high, expected.high, atol=2e-3)
    assert (found.n, found.n_clusters) == (expected.n.max(), expected.n_clusters.max())


def test_the_gain_of_acting_as_if_on_all_has_a_width():
    # Everybody is seen, as by the rule: resampled, the gain is 0 for ever. Up to w of the patients may be another kind:
    # missed (-1 each), or rightly left alone (a ninth each).
    truth, w = np.arange(100) % 2, 1.959964**2 / (100 + 1.959964**2)
    found = curve(truth, np.full(100, 0.9), [0.1])
    assert (found.gain[0], found.gain_low[0], found.gain_high[0]) == pytest.approx((0, -w, w / 9), abs=1e-6)


def test_the_gain_holds_what_is_known_where_few_are_missed():
    # One of twelve positive items is below the threshold: some 3 of 150 patients. Resampled, it held 88 of 100.
    rng = np.random.default_rng(5)
    known = 0.75 * 0.2 / 9 - 0.25 / 12
    holds = []
    for _ in range(400):
        truth = rng.random(150) < 0.25
        stated = np.where(np.where(truth, rng.random(150) < 11 / 12, rng.random(150) < 0.8), 0.5, 0.05)
        found = curve(truth.astype(float), stated, [0.1])
        holds.append(found.gain_low[0] <= known <= found.gain_high[0])
    assert np.mean(holds) >= 0.93


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
        (lambda: act_curve([1], [0.5], [0.2], [0]), r"act is 0\.5"),
        (lambda: act_curve([3], [1], [0.2], [0]), "truth is 3"),
        (lambda: act_curve([1], [1], [0.2], [0, 1]), "does not fit clusters"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
