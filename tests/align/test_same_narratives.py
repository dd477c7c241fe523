"""All automatic raters in one table: on the same narratives, beside the first, and it says what is left out."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.align.compare import Bootstrap, agreement_rows
from dermatrust.align.flat import study_records
from dermatrust.align.same_narratives import same_narratives
from dermatrust.align.study import align
from dermatrust.align.target import study_of
from dermatrust.align.text import study_text
from dermatrust.bench.results import MACRO
from dermatrust.records import DIMENSIONS
from dermatrust.report.agreement_views import same_narratives_lines

SAFETY = DIMENSIONS[1]
SCORES = {
    "Dr A": [3, 3, 3, None, 3],
    "sft": [4, 5, 1, 3, [3, 5, 3, 3, 3, 3]],
    "rl": [3, 4, None, 3, 3],
    "judge": [5, 3, 3, 3, [3, None, 3, 3, 3, 3]],
}


@pytest.fixture(scope="module")
def table(table_of):
    return table_of(SCORES, patients=[0, 0, 1, 1, 2])


@pytest.fixture(scope="module")
def found(table):
    return same_narratives(study_of(table), Bootstrap(seed=4, n_resamples=300))


def test_errors_and_differences_by_hand(found):
    # Narrative 2 lacks rl, 3 the target, and of 4 the judge lacks Safety. Left: 0, 1 and 4, on Safety 0 and 1.
    errors = {(row.rater, row.measure): row.error.value for row in found.rows}
    assert errors["sft", SAFETY] == (1 + 2) / 2
    assert errors["sft", DIMENSIONS[0]] == (1 + 2 + 0) / 3
    assert errors["rl", SAFETY] == (0 + 1) / 2
    assert errors["judge", SAFETY] == (2 + 0) / 2
    assert errors["sft", MACRO] == pytest.approx((1.5 + 5 * 1) / 6)
    apart = {(row.rater, row.measure): row.difference and row.difference.value for row in found.rows}
    assert apart["sft", MACRO] is None
    assert apart["rl", SAFETY] == 0.5 - 1.5
    assert apart["rl", MACRO] == pytest.approx((-1 + 5 * (1 / 3 - 1)) / 6)


def test_every_rater_of_a_column_has_the_same_narratives(found):
    counts = {row.measure: set() for row in found.rows}
    for row in found.rows:
        counts[row.measure] |= {(e.n, e.n_missing) for e in (row.error, row.difference) if e is not None}
    assert {m: one for m, one in counts.items() if m != SAFETY} == {
        **{d: {(3, 2)} for d in DIMENSIONS if d != SAFETY}, MACRO: {(2, 3)},
    }  # fmt: skip
    assert counts[SAFETY] == {(2, 3)}


def test_it_says_who_lacks_what(found):
    assert (found.first, found.lacking, found.target_lacking) == ("sft", {"sft": 0, "rl": 6, "judge": 1}, 6)


def test_intervals_are_paired_and_over_patients(table, found):
    kept, patients = [0, 1, 4], [0, 0, 2]
    errors = np.abs(table.scores[1:3][:, kept, 0] - 3)
    padded = np.append(errors[1] - errors[0], np.nan)  # the patient left out can be drawn too
    rng = np.random.default_rng(4)
    expected = cluster_bootstrap(padded, [*patients, 1], rng=rng, n_resamples=300)
    (row,) = [row for row in found.rows if (row.rater, row.measure) == ("rl", DIMENSIONS[0])]
    assert (row.difference.low, row.difference.high) == pytest.approx((expected.low[0], expected.high[0]))


def test_one_automatic_rater_has_nobody_beside_it(table_of, quick):
    study = align(table_of({"Dr A": [1, 2], "judge": [2, 2]}), quick)
    assert study.same_narratives is None
    assert "All on the same narratives" not in study_text(study)
    assert same_narratives_lines(study) == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_without_gaps_it_is_the_table_of_errors(table_of, seed):
    rng = np.random.default_rng(seed)
    scores = {name: rng.integers(0, 6, (9, 6)).tolist() for name in ("Dr A", "sft", "rl", "judge")}
    study, bootstrap = study_of(table_of(scores, patients=[k // 2 for k in range(9)])), Bootstrap(n_resamples=30)
    of_errors = {
        (row.rater, row.measure): row.estimate
        for row in agreement_rows(study, bootstrap)
        if (row.role, row.scale, row.statistic) == ("automatic", "as given", "MAE")
    }
    rows = same_narratives(study, bootstrap).rows
    assert {(row.rater, row.measure): row.error for row in rows} == of_errors
    for row in rows[7:]:
        expected = of_errors[row.rater, row.measure].value - of_errors["sft", row.measure].value
        assert row.difference.value == pytest.approx(expected)


def test_text_csv_and_page_show_it(table, quick):
    study = align(table, quick)
    part = next(p for p in study_text(study).split("\n\n") if p.startswith("All on the same narratives"))
    lines = [re.split(r" {2,}", line.strip()) for line in part.split("\n")[1:-1]]
    assert lines[0][-2:] == ["narratives", "scores left out"]
    assert [line[:2] for line in lines[1:]] == [
        ["sft", "error"], ["rl", "error"], ["rl", "less that of sft"],
        ["judge", "error"], ["judge", "less that of sft"],
    ]  # fmt: skip
    assert {tuple(line[-2:]) for line in lines[1:]} == {("2-3", "13")}
    assert part.endswith("Left out for missing scores: rl 6, judge 1, the target 6")
    records = [record for record in study_records(study) if record["table"] == "same narratives"]
    assert len(records) == (3 + 2) * 7
    (one,) = [r for r in records if (r["rater"], r["measure"], r["against"]) == ("rl", SAFETY.value, "sft")]
    assert (one["value"], one["n"], one["n_missing"], one["statistic"]) == (-1, 2, 3, "MAE, less the first's")
    shown = same_narratives_lines(study)
    assert [(line.name, line.about) for line in shown][:3] == [
        ("sft", "error"), ("rl", "error"), ("rl", "less that of sft"),
    ]  # fmt: skip
    assert shown[2].missing == "13 of 30 scores left out"
