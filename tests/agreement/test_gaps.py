"""Gaps within a label, beside the same worked item by item in a loop."""

import numpy as np
import pytest

from dermatrust.agreement.bootstrap import resample_weights
from dermatrust.agreement.gaps import within_label, within_label_gaps

N_PATIENTS = 12


def looped(values, labels, levels, clusters, weights):
    """Return the gaps of one resample, an item at a time."""
    gaps = np.full((len(values), levels.max() + 1), np.nan)
    for q, row in enumerate(values):
        for level in range(levels.max() + 1):
            apart = []
            for label in range(labels.max() + 1):
                means = []
                for one in (level, 0):
                    own = (labels == label) & (levels == one) & ~np.isnan(row) & (weights[clusters] > 0)
                    means.append(np.average(row[own], weights=weights[clusters[own]]) if own.any() else np.nan)
                apart.append(means[0] - means[1])
            if not np.isnan(apart).all():
                gaps[q, level] = np.nanmean(apart)
    return gaps


def test_each_resample_is_that_of_a_loop_over_the_items():
    rng = np.random.default_rng(3)
    labels, levels = rng.integers(0, 4, 30), rng.integers(0, 3, 30)
    clusters = rng.integers(0, N_PATIENTS, 30)  # a patient may have several labels and levels
    values = np.where(rng.random((2, 30)) < 0.1, np.nan, rng.normal(size=(2, 30)))
    found = within_label_gaps(
        values, labels, levels, clusters, n_clusters=N_PATIENTS, rng=np.random.default_rng(5), n_resamples=40
    )
    ((_, weights),) = resample_weights(N_PATIENTS, 40, np.random.default_rng(5))
    expected = np.stack([looped(values, labels, levels, clusters, one) for one in weights])
    np.testing.assert_allclose(found.draws, expected, atol=1e-12)
    np.testing.assert_allclose(found.gaps, looped(values, labels, levels, clusters, np.ones(N_PATIENTS)), atol=1e-12)
    assert found.counts.sum() == (~np.isnan(values)).sum()


def test_a_label_at_one_level_only_says_nothing():
    totals, counts = np.array([[2.0, 0.0]]), np.array([[1.0, 0.0]])
    assert within_label(totals, counts).tolist() == [0.0, pytest.approx(np.nan, nan_ok=True)]
