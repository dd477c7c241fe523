"""The page of a study of differentials: its numbers are those of the result, and its words say what they mean."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from dermatrust.agreement.bootstrap import KeptDraws
from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.mcnemar import McNemar
from dermatrust.clinic.abstention import stated_confidence
from dermatrust.clinic.cells import Change
from dermatrust.clinic.differential_table import SUBGROUP_MEASURES
from dermatrust.clinic.results import HITS, MEASURES, Anchoring, Cell, DifferentialResult, Shortcut
from dermatrust.clinic.unknown import UnknownName
from dermatrust.records import DatasetCard
from dermatrust.report import write_trust_report
from dermatrust.report.clinic_ddx import _MEASURE_WORDS, differential_context, sentences
from dermatrust.report.clinic_page import write_clinic_page
from dermatrust.report.clinic_triage_plots import risk_plot
from dermatrust.report.clinic_words import (
    anchoring_sentence,
    change_sentence,
    embedded_notices,
    headline_sentence,
    shortcut_sentence,
)

NAN = float("nan")
NOTHING = Estimate(NAN, NAN, NAN, 0, 0, 0)
HOSTILE = "<script>alert('x')</script>"


def est(value, low, high, n=100):
    return Estimate(value, low, high, n, 60, 0)


def measures(start, n=100):
    """Every measure another number, so that two that are exchanged are seen."""
    found = {}
    for place, name in enumerate(MEASURES):
        value = start + place / 100
        found[name] = est(value, value - 0.081, value + 0.094, n)
    return found


def a_cell(model="m/one", arm="image only", start=0.2, **more):
    known = {"image_arm": "all", "n": 100, "n_missing": 4, "n_unanswered": 7, "n_abstained": 3, "n_given_away": 2,
             "reasons": {"timeout": 4}, "measures": measures(start)}  # fmt: skip
    return Cell(model=model, arm=arm, **(known | more))


def a_result(**more):
    card = DatasetCard(name="Ours", version="1", source="made up", licence="private", consent="nobody's")
    cells = (a_cell(), a_cell(arm="image + context", start=0.3))
    change = Change(
        "m/one", "image + context", "all", "image only", "all", 96,
        {name: est(0.0725, 0.0213, 0.1237, 96) for name in MEASURES}, est(0.3125, 0.2, 0.4),
        {name: McNemar(30, 17, 8, 41, 0.1, 0.0763) for name in HITS},
    )  # fmt: skip
    anchored = Anchoring(
        "m/one", "all", 90, est(0.3, 0.21, 0.4, 90), est(0.4, 0.3, 0.5, 90), "image only", est(1 / 30, 0.0, 0.08, 90),
        est(0.05, 0.0, 0.1, 90), est(0.28, 0.2, 0.37, 85), est(0.37, 0.3, 0.46, 85),
    )  # fmt: skip
    short = Shortcut(
        "m/one", 98, est(0.19, 0.12, 0.27), est(0.3, 0.2, 0.4), est(0.05, 0.02, 0.08), est(0.1, 0.06, 0.16),
        est(0.14, 0.08, 0.19), est(0.2, 0.1, 0.3), 5, est(0.6, 0.2, 1.0, 5), est(0.17, 0.1, 0.25, 93),
    )  # fmt: skip
    known = {
        "card": card, "n_cases": 104, "n_patients": 60, "n_cases_without_patient": 3, "n_without_truth": 6,
        "n_unknown_truth": 2, "models": ("m/one",), "arms": ("image only", "image + context"), "image_arms": ("all",),
        "base": "image only", "cells": cells, "changes": (change,), "anchoring": (anchored,), "shortcuts": (short,),
        "n_resamples": 2000, "seed": 0,
    }  # fmt: skip
    return DifferentialResult(**(known | more))


@pytest.fixture
def page(tmp_path, make_manifest):
    def written(result):
        path = tmp_path / "report.html"
        write_clinic_page(path, result, manifest=make_manifest(["m/one"], []))
        return path.read_text(encoding="utf-8")

    return written


def table_of(html, ident):
    """Return the rows of a table, a list of texts each."""
    body = re.search(rf'id="{ident}-caption".*?<tbody>(.*?)</tbody>', html, re.DOTALL).group(1)
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        [
            " ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def test_every_number_of_the_ladder_is_the_results(page):
    result = a_result()
    rows = table_of(page(result), "ddx-rungs")
    for row, cell in zip(rows, result.cells, strict=True):
        wanted = [
            f"{100 * e.value:.1f} % [{100 * e.low:.1f}, {100 * e.high:.1f}]" for e in map(cell.measures.get, HITS)
        ]
        assert row == ["m/one", cell.arm, *wanted, "100 of 104"]


def test_the_headline_is_top_1_3_and_5_of_the_same_disease(page):
    rows = table_of(page(a_result()), "ddx-headline")
    names = [f"top-{k} synonym" for k in (1, 3, 5)]
    wanted = [measures(0.2)[name].value for name in names]
    assert [float(text.partition(" ")[0]) for text in rows[0][2:5]] == pytest.approx(
        [100 * v for v in wanted], abs=0.05
    )
    assert rows[0][5] == "100 of 104"


def test_changes_say_against_what_and_on_how_many_pairs(page):
    (row,) = table_of(page(a_result()), "ddx-changes-table")
    assert row == [
        "m/one", "image + context", "image only", "+7.2 [+2.1, +12.4]", "+7.2 [+2.1, +12.4]", "31.2 % [20.0, 40.0]",
        "17", "8", "0.076", "96 of 104",
    ]  # fmt: skip


def test_anchoring_and_shortcuts_have_every_figure(page):
    html = page(a_result())
    (told,) = table_of(html, "ddx-anchoring-table")
    assert [text.partition(" ")[0] for text in told] == ["m/one", "30.0", "40.0", "3.3", "5.0", "28.0", "37.0", "90"]
    (short,) = table_of(html, "ddx-shortcuts-table")
    firsts = [text.partition(" ")[0] for text in short]
    assert firsts == ["m/one", "19.0", "5.0", "+14.0", "30.0", "10.0", "+20.0", "60.0", "17.0", "5", "98"]


def test_a_model_that_reads_no_text_has_no_effect_of_text(page):
    two = ("image only", "image + context")
    (told,) = embedded_notices(["nano/narrator-weak", "openai/x"], two)
    assert told.startswith("nano/narrator-weak reads no text")
    assert embedded_notices(["nano/narrator-weak"], ("image only",)) == []
    assert "so none is routine" in embedded_notices(["nano/narrator-weak"], ("image only",), is_triage=True)[0]
    cells = [a_cell(model="nano/narrator-weak", arm=arm) for arm in two]
    blind = a_result(models=("nano/narrator-weak",), cells=tuple(cells), changes=(), anchoring=(), shortcuts=())
    assert told in page(blind)


def test_one_arm_is_compared_with_nothing(page):
    said = "All other arms are compared with this one."
    alone = a_result(arms=("image only",), cells=(a_cell(),), changes=(), anchoring=(), shortcuts=())
    assert said in page(a_result())
    assert said not in page(alone)


def test_what_is_missing_is_counted_with_its_reasons(page):
    rows = table_of(page(a_result()), "ddx-missing-table")
    assert rows[0] == ["m/one", "image only", "100 of 104", "4", "timeout 4", "7", "3", "2"]


def test_sentences_are_natural_frequencies():
    ((headline, change, anchored, short),) = sentences(a_result())
    assert headline == (
        "From photographs alone, of 100 cases m/one had the right disease among its first three in 24 "
        "(95 % interval 16 to 33; 24 of 100 here)."
    )
    assert change == "From photographs and text, 7 more (from 2 more to 12 more)."
    assert anchored == (
        "Told of a wrong referral diagnosis, it put it first in 27 of 90 cases (30 %, 95 % interval 21 to 40); "
        "untold, in 3 of 90."
    )
    assert short.startswith("Without any photograph, it put the right disease first in 19 of 100 cases (12 to 27)")
    assert "gives answers away" in short


def test_a_change_whose_interval_holds_nothing_may_be_chance():
    change = a_result().changes[0]
    for low, high, is_chance in ((-0.1, 0.2, True), (0.0, 0.2, True), (0.01, 0.2, False), (-0.3, -0.1, False)):
        value = (low + high) / 2
        said = change_sentence(replace(change, differences=dict.fromkeys(MEASURES, est(value, low, high))))
        assert ("may be chance" in said) == is_chance
    fewer = change_sentence(replace(change, differences=dict.fromkeys(MEASURES, est(-0.06, -0.117, -0.008))))
    assert fewer == "From photographs and text, 6 fewer (from 12 fewer to 0.8 fewer)."


def test_no_change_is_no_zero_fewer():
    change = a_result().changes[0]
    none = change_sentence(replace(change, differences=dict.fromkeys(MEASURES, est(-0.0001, -0.27, 0.254))))
    assert none.endswith(", as many (from 27 fewer to 25 more), which may be chance.")


def test_a_curve_that_is_all_wrong_is_seen_on_the_line_of_chance():
    right, sure, all_said = np.zeros(30), np.linspace(0.2, 0.9, 30), np.ones(30, dtype=bool)
    found = stated_confidence(right, sure, all_said, ~all_said, np.arange(30), draws=KeptDraws(0), n_resamples=20)
    drawn = risk_plot("m", found, ident="r")
    level = re.search(r'<line [^>]*y1="([\d.]+)"[^>]*class="ideal"', drawn)[1]
    dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="5" class="bin"', drawn)
    assert len(dots) == 2
    assert {y for _, y in dots} == {f"{float(level):.1f}"}  # so nothing but the dots shows where the curve is


def test_another_way_to_show_the_photographs_is_compared_in_words():
    one = replace(a_result().changes[0], arm="image only", image_arm="first 1", base_image_arm="all")
    result = a_result(changes=(one,), image_arms=("all", "first 1"))
    assert sentences(result)[0][1] == "Shown at most 1 photograph, 7 more (from 2 more to 12 more)."
    assert sentences(result)[0][2].startswith("Shown all photographs at once and told of a wrong referral diagnosis")
    elsewhere = replace(one, arm="image + context", base_arm="image + context")
    assert not any("Shown at most" in text for text in sentences(replace(result, changes=(elsewhere,)))[0])


def test_a_text_that_is_no_better_than_what_is_common_gives_nothing_away():
    short = replace(a_result().shortcuts[0], above_1=est(0.04, -0.02, 0.1), above_3=est(0.0, -0.1, 0.1))
    assert "gives answers away" not in shortcut_sentence(short)


def test_a_text_that_gives_away_only_among_the_first_three_says_so():
    short = replace(a_result().shortcuts[0], above_1=est(0.04, -0.02, 0.1), above_3=est(0.1, 0.01, 0.2))
    short = replace(short, top_3=est(0.25, 0.18, 0.32), frequent_3=est(0.15, 0.1, 0.2))
    said = shortcut_sentence(short)
    assert "Among its first three it had it in 25 of 100 cases (18 to 32); the three commonest give 15." in said
    assert said.endswith("need not have been seen.")
    assert "Among its first three" not in shortcut_sentence(a_result().shortcuts[0])


def test_without_an_untold_arm_nobody_knows():
    anchored = replace(a_result().anchoring[0], reference_arm="", unprompted_1=NOTHING, unprompted_3=NOTHING)
    assert anchoring_sentence(anchored, 0.95).endswith("nobody knows how often it would have, untold.")


def test_nothing_answered_is_said_and_not_zero(page):
    empty = a_cell(measures=dict.fromkeys(MEASURES, NOTHING), n=0, n_missing=104)
    html = page(a_result(cells=(empty,), changes=(), anchoring=(), shortcuts=(), arms=("image only",)))
    assert "nothing can be said of m/one" in html
    assert not re.search(r"\bnan\b", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL).lower())
    assert table_of(html, "ddx-headline")[0][2] == "– no case"
    assert 'href="#ddx-led"' not in html


def test_a_share_of_fewer_cases_than_were_answered_says_of_how_many(page):
    cell = a_cell()
    cell = replace(cell, measures=cell.measures | {f"top-{k} synonym": est(0.5, 0.4, 0.6, 98) for k in (1, 3, 5)})
    html = page(a_result(cells=(cell,), changes=()))
    (row,) = table_of(html, "ddx-headline")
    assert row[2:5] == ["50.0 % [40.0, 60.0] n 98"] * 3
    assert "of the same cases: those whose label the lexicon knows" in html


def test_where_no_label_is_known_it_says_so_and_not_that_answers_are_missing():
    cell = replace(a_cell(), measures=a_cell().measures | {f"top-{k} synonym": NOTHING for k in (1, 3, 5)})
    said = headline_sentence(a_result(cells=(cell,)), "m/one")
    assert "the lexicon knows the true diagnosis of none of the cases answered" in said
    assert "no case has both" in headline_sentence(a_result(cells=(replace(cell, n=0),)), "m/one")


def test_unknown_names_stand_with_the_nearest(page):
    names = [UnknownName("atopic dermatitits", "answer", 12, ("atopic dermatitis",)), UnknownName("qq", "truth", 1, ())]
    rows = table_of(page(a_result(unknown=tuple(names))), "ddx-unknown")
    assert rows[0] == ["atopic dermatitits", "said by a model", "12", "atopic dermatitis"]
    assert rows[1] == ["qq", "label of the dataset", "1", "nothing near"]


def test_hostile_text_is_shown_and_not_run(page):
    names = [UnknownName(HOSTILE, "answer", 1, (HOSTILE,))]
    cells = (a_cell(model=HOSTILE, reasons={HOSTILE: 4}),)
    card = a_result().card.model_copy(update={"name": HOSTILE})
    one = replace(a_result().anchoring[0], model=HOSTILE)
    html = page(a_result(card=card, models=(HOSTILE,), cells=cells, changes=(), anchoring=(one,), unknown=tuple(names)))
    assert HOSTILE not in html
    assert html.count("<script") == 1


def test_published_figures_stand_apart_with_a_warning(page):
    html = page(a_result())
    section = re.search(r'<section id="clinic-published".*?</section>', html, re.DOTALL).group(0)
    assert "no difference from them means anything" in section
    assert "42.25 %" in section
    assert "https://arxiv.org/abs/2605.04098" in section
    assert "nothing here repeats it" in html


def test_synthetic_is_called_synthetic_in_every_caption(page):
    result = a_result()
    html = page(replace(result, card=result.card.model_copy(update={"synthetic": True})))
    captions = re.findall(r"<(?:caption|figcaption).*?</(?:caption|figcaption)>", html, re.DOTALL)
    assert len(captions) > 8
    (published,) = (caption for caption in captions if "Synthetic data" not in caption)
    assert "Published figures" in published  # of real cases
    assert "Synthetic data" not in page(result)


def test_a_private_dataset_is_confidential(page):
    assert "Confidential." in page(a_result())


def test_it_is_a_chapter_of_the_report(tmp_path):
    write_trust_report(tmp_path / "report.html", [a_result()])
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<div class="chapter" id="differential-diagnosis">' in html
    assert table_of(html, "ddx-headline")[0][0] == "m/one"
    assert len(re.findall(r"<h1", html)) == 1


def test_names_and_idents_are_unique(page):
    idents = re.findall(r' id="([^"]+)"', page(a_result()))
    assert len(idents) == len(set(idents))
    assert differential_context(a_result())["manifest"] is None


def test_every_figure_of_parts_of_the_cases_has_words_on_the_page():
    assert _MEASURE_WORDS.keys() == set(SUBGROUP_MEASURES)
