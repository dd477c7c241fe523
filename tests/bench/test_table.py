import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.bench.results import ABSENT, FACTORS, MEASURES
from dermatrust.bench.table import bench_table
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS

ACCURACY, SAFETY = DIMENSIONS[:2]
PAPER = {
    "GPT-4o-mini": ((3.134, 4.085, 3.520, 3.987, 4.023, 4.483), 3.872),
    "LLaVA-Med-7B": ((1.207, 2.199, 1.220, 1.388, 1.452, 2.531), 1.666),
}


@pytest.fixture(scope="module")
def table_of(columns_of):
    def build(rows, **options):
        return bench_table(columns_of(rows), **({"n_resamples": 200} | options))

    return build


@pytest.fixture(scope="module")
def noisy(answer):
    """Three models of rising skill on 30 cases of 20 patients, with a few holes."""
    rng = np.random.default_rng(0)
    rows = []
    for case in range(30):
        level = rng.normal(0, 0.7)
        where = {"patient_id": f"p{case % 20}", "category": "ab"[case % 2], "site": ["arm", None][case % 2]}
        for skill, author in enumerate(("a", "b", "c")):
            scores = [float(s) for s in np.clip(np.round(2 + 0.5 * skill + level + rng.normal(0, 0.5, 6), 2), 0, 5)]
            holed = ["unreadable" if rng.random() < 0.05 else score for score in scores]
            rows += answer(author, f"c{case:02}", holed, fitzpatrick=case % 4 + 1, **where)
    return rows


def test_means_macro_and_n_of_a_hand_worked_table(answer, table_of):
    rows = [*answer("m", "c1", [1, 2, 3, 4, 5, 0]), *answer("m", "c2", [3, 4, "missing", 4, 5, 2])]
    (row,) = table_of(rows).rows
    assert [row.scores[d].value for d in DIMENSIONS] == [2, 3, 3, 4, 5, 1]
    assert row.macro.value == 3
    assert [row.scores[d].n for d in DIMENSIONS] == [2, 2, 1, 2, 2, 2]
    assert [row.scores[d].n_missing for d in DIMENSIONS] == [0, 0, 1, 0, 0, 0]
    assert (row.macro.n, row.macro.n_missing) == (1, 1)
    assert (row.missing, row.references) == ({"missing": 1}, {"certified": 2})
    assert not row.scores[DIMENSIONS[2]].has_interval  # one patient


@pytest.mark.parametrize("model", PAPER)
def test_the_macro_mean_is_the_papers(answer, table_of, model):
    means, macro = PAPER[model]
    (row,) = table_of(answer(model, "c", means)).rows
    assert row.macro.value == pytest.approx(macro, abs=0.0005)


def test_intervals_are_those_of_the_cluster_bootstrap_over_patients(noisy, table_of):
    table = table_of(noisy, seed=3)
    for author in table.authors:
        own = [row for row in noisy if row.author == author and row.dimension == SAFETY]
        values = [math.nan if row.score is None else row.score for row in own]
        rng = np.random.default_rng([3, 0])
        found = cluster_bootstrap(values, [row.patient_id for row in own], rng=rng, n_resamples=200)
        safety = next(row for row in table.rows if row.author == author).scores[SAFETY]
        expected = (found.means[0], found.low[0], found.high[0])
        assert (safety.value, safety.low, safety.high) == pytest.approx(expected)


def test_the_macro_interval_is_narrower_than_that_of_its_dimensions_and_holds_its_mean(noisy, table_of):
    for row in table_of(noisy, n_resamples=1000).rows:
        assert row.macro.low < row.macro.value < row.macro.high
        widths = [row.scores[d].high - row.scores[d].low for d in DIMENSIONS]
        assert row.macro.high - row.macro.low < max(widths)


def test_the_order_of_the_rows_does_not_matter(noisy, table_of):
    shuffled = [noisy[i] for i in np.random.default_rng(1).permutation(len(noisy))]
    assert repr(table_of(shuffled)) == repr(table_of(noisy))


def test_the_seed_moves_intervals_and_p_values_and_nothing_else(noisy, table_of):
    one, same, other = (table_of(noisy, seed=seed) for seed in (1, 1, 2))
    assert repr(one) == repr(same)
    first, second = one.rows[0].macro, other.rows[0].macro
    assert (first.value, first.n) == (second.value, second.n)
    assert first.low != second.low


