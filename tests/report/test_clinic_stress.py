"""The page of a stress test: its numbers are those of the result, and its sentence names what costs most."""

import re
from dataclasses import replace
from html import unescape

import pytest

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.stress_measures import stress_tables
from dermatrust.clinic.stress_table import StressResult, StressRow
from dermatrust.records import DatasetCard
from dermatrust.report import write_trust_report
from dermatrust.report.clinic_page import write_clinic_page
from dermatrust.report.clinic_stress_words import fall_sentence

NAN = float("nan")
HOSTILE = "<script>alert('x')</script>"
CARD = DatasetCard(name="Ours", version="1", source="made up", licence="private", consent="nobody's", synthetic=True)


def every(value, *, n=40, n_levels=0):
    names = [name for table in stress_tables(n_levels) for name in table]
    return {name: Estimate(value, value - 0.1, value + 0.1, n, 30, 0) for name in names}


def a_row(condition, value, change=None, model="m/one", n_levels=0):
    changes = every(change, n_levels=n_levels) if change is not None else {}
    return StressRow(model, "image only", condition, 40, 2, every(value, n_levels=n_levels), changes)


def a_result(**more):
    rows = (a_row("all", 0.6), a_row("blur 1", 0.55, -0.05), a_row("colour cast 3", 0.3, -0.3))
    known = {"card": CARD, "n_cases": 42, "n_patients": 30, "rows": rows, "n_resamples": 100, "seed": 0}
    return StressResult(**(known | more))


@pytest.fixture
def page(tmp_path, make_manifest):
    def written(result):
        write_clinic_page(tmp_path / "report.html", result, manifest=make_manifest(["m/one"], []))
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return written


def test_every_number_is_the_results(page):
    body = re.search(r"<tbody>(.*?)</tbody>", page(a_result()), re.DOTALL).group(1)
    rows = [
        [" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]
    assert rows[0] == [
        "clean",
        "",
        *["60.0 % [50.0, 70.0]"] * 3,
        "+60.0 [+50.0, +70.0]",
        "60.0 % [50.0, 70.0]",
        "40 of 42",
    ]
    assert rows[2][:3] == ["colour cast", "severe", "30.0 % [20.0, 40.0] −30.0 [−40.0, −20.0]"]


def test_the_sentence_names_the_worst_and_whether_it_is_noticed():
    rows = list(a_result().rows)
    said = fall_sentence(rows)
    assert said == "Worst is severe colour cast: of 100 cases 30 fewer have the right disease first."
    blind = replace(rows[2], changes=rows[2].changes | {"overconfidence": Estimate(0.2, 0.1, 0.3, 40, 30, 0)})
    assert fall_sentence([*rows[:2], blind]).endswith("It does not notice: it becomes too sure by 20 points more.")
    honest = replace(rows[2], changes=rows[2].changes | {"cannot tell": Estimate(0.25, 0.1, 0.4, 40, 30, 0)})
    assert fall_sentence([*rows[:2], honest]).endswith("In 25 more of 100 it says that it cannot tell.")
    assert "may be chance" in fall_sentence(rows[:2])
    assert fall_sentence(rows[:1]).startswith("No way to spoil")


def test_without_stated_confidence_nobody_can_say(page):
    nothing = Estimate(NAN, NAN, NAN, 0, 0, 0)
    silent = {"confidence": nothing, "overconfidence": nothing}
    rows = [
        replace(row, values=row.values | silent, changes=row.changes | silent if row.changes else {})
        for row in a_result().rows
    ]
    html = page(a_result(rows=tuple(rows)))
    assert "It states no confidence" in html
    assert "no score" not in html


def test_hostile_text_is_shown_and_not_run(page):
    rows = (a_row("all", 0.5, model=HOSTILE), a_row("blur 2", 0.4, -0.1, model=HOSTILE))
    html = page(a_result(rows=rows, card=CARD.model_copy(update={"name": HOSTILE})))
    assert HOSTILE not in html
    assert html.count("<script") == 1


def test_it_is_a_chapter_of_the_report(tmp_path):
    write_trust_report(tmp_path / "report.html", [a_result()])
    assert '<div class="chapter" id="spoilt-photographs">' in (tmp_path / "report.html").read_text(encoding="utf-8")


def of_triage(n_levels=3):
    return tuple(
        a_row(condition, value, change, n_levels=n_levels)
        for condition, value, change in (("all", 0.6, None), ("blur 1", 0.55, -0.05), ("low light 3", 0.3, -0.3))
    )


def test_triage_has_charts_and_tables_of_its_own_and_every_measure_of_a_level_says_its_n(page):
    html = page(a_result(rows=of_triage(), n_levels=3, n_without_truth=2))
    heads = re.findall(r'<th scope="col" class="number">(.*?)</th>', html)
    assert heads[:5] == [
        "Right level", "Under-triage", "Over-triage", "No level", "Stated confidence",
    ]  # fmt: skip
    assert heads[6] == "Says that it cannot tell"
    assert heads[8:11] == ["Of emergent cases", "Of urgent cases", "Of routine cases"]
    assert "Under-triage: change" in html
    assert "How urgent, in 3 levels" in html
    assert "2 cases of unknown truth" in html
    assert len(re.findall(r"<tbody>", html)) == 2
    by_level = re.findall(r"<tbody>(.*?)</tbody>", html, re.DOTALL)[1]
    assert by_level.count("n 40") == 3 * 5
    assert "Of emergent cases" not in page(a_result(rows=of_triage(2), n_levels=2))


def test_the_sentence_of_triage_says_where_urgency_is_missed():
    rows = list(of_triage())
    said = fall_sentence(rows, 3)
    assert said == "Worst is severe low light: of 100 cases 30 fewer have the right level."
    missed = replace(rows[2], changes=rows[2].changes | {"under-triage": Estimate(0.25, 0.1, 0.4, 40, 30, 0)})
    assert "misses urgency: 25 more are called less pressing" in fall_sentence([*rows[:2], missed], 3)
    assert fall_sentence(rows[:1], 3).endswith("fewer cases have the right level.")
