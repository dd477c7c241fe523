"""The page of a study of triage: whole cases and rates are those of the result, and its words say what they mean."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from dermatrust.clinic.subgroups import SubgroupRow
from dermatrust.clinic.triage_table import triage_result
from dermatrust.clinic.urgency_truth import TrueUrgency
from dermatrust.records import AnswerRow, DatasetCard
from dermatrust.report import write_trust_report
from dermatrust.report.clinic_benefit import benefit_plot, ways_to_act
from dermatrust.report.clinic_page import write_clinic_page
from dermatrust.report.clinic_triage import triage_context
from dermatrust.report.clinic_triage_words import change_sentence, found_sentence, left_sentence, levels_sentence
from dermatrust.store.answers import read_answers, write_answers

HOSTILE = "<script>alert('x')</script>"
NOTHING = dict.fromkeys(AnswerRow._fields)
TABLE = {
    ("emergent", "emergent"): 6, ("emergent", "urgent"): 3, ("emergent", "routine"): 1, ("urgent", "urgent"): 20,
    ("urgent", "emergent"): 2, ("urgent", "routine"): 6, ("urgent", None): 2, ("routine", "routine"): 40,
    ("routine", "urgent"): 12, ("routine", "emergent"): 3, ("routine", None): 5,
}  # fmt: skip
"""True level and level said to cases: 40 pressing ones of which 31 are called so, and 60 routine ones."""
CARD = DatasetCard(name="Ours", version="1", source="made up", licence="private", consent="nobody's")


def rows(model="m/one", arm="image only", table=TABLE, *, states=True):
    case = 0
    for (truth, said), n in table.items():
        for _ in range(n):
            chance = None if said is None or not states else round(0.05 + 0.9 * ((case * 37) % 100) / 100, 3)
            known = {
                "case_id": f"c{case}", "patient_id": f"p{case // 2}", "label": "psoriasis", "true_urgency": truth,
                "skin_group": (None, "I-II", "III-IV", "V-VI")[case % 4], "sex": "female" if case % 3 else "male",
                "model": model, "arm": arm, "image_arm": "all", "text": "…", "said": "[]", "n_said": int(bool(said)),
                "urgency": said, "urgent_probability": chance, "confidence": chance, "cannot_tell": said is None,
                "gives_truth_away": False,
            }  # fmt: skip
            yield AnswerRow(**(NOTHING | known))
            case += 1


@pytest.fixture
def make_result(tmp_path):
    def made(*some, n_levels=3, card=CARD, truths=()):
        write_answers(tmp_path / "answers.parquet", [row for one in some for row in one])
        answers = read_answers(tmp_path / "answers.parquet")
        return triage_result(answers, card, n_levels=n_levels, truths=truths, n_resamples=60)

    return made


@pytest.fixture
def page(tmp_path, make_manifest):
    def written(result):
        write_clinic_page(tmp_path / "report.html", result, manifest=make_manifest(["m/one"], []))
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return written


def table_of(html, ident):
    body = re.search(rf'id="{ident}-caption".*?<tbody>(.*?)</tbody>', html, re.DOTALL).group(1)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)]
    return [[" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in row] for row in cells]


def test_sentences_count_whole_cases(make_result):
    (cell,) = make_result(rows()).cells
    found = found_sentence(cell, 0.95)
    assert found.startswith(
        "From photographs alone, of 40 urgent or emergent cases m/one called 31 urgent or emergent; 9 were missed, "
        "2 of these without an answer (sensitivity 78 %, 95 % interval "
    )
    left = left_sentence(cell, 0.95)
    assert left.startswith("Of 60 routine cases 40 were called routine and 15 were false alarms; 5 had no answer")
    assert "specificity 67 %" in left
    assert levels_sentence(cell) == (
        "Of 100 cases the level was too low in 10 and too high in 17. Of 10 emergent cases 1 were called routine."
    )


def test_two_and_three_levels_are_printed_in_whole_cases(page, make_result):
    html = page(make_result(rows()))
    assert table_of(html, "triage-1-two") == [
        ["urgent or emergent", "31 78 %", "7 18 %", "2 5 %", "40"], ["routine", "15 25 %", "40 67 %", "5 8 %", "60"],
    ]  # fmt: skip
    assert [row[:2] for row in table_of(html, "triage-1-three")] == [
        ["emergent", "6 60 %"], ["urgent", "2 7 %"], ["routine", "3 5 %"],
    ]  # fmt: skip


def test_rates_are_the_results(page, make_result):
    result = make_result(rows())
    (row,) = table_of(page(result), "triage-headline")
    names = ("sensitivity", "specificity", "ppv", "npv", "balanced accuracy")
    wanted = [f"{100 * result.cells[0].measures[name].value:.1f} %" for name in names]
    assert [text.partition(" [")[0] for text in row[2:7]] == wanted
    assert wanted[0] == "77.5 %"
    assert row[7] == "100 of 100"


def test_the_points_of_the_curve_and_net_benefit_are_the_results(page, make_result):
    result = make_result(rows())
    stated = result.cells[0].probability
    html = page(result)
    points = table_of(html, "triage-1-points")
    assert points[0] == ["By the level it names", "–", "77.5 %", "66.7 %"]
    assert points[2][2:] == [
        f"{100 * getattr(stated.points[1], name):.1f} %" for name in ("sensitivity", "specificity")
    ]
    assert f"Area under the curve {stated.area.value:.2f}" in html
    lines = table_of(html, "triage-1-thresholds")
    assert [line[0] for line in lines] == [f"{100 * x:g} %" for x in stated.benefit.thresholds]
    firsts = [float(line[1].partition(" ")[0].replace("−", "-")) for line in lines]
    assert firsts == pytest.approx([100 * x for x in stated.benefit.net_benefit], abs=0.051)
    gains = [float(line[2].partition(" ")[0].replace("−", "-")) for line in lines]
    assert gains == pytest.approx([100 * x for x in stated.benefit.gain], abs=0.051)


def test_each_way_to_act_is_beside_everybody_of_its_own_cases(page, make_result):
    """7 of 100 cases have no probability. At 50 % an alarm costs a true case: (38 - 55) / 93, (40 - 60) / 100."""
    lines = table_of(html := page(make_result(rows())), "triage-1-thresholds")
    assert lines[-1][0] == "50 %"
    assert (lines[-1][3], lines[-1][6]) == ("−18.3", "−20.0")
    assert [line[3] for line in lines] != [line[6] for line in lines]
    for title in ("Seeing everybody of these 93 cases", "Seeing everybody of these 100 cases"):
        assert f">{title}</th>" in html
    assert len(table_of(page(make_result(rows(states=False))), "triage-1-thresholds")[0]) == 4


def test_a_benefit_that_rounds_to_nothing_has_no_sign(page, make_result):
    """One alarm of 300 cases costs 1/19 of a true case at 5 %: -0.02 of 100."""
    lines = table_of(page(make_result(rows(table={("routine", "urgent"): 1, ("routine", "routine"): 299}))),
                     "triage-1-thresholds")  # fmt: skip
    assert lines[1][0] == "5 %"
    assert not any(re.search(r"[−-]0\.0\b", cell) for line in lines for cell in line)


def test_no_curve_of_a_model_is_cut_and_each_line_has_its_name(make_result):
    all_wrong = {("urgent", "routine"): 20, ("routine", "urgent"): 80}
    (cell,) = make_result(rows(table=all_wrong)).cells
    svg = benefit_plot("m", ways_to_act(cell), ident="x")
    assert min(cell.benefit.net_benefit) == pytest.approx(-0.8)
    (named,) = re.findall(r'points="([^"]*)" class="named"', svg)
    heights = [float(point.partition(",")[2]) for point in named.split()]
    assert len(set(heights)) == len(heights) == len(cell.benefit.thresholds)
    assert {"stated", "named", "all 100", "none", "-80"} <= set(re.findall(r">([^<>]+)</text>", svg))


def test_without_probabilities_there_is_no_curve_and_it_is_said(page, make_result):
    html = page(make_result(rows(states=False)))
    assert "No answer states a probability" in html
    assert "No answer states a confidence" in html
    assert "ROC curve</figcaption>" not in html


def test_a_curve_above_everybody_with_no_routine_case_left_is_explained(page, make_result):
    """20 urgent cases called so, 20 routine ones without a level: nobody acts on these, and all count as wrong."""
    html = page(make_result(rows(table={("urgent", "urgent"): 20, ("routine", None): 20}, states=False)))
    assert table_of(html, "triage-headline")[0][3].startswith("0.0 %")
    assert table_of(html, "triage-1-thresholds")[-1][1].startswith("50.0")
    assert "An answer without a level, wrong elsewhere, alarms nobody here." in html


def test_two_levels_have_no_under_triage(page, make_result):
    html = page(make_result(rows(), n_levels=2))
    assert "three levels" not in html
    assert "Under-triage" not in html


def test_changes_say_in_which_direction_and_whether_by_chance(make_result):
    better = dict(TABLE) | {("urgent", "urgent"): 26, ("urgent", "routine"): 0}
    result = make_result(rows(), rows(arm="image + context", table=better))
    said = change_sentence(result.changes[0])
    assert said.startswith("From photographs and text: 15 more of 100 urgent cases found")
    assert said.endswith("as many routine cases left routine.")
    one = result.changes[0]
    for low, high, is_chance in ((-0.1, 0.2, True), (0.0, 0.2, True), (0.01, 0.2, False), (-0.3, -0.1, False)):
        found = replace(one.differences["sensitivity"], value=(low + high) / 2, low=low, high=high)
        text = change_sentence(replace(one, differences=one.differences | {"sensitivity": found}))
        assert ("may be chance" in text) == is_chance
        assert ("fewer" in text) == (high < 0)


def test_missing_skin_type_is_a_row_and_small_parts_show_nothing(page, make_result):
    result = make_result(rows())
    known = next(row for row in result.subgroups if row.value is not None)
    small = replace(known, factor="site", level="nose", n=3, value=None, difference=None, ratio=None)
    html = page(replace(result, subgroups=(*result.subgroups, small)))
    lines = table_of(html, "triage-parts-table")
    assert ["skin type", "not recorded"] in [line[:2] for line in lines]
    nose = next(line for line in lines if line[1] == "nose")
    assert nose[4:] == ["fewer than 10", "–", "3"]
    assert isinstance(known, SubgroupRow)


def test_levels_from_an_unsigned_table_need_sign_off(page, make_result):
    truths = [TrueUrgency("urgent", "label", needs_sign_off=k < 25) for k in range(100)]
    html = page(make_result(rows(), truths=truths))
    assert "Needs clinician sign-off: the level of 25 of 100 cases" in html
    assert "Needs clinician sign-off: the level" not in page(make_result(rows()))


def test_hostile_text_is_shown_and_not_run(page, make_result):
    card = CARD.model_copy(update={"name": HOSTILE})
    html = page(make_result(rows(model=HOSTILE), card=card))
    assert HOSTILE not in html
    assert html.count("<script") == 1


def test_what_is_synthetic_says_so_in_every_caption(page, make_result):
    html = page(make_result(rows(), card=CARD.model_copy(update={"synthetic": True})))
    captions = re.findall(r"<(?:caption|figcaption).*?</(?:caption|figcaption)>", html, re.DOTALL)
    assert len(captions) > 12
    (published,) = (caption for caption in captions if "Synthetic data" not in caption)
    assert "Published figures" in published  # of real cases


def test_it_is_a_chapter_of_the_report_and_idents_are_unique(tmp_path, page, make_result):
    result = make_result(rows(), rows(model="m/two"))
    write_trust_report(tmp_path / "whole.html", [result])
    assert '<div class="chapter" id="triage">' in (tmp_path / "whole.html").read_text(encoding="utf-8")
    idents = re.findall(r' id="([^"]+)"', page(result))
    assert len(idents) == len(set(idents))
    ((image_arm, views),) = triage_context(result)["views"]
    assert (image_arm, len(views)) == ("all", 2)


def test_nothing_answered_is_no_zero(make_result):
    failed = [row._replace(failure="timeout: no reply", urgency=None) for row in rows()]
    (cell,) = make_result(failed).cells
    assert "nothing can be said of m/one" in found_sentence(cell, 0.95)
    assert np.isnan(cell.measures["sensitivity"].value)
