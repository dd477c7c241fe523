"""Every number on the pages of clinical studies is that of the result.json beside it: every table, chart and list."""

import json
import math

import pytest

from dermatrust.clinic.baseline_result import BaselineResult
from dermatrust.report.clinic_page import write_clinic_page
from dermatrust.store.result import read_result, write_result

from . import drawn_study, wanted
from .shown import agrees, disagreements, numbers, shown

CONSTANTS = (1, 2, 3, 5, 20, 90, 95, 100, 2605.04098)
"""Numbers of our own in sentences: cuts, so many of 100 cases, intervals, patients, the paper."""


def read(path, result):
    """Return what is written of a result, as plain JSON."""
    write_result(path / "result.json", result)
    return wanted.plain(json.loads((path / "result.json").read_text("utf-8"))["result"])


@pytest.fixture
def differentials(tmp_path, make_manifest):
    """A page, what is on it, and what must be."""
    result = drawn_study.drawn_differentials(tmp_path)
    write_clinic_page(tmp_path / "p.html", result, manifest=make_manifest(["m/one"], []))
    return shown((tmp_path / "p.html").read_text("utf-8")), read(tmp_path, result)


@pytest.fixture
def triage(tmp_path, make_manifest):
    result = drawn_study.drawn_triage(tmp_path)
    write_clinic_page(tmp_path / "p.html", result, manifest=make_manifest(["m/one"], []))
    return shown((tmp_path / "p.html").read_text("utf-8")), read(tmp_path, result)


@pytest.fixture
def stress(tmp_path, make_manifest):
    result = drawn_study.drawn_stress(tmp_path)
    write_clinic_page(tmp_path / "p.html", result, manifest=make_manifest(["m/one"], []))
    return shown((tmp_path / "p.html").read_text("utf-8")), read(tmp_path, result)


def check_tables(page, tables, published=""):
    """Every table of the page is one of those wanted, and each of its cells is what is wanted."""
    assert set(page.tables) - {published} == set(tables)
    wrong = {ident: disagreements(page.tables[ident], rows) for ident, rows in tables.items()}
    assert {ident: cells for ident, cells in wrong.items() if cells} == {}
    assert sum(len(row) for rows in tables.values() for row in rows) > 20


def check_charts(page, charts):
    """Each chart that is named has these numbers at its rows, and reads out the same."""
    drawn = {title: (desc, texts) for title, desc, texts in page.charts}
    for title, rows in charts.items():
        desc, texts = drawn[title]
        assert [text for text, row in zip(texts, rows, strict=True) if not agrees(text, row)] == [], title
        for text in texts:
            assert text in desc, title


def check_prose(page, result, *more):
    """No sentence has a number that is neither of the result nor one of our own."""
    known = [*wanted.every_number(result), *CONSTANTS, *more]
    odd = [value for value, half in numbers(page.prose) if not any(abs(abs(value) - abs(x)) <= half for x in known)]
    assert odd == []


def test_the_tables_of_differentials(differentials):
    page, result = differentials
    check_tables(page, wanted.differential_tables(result), "clinic-published-table")


def test_the_charts_of_differentials(differentials):
    page, result = differentials
    cells, changes = result["cells"], result["changes"]
    check_charts(page, {
        "Right disease among the first three, by arm": [wanted.percent(c["measures"]["top-3 synonym"]) for c in cells],
        "Change against the arm compared with, right disease among the first three, points of percent": [
            wanted.percent(one["differences"]["top-3 synonym"]) for one in changes
        ],
        **{
            f"{c['model']}, {wanted.arm_of(result, c)}: match ladder": [
                wanted.percent(c["measures"][f"top-{k} {rung}"]) for rung in wanted.RUNGS for k in wanted.CUTS
            ]
            for c in cells
        },
        "A name as near as the threshold among the first 3": [
            wanted.percent(c["hits"][1]) for c in result["embedding"]["cells"]
        ],
        "The disease among the first 3 by the adjudicator": [
            wanted.percent(c["hits"][1]) for c in result["adjudication"]["cells"]
        ],
        "The planted wrong diagnosis is put first": [
            wanted.percent(one[name]) for one in result["anchoring"] for name in ("adopted_1", "unprompted_1")
        ],
        "Right disease first, without any photograph": [
            wanted.percent(one[name]) for one in result["shortcuts"] for name in ("top_1", "frequent_1")
        ],
    })  # fmt: skip
    assert len(page.charts) == 4 + len(cells) + 2 + 2 * 4  # and two plots of confidence for each model and image arm


def test_the_confidence_of_differentials(differentials):
    page, result = differentials
    check_lists(page, wanted.sure_lists(result), n=4)


def test_the_sentences_of_differentials(differentials):
    page, result = differentials
    adopted = [one["adopted_1"]["value"] * one["n"] for one in result["anchoring"]]
    untold = [one["unprompted_1"]["value"] * one["unprompted_1"]["n"] for one in result["anchoring"]]
    here = [c["measures"]["top-3 synonym"]["value"] * c["measures"]["top-3 synonym"]["n"] for c in result["cells"]]
    decided = result["adjudication"]["n"] - result["adjudication"]["n_missing"]
    answered = [c["n"] + c["n_missing"] for c in result["cells"]]
    check_prose(page, result, *adopted, *untold, *here, 10, decided, *answered)
    for found in (result["adjudication"][name] for name in ("false_yes", "false_no", "steady")):
        assert f"{100 * found['value']:.0f} % ({100 * found['low']:.0f} to {100 * found['high']:.0f})" in page.prose


