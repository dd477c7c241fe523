"""The table in the terminal, as records and as CSV."""

import csv
import io
import json
import re

import pytest

from dermatrust.bench.flat import COLUMNS, table_csv, table_records
from dermatrust.bench.table import bench_table
from dermatrust.bench.text import table_text
from dermatrust.records import DatasetCard

CARD = DatasetCard(name="d", version="1", source="s", licence="private", consent="c", synthetic=True)


@pytest.fixture(scope="module")
def table(answer, columns_of):
    rows = []
    for case in range(12):
        rows += answer("nano/strong", f"c{case}", 4 + case % 2)
        rows += answer("weak", f"c{case}", 2 if case else ["unreadable", 2, 2, 2, 2, 2], refused=case == 3)
    return bench_table(columns_of(rows), n_resamples=300, seed=1)


def test_the_text_of_a_table(table):
    heading, titles, strong, weak, missing, meaning, note = table_text(table).split("\n")
    assert heading == "judge: mean score 0-5 [95 % interval], 12 cases of 12 patients"
    assert titles.split("  ")[0].strip() == "model"
    for title in (
        "Accuracy",
        "Safety",
        "Medical Groundedness",
        "Description Precision",
        "Overall",
        "narratives scored",
        "scores missing",
    ):
        assert title in titles
    assert strong.startswith("nano/strong  4.50 [4.25, 4.75] 1  ")
    assert strong.split()[-6:] == ["12", "of", "12", "0", "0", "0"]
    assert weak.split()[1:5] == ["2.00", "[2.00,", "2.00]", "2"]
    assert weak.split()[-6:] == ["11–12", "of", "12", "1", "1", "0"]
    assert len(titles) == len(strong) == len(weak)
    assert missing == "weak: scores missing: unreadable 1"
    assert meaning == "unreadable: no verdict could be found in the rater's text"
    assert "Holm-adjusted p < 0.05" in note


def test_one_model_has_no_places_and_one_patient_no_interval(answer, columns_of):
    text = table_text(bench_table(columns_of(answer("m", "c", [3, 3, 3, 3, 3, "missing"])), n_resamples=10))
    assert "tied" not in text
    assert "1 case of 1 patient" in text
    assert text.split("\n")[2].split()[:3] == ["m", "3.00", "[–]"]
    assert text.split("\n")[2].split()[-8:-4] == ["–", "–", "0–1", "of"]


def test_ties_are_marked(answer, columns_of):
    rows = [row for author in "ab" for case in "12" for row in answer(author, case, 3)]
    assert table_text(bench_table(columns_of(rows), n_resamples=10)).count("1=") == 14


def test_every_rater_has_a_block_and_a_name_on_one_line(answer, columns_of):
    rows = [row for rater in ("x", "b\nc", "a") for row in answer("m", "c", 3, rater=rater)]
    blocks = table_text(bench_table(columns_of(rows), n_resamples=10)).split("\n\n")
    assert [block.split(":")[0] for block in blocks] == ["x", "b c", "a"]


@pytest.mark.parametrize(
    ("patients", "expected"),
    [
        (["p", "p", "q"], "3 cases of 2 patients"),
        ([None, None, None], "3 cases, patients not recorded (each case counted as one)"),
        (["p", "p", None], "3 cases of 1 patient, 1 case without a recorded patient"),
        ([None], "1 case, patient not recorded"),
        (["p"], "1 case of 1 patient"),
    ],
)
def test_the_heading_says_whose_patients_nobody_recorded(answer, columns_of, patients, expected):
    rows = [row for i, patient in enumerate(patients) for row in answer("m", f"c{i}", 3, patient_id=patient)]
    heading = table_text(bench_table(columns_of(rows), n_resamples=10)).split("\n")[0]
    assert heading == f"judge: mean score 0-5 [95 % interval], {expected}"


def test_scores_that_are_all_equal_have_an_interval_without_width(answer, columns_of):
    rows = [row for case in range(7) for row in answer("m", f"c{case}", [4.195, 4.205, 4.2, 4.2, 4.2, 4.2])]
    shown = re.findall(r"([\d.]+) \[([\d.]+), ([\d.]+)\]", table_text(bench_table(columns_of(rows), n_resamples=50)))
    assert len(shown) == 7
    assert all(mean == low == high for mean, low, high in shown)


