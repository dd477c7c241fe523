"""The page of a comparison of datasets: its numbers and words are those of the result."""

import re
from dataclasses import replace
from html import unescape

import pytest

from dermatrust.bench.results import Estimate
from dermatrust.clinic.gap_results import BedsideGap, DatasetRow, Makeup
from dermatrust.records import DatasetCard
from dermatrust.report import write_trust_report
from dermatrust.report.clinic_gap import gap_context
from dermatrust.report.clinic_page import write_clinic_page

HOSTILE = "<script>alert('x')</script>"
HEADLINE = ("top-1 synonym", "top-3 synonym", "top-5 synonym")


def a_makeup(name, run_id, **more):
    card = DatasetCard(name=name, version="1", source="made up", licence="private", consent="nobody's", synthetic=True)
    known = {"n_cases": 100, "n_patients": 60, "n_cases_without_patient": 0, "n_diagnoses": 30, "n_unknown": 7,
             "commonest": (("psoriasis", 9),), "skin_groups": {"I-II": 60, "not recorded": 40}, "urgencies": {},
             "code_version": "0.1.0"}  # fmt: skip
    return Makeup(run_id, card, **(known | more))


def a_gap(**more):
    def row(measure, dataset, value):
        apart = Estimate(-0.123, -0.21, -0.034, 100, 0) if dataset else None
        inside = Estimate(-0.08, -0.2, 0.05, 80, 20) if dataset else None
        found = Estimate(value, value - 0.1, value + 0.1, 100, 0)
        n_diseases = 12 if dataset else 0
        return DatasetRow("m/one", "image only", "all", measure, dataset, found, apart, inside, n_diseases)

    rows = tuple(row(name, k, value) for name in HEADLINE for k, value in enumerate((0.55, 0.427)))
    known = {"task": "ddx", "datasets": (a_makeup("Public", "p"), a_makeup("Ours", "o", n_unknown=50)),
             "measures": HEADLINE, "headline": HEADLINE, "rows": rows, "warnings": ("They differ.",), "left_out": (),
             "n_resamples": 100, "seed": 0}  # fmt: skip
    return BedsideGap(**(known | more))


@pytest.fixture
def page(tmp_path):
    def written(gap):
        write_clinic_page(tmp_path / "gap.html", gap)
        return (tmp_path / "gap.html").read_text(encoding="utf-8")

    return written


def cells_of(html, ident):
    body = re.search(rf'id="{ident}-caption".*?<tbody>(.*?)</tbody>', html, re.DOTALL).group(1)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)]
    return [[" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in row] for row in cells]


def test_every_number_is_the_results(page):
    lines = cells_of(page(a_gap()), "gap-table")
    assert lines[0][3:7] == ["Public", "55.0 % [45.0, 65.0]", "100 of 100", ""]
    assert lines[1][3:] == [
        "Ours",
        "42.7 % [32.7, 52.7]",
        "100 of 100",
        "−12.3 [−21.0, −3.4]",
        "−8.0 [−20.0, +5.0]",
        "12",
    ]


def test_a_sentence_says_how_many_fewer_of_100():
    (said,) = gap_context(a_gap())["sentences"]
    assert said == (
        "From photographs alone, m/one had the right disease among its first three in 55 of 100 cases of Public and in "
        "43 of Ours: 12 fewer (interval 21 fewer to 3 fewer). Within the 12 diseases that both have it is 8 fewer."
    )


def test_what_makes_them_unlike_and_what_differs_is_said(page):
    html = page(a_gap())
    assert "They differ." in html
    known = next(line for line in cells_of(html, "makeup-table") if line[0].startswith("Labels"))
    assert known[1:] == ["93 of 100 (93.0 %)", "50 of 100 (50.0 %)"]
    assert ["Skin type: not recorded", "40 of 100 (40.0 %)", "40 of 100 (40.0 %)"] in cells_of(html, "makeup-table")


def test_hostile_names_are_shown_and_not_run_and_synthetic_is_said(page):
    html = page(a_gap(datasets=(a_makeup(HOSTILE, "p"), a_makeup(HOSTILE, "o"))))
    assert HOSTILE not in html
    assert html.count("<script") == 1
    assert "Synthetic data." in html


def test_a_report_of_a_comparison_is_confidential_where_its_second_dataset_is(tmp_path):
    first, second = a_gap().datasets
    private = second.card.model_copy(update={"may_leave_machine": False})
    free = first.card.model_copy(update={"may_leave_machine": True})
    gap = a_gap(datasets=(replace(first, card=free), replace(second, card=private)))
    write_trust_report(tmp_path / "report.html", [gap])
    assert "Confidential." in (page := (tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "The card of Ours does not allow" in page
    assert "Models at the bedside" in page
    assert "of the raters" not in page
