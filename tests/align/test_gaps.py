"""Gaps between parts of the narratives, as they are and within the same disease."""

import math

import numpy as np
import pytest

from dermatrust.agreement.gaps import chance_gap, within_label
from dermatrust.align.compare import Bootstrap
from dermatrust.align.gaps import gap_rows
from dermatrust.align.ratings import FACTORS, RatingTable
from dermatrust.align.target import study_of
from dermatrust.align.within import within_rows
from dermatrust.records import Case, Narrative, Rater

NAN = math.nan


def study(errors, levels, *, labels=None, factor="skin type", patients=None):
    """A judge that is off by so much, on all six dimensions, from a person who always says 2."""
    n = len(errors)
    wanted = np.full((n, 6), 2.0)
    scores = np.stack([wanted + np.array(errors, dtype=float)[:, np.newaxis], wanted])
    names = labels or ["psoriasis"] * n
    numbers = np.arange(n) if patients is None else np.array(patients)
    table = RatingTable(
        raters=(Rater(id="j", kind="llm"), Rater(id="Dr A", kind="human")),
        narratives=tuple(Narrative(id=f"n{k}", case_id=f"c{k}", author="m", text="A plaque.") for k in range(n)),
        cases=tuple(Case(id=f"c{k}", label=name) for k, name in enumerate(names)),
        patients=numbers, n_patients=int(numbers.max()) + 1, scores=scores,
        draws=np.full((2, *scores.shape), NAN), places=np.tile(np.arange(n), (2, 1)),
        factors=dict.fromkeys(FACTORS, ("all",) * n) | {factor: tuple(levels)}, n_empty=0,
    )  # fmt: skip
    return study_of(table)


BOOTSTRAP = Bootstrap(n_resamples=200)


def test_hand_worked_gaps_of_error_and_bias():
    # I: errors 1 and -1 in turn, mean error 1, bias 0. II: always 0.5. III is too small and "not recorded" no part.
    errors = [1, -1] * 6 + [0.5] * 10 + [3] * 9 + [3] * 12
    levels = ["I"] * 12 + ["II"] * 10 + ["III"] * 9 + ["not recorded"] * 12
    error, bias = gap_rows(study(errors, levels), BOOTSTRAP)
    assert (error.statistic, error.lowest, error.highest) == ("MAE", "II", "I")
    assert (error.at_lowest, error.at_highest, error.gap.value) == (0.5, 1.0, 0.5)
    assert (error.n_lowest, error.n_highest, error.gap.n) == (10, 12, 22)
    assert (error.gap.low, error.gap.high, error.chance) == (0.5, 0.5, 0.0)  # the errors do not vary within a part
    assert error.is_beyond_chance
    assert (bias.statistic, bias.lowest, bias.highest, bias.gap.value) == ("bias", "I", "II", 0.5)
    assert bias.gap.low < 0.5 < bias.gap.high
    assert bias.chance > 0


def test_a_gap_of_the_same_numbers_in_another_order_is_chance():
    rng = np.random.default_rng(3)
    errors = rng.permutation(np.linspace(0, 2, 40))
    error, _ = gap_rows(study(errors, ["I", "II", "III", "IV"] * 10), BOOTSTRAP)
    assert error.gap.value > 0
    assert not error.is_beyond_chance


def test_a_real_gap_is_beyond_chance_and_a_single_part_has_none():
    rng = np.random.default_rng(3)
    errors = rng.uniform(0, 0.4, 40) + np.repeat([0.0, 1.0], 20)
    levels = ["I"] * 20 + ["VI"] * 20
    error, _ = gap_rows(study(errors, levels), BOOTSTRAP)
    assert (error.lowest, error.highest, error.is_beyond_chance) == ("I", "VI", True)
    assert error.gap.low > 0.8
    assert gap_rows(study(errors, ["I"] * 40), BOOTSTRAP) == []
    assert gap_rows(study(errors, ["I"] * 31 + ["VI"] * 9), BOOTSTRAP) == []