def test_doing_the_columns_in_turns_changes_nothing(noisy, table_of, monkeypatch):
    whole = repr(table_of(noisy))
    monkeypatch.setattr("dermatrust.bench.estimates._RESAMPLES_BYTES", 1)
    assert repr(table_of(noisy)) == whole


def test_a_case_without_a_patient_is_its_own_cluster(noisy, table_of):
    """The same intervals as if each such case had a patient of its own, and no patient that nobody recorded."""
    unknown = [row._replace(patient_id=None) if row.case_id < "c08" else row for row in noisy]
    invented = [row._replace(patient_id=f"!{row.case_id}") if row.case_id < "c08" else row for row in noisy]
    table, expected = table_of(unknown), table_of(invented)
    assert (table.n_cases, table.n_patients, table.n_cases_without_patient) == (30, 20, 8)
    assert (expected.n_patients, expected.n_cases_without_patient) == (28, 0)
    assert [row.macro.value for row in table.rows] == [row.macro.value for row in expected.rows]
    widths = [[row.macro.high - row.macro.low for row in one.rows] for one in (table, expected)]
    assert widths[0] == pytest.approx(widths[1], rel=0.2)


def test_a_case_without_a_patient_does_not_join_the_patient_of_its_name(answer, table_of):
    rows = [*answer("m", "7", 1, patient_id=None), *answer("m", "x", 5, patient_id="7")]
    table = table_of(rows)
    assert (table.n_patients, table.n_cases_without_patient) == (1, 1)
    assert (table.rows[0].macro.low, table.rows[0].macro.high) == (1, 5)  # two clusters, so there is an interval


def test_no_patients_give_the_same_numbers_as_each_case_its_own(noisy, table_of):
    without = table_of([row._replace(patient_id=None) for row in noisy])
    own = table_of([row._replace(patient_id=row.case_id) for row in noisy])
    assert (without.n_patients, without.n_cases_without_patient) == (0, 30)
    assert repr(without.rows) == repr(own.rows)
    assert repr(without.differences) == repr(own.differences)


def test_a_case_with_and_without_a_patient_is_an_error(answer, table_of):
    with pytest.raises(DataError, match=r"case c1 belongs to patients \(not recorded\) and p; expected one patient"):
        table_of([*answer("a", "c1", 4, patient_id=None), *answer("b", "c1", 2, patient_id="p")])


def test_raters_keep_the_order_of_the_scores(answer, table_of):
    rows = [row for rater in ("z", "a", "k") for row in answer("m", "c", 3, rater=rater)]
    table = table_of(rows)
    assert table.raters == ("z", "a", "k")
    assert [row.rater for row in table.rows] == ["z", "a", "k"]


def test_other_models_and_raters_leave_a_models_row_alone(noisy, table_of):
    both = noisy + [row._replace(rater="second", score=row.score and 1.0) for row in noisy]
    alone = table_of([row for row in noisy if row.author == "b"]).rows[0]
    among = next(row for row in table_of(both).rows_of("judge") if row.author == "b")
    assert (among.scores, among.macro) == (alone.scores, alone.macro)


def test_a_rater_has_a_table_of_its_own(answer, table_of):
    rows = [*answer("m", "c1", 4), *answer("m", "c1", 2, rater="other"), *answer("m", "c2", 4)]
    table = table_of(rows)
    assert table.raters == ("judge", "other")
    judge, other = table.rows
    assert (judge.macro.value, other.macro.value) == (4, 2)
    assert (other.n_cases, other.macro.n_missing, other.missing) == (2, 1, {ABSENT: 6})


def test_an_empty_narrative_scores_0_and_a_failed_ask_is_missing(answer, table_of):
    rows = [
        *answer("m", "c1", 4),
        *answer("m", "c2", 0, empty=True),
        *answer("m", "c3", "no narrative", narrative_id=None, reference=None),
        *answer("m", "c4", 2, refused=True, reference="label"),
    ]
    (row,) = table_of(rows).rows
    assert (row.macro.value, row.macro.n, row.macro.n_missing) == (2, 3, 1)
    assert (row.n_cases, row.n_narratives, row.n_refused, row.n_empty) == (4, 3, 1, 1)
    assert row.missing == {"no narrative": 6}
    assert row.references == {"certified": 2, "label": 1, "none": 1}