def test_a_long_name_is_cut_in_its_row_and_whole_below(answer, columns_of):
    base = "https://inference.example.org:8443/some/long/path/v1#organisation/"
    rows = [row for name in (f"{base}one-7b", "two") for row in answer(name, "c", 3)]
    _, titles, *lines = table_text(bench_table(columns_of(rows), n_resamples=10)).split("\n")
    assert len(titles) == len(lines[0]) == len(lines[1])
    assert lines[0].startswith("https://infer…ath/v1#organisation/one-7b  ")
    assert lines[2] == f"https://infer…ath/v1#organisation/one-7b: {base}one-7b"


def test_names_that_would_be_cut_alike_stay_whole(answer, columns_of):
    alike = [f"https://inference-{i}.example.org/v1#organisation/the-same-model" for i in range(2)]
    rows = [row for name in alike for row in answer(name, "c", 3)]
    text = table_text(bench_table(columns_of(rows), n_resamples=10))
    assert all(text.count(name) == 1 for name in alike)
    assert "…" not in text


def test_a_case_without_a_reference_is_explained(answer, columns_of):
    text = table_text(
        bench_table(columns_of([*answer("m", "c", 3), *answer("m", "d", "no reference")]), n_resamples=10)
    )
    assert "m: scores missing: no reference 6" in text
    assert "no reference: the dataset has no reference for the case" in text


def test_records_hold_the_whole_table_and_are_json(table):
    records = table_records(table, CARD)
    assert {tuple(record) for record in records} == {COLUMNS}
    kinds = [record["kind"] for record in records]
    assert (kinds.count("model"), kinds.count("difference"), kinds.count("subgroup")) == (14, 7, 3 * 2 * 7)
    json.dumps(records, allow_nan=False)
    first = records[0]
    assert (first["author"], first["measure"], first["mean"], first["place"]) == ("nano/strong", "accuracy", 4.5, 1)
    pair = next(record for record in records if record["kind"] == "difference")
    assert (pair["author"], pair["against"], pair["n"], pair["n_missing"]) == ("nano/strong", "weak", 11, 1)
    assert pair["p"] < pair["p_holm"] < 0.05
    assert records[-1]["level"] == "not recorded"


def test_what_is_undefined_is_none_in_records_and_empty_in_csv(answer, columns_of):
    table = bench_table(columns_of(answer("m", "c", "missing")), n_resamples=10)
    first = table_records(table, CARD)[0]
    assert (first["mean"], first["low"], first["place"], first["p"], first["n_missing"]) == (None, None, None, None, 1)
    assert "nan" not in table_csv(table, CARD)


def test_csv_reads_back_with_every_number_whole(table):
    back = list(csv.DictReader(io.StringIO(table_csv(table, CARD), newline="")))
    records = table_records(table, CARD)
    assert len(back) == len(records)
    for read, record in zip(back, records, strict=True):
        assert {k: "" if v is None else str(v) for k, v in record.items()} == read
        assert float(read["mean"]) == record["mean"]


def test_flags_are_counted_by_model_in_text_and_records_where_a_rater_says_any(answer, columns_of):
    rows = [
        *answer("m", "c", 3, unfamiliar_text=True), *answer("m", "d", 3), *answer("w", "c", 2),
        *answer("w", "d", "no narrative", narrative_id=None), *answer("m", "c", 3, rater="other"),
    ]  # fmt: skip
    table = bench_table(columns_of(rows), n_resamples=10)
    judged, other = table_text(table).split("\n\n")
    assert judged.endswith("may be chance): m 1 of 2; w 0 of 1. A flag changes no score.")
    assert "Flagged unfamiliar_text (the rater never met" in judged
    assert "lagged" not in other  # a rater that never says it may be unable to tell: no line, and no zero
    flags = [record for record in table_records(table, CARD) if record["kind"] == "flag"]
    assert [(f["rater"], f["author"], f["measure"]) for f in flags] == [("judge", a, "unfamiliar_text") for a in "mw"]
    assert [(f["mean"], f["n"], f["n_missing"], f["n_cases"], f["low"]) for f in flags] == [
        (0.5, 2, 0, 2, None), (0.0, 1, 1, 2, None),
    ]  # fmt: skip
