import math

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from dermatrust.agreement.gaps import within_label
from dermatrust.clinic.subgroup_levels import _band, _category, _disease, _words
from dermatrust.clinic.subgroups import Measured, Parts, subgroup_tables, within_disease

NAN = math.nan


def measured(values, name="accuracy"):
    return Measured("m", "image only", "all", name, np.asarray(values, dtype=float))


def parts_of(levels, labels=None, patients=None, factor="skin type", **options):
    patients = np.arange(len(levels)) if patients is None else np.asarray(patients)
    labels = [None] * len(levels) if labels is None else labels
    options = {"n_resamples": 200, "fewest": 1} | options
    return Parts({factor: levels}, labels, patients, int(patients.max()) + 1, **options)


def by_level(rows):
    return {row.level: row for row in rows}


def test_values_differences_and_ratios_by_hand():
    # I-II: 3 of 4. V-VI: 1 of 2. One without a skin type, right. One of I-II with no value.
    levels = ["I-II"] * 5 + ["V-VI"] * 2 + ["not recorded"]
    rows, gaps = subgroup_tables([measured([1, 1, 1, 0, NAN, 1, 0, 1])], parts_of(levels))
    rows = by_level(rows)
    assert (rows["I-II"].n, rows["I-II"].value.value) == (4, 0.75)
    assert rows["I-II"].difference.value == pytest.approx(0.25)
    assert rows["V-VI"].ratio.value == pytest.approx(0.5 / 0.75)
    assert rows["V-VI"].difference.n == 6
    assert rows["not recorded"].value.value == 1
    assert rows["not recorded"].difference is None
    (gap,) = gaps
    assert (gap.lowest, gap.highest, gap.at_lowest, gap.at_highest) == ("V-VI", "I-II", 0.5, 0.75)
    assert (gap.gap.value, gap.gap.n) == (0.25, 6)
    assert gap.ratio.value == pytest.approx(2 / 3)


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from("ABC")), min_size=4, max_size=40))
def test_parts_and_gaps_are_those_of_fairlearn(items):
    values, levels = [v for v, _ in items], [level for _, level in items]
    rows, gaps = subgroup_tables([measured(values)], parts_of(levels, n_resamples=2, factor="sex"))
    if len(set(levels)) < 2:
        assert rows == gaps == []
        return
    ones = np.ones(len(values))
    frame = MetricFrame(
        metrics=lambda t, p: float((t == p).mean()), y_true=ones, y_pred=values, sensitive_features=levels
    )
    for level, row in by_level(rows).items():
        assert row.value.value == pytest.approx(frame.by_group[level])
    assert gaps[0].gap.value == pytest.approx(frame.difference(method="between_groups"))
    if gaps[0].at_highest > 0:
        assert gaps[0].ratio.value == pytest.approx(frame.ratio(method="between_groups"))


def test_sensitivity_by_part_is_that_of_fairlearn():
    rng = np.random.default_rng(0)
    truth, call, levels = rng.integers(0, 2, 200), rng.integers(0, 2, 200), rng.choice(["I-II", "III-IV", "V-VI"], 200)
    values = np.where(truth == 1, call == truth, NAN)
    rows, gaps = subgroup_tables([measured(values, "sensitivity")], parts_of(levels.tolist()))
    frame = MetricFrame(metrics=recall_score, y_true=truth, y_pred=call, sensitive_features=levels)
    assert {name: row.value.value for name, row in by_level(rows).items()} == pytest.approx(frame.by_group.to_dict())
    assert gaps[0].gap.value == pytest.approx(frame.difference(method="between_groups"))


def test_small_parts_show_how_many_they_are_and_nothing_else():
    levels = ["I-II"] * 12 + ["V-VI"] * 9 + ["III-IV"] * 10
    rows, gaps = subgroup_tables([measured([1] * 12 + [0] * 9 + [0, 1] * 5)], parts_of(levels, fewest=10))
    small = by_level(rows)["V-VI"]
    assert (small.n, small.value, small.difference, small.ratio) == (9, None, None, None)
    assert by_level(rows)["I-II"].difference.n == 31  # the small part is among the others
    assert (gaps[0].lowest, gaps[0].highest) == ("III-IV", "I-II")


def test_what_is_not_recorded_is_a_row_and_no_part_of_a_gap():
    levels = ["not recorded"] * 3 + ["female"] * 3
    rows, gaps = subgroup_tables([measured([0, 0, 0, 1, 1, 1])], parts_of(levels, factor="sex"))
    assert {row.level: (row.n, row.value.value, row.difference) for row in rows} == {
        "not recorded": (3, 0.0, None), "female": (3, 1.0, None),
    }  # fmt: skip
    assert gaps == []
    levels = ["not recorded"] * 3 + ["female"] * 2 + ["male"] * 2
    _, (gap,) = subgroup_tables([measured([0, 0, 0, 1, 1, 1, 0])], parts_of(levels, factor="sex"))
    assert (gap.lowest, gap.highest) == ("male", "female")


