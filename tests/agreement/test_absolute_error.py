import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.absolute_error import absolute_errors
from dermatrust.agreement.clusters import sum_clusters
from dermatrust.agreement.consensus import other_clusters_means, others_means, panel_means

NAN = float("nan")
scores = st.one_of(st.integers(0, 10).map(lambda k: k / 2), st.just(NAN))
panels = st.integers(2, 4).flatmap(lambda k: st.lists(st.lists(scores, min_size=k, max_size=k), min_size=1, max_size=8))


def test_absolute_errors_by_hand():
    # Patient 0: |3 - 4| + |5 - 4.5| = 1.5 over two, patient 4: |0 - 2| = 2 over one; the second column lacks one.
    errors = absolute_errors([[3, 1], [5, NAN], [0, 2]], [[4, 1], [4.5, 1], [2, NAN]], [0, 0, 4])
    assert errors.clusters.tolist() == [0, 4]
    assert errors.sums.tolist() == [[1.5, 0.0], [2.0, 0.0]]
    assert errors.counts.tolist() == [[2, 1], [1, 0]]
    assert errors.means.round(6).tolist() == [1.166667, 0.0]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"scores of shape \(2,\) do not fit targets of shape \(1,\)"):
        absolute_errors([1.0, 2.0], [1.0], [0, 0])


def test_nothing_to_compare_with_is_nan_and_not_zero():
    errors = absolute_errors([1.0], [NAN], [0])
    assert errors.n.tolist() == [0]
    assert np.isnan(errors.means).all()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@given(panels)
def test_panel_and_others_means_are_those_of_numpy(rows):
    ratings = np.array(rows).T  # raters x narratives
    expected = np.nanmean(ratings, axis=0)
    others = [np.nanmean(np.delete(ratings, k, axis=0), axis=0) for k in range(len(ratings))]
    np.testing.assert_allclose(panel_means(ratings), expected)
    np.testing.assert_allclose(others_means(ratings), others)


@given(st.lists(st.tuples(scores, st.integers(0, 3)), min_size=1, max_size=12))
def test_the_guess_knows_nothing_of_the_patient_it_guesses(rows):
    values, clusters = np.array([[v] for v, _ in rows]), np.array([c for _, c in rows])
    guesses = other_clusters_means(values, clusters)
    for k, cluster in enumerate(clusters):
        elsewhere = values[clusters != cluster]
        known = elsewhere[~np.isnan(elsewhere)]
        np.testing.assert_allclose(guesses[k, 0], known.mean() if known.size else NAN)


def test_one_patient_leaves_nothing_to_guess_from():
    assert np.isnan(other_clusters_means([[1.0], [2.0]], [5, 5])).all()


def test_clusters_are_checked_as_everywhere():
    with pytest.raises(ValueError, match="integers of at least 0"):
        absolute_errors([1.0], [1.0], [-1])
    with pytest.raises(ValueError, match="do not fit clusters"):
        sum_clusters([1.0, 2.0], [0])
