import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from dermatrust.agreement.held_out_responses import held_out_accuracy

NAN = math.nan


def test_by_hand_where_all_is_certain():
    # Item 0 is right and item 1 wrong for everybody: whatever is hidden, the others tell.
    found = held_out_accuracy([[1, 0]] * 10, rng=np.random.default_rng(0), hidden=0.25)
    assert (found.accuracy.n_hits, found.accuracy.n, found.n_skipped) == (5, 5, 0)
    assert found.of_items.value == 1


def test_it_does_as_well_as_the_truth_could():
    rng = np.random.default_rng(1)
    abilities = rng.normal(size=(200, 1))
    chances = expit(2 * (abilities - rng.normal(size=60)))
    answers = rng.random((200, 60)) < chances
    found = held_out_accuracy(answers, rng=rng)
    best = np.maximum(chances, 1 - chances).mean()  # of one who knows all parameters
    assert found.accuracy.n == 2400
    assert best - 0.02 < found.accuracy.value < best + 0.02
    assert found.of_items.value < found.accuracy.value - 0.05


def test_persons_that_do_not_differ_are_no_easier_to_foretell():
    rng = np.random.default_rng(2)
    answers = rng.random((60, 80)) < rng.random(80)
    found = held_out_accuracy(answers, rng=rng)
    assert abs(found.accuracy.value - found.of_items.value) < 0.03


def test_what_has_no_other_answer_is_counted_apart():
    answers = np.full((4, 4), NAN)
    np.fill_diagonal(answers, 1)
    found = held_out_accuracy(answers, rng=np.random.default_rng(0), hidden=0.5)
    assert (found.accuracy.n, found.n_skipped) == (0, 2)
    assert math.isnan(found.accuracy.value)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.6))
def test_counts_add_up_and_the_same_state_gives_the_same(seed, hidden):
    rng = np.random.default_rng(seed)
    answers = np.where(rng.random((8, 6)) < 0.8, rng.integers(0, 2, (8, 6)), NAN)
    n_hidden = round(hidden * (~np.isnan(answers)).sum())
    first, second = (held_out_accuracy(answers, rng=np.random.default_rng(seed), hidden=hidden) for _ in range(2))
    assert first == second or first.accuracy.n == 0
    assert first.accuracy.n + first.n_skipped == n_hidden
    assert first.of_items.n == first.accuracy.n


@pytest.mark.parametrize("hidden", [0.0, 1.0, 0.1])
def test_nonsense_is_refused(hidden):
    with pytest.raises(ValueError, match=f"hidden is {hidden}: [0-4] of 4 answers"):
        held_out_accuracy([[1, 0], [0, 1]], rng=np.random.default_rng(0), hidden=hidden)
