"""Automatic raters against the panel: hand-worked errors, what is left out, and how it is printed."""

import csv
import io
import math
import re

import numpy as np
import pytest

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.bench.flat import table_csv
from dermatrust.bench.table import bench_table
from dermatrust.bench.text import table_text
from dermatrust.records import DIMENSIONS, DatasetCard, Dimension

KINDS = {"lexical": "lexical", "eye": "evaluator", "Dr A": "human", "Dr B": "human", "gpt": "llm"}
CARD = DatasetCard(name="d", version="1", source="s", licence="private", consent="c")


@pytest.fixture(scope="module")
def scored(answer):
    """Three narratives of two patients; Dr B left out the second, and the fourth narrative has no text."""

    def rows():
        for case, patient, lexical, eye, a, b in (
            ("c1", "p", 4, 3, 3, 4), ("c2", "p", 2, "no answer", 1, "not rated"), ("c3", "q", 5, 5, 4, 5),
        ):  # fmt: skip
            for rater, score in (("lexical", lexical), ("eye", eye), ("Dr A", a), ("Dr B", b)):
                yield from answer("m", case, score, rater=rater, patient_id=patient)
        for rater in ("lexical", "eye", "Dr A", "Dr B"):
            yield from answer("m", "c4", 0, rater=rater, patient_id="q", empty=True)

    return list(rows())


@pytest.fixture(scope="module")
def table(scored, columns_of):
    return bench_table(columns_of(scored), n_resamples=500, seed=3, kinds=KINDS)


def row_of(table, role, rater=""):
    (row,) = [row for row in table.alignment.rows if (row.role, row.rater) == (role, rater)]
    return row


@pytest.mark.parametrize(
    ("role", "rater", "error", "n", "n_missing"),
    [
        # Panel means 3.5, 1, 4.5. Lexical |4-3.5|, |2-1|, |5-4.5|; the evaluator |3-3.5|, -, |5-4.5|.
        ("automatic", "lexical", 2 / 3, 3, 0),
        ("automatic", "eye", 0.5, 2, 1),
        # Each doctor against the other: |3-4|, nobody, |4-5|.
        ("member", "Dr A", 1.0, 2, 1),
        ("member", "Dr B", 1.0, 2, 1),
        ("panel", "", 1.0, 4, 2),
        # The other patient's mean: 4.5 against 3.5 and 1, and (3.5 + 1) / 2 = 2.25 against 4.5.
        ("mean", "", (1 + 3.5 + 2.25) / 3, 3, 0),
    ],
)
def test_errors_by_hand(table, role, rater, error, n, n_missing):
    row = row_of(table, role, rater)
    assert [row.errors[d].value for d in DIMENSIONS] == pytest.approx([error] * 6)
    assert {(row.errors[d].n, row.errors[d].n_missing) for d in DIMENSIONS} == {(n, n_missing)}
    assert row.macro.value == pytest.approx(error)
    assert row.estimate(Dimension.SAFETY) is row.errors[Dimension.SAFETY]
    assert row.estimate("macro") is row.macro


def test_the_order_and_what_it_rests_on(table):
    roles = [(row.role, row.rater) for row in table.alignment.rows]
    panel = [("panel", ""), ("member", "Dr A"), ("member", "Dr B")]
    assert roles == [("automatic", "lexical"), ("automatic", "eye"), *panel, ("mean", "")]
    assert table.alignment.panel == ("Dr A", "Dr B")
    assert (table.alignment.n_narratives, table.alignment.n_empty) == (3, 1)


def test_the_interval_is_that_of_the_cluster_bootstrap(answer, columns_of):
    rng = np.random.default_rng(0)
    given, wanted = rng.integers(0, 6, 20), rng.integers(0, 6, 20)
    patients = [f"p{k // 2:02d}" for k in range(20)]
    rows = [
        row for k in range(20) for rater, six in (("lexical", given), ("Dr A", wanted))
        for row in answer("m", f"c{k:02d}", int(six[k]), rater=rater, patient_id=patients[k])
    ]  # fmt: skip
    found = row_of(bench_table(columns_of(rows), n_resamples=400, seed=5, kinds=KINDS), "automatic", "lexical")
    expected = cluster_bootstrap(abs(given - wanted), patients, rng=np.random.default_rng([5, 0]), n_resamples=400)
    assert found.errors[Dimension.SAFETY].low == pytest.approx(expected.low[0])
    assert found.errors[Dimension.SAFETY].high == pytest.approx(expected.high[0])