def test_narratives_without_a_score_do_not_count():
    errors = [0.5] * 12 + [NAN] * 3 + [1.0] * 9
    assert gap_rows(study(errors, ["I"] * 12 + ["II"] * 12), BOOTSTRAP) == []


MANY = np.array([10_000, 10_000])


def test_the_chance_gap_takes_out_what_the_parts_differ_by():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (4000, 2))
    apart = chance_gap(noise + np.array([0.0, 100.0]), np.array([0.0, 100.0]), MANY, 0.95)
    assert apart == pytest.approx(1.96 * math.sqrt(2), rel=0.05)  # |difference of two normals|
    assert math.isnan(chance_gap(np.full((3, 2), NAN), np.zeros(2), MANY, 0.95))


@pytest.mark.parametrize("sizes", [(10, 60, 60), (10, 10, 10), (15, 40, 100, 200), (100, 100, 100)])
def test_without_a_difference_chance_is_seldom_exceeded(sizes):
    rng, n = np.random.default_rng(0), np.array(sizes)
    exceeded = []
    for _ in range(600):
        shares = rng.binomial(n, 0.6) / n
        draws = rng.binomial(n, shares, size=(400, len(n))) / n
        exceeded.append(np.ptp(shares) > chance_gap(draws, shares, n, 0.95))
    assert np.mean(exceeded) < 0.08


def test_hand_worked_gap_within_the_same_disease():
    # psoriasis: I 1.0, VI 1.5. melanoma: I 0.0, VI 0.1. By part alone, VI (mostly melanoma) would look better.
    errors = [1.0] * 12 + [1.5] * 3 + [0.0] * 3 + [0.1] * 9 + [3.0] * 4
    levels = ["I"] * 12 + ["VI"] * 3 + ["I"] * 3 + ["VI"] * 9 + ["I"] * 4
    labels = ["psoriasis"] * 15 + ["melanoma"] * 12 + ["scabies"] * 4  # scabies is at one level only
    (row,) = within_rows(study(errors, levels, labels=labels), BOOTSTRAP)
    assert (row.level, row.beside, row.n_labels, row.n_level, row.n_beside) == ("VI", "I", 2, 12, 15)
    assert row.error.value == pytest.approx(((1.5 - 1.0) + (0.1 - 0.0)) / 2)
    assert row.bias.value == pytest.approx(0.3)
    assert row.error.low <= row.error.value <= row.error.high
    error, _ = gap_rows(study(errors, levels, labels=labels), BOOTSTRAP)
    assert error.highest == "I"


def test_fewer_than_ten_narratives_of_shared_labels_show_no_gap():
    levels = ["I"] * 14 + ["VI"] * 12
    labels = ["psoriasis"] * 14 + ["psoriasis"] * 9 + ["melanoma"] * 3
    (row,) = within_rows(study([1.0] * 26, levels, labels=labels), BOOTSTRAP)
    assert (row.n_labels, row.n_level, row.n_beside, row.error, row.bias) == (1, 9, 14, None, None)


def test_cases_without_a_label_and_levels_without_company_are_left_out():
    levels = ["I"] * 12 + ["VI"] * 12
    assert within_rows(study([1.0] * 24, levels, labels=[None] * 24), BOOTSTRAP) == []
    assert within_rows(study([1.0] * 24, ["I"] * 24), BOOTSTRAP) == []
    assert within_rows(study([1.0] * 24, levels, factor="author"), BOOTSTRAP) == []


def test_within_label_weighs_every_label_the_same():
    totals = np.array([[0.0, 100.0], [0.0, 0.0], [5.0, 0.0]])
    counts = np.array([[1.0, 100.0], [1.0, 1.0], [1.0, 0.0]])
    assert within_label(totals, counts).tolist() == [0.0, 0.5]
    assert np.isnan(within_label(np.zeros((1, 2)), np.array([[0.0, 1.0]]))).all()
