"""Judges and evaluators side by side, and both against the panel, as the report shows them."""

from dataclasses import replace

import pytest

from dermatrust.bench.results import Alignment, AlignmentRow, Estimate
from dermatrust.bench.text import drawn_notice
from dermatrust.records import DIMENSIONS
from dermatrust.report import write_report
from dermatrust.report.case_view import case_view
from dermatrust.report.compared import alignment_glance, alignment_groups, side_by_side
from dermatrust.report.pages import Candidate
from dermatrust.report.provenance import kinships, measured, reference_lines, reference_notice

NAN = float("nan")
KINDS = {"lexical": "lexical", "eye": "evaluator", "Dr A": "human", "Dr B": "human"}
AUTHORS = ["alpha", "beta"]


def row(role, rater, value, *, n=10, n_missing=0):
    error = Estimate(value, value - 0.1, value + 0.1, n, n_missing)
    return AlignmentRow(role, rater, dict.fromkeys(DIMENSIONS, error), error)


ALIGNMENT = Alignment(
    (
        row("automatic", "lexical", 0.7),
        row("automatic", "eye", 0.4, n=9, n_missing=1),
        row("panel", "", 0.5, n=18, n_missing=2),
        row("member", "Dr A", 0.5),
        row("member", "Dr B", 0.5),
        row("mean", "", 1.2),
    ),
    ("Dr A", "Dr B"),
    10,
    1,
)


@pytest.fixture
def table(make_table):
    return replace(make_table(AUTHORS, list(KINDS)), kinds=KINDS, alignment=ALIGNMENT)


def test_every_model_has_a_line_by_each_judge_and_evaluator(table):
    lines = side_by_side(table)
    assert [(line.author, [rater for rater, _ in line.raters]) for line in lines] == [
        ("alpha", ["lexical", "eye"]), ("beta", ["lexical", "eye"]),
    ]  # fmt: skip
    cells = dict(lines[0].raters)["eye"]
    (shown,) = [r for r in table.rows if (r.author, r.rater) == ("alpha", "eye")]
    assert cells[-1].value == f"{shown.macro.value:.2f}"
    assert cells[0].interval.startswith("[")


@pytest.mark.parametrize("lacking", ["eye", "lexical"])
def test_one_kind_alone_has_no_other_side(table, lacking):
    kinds = {rater: kind for rater, kind in KINDS.items() if rater != lacking}
    assert side_by_side(replace(table, kinds=kinds)) == ()


def test_errors_stand_in_three_groups(table):
    groups = alignment_groups(table)
    assert [[line.rater for line in group] for group in groups] == [
        ["lexical", "eye"], ["one of the panel", "Dr A", "Dr B"], ["the mean of other patients"],
    ]  # fmt: skip
    eye = groups[0][1]
    assert (eye.against, eye.scored, eye.missing) == ("the panel's mean", "9 of 10", "6 of 60")
    assert (eye.cells[-1].value, eye.cells[-1].interval) == ("0.40", "[0.30, 0.50]")
    assert [line.is_member for line in groups[1]] == [False, True, True]
    assert alignment_groups(replace(table, alignment=None)) == ()


def test_the_sentence_names_automatic_raters_the_nearest_first():
    called = {"lexical": "the lexical judge", "eye": "eye"}
    assert alignment_glance(ALIGNMENT, called) == (
        "Against the panel's mean, eye errs by 0.40 [0.30, 0.50] points on average; the lexical judge by "
        "0.70 [0.60, 0.80]; one of the panel, against the others, by 0.50; the mean of other patients by 1.20.",
    )
    undefined = replace(ALIGNMENT, rows=(row("automatic", "eye", NAN), row("mean", "", 1.2)))
    assert alignment_glance(undefined, called) == alignment_glance(None, called) == ()


def test_an_evaluator_lacks_no_reference(table):
    rows = tuple(replace(r, references={"none": 24}) if r.rater == "eye" else r for r in table.rows)
    table = replace(table, rows=rows)
    assert reference_notice(table) == ""
    assert {line.rater for line in reference_lines(table)} == {"lexical", "Dr A", "Dr B"}


def test_the_first_sentence_says_who_read_a_reference_and_who_did_not(make_table, make_manifest):
    table = replace(make_table(AUTHORS, ["lexical", "eye"]), kinds=KINDS)
    manifest = make_manifest(AUTHORS, ["lexical", "eye"])
    assert measured(table, manifest).endswith(
        "(best): against the reference of its case by the lexical judge, and by the photographs alone by eye."
    )
    alone = replace(make_table(AUTHORS, ["eye"]), kinds=KINDS)
    assert measured(alone, manifest).endswith("(best): by the photographs alone by eye.")


def test_kin_of_one_judge_are_one_warning(make_manifest):
    families = dict.fromkeys(AUTHORS, "gpt")
    (found,) = kinships(make_manifest(AUTHORS, ["eye"], families=families, judge_family="gpt"))
    assert found.text.startswith("eye, alpha and beta are of one family (gpt):")


def test_embedded_models_on_photographs_are_warned_of(make_manifest, make_table, make_page, tmp_path):
    """Alone or beside others, in a run and on its page; on drawings there is nothing to say."""
    names = ["nano/narrator-weak", "beta"], ["nano/evaluator"]
    said = "Trained on drawn pictures alone, so what they say of a photograph means nothing: "
    real = make_manifest(*names, synthetic=False)
    assert drawn_notice(real) == f"{said}nano/narrator-weak, nano/evaluator."
    assert (
        drawn_notice(make_manifest(*names, synthetic=True))
        == drawn_notice(make_manifest(AUTHORS, ["eye"], synthetic=False))
        == ""
    )
    path = tmp_path / "report.html"
    write_report(path, manifest=real, table=make_table(*names), pages=[], n_cases_total=24)
    text = path.read_text(encoding="utf-8")
    assert said in text[text.index('id="results"') : text.index('id="dimensions"')]


def test_a_case_page_shows_probability_and_expected_value(make_page, make_rating):
    sure = make_rating("n", "eye").model_copy(
        update={"probabilities": {DIMENSIONS[0]: 0.753}, "expected": {DIMENSIONS[0]: 3.5, DIMENSIONS[1]: 4.0}}
    )
    page = replace(make_page(0, ["m"], []), candidates=(Candidate("m", "A plaque.", ratings=(sure,)),))
    cells = case_view(page, 1).candidates[0].ratings[0].cells
    assert [cell.chance for cell in cells] == ["75 %, mean 3.50", "mean 4.00", "", "", "", ""]


def test_the_page_holds_both_tables_and_calls_them_synthetic(tmp_path, table, make_manifest, make_page):
    path = tmp_path / "report.html"
    write_report(path, manifest=make_manifest(AUTHORS, list(KINDS)), table=table, n_cases_total=1,
                 pages=[make_page(0, AUTHORS, list(KINDS))])  # fmt: skip
    text = path.read_text(encoding="utf-8")
    for ident in ("side-by-side", "alignment"):
        caption = text.partition(f'id="{ident}-caption"')[2].partition("</caption>")[0]
        assert "Synthetic data" in caption
    assert "10 narratives, 1 narrative without text left out" in text
    assert "Below an evaluator’s score" in text


def test_a_page_without_them_says_nothing_of_them(tmp_path, make_table, make_manifest):
    path = tmp_path / "report.html"
    write_report(
        path, manifest=make_manifest(AUTHORS, ["j"]), table=make_table(AUTHORS, ["j"]), pages=(), n_cases_total=1
    )
    text = path.read_text(encoding="utf-8")
    assert "side-by-side" not in text
    assert "panel&#39;s" not in text