@pytest.mark.parametrize("level", ["not recorded", "I-II"])
def test_a_skin_type_that_all_cases_share_or_nobody_recorded_is_a_row_and_another_factor_is_not(level):
    (row,), gaps = subgroup_tables([measured([0, 0, 1])], parts_of([level] * 3, factor="skin type"))
    assert (row.level, row.n, row.difference, gaps) == (level, 3, None, [])
    assert row.value.value == pytest.approx(1 / 3)
    assert subgroup_tables([measured([0, 0, 1])], parts_of([level] * 3, factor="sex")) == ([], [])


def test_intervals_are_over_patients_and_one_patient_has_none():
    rng = np.random.default_rng(1)
    values, levels = np.repeat(rng.integers(0, 2, 80), 4), ["A", "B"] * 160
    alone, _ = subgroup_tables([measured(values)], parts_of(levels, n_resamples=800))
    repeated, _ = subgroup_tables(
        [measured(values)], parts_of(levels, patients=np.repeat(np.arange(80), 4), n_resamples=800)
    )
    widths = [row.value.high - row.value.low for row in (by_level(repeated)["A"], by_level(alone)["A"])]
    assert widths[0] / widths[1] == pytest.approx(math.sqrt(2), abs=0.25)
    one, (gap,) = subgroup_tables([measured([1, 0, 1, 1])], parts_of(["A", "A", "B", "B"], patients=[0, 0, 1, 2]))
    assert math.isnan(by_level(one)["A"].value.low)
    assert math.isnan(gap.gap.low)


def test_a_gap_that_is_chance_is_not_beyond_it_and_a_real_one_is():
    rng = np.random.default_rng(2)
    levels = ["A", "B", "C"] * 100
    n_alarms = 0
    for k in range(60):
        values = rng.random(300) < 0.6
        n_alarms += subgroup_tables([measured(values)], parts_of(levels, seed=k))[1][0].is_beyond_chance
    assert n_alarms <= 8
    real = np.where(np.array(levels) == "C", rng.random(300) < 0.3, rng.random(300) < 0.8)
    assert subgroup_tables([measured(real)], parts_of(levels))[1][0].is_beyond_chance


def test_a_small_part_that_is_all_right_is_rarely_beyond_chance():
    """Without any difference one of twenty studies should be; it was one of six, nearly all of them for such a part."""
    rng = np.random.default_rng(0)
    levels, n_alarms = ["A"] * 10 + ["B"] * 60 + ["C"] * 60, 0
    for k in range(100):
        (gap,) = subgroup_tables([measured(rng.random(130) < 0.85)], parts_of(levels, seed=k))[1]
        n_alarms += gap.is_beyond_chance
    assert n_alarms <= 8
    wrong = [0] * 10 + [1] * 60 + [0] * 10 + [1] * 50  # all wrong, and the others nearly all right
    (gap,) = subgroup_tables([measured(wrong)], parts_of(levels))[1]
    assert gap.lowest == "A"
    assert gap.is_beyond_chance


def test_within_disease_by_hand_with_mantel_haenszel_weights():
    # Disease x: A 2 of 4, B 1 of 1 (gap +1/2, weight 4·1/5). y: A 1 of 2, B 0 of 2 (gap -1/2, weight 1). z: only A.
    levels = ["A"] * 4 + ["B"] + ["A"] * 2 + ["B"] * 2 + ["A"]
    labels = ["x"] * 5 + ["y"] * 4 + ["z"]
    values = [1, 1, 0, 0, 1, 1, 0, 0, 0, 1]
    (row,) = within_disease([measured(values)], parts_of(levels, labels, factor="sex"))
    assert (row.level, row.beside, row.n_diseases, row.n_level, row.n_beside) == ("B", "A", 2, 3, 6)
    assert row.difference.value == pytest.approx((0.8 * 0.5 - 1 * 0.5) / 1.8)
    assert (row.difference.n, row.difference.n_clusters) == (9, 9)


def test_a_gap_that_diseases_explain_is_gone_within_them():
    # Easy disease 90 % right, hard one 30 %, alike in both parts; B has mostly the hard one.
    rng = np.random.default_rng(3)
    hard = np.concatenate([rng.random(400) < 0.2, rng.random(400) < 0.8])
    values = rng.random(800) < np.where(hard, 0.3, 0.9)
    levels = ["A"] * 401 + ["B"] * 399
    parts = parts_of(levels, np.where(hard, "hard", "easy").tolist(), factor="sex")
    _, (gap,) = subgroup_tables([measured(values)], parts)
    (row,) = within_disease([measured(values)], parts)
    assert gap.gap.low > 0.2
    assert row.difference.low < 0 < row.difference.high


def test_within_disease_needs_cases_on_both_sides():
    levels, labels = ["A"] * 3 + ["B"] * 2, ["x", "x", "x", "x", "x"]
    (row,) = within_disease([measured([1, 0, 1, 0, 1])], parts_of(levels, labels, factor="sex", fewest=3)) or [None]
    assert row is None or row.difference is None
    assert within_disease([measured([1, 0])], parts_of(["A", "B"], [None, None], factor="sex")) == []
    assert within_disease([measured([1, 0])], parts_of(["A", "B"], ["x", "x"], factor="site")) == []


