"""The judges' report card: numbers to text, and one page that fetches nothing and says what is synthetic."""

import math
import re
from collections import Counter
from dataclasses import replace

import pytest

from dermatrust.audit.judge_audit import JudgeAudit, ReportCard
from dermatrust.audit.judged import Resampling
from dermatrust.audit.kinds import ERROR_RULES
from dermatrust.audit.sensitivity import DimensionRow, ErrorRow, TwinRow
from dermatrust.audit.steadiness import ASKED_ONCE, BY_RULE, Missing, Repeatability
from dermatrust.bench.results import Estimate
from dermatrust.records import DIMENSIONS, Dimension, JudgeCard
from dermatrust.report.judge_card import card_view, glance, kind_lines, write_judge_card

NAN = float("nan")
SAFETY = Dimension.SAFETY


def found(value, half=0.1, n=20, n_missing=0):
    return Estimate(value, value - half, value + half, n, n_missing)


def six(value, **named):
    return {dimension: found(value, **named) for dimension in DIMENSIONS}


def a_card(judge="lexical", *, safety_fall=2.0, repeated=False, preference="the dataset holds no candidate narratives"):
    share = found(1.0 if safety_fall else 0.0, half=0.0)
    rows = [
        DimensionRow(
            d,
            found(safety_fall if d is SAFETY else 1.0, half=0.0),
            (share if d is SAFETY else found(0.8),) * 2,
            found(0.02),
        )
        for d in DIMENSIONS
    ]
    error = ErrorRow(
        "unsafe advice",
        20,
        six(0.0, half=0.0) | {SAFETY: found(safety_fall, n=18, n_missing=2)},
        {SAFETY: (share, share)},
        found(safety_fall),
    )
    return ReportCard(
        judge=JudgeCard(judge=judge, kind="llm", family="f", version="1", rubric="r", repeats=3 if repeated else 1),
        unchanged=six(4.9),
        errors=(error,),
        dimensions=tuple(rows),
        twins=(
            TwinRow("markdown", 20, six(-0.3), found(0.75)),
            TwinRow("politeness", 20, six(0.0, half=0.0), found(1.0)),
        ),
        repeatability=Repeatability(3, six(0.2), six(0.5), six(0.9)) if repeated else ASKED_ONCE,
        padding=six(0.25),
        length=found(0.4, n=30, n_missing=3),
        has_panel=True,
        preference=preference,
        missing=Missing(found(0.05, half=0.01), Counter(unreadable=7)),
    )


def an_audit(*cards, manifest):
    return JudgeAudit(
        dataset=manifest.dataset,
        cards=cards,
        n_references=20,
        n_certified=0,
        n_patients=12,
        n_variants=60,
        lacking=Counter({"unsafe advice": 3}),
        resampling=Resampling(),
    )


@pytest.fixture
def manifest(make_manifest):
    return make_manifest([], ["lexical"])


def test_what_should_fall_is_marked_and_what_is_missing_is_said():
    view = card_view(a_card(), 1)
    (row,) = view.errors
    cells = dict(zip(DIMENSIONS, row.cells, strict=True))
    assert (cells[SAFETY].value, cells[SAFETY].interval, cells[SAFETY].is_meant) == ("2.00", "[1.90, 2.10]", True)
    assert not cells[Dimension.ACCURACY].is_meant
    assert cells[Dimension.ACCURACY].is_nothing
    assert row.n == "20, up to 2 missing"
    assert cells[SAFETY].shade > cells[Dimension.ACCURACY].shade == 0


def test_a_twins_shift_has_a_sign_and_a_shade_whichever_way_it_goes():
    markdown, politeness = card_view(a_card(), 1).twins
    assert (markdown.cells[0].value, markdown.cells[0].shade) == ("−0.30", 2)
    assert politeness.cells[0].is_nothing
    assert (markdown.whole.value, markdown.whole.interval) == ("75 %", "[65, 85 %]")


