"""Parts of the narratives, the worst of them, repeats and drift."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import linregress

from dermatrust.align.breakdown import group_rows, stability_rows, worst_cases
from dermatrust.align.compare import Bootstrap
from dermatrust.align.target import study_of
from dermatrust.records import DIMENSIONS, Case, Rater

SAFETY = DIMENSIONS[1]
NAN = math.nan


class TestParts:
    @pytest.fixture
    def study(self, table_of):
        """Ten arms, eleven legs, one back; the judge is 1 point too kind on arms and 0.5 too strict on legs."""
        sites = ["arm"] * 10 + ["leg"] * 11 + ["back"]
        judge = [3.0] * 10 + [1.5] * 11 + [5.0]
        patients = [k // 2 for k in range(22)]
        return study_of(table_of({"Dr A": [2] * 22, "judge": judge}, patients=patients, factors={"site": tuple(sites)}))

    def test_error_and_bias_by_hand_most_narratives_first(self, study, quick):
        rows = group_rows(study, quick)
        assert [(row.rater, row.factor, row.level, row.n_narratives, row.n_patients) for row in rows] == [
            ("judge", "site", "leg", 11, 6), ("judge", "site", "arm", 10, 5), ("judge", "site", "back", 1, 1),
        ]  # fmt: skip
        assert [(row.error.value, row.bias.value) for row in rows[:2]] == [(0.5, -0.5), (1, 1)]
        assert rows[2].error is rows[2].bias is None

    def test_a_factor_of_one_level_says_nothing(self, study, quick):
        assert {row.factor for row in group_rows(study, quick)} == {"site"}

    def test_fewer_than_ten_scored_narratives_show_no_figure(self, table_of, quick):
        # Of ten arms the judge left one out; of eleven legs one, and one on every dimension but Safety: nine of those.
        judge = [None, *[3] * 9, [None, 3, None, None, None, None], *[3] * 9, None, [None, 3, 3, 3, 3, 3], *[3] * 10]
        sites = ("arm",) * 10 + ("leg",) * 11 + ("back",) * 11
        rows = group_rows(study_of(table_of({"Dr A": [2] * 32, "judge": judge}, factors={"site": sites})), quick)
        found = {row.level: row for row in rows}
        assert (found["arm"].n_narratives, found["arm"].error) == (9, None)
        assert (found["leg"].n_narratives, found["leg"].error, found["leg"].bias) == (10, None, None)
        back = found["back"]
        assert (back.n_narratives, back.error.value, back.error.n, back.error.n_missing) == (11, 1, 10, 1)

    def test_intervals_are_of_the_parts_own_narratives_on_all_resampled_patients(self, table_of):
        rng = np.random.default_rng(0)
        scores = {name: rng.integers(0, 6, 60).tolist() for name in ("Dr A", "judge", "eye")}
        about = {"patients": [k // 3 for k in range(60)], "factors": {"site": ("arm", "leg", "leg") * 20}}
        table = table_of(scores, **about)
        study = study_of(table)
        whole = group_rows(study, Bootstrap(2, 200))
        # Scores of the other part do not matter.
        scores["judge"][::3] = [0] * 20
        scores["Dr A"][::3] = [5] * 20
        again = group_rows(study_of(table_of(scores, **about)), Bootstrap(2, 200))
        for rows in (whole, again):
            assert [(row.rater, row.level) for row in rows] == [
                (rater, level) for rater in ("judge", "eye") for level in ("leg", "arm")
            ]
        assert whole[0] == again[0]
        assert whole[1] != again[1]
        errors = np.abs(table.scores[1, :, 0] - table.scores[0, :, 0]).reshape(20, 3)[:, 1:].sum(axis=1)
        draws = np.random.default_rng(2).integers(20, size=(200, 20))
        assert whole[0].error.low == pytest.approx(np.quantile(errors[draws].mean(axis=1) / 2, 0.025))

    def test_levels_with_as_many_narratives_stand_by_name(self, table_of, quick):
        table = table_of({"Dr A": [2] * 20, "judge": [1] * 20}, factors={"site": ("leg", "arm") * 10})
        assert [row.level for row in group_rows(study_of(table), quick)] == ["arm", "leg"]


class TestWorst:
    def test_the_farthest_come_first(self, table_of):
        # Mean distances 0, 2, and over five dimensions (4 + 0 + 0 + 0 + 1) / 5 = 1; the last has no score.
        judge = [1, 3, [5, 1, None, 1, 1, 2], None]
        table = table_of(
            {"Dr A": [1] * 4, "judge": judge, "eye": [1, 1, 1, 0]},
            cases=list("abcd"), patients=[0, 1, 2, 3],
        )  # fmt: skip
        cases = tuple(Case(id=c, file_names=(f"images/{c}.jpg",)) for c in "abcd")
        found = worst_cases(study_of(replace(table, cases=cases)), 2)
        assert [(w.rater, w.narrative.id, w.distance) for w in found] == [
            ("judge", "n1", 2), ("judge", "n2", 1), ("eye", "n3", 1),
        ]  # fmt: skip
        assert found[1].images == ("images/c.jpg",)
        np.testing.assert_array_equal(found[1].given, [5, 1, NAN, 1, 1, 2])
        assert found[1].wanted == (1,) * 6

    def test_those_as_far_stand_in_the_order_of_the_file_and_none_is_shown_that_is_right(self, table_of):
        study = study_of(table_of({"Dr A": [1] * 4, "judge": [2, 1, 0, 2]}))
        assert [w.narrative.id for w in worst_cases(study, 9)] == ["n0", "n2", "n3"]
        assert worst_cases(study, 0) == []


def stability(study, rater, measure=SAFETY, bootstrap=None):
    rows = stability_rows(study, bootstrap or Bootstrap(n_resamples=20))
    (row,) = [row for row in rows if (row.rater, row.measure) == (rater, measure)]
    return row


class TestStability:
    def test_a_second_rating_by_hand(self, table_of):
        # Three of four narratives were rated twice: the same, one apart, two apart.
        draws = np.full((2, 2, 4, 6), NAN)
        draws[0, 1], draws[1, 1] = [[1.0] * 6, [2] * 6, [5] * 6, [NAN] * 6], [[1.0] * 6, [3] * 6, [3] * 6, [NAN] * 6]
        row = stability(study_of(table_of({"Dr A": [1] * 4, "judge": [1] * 4}, draws=draws)), "judge")
        assert row.retest_exact.value == pytest.approx(1 / 3)
        assert row.retest_difference.value == 1
        assert (row.retest_exact.n, row.retest_exact.n_missing) == (3, 1)
        # Units have the sums 2, 5, 8: SS = (4 + 25 + 64) / 2 - 15**2 / 6 = 9, MS 4.5. Draws have the sums 8 and 7: SS =
        # (64 + 49) / 3 - 37.5 = 1/6. In all 1 + 4 + 25 + 1 + 9 + 9 - 37.5 = 11.5, which leaves SS 7/3, MS 7/6.
        between, raters, error = 4.5, 1 / 6, 7 / 6
        icc = (between - error) / (between + error + 2 / 3 * (raters - error))
        assert row.retest_icc.value == pytest.approx(icc)

    def test_nothing_rated_twice_has_no_figure(self, table_of):
        row = stability(study_of(table_of({"Dr A": [1, 2], "judge": [1, 2]})), "judge")
        assert math.isnan(row.retest_exact.value)
        assert math.isnan(row.retest_icc.value)
        assert row.retest_exact.n == 0

    def test_drift_is_points_per_hundred_narratives_in_the_raters_own_order(self, table_of):
        # The judge rated from the last to the first and grew a hundredth of a point kinder with each: 1 per 100.
        n = 50
        order = np.arange(n)[::-1]
        judge = [float(2 + place / 100) for place in order]
        places = np.array([np.arange(n), order])
        row = stability(study_of(table_of({"Dr A": [2] * n, "judge": judge}, places=places)), "judge")
        assert row.drift.value == pytest.approx(1)
        assert row.drift.n == n

    def test_a_member_drifts_against_the_others_and_an_adjudicator_against_the_panel(self, table_of):
        rng = np.random.default_rng(0)
        scores = {name: rng.integers(0, 6, 30).tolist() for name in ("Dr A", "Dr B", "Dr C", "judge")}
        study = study_of(table_of(scores), adjudicators=["Dr C"])
        a, b, c, judge = (np.array(one, dtype=float) for one in scores.values())
        for name, lead in (("Dr A", a - b), ("Dr C", c - (a + b) / 2), ("judge", judge - c)):
            expected = linregress(np.arange(30) / 100, lead).slope
            assert stability(study, name).drift.value == pytest.approx(expected)

    def test_an_adjudicator_without_a_panel_drifts_against_nobody(self, table_of):
        study = study_of(table_of({"x": [1, 2, 3], "judge": [2, 2, 2]}), adjudicators=["x"])
        assert math.isnan(stability(study, "x").drift.value)
        assert stability(study, "judge").drift.value == pytest.approx(-100)

    def test_a_panel_of_one_is_asked_whether_it_repeats_itself(self, table_of):
        draws = np.full((2, 2, 2, 6), NAN)
        draws[:, 0] = [[[1] * 6, [2] * 6], [[1] * 6, [4] * 6]]
        row = stability(study_of(table_of({"Dr A": [1, 3], "judge": [1, 2]}, draws=draws)), "Dr A", "macro")
        assert row.retest_difference.value == 1
        assert math.isnan(row.drift.value)

    def test_narratives_not_rated_have_no_place(self, table_of):
        # What was not rated would otherwise stand first, at place -1.
        row = stability(study_of(table_of({"Dr A": [2, 2, 2], "judge": [None, 2, 3]},
                                          places=np.array([[0, 1, 2], [-1, 0, 1]]))), "judge")  # fmt: skip
        assert row.drift.value == pytest.approx(100)
        assert (row.drift.n, row.drift.n_missing) == (2, 1)

    def test_everybody_has_a_row_for_each_measure(self, table_of, quick):
        study = study_of(table_of({"Dr A": [1, 2], "Dr B": [1, 2], "judge": [1, 2]}), adjudicators=["Dr B"])
        rows = stability_rows(study, quick)
        assert [row.rater for row in rows[::7]] == ["Dr A", "Dr B", "judge"]
        assert [row.measure for row in rows[:7]] == [*DIMENSIONS, "macro"]


def test_a_registered_adjudicator_is_not_held_to_itself(table_of):
    raters = (Rater(id="Dr A", kind="human"), Rater(id="Dr B", kind="human", adjudicates=True))
    study = study_of(table_of({"Dr A": [1, 1, 1], "Dr B": [1, 2, 3]}, raters=raters))
    assert stability(study, "Dr B").drift.value == pytest.approx(100)