def test_the_panels_interval_takes_each_patient_as_a_whole(answer, columns_of):
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 6, (2, 12))
    patients = [f"p{k // 3}" for k in range(12)]
    raters = {"Dr A": scores[0], "Dr B": scores[1], "lexical": scores[0]}
    rows = [
        row for k in range(12) for rater, six in raters.items()
        for row in answer("m", f"c{k:02d}", int(six[k]), rater=rater, patient_id=patients[k])
    ]  # fmt: skip
    found = row_of(bench_table(columns_of(rows), n_resamples=400, seed=5, kinds=KINDS), "panel")
    # Each doctor is as far from the other: every difference counts twice, within one patient.
    twice = np.tile(abs(scores[0] - scores[1]), 2)
    expected = cluster_bootstrap(twice, patients * 2, rng=np.random.default_rng([5, 0]), n_resamples=400)
    assert found.errors[Dimension.SAFETY].low == pytest.approx(expected.low[0])
    assert found.errors[Dimension.SAFETY].n == 24


def test_a_panel_of_one_is_not_compared_with_itself(scored, columns_of):
    rows = [row for row in scored if row.rater != "Dr B"]
    alignment = bench_table(columns_of(rows), n_resamples=10, kinds=KINDS).alignment
    assert [row.role for row in alignment.rows] == ["automatic", "automatic", "mean"]


@pytest.mark.parametrize(
    "kinds", [None, {}, {"lexical": "lexical", "eye": "evaluator"}, {"Dr A": "human", "Dr B": "simulated"}]
)
def test_without_a_panel_or_an_automatic_rater_there_is_nothing_to_align(scored, columns_of, kinds):
    assert bench_table(columns_of(scored), n_resamples=10, kinds=kinds).alignment is None


def test_narratives_without_text_alone_align_nobody(scored, columns_of):
    empty = [row for row in scored if row.empty]
    assert bench_table(columns_of(empty), n_resamples=10, kinds=KINDS).alignment is None


def test_an_automatic_rater_that_never_answered_has_no_error(answer, columns_of):
    rows = [*answer("m", "c", 3, rater="Dr A"), *answer("m", "c", "no answer", rater="lexical")]
    row = row_of(bench_table(columns_of(rows), n_resamples=10, kinds=KINDS), "automatic", "lexical")
    assert math.isnan(row.macro.value)
    assert (row.macro.n, row.macro.n_missing) == (0, 1)


def test_the_text_shows_both_sides_and_the_errors(table):
    *_, sides, errors = table_text(table).split("\n\n")
    heading, titles, model = sides.split("\n")
    assert heading == "Side by side: lexical | eye, mean scores 0-5"
    assert titles.split()[:2] == ["model", "Accuracy"]
    assert model.startswith("m      2.75 | 2.67")  # (4+2+5+0)/4 and (3+5+0)/3
    heading, titles, *lines, note = errors.split("\n")
    assert heading == "Mean absolute error, points [95 % interval]"
    assert lines[0].startswith("lexical                     the panel's mean  0.67 [")
    assert lines[1].split()[-4:] == ["2", "of", "3", "6"]
    assert [line[:26].strip() for line in lines[2:]] == [
        "one of the panel",
        "Dr A",
        "Dr B",
        "the mean of other patients",
    ]
    assert note.startswith("The panel is Dr A, Dr B: 3 narratives, 1 narrative without text left out.")


def test_without_an_evaluator_there_are_no_sides(scored, columns_of):
    rows = [row for row in scored if row.rater != "eye"]
    assert "Side by side" not in table_text(bench_table(columns_of(rows), n_resamples=10, kinds=KINDS))


def test_an_undefined_mean_is_a_dash_at_its_side(answer, columns_of):
    rows = [*answer("m", "c", 3, rater="lexical"), *answer("m", "c", "no answer", rater="eye")]
    text = table_text(bench_table(columns_of(rows), n_resamples=10, kinds=KINDS))
    assert re.findall(r"\S+ \| \S+", text.split("\n")[-1]) == ["3.00 | –"] * 7


def test_the_csv_has_the_errors_unrounded(table):
    rows = [r for r in csv.DictReader(io.StringIO(table_csv(table, CARD))) if r["kind"] == "alignment"]
    assert len(rows) == 6 * 7
    (macro,) = [r for r in rows if r["rater"] == "lexical" and r["measure"] == "macro"]
    assert (float(macro["mean"]), macro["against"], macro["n"]) == (
        pytest.approx(2 / 3, abs=1e-12),
        "the panel's mean",
        "3",
    )
