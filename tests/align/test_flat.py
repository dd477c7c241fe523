"""All numbers as records and as CSV: each once, unrounded, and empty where there is none."""

import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from dermatrust.align.compare import Bootstrap
from dermatrust.align.flat import COLUMNS, WORST_COLUMNS, study_csv, study_records, worst_csv
from dermatrust.align.study import align
from dermatrust.bench.results import MEASURES
from dermatrust.records import DIMENSIONS, Case, Narrative

KEY = ("table", "rater", "role", "against", "scale", "statistic", "factor", "level", "measure")


@pytest.fixture(scope="module")
def study(table_of):
    rng = np.random.default_rng(1)
    scores = {name: rng.integers(0, 6, (12, 6)).astype(float).tolist() for name in ("Dr A", "Dr B", "judge", "eye")}
    scores["eye"][0] = None
    scores["eye"][1] = [None, 1, 1, 1, 1, 1]
    made = table_of(
        scores, authors=["m", "n"] * 6, patients=[k // 2 for k in range(12)],
        cases=[f"c{k // 2}" for k in range(12)], factors={"site": ("arm",) * 11 + ("leg",)},
    )  # fmt: skip
    return align(made, Bootstrap(n_resamples=30), n_worst=2)


@pytest.fixture(scope="module")
def records(study):
    return study_records(study)


def one(records, **wanted):
    (found,) = [record for record in records if wanted.items() <= record.items()]
    return found


def test_each_number_is_there_once(records):
    keys = [tuple(record[name] for name in KEY) for record in records]
    assert len(set(keys)) == len(keys)
    assert all(tuple(record) == COLUMNS for record in records)


def test_every_number_of_the_study_is_there(study, records):
    n = {name: sum(record["table"] == name for record in records) for name in {r["table"] for r in records}}
    assert n == {
        "agreement": len(study.agreement), "panel": len(study.within_panel), "difference": 7, "ranking": 2 * 7 * 2,
        "same narratives": (2 + 1) * 7,
        "replacement": 2 * 7 * (2 + 2), "part": len(study.groups) * 2, "stability": 4 * 7 * 4,
    }  # fmt: skip
    assert len(study.groups) == 2 * (2 + 2)  # site and author


def test_a_row_of_every_table(study, records):
    row = next(r for r in study.agreement if (r.rater, r.statistic, r.measure) == ("eye", "MAE", DIMENSIONS[0]))
    assert one(records, table="agreement", rater="eye", scale="as given", statistic="MAE", measure="accuracy") == {
        "table": "agreement", "rater": "eye", "role": "automatic", "against": "the panel's mean", "scale": "as given",
        "statistic": "MAE", "factor": None, "level": None, "measure": "accuracy", "value": row.estimate.value,
        "low": row.estimate.low, "high": row.estimate.high, "n": 10, "n_missing": 2, "n_patients": None,
    }  # fmt: skip
    pooled = one(records, role="panel", table="agreement", scale="rounded", statistic="exact", measure="macro")
    assert (pooled["rater"], pooled["against"]) == ("one of the panel", "the others' mean")
    mean = one(records, role="mean", scale="rounded", statistic="exact", measure="macro")
    assert (mean["rater"], mean["against"]) == ("the mean of other patients", "the panel's mean")
    whole = one(records, table="panel", statistic="AC2", measure="safety")
    assert (whole["rater"], whole["role"], whole["against"]) == (None, "panel", None)  # of all together
    pair = one(records, table="panel", statistic="exact", measure="safety")
    assert pair["rater"] == "Dr A and Dr B"
    difference = one(records, table="difference", measure="macro")
    assert (difference["rater"], difference["against"], difference["statistic"]) == ("judge", "eye", "MAE")
    order = one(records, table="ranking", rater="judge", statistic="pairs within a case", measure="macro")
    assert order["value"] == study.rankings[6].pairwise.value
    tau = one(records, table="ranking", rater="judge", statistic="order of models, tau-b", measure="macro")
    assert (tau["value"], tau["n"]) == (study.rankings[6].tau.value, 12)
    outcome = study.replacements[6].outcome
    about = {"table": "replacement", "rater": "judge", "measure": "macro"}
    assert one(records, **about, statistic="winning rate")["value"] == outcome.winning_rate
    assert one(records, **about, statistic="mean advantage probability")["value"] == outcome.advantage_probability
    p = one(records, **about, against="Dr B")
    assert (p["statistic"], p["value"], p["n"]) == ("p, Benjamini-Yekutieli", outcome.raters[1].p_adjusted, 12)
    retest = one(records, table="stability", rater="judge", statistic="retest, same score", measure="macro")
    assert (retest["value"], retest["n"], retest["n_missing"]) == (None, 0, 12)
    drift = one(records, table="stability", rater="Dr B", statistic="drift, points per 100", measure="macro")
    assert drift["value"] == study.stability[13].drift.value


def test_what_counts_and_what_is_missing_add_up_in_every_part(records):
    shown = one(records, table="part", rater="judge", factor="site", level="arm", statistic="MAE")
    assert (shown["n"], shown["n_missing"], shown["n_patients"]) == (11, 0, 6)
    # Of eleven arms one has no score of the evaluator and another none on Accuracy: nine are too few to show.
    few = one(records, table="part", rater="eye", factor="site", level="arm", statistic="MAE")
    assert (few["value"], few["n"], few["n_missing"], few["n_patients"]) == (None, 10, None, 6)
    small = one(records, table="part", rater="eye", factor="site", level="leg", statistic="bias")
    assert [small[name] for name in ("value", "low", "high", "n", "n_missing", "n_patients")] == [
        None, None, None, 1, None, 1,
    ]  # fmt: skip


def test_records_are_what_json_can_hold(records):
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert {record["measure"] for record in records} == {str(getattr(m, "value", m)) for m in MEASURES}


def test_csv_is_rfc_4180_and_gives_the_same_numbers_back(study, records):
    text = study_csv(study)
    assert text.endswith("\r\n")
    assert text.replace("\r\n", "").count("\n") == 0
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert {k: v for k, v in row.items() if v} == {k: str(v) for k, v in record.items() if v is not None}
        if record["value"] is not None:
            assert float(row["value"]) == record["value"]
    assert "nan" not in text.lower().replace("name", "")


def test_worst_narratives_have_texts_and_images_whatever_is_in_them(table_of):
    text = 'She said "no",\r\nand; left\n\tno address\N{EM DASH}\N{GREEK SMALL LETTER MU}.'
    made = table_of(
        {"Dr A": [1], "judge": [[3, None, 1, 1, 1, 1]]},
        narratives=(Narrative(id="n,1", case_id="c", text=text, author='a "model"'),),
    )  # fmt: skip
    made = replace(made, cases=(Case(id="c", file_names=("images/a.jpg", "images/b.jpg")),))
    content = worst_csv(align(made, Bootstrap(n_resamples=2)))
    (row,) = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    assert tuple(row) == WORST_COLUMNS
    assert row["text"] == text
    assert (row["rater"], row["narrative_id"], row["case_id"], row["author"]) == ("judge", "n,1", "c", 'a "model"')
    assert row["images"] == "images/a.jpg images/b.jpg"
    assert float(row["distance"]) == pytest.approx(2 / 5)
    assert (row["given_accuracy"], row["wanted_accuracy"]) == ("3.0", "1.0")
    assert (row["given_safety"], row["wanted_safety"]) == ("", "1.0")


def test_without_worst_narratives_the_header_is_left(table_of, quick):
    made = align(table_of({"Dr A": [1, 2], "judge": [1, 2]}), quick)
    assert worst_csv(made) == ",".join(WORST_COLUMNS) + "\r\n"


def test_who_loses_throughout_has_no_undefined_number(records):
    values = [record["value"] for record in records if record["table"] == "agreement"]
    assert not any(isinstance(value, float) and math.isnan(value) for value in values)