def test_label_weights_agree_where_every_label_has_as_many():
    totals, counts = np.array([[2.0, 1.0], [1.0, 2.0]]), np.full((2, 2), 4.0)
    equal, weighed = within_label(totals, counts), within_label(totals, counts, "mantel-haenszel")
    np.testing.assert_allclose(equal, weighed)


def test_many_figures_are_done_in_turns_with_the_same_patients(monkeypatch):
    rng = np.random.default_rng(4)
    figures = [measured(rng.integers(0, 2, 60), f"m{k}") for k in range(7)]
    parts = parts_of(["A", "B", "C"] * 20)
    whole = subgroup_tables(figures, parts)
    monkeypatch.setattr("dermatrust.clinic.subgroups._CELLS_AT_ONCE", 6)
    assert subgroup_tables(figures, parts) == whole


@pytest.mark.parametrize(
    ("age", "band"), [(0, "0-17"), (17.99, "0-17"), (18, "18-39"), (64, "40-64"), (65, "65+"), (120, "65+")]
)
def test_age_bands(age, band):
    from dermatrust.clinic.subgroup_levels import _AGES

    assert _band(age, _AGES) == band


def test_words_and_categories_of_cases():
    assert _words(["Female ", None, " ", "I-II"]) == ["female", "not recorded", "not recorded", "I-II"]
    assert _category("psoriasis") == "Psoriasis pictures Lichen Planus and related diseases"
    assert _category("grumbling leg") == _category(None) == "not recorded"
    assert (_disease("SJS"), _disease("grumbling leg"), _disease(None)) == (
        "Stevens-Johnson syndrome", "grumbling leg", None,
    )  # fmt: skip


def test_parts_that_are_alike_are_still_two_and_their_gap_has_an_interval():
    levels = ["female"] * 8 + ["male"] * 8
    (gap,) = subgroup_tables([measured([1, 0] * 8)], parts_of(levels, factor="sex"))[1]
    assert (gap.lowest, gap.highest, gap.gap.value, gap.gap.n) == ("female", "male", 0, 16)
    assert gap.gap.low < 0 < gap.gap.high


def test_a_part_that_is_all_right_is_no_certainty_in_its_difference():
    """12 of 12 right beside 51 of 100: by Zou & Donner the gap is 0.49 less the distances of both shares."""
    values = [1] * 12 + [1] * 51 + [0] * 49
    levels = ["V-VI"] * 12 + ["I-II"] * 100
    parts = parts_of(levels, labels=["wart"] * 112, n_resamples=2_000)
    rows, (gap,) = subgroup_tables([measured(values)], parts)
    few, many = by_level(rows)["V-VI"], by_level(rows)["I-II"]
    reach = math.hypot(1 - few.value.low, many.value.high - 0.51)
    (within,) = within_disease([measured(values)], parts)
    for found in (few.difference, gap.gap, within.difference):
        assert found.value - found.low == pytest.approx(reach, abs=0.01)
        assert found.high - found.value == pytest.approx(0.51 - many.value.low, abs=0.012)  # of 12 within, or of 100
    assert many.difference.high - many.difference.value == pytest.approx(reach, abs=0.01)
    for ratio in (few.ratio, many.ratio, gap.ratio):
        assert not math.isnan(ratio.value)
        assert math.isnan(ratio.low)


def test_a_difference_covers_though_a_small_part_is_often_all_right():
    rng = np.random.default_rng(0)
    levels, held = ["V-VI"] * 12 + ["I-II"] * 100, 0
    for _ in range(100):
        values = np.concatenate([rng.random(12) < 0.9, rng.random(100) < 0.6])
        rows, _ = subgroup_tables([measured(values)], parts_of(levels))
        found = by_level(rows)["V-VI"].difference
        held += found.low <= 0.3 <= found.high
    assert held >= 93


def test_patients_who_are_all_half_right_have_differences_with_a_width():
    values, patients = [1, 0] * 20, np.arange(40) // 2
    rows, _ = subgroup_tables([measured(values)], parts_of(["I-II"] * 20 + ["V-VI"] * 20, patients=patients))
    found = by_level(rows)["V-VI"].difference
    assert found.low < found.value == 0 < found.high


def test_a_small_part_of_patients_who_are_all_half_right_is_no_certainty_in_its_difference():
    """Six patients, each right in one of two cases, beside 60 of whom 54 are right: the few are what is not known."""
    values = [1, 0] * 6 + [1] * 54 + [0] * 6
    patients = [*np.arange(12) // 2, *range(6, 66)]
    rows, (gap,) = subgroup_tables([measured(values)], parts_of(["V-VI"] * 12 + ["I-II"] * 60, patients=patients))
    few = by_level(rows)["V-VI"]
    reach = few.value.high - few.value.value
    assert reach == pytest.approx(0.195, abs=1e-3)  # half of 3.84 / 9.84
    assert few.difference.high - few.difference.value > reach
    assert few.difference.value - few.difference.low > reach
    assert gap.gap.high - gap.gap.value > reach
    assert math.isnan(few.ratio.low)
