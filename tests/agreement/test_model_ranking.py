import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from dermatrust.agreement.interval import estimate
from dermatrust.agreement.model_ranking import model_ranking_tau

NAN = math.nan
scores = st.integers(0, 4).map(float) | st.just(NAN)
rows = st.lists(st.tuples(scores, scores, st.integers(0, 3)), min_size=1, max_size=25)


def means_of(ratings, n_models):
    """Mean of each model by judge and experts over the narratives both scored, None where a model has none."""
    judge, experts, model = np.asarray(ratings, dtype=float)
    known = ~np.isnan(judge) & ~np.isnan(experts)
    of = [known & (model == m) for m in range(n_models)]
    return None if not all(m.any() for m in of) else [[one[m].mean() for m in of] for one in (judge, experts)]


def test_an_order_by_hand():
    # Means by the judge 3, 4.5, 2, 2 and by the experts 1, 4, 2, 3. Of six pairs the judge ties one; of the others
    # (0,1), (1,2) and (1,3) are alike, (0,2) and (0,3) opposite: (3 - 2) / sqrt(5 x 6).
    judge, experts, model = [3, 5, 4, 2, 2], [1, 3, 5, 2, 3], [0, 1, 1, 2, 3]
    assert model_ranking_tau(4)([judge, experts, model]) == pytest.approx(1 / math.sqrt(30))


def test_a_narrative_counts_where_both_scored_it():
    # Without the 9 that the experts did not score, model 0's mean by the judge is 1, below model 1's 2.
    statistic = model_ranking_tau(2)
    assert statistic([[9, 1, 2], [NAN, 1, 2], [0, 0, 1]]) == 1
    assert statistic([[9, 1, 2], [1, 1, 2], [0, 0, 1]]) == -1
    assert statistic.terms(np.array([[9.0, 1, 2], [NAN, 1, 2], [0, 0, 1]])).tolist()[0] == [0] * 7


@given(rows)
def test_it_is_scipys_tau_of_the_means(given_rows):
    ratings = np.array(given_rows, dtype=float).T
    found, means = model_ranking_tau(4)(ratings), means_of(ratings, 4)
    if means is None:
        assert math.isnan(found)
    else:
        by_judge, by_experts = (np.round(one, 9) for one in means)
        expected = kendalltau(by_judge, by_experts).statistic
        assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(rows)
def test_a_reversed_judge_has_the_opposite_order(given_rows):
    judge, experts, model = np.array(given_rows, dtype=float).T
    found = model_ranking_tau(4)([judge, experts, model])
    assert model_ranking_tau(4)([-judge, experts, model]) == pytest.approx(-found, nan_ok=True)
    assert model_ranking_tau(4)([experts, judge, model]) == pytest.approx(found, nan_ok=True)


def test_means_that_differ_by_how_they_were_added_are_tied():
    # 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floating point; both means are 0.2, and the judge ties the models.
    first, second = [0.1, 0.2, 0.3], [0.3, 0.2, 0.1]
    assert sum(first) != sum(second)
    tau = model_ranking_tau(3)([[*first, *second, 5], [1, 1, 1, 2, 2, 2, 3], [0, 0, 0, 1, 1, 1, 2]])
    assert tau == pytest.approx(2 / math.sqrt(2 * 3))


@pytest.mark.parametrize(
    "ratings",
    [
        [[3, 4], [1, 2], [0, 0]],  # model 1 has no narrative
        [[3, NAN], [1, 2], [0, 1]],  # none that the judge scored
        [[3, 3], [1, 2], [0, 1]],  # the judge ties all
        [[3, 4], [2, 2], [0, 1]],  # the experts do
        [[], [], []],
    ],
)
def test_where_an_order_is_not_defined_it_is_nan(ratings):
    assert math.isnan(model_ranking_tau(2)(ratings))


def test_values_of_stacked_sums_are_those_one_by_one():
    rng = np.random.default_rng(0)
    statistic = model_ranking_tau(3)
    tables = [np.vstack([rng.integers(0, 5, (2, 12)), rng.integers(0, 3, 12)]).astype(float) for _ in range(6)]
    tables[4][2] = 0
    sums = np.array([statistic.terms(table).sum(axis=0) for table in tables])
    expected = [statistic(table) for table in tables]
    assert math.isnan(expected[4])
    assert statistic.value(sums.reshape(2, 3, -1)).ravel() == pytest.approx(expected, nan_ok=True)


def test_its_interval_resamples_patients_with_all_their_narratives():
    # Two patients, each with both models, ordered alike by the one and opposite by the other. Of resamples a quarter
    # draws only the first (tau 1) and a quarter only the second (-1); with both the judge's means are 2.5 and 2.5.
    judge, experts, model = [1, 2, 4, 3], [1, 2, 3, 4], [0, 1, 0, 1]
    found = estimate(
        model_ranking_tau(2), [judge, experts, model], [0, 0, 1, 1], rng=np.random.default_rng(0), n_resamples=400
    )
    assert math.isnan(found.value)
    assert (found.low, found.high) == (-1, 1)
    assert 150 < found.n_skipped < 250


@pytest.mark.parametrize("number", [-1, 2, 0.5, NAN])
def test_a_number_of_no_model_is_refused(number):
    with pytest.raises(ValueError, match="a model's number is none of 0 to 1"):
        model_ranking_tau(2)([[1, 2], [1, 2], [0, number]])


def test_fewer_than_two_models_have_no_order():
    with pytest.raises(ValueError, match="there are 1 models; expected at least 2"):
        model_ranking_tau(1)


def test_a_table_of_two_rows_is_refused():
    with pytest.raises(ValueError, match="with 3 raters"):
        model_ranking_tau(2)([[1, 2], [1, 2]])


def test_many_models_take_no_longer_than_a_second():
    rng = np.random.default_rng(1)
    ratings = np.vstack([rng.integers(0, 6, (2, 400)), np.arange(400) % 40])
    start = time.process_time()
    estimate(model_ranking_tau(40), ratings, np.arange(400) // 40, rng=rng, n_resamples=500)
    assert time.process_time() - start < 1
