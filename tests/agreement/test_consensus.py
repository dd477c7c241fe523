import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.agreement.consensus import other_clusters_means, others_means, panel_means

NAN = float("nan")
scores = st.one_of(st.integers(0, 10).map(lambda k: k / 2), st.just(NAN))
panels = st.integers(2, 4).flatmap(lambda k: st.lists(st.lists(scores, min_size=k, max_size=k), min_size=1, max_size=8))


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