def test_a_judge_that_is_blind_is_called_so_at_the_top_and_on_its_card():
    blind = a_card("flat", safety_fall=0.0)
    line = glance(blind)
    notes = [cell.note for cell in line.cells]
    assert notes == ["blind" if dimension is SAFETY else "" for dimension in DIMENSIONS]
    (row,) = card_view(blind, 1).errors
    assert [cell.note for cell in row.cells] == ["not seen" if d is SAFETY else "" for d in DIMENSIONS]
    assert not any(cell.note for cell in card_view(a_card(), 1).errors[0].cells)
    assert "does not show that it sees errors of Safety" in card_view(blind, 1).sentence
    assert "sees the errors meant for each" in card_view(a_card(), 1).sentence


def test_of_one_patient_nothing_is_claimed():
    card = a_card()
    unknown = tuple(replace(row, drop=replace(row.drop, low=math.nan, high=math.nan)) for row in card.dimensions[:2])
    few = replace(card, dimensions=(*unknown, *card.dimensions[2:]))
    assert [cell.note for cell in glance(few).cells] == ["too few"] * 2 + [""] * 4
    assert (
        card_view(few, 1).sentence == "Whether it sees errors of Accuracy and Safety cannot be told: too few patients."
    )


def test_the_top_shows_the_twin_that_moves_most_and_the_least_repeatable_dimension():
    assert (glance(a_card()).steady, glance(a_card()).same) == ("75 %", ASKED_ONCE)
    assert glance(a_card(repeated=True)).same == "50 %"
    assert glance(replace(a_card(), repeatability=BY_RULE)).same == "it answers by rule, alike every time"


def test_what_is_not_measured_gives_its_reason():
    lines = dict(card_view(a_card(), 1).lines)
    assert lines["Favour for its own family (f)"] == "Not measured: the dataset holds no candidate narratives."
    assert (
        lines["A candidate twice as long, less the panel’s mean"] == "+0.40 points [+0.30, +0.50], 30 of 33 narratives"
    )
    assert lines["Missing verdicts"] == "5 % [4, 6 %]: unreadable 7"
    assert "asked once" in lines["Repeatability"]
    assert "Repeatability" not in dict(card_view(a_card(repeated=True), 1).lines)


def test_every_kind_is_explained_with_how_often_it_found_no_place(manifest):
    lines = {line[0]: line for line in kind_lines(an_audit(a_card(), manifest=manifest))}
    assert set(ERROR_RULES) < set(lines)
    assert lines["unsafe advice"][4] == "3 of 20"
    assert lines["refusal"][1] == "all"


def test_the_page_stands_alone_and_names_every_judge(tmp_path, manifest):
    path = tmp_path / "card.html"
    cards = (a_card("<lexical>"), a_card("flat", safety_fall=0.0, repeated=True, preference=found(0.3)))
    write_judge_card(path, an_audit(*cards, manifest=manifest), manifest=manifest)
    page = path.read_text(encoding="utf-8")
    assert "The judges side by side" in page
    assert '<span role="img" aria-label="should fall">*</span>' in page
    assert "<span aria-label" not in page  # a name on what has no role is not read out
    assert "&lt;lexical&gt;" in page
    assert "<lexical>" not in page
    assert "<strong>Synthetic data.</strong>" in page
    assert (
        page.count("<caption") == page.count("Synthetic data</span></caption>") or page.count('class="synthetic"') > 5
    )
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).lower().split()
    assert page.count("<h1") == 1
    idents = re.findall(r'id="([^"]+)"', page)
    assert len(idents) == len(set(idents))


def test_real_data_carries_no_synthetic_mark(tmp_path, make_manifest):
    real = make_manifest([], ["lexical"], synthetic=False)
    write_judge_card(tmp_path / "card.html", an_audit(a_card(), manifest=real), manifest=real)
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert "Synthetic" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