def test_flagged_narratives_are_counted_once_by_model_and_rater(answer, table_of):
    flagged = {"injection_suspected": True, "unfamiliar_text": True}
    rows = [
        *answer("m", "c1", 4, **flagged), *answer("m", "c2", 4, unfamiliar_text=True), *answer("m", "c3", 4),
        *answer("w", "c1", 4, unfamiliar_text=True), *answer("w", "c2", 4), *answer("w", "c3", 4),
        *(one for k in (1, 2, 3) for one in answer("m", f"c{k}", 4, rater="other")),
    ]  # fmt: skip
    counts = {(row.author, row.rater): (row.n_suspected, row.n_unfamiliar) for row in table_of(rows).rows}
    assert counts == {("m", "judge"): (1, 2), ("w", "judge"): (0, 1), ("m", "other"): (0, 0), ("w", "other"): (0, 0)}


def test_a_case_only_another_model_answered_is_missing(answer, table_of):
    table = table_of([*answer("a", "c1", 4), *answer("b", "c1", 3), *answer("b", "c2", 3)])
    a = next(row for row in table.rows if row.author == "a")
    assert (a.macro.n, a.macro.n_missing, a.missing, a.n_narratives) == (1, 1, {ABSENT: 6}, 1)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.sampled_from([1, 3, "doubled"])), min_size=1))
def test_every_score_is_counted_or_missing_for_a_reason(answer, table_of, answers):
    rows = []
    for (author, case), score in {(author, case): score for author, case, score in answers}.items():
        rows += answer(author, f"c{case}", [score] * 5 + [2], category="xy"[case % 2], fitzpatrick=1 + case % 3)
    table = table_of(rows, n_resamples=5)
    for row in table.rows:
        assert {row.estimate(m).n + row.estimate(m).n_missing for m in MEASURES} == {table.n_cases}
        assert sum(row.missing.values()) == sum(row.scores[d].n_missing for d in DIMENSIONS)
        for factor in FACTORS:
            groups = [group for group in table.subgroups_of("judge", factor) if group.author == row.author]
            assert sum(group.n_cases for group in groups) == table.n_cases
            assert sum(group.scores[ACCURACY].n for group in groups) == row.scores[ACCURACY].n
            assert sum(group.scores[ACCURACY].n_missing for group in groups) == row.scores[ACCURACY].n_missing


def test_a_dimension_nobody_scored_leaves_no_macro_mean_and_no_place(answer, table_of):
    rows = [row for a in "ab" for c in "123" for row in answer(a, c, ["missing", 3, 3, 3, 3, 3])]
    table = table_of(rows)
    for row in table.rows:
        assert math.isnan(row.scores[ACCURACY].value)
        assert math.isnan(row.macro.value)
        assert (row.ranks[ACCURACY].text, row.ranks["macro"].text, row.ranks[SAFETY].text) == ("–", "–", "1=")
    assert math.isnan(table.differences_of("judge", ACCURACY)[0].p)
    assert math.isnan(table.differences_of("judge", "macro")[0].p_holm)
    assert table.differences_of("judge", SAFETY)[0].p_holm == 1


def test_several_narratives_of_one_model_for_a_case_all_count(answer, table_of):
    rows = [*answer("m", "c1", 1, narrative_id="n1"), *answer("m", "c1", 4, narrative_id="n2"), *answer("m", "c2", 4)]
    (row,) = table_of(rows).rows
    assert (row.macro.value, row.macro.n, row.n_narratives, row.n_cases) == (3, 3, 3, 2)


def test_rows_come_best_first_and_undefined_last(answer, table_of):
    rows = [*answer("a", "c", "missing"), *answer("b", "c", 2), *answer("c", "c", 3), *answer("d", "c", 3)]
    assert [row.author for row in table_of(rows).rows] == ["c", "d", "b", "a"]


def test_no_scores_is_an_error(table_of):
    with pytest.raises(DataError, match="scores: there are none"):
        table_of([])


def test_two_scores_for_one_thing_are_an_error(answer, table_of):
    with pytest.raises(DataError, match="case c1: judge has two scores of m on accuracy; expected one"):
        table_of([*answer("m", "c1", 4), *answer("m", "c1", 2)])


def test_a_case_of_two_patients_is_an_error(answer, table_of):
    with pytest.raises(DataError, match="case c1 belongs to patients p and q; expected one patient"):
        table_of([*answer("a", "c1", 4, patient_id="q"), *answer("b", "c1", 2, patient_id="p")])


def test_an_unknown_dimension_is_an_error(answer, columns_of):
    columns = columns_of(answer("m", "c1", 4))
    columns.dimension[3] = "wit"
    with pytest.raises(DataError, match="dimension 'wit' is unknown; expected one of accuracy, safety"):
        bench_table(columns)