def check_lists(page, lists, *, n):
    for name, texts in lists.items():
        assert len(page.lists[name]) == len(texts) == n, name
        assert [text for text, one in zip(page.lists[name], texts, strict=True) if not agrees(text, one)] == [], name


def test_the_tables_of_triage(triage):
    page, result = triage
    check_tables(page, wanted.triage_tables(result), "clinic-published-triage-table")


def test_the_charts_of_triage(triage):
    page, result = triage
    titles = {"sensitivity": "Urgent cases found", "specificity": "Routine cases left routine"}
    by_title = {}
    for title, _, texts in page.charts:
        by_title.setdefault(title, []).append(texts)
    for name, title in titles.items():
        shares, changes = by_title[title]
        for texts, rows in (
            (shares, [wanted.percent(c["measures"][name]) for c in result["cells"]]),
            (changes, [wanted.percent(one["differences"][name]) for one in result["changes"]]),
        ):
            assert [text for text, row in zip(texts, rows, strict=True) if not agrees(text, row)] == []
    base = [cell for own in wanted.by_images(result).values() for cell in own]
    descs = [desc for title, desc, _ in page.charts if title.endswith(": ROC curve")]
    for desc, cell in zip(descs, base, strict=True):
        said = [cell["measures"][name]["value"] for name in titles]
        assert agrees(desc, [cell["probability"]["area"]["value"], *said])
    curves = [desc for title, desc, _ in page.charts if title.endswith(": decision curve")]
    for desc, cell in zip(curves, base, strict=True):
        numbers = []
        for one in (cell["probability"]["benefit"], cell["benefit"]):
            model, everybody = (
                [number for x, y in zip(one["thresholds"], one[name], strict=True) for number in (100 * y, 100 * x)]
                for name in ("net_benefit", "treat_all")
            )
            numbers += [*model, one["n"], *everybody]
        assert agrees(desc, numbers)


def test_the_confidence_and_sentences_of_triage(triage):
    page, result = triage
    check_lists(page, wanted.sure_lists(result), n=4)
    missed = [c["rates"]["false_negatives"] + c["rates"]["unanswered_positives"] for c in result["cells"]]
    emergent = [sum(c["table"][0]) for c in result["cells"]]
    stated = [c["probability"]["n"] + c["probability"]["n_without"] for c in result["cells"]]
    check_prose(page, result, *missed, *emergent, *stated, 10, *(c["n"] + c["n_missing"] for c in result["cells"]))


def test_the_tables_and_charts_of_a_stress_test(stress):
    page, result = stress
    check_tables(page, wanted.stress_tables(result))
    for model in drawn_study.MODELS:
        changed = [row["changes"] for row in result["rows"] if row["model"] == model and row["changes"]]
        check_charts(page, {
            f"{model}, image only: Right disease first: change": [wanted.percent(one["top-1"]) for one in changed],
            f"{model}, image only: Confidence less being right: change": [
                wanted.percent(one["overconfidence"]) for one in changed
            ],
        })  # fmt: skip
    check_prose(page, result)


def test_the_tables_chart_and_sentences_without_a_photograph(tmp_path):
    pytest.importorskip("sklearn")
    result = drawn_study.drawn_baselines()
    write_clinic_page(tmp_path / "p.html", result)
    page, found = shown((tmp_path / "p.html").read_text("utf-8")), read(tmp_path, result)
    check_tables(page, wanted.baseline_tables(found), "clinic-published-baseline-table")
    drawn = [row[name] for row in found["rows"] for name in ("balanced_accuracy", "malignancy_balanced")]
    assert math.isnan(drawn.pop()["value"])  # no melanoma has the same fields empty
    check_charts(page, {"Balanced accuracy without a photograph": list(map(wanted.percent, drawn))})
    right = [row["accuracy"]["value"] * row["accuracy"]["n"] for row in found["rows"]]
    check_prose(page, found, len(found["rows"][0]["recall"]), *right)
    said = page.prose.partition("From the text alone")[2]
    assert f"the right one of 3 diagnoses in {100 * found['rows'][2]['accuracy']['value']:.0f} of 100 cases" in said
    assert "gives diagnoses away" in said  # sex is only recorded of melanoma
    assert sum(found["n_of_label"].values()) == found["n_cases"] == 90
    assert repr(read_result(tmp_path / "result.json", BaselineResult)) == repr(result)


def test_two_numbers_that_change_places_are_noticed(differentials):
    page, result = differentials
    tables = wanted.differential_tables(result)
    for ident, (a, b) in {"ddx-headline": (2, 3), "ddx-anchoring-table": (1, 3), "ddx-gaps": (4, 5)}.items():
        rows = [list(row) for row in page.tables[ident]]
        rows[0][a], rows[0][b] = rows[0][b], rows[0][a]
        assert disagreements(rows, tables[ident])
