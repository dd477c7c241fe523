import math

import numpy as np
import pytest

from dermatrust.agreement.clusters import ClusterSums, sum_clusters

NAN = math.nan


def test_sums_and_counts_of_a_hand_worked_table():
    found = sum_clusters([[1, 10], [2, NAN], [4, 30]], [5, 2, 5])
    assert found.clusters.tolist() == [2, 5]
    assert found.sums.tolist() == [[2, 0], [5, 40]]
    assert found.counts.tolist() == [[1, 0], [2, 2]]
    assert found.n.tolist() == [3, 2]
    assert found.n_clusters.tolist() == [2, 1]
    assert found.means.tolist() == [pytest.approx(7 / 3), 20]


def test_a_column_without_observations_has_no_mean():
    found = sum_clusters([[NAN], [NAN]], [0, 1])
    assert np.isnan(found.means).all()
    assert found.n.tolist() == found.n_clusters.tolist() == [0]


def test_nothing_at_all_is_allowed():
    found = sum_clusters(np.empty((0, 3)), np.empty(0, dtype=np.int64))
    assert found.means.shape == (3,)
    assert found.clusters.size == 0


@pytest.mark.parametrize(
    ("values", "clusters"),
    [([1.0, 2.0], [0]), ([1.0], [-1]), ([1.0], [0.5]), (np.zeros((2, 2, 2)), [0, 1]), ([[1.0]], [[0]])],
)
def test_what_does_not_fit_is_refused(values, clusters):
    with pytest.raises(ValueError, match="clusters"):
        sum_clusters(values, clusters)


def test_means_are_those_of_the_observations_and_not_of_the_clusters():
    sums = ClusterSums(np.array([0, 1]), np.array([[10.0], [0.0]]), np.array([[2.0], [1.0]]))
    assert sums.means.tolist() == [pytest.approx(10 / 3)]
