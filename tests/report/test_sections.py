from dataclasses import replace
from typing import get_args

import pytest

from dermatrust.bench.results import REASONS, Estimate, Rank
from dermatrust.records import DIMENSIONS, ModelCard
from dermatrust.records.rating import Reason
from dermatrust.report.breakdowns import (
    category_counts,
    category_lines,
    category_sentence,
    difference_tables,
    subgroup_tables,
)
from dermatrust.report.headline import at_a_glance, dimension_lines, missing_by_reason, rater_tables
from dermatrust.report.model_gaps import condition_tables
from dermatrust.report.provenance import (
    asked_text,
    card_notice,
    kinships,
    measured,
    patients_text,
    reference_notice,
    screen_notice,
)

NAN = float("nan")


def with_references(table, counts):
    return replace(table, rows=tuple(replace(row, references=counts) for row in table.rows))


def with_macro(table, *, means, places):
    rows = [
        replace(
            row, macro=Estimate(mean, mean - 0.1, mean + 0.1, 24, 0), ranks=row.ranks | {"macro": Rank(place, False)}
        )
        for row, mean, place in zip(table.rows, means, places, strict=True)
    ]
    return replace(table, rows=tuple(rows))


def test_the_headline_shows_n_missing_refused_and_empty(make_table):
    (table,) = rater_tables(make_table(["a", "b", "c"], ["lexical"]))
    by_author = {line.author: line for line in table.lines}
    assert by_author["a"].scored == "24 of 24"
    assert by_author["b"].scored == "22–24 of 24"
    assert (by_author["b"].missing, by_author["b"].reasons) == ("2 of 144", "unreadable 2")
    assert (by_author["b"].empty, by_author["c"].refused) == ("1 of 24", "1 of 24")


def test_n_stands_in_a_cell_only_where_dimensions_differ(make_table):
    (table,) = rater_tables(make_table(["a", "b"], ["lexical"]))
    by_author = {line.author: line for line in table.lines}
    assert [cell.n for cell in by_author["a"].cells] == [""] * 7
    assert [cell.n for cell in by_author["b"].cells] == ["n 24", "n 22", "n 24", "n 24", "n 24", "n 24", ""]


def test_tied_ranks_are_marked(make_table):
    (table,) = rater_tables(make_table(["a", "b", "c"], ["lexical"]))
    assert [line.cells[-1].rank for line in table.lines] == ["1=", "1=", "3"]


def test_a_row_without_scores_has_dashes_reasons_and_no_rank(make_table):
    table = make_table(["a"], ["r"], missing=False)
    nothing = Estimate(NAN, NAN, NAN, 0, 24)
    row = replace(
        table.rows[0],
        scores=dict.fromkeys(DIMENSIONS, nothing),
        macro=nothing,
        ranks=dict.fromkeys(table.rows[0].ranks, Rank(None, False)),
        missing={"no answer": 144},
    )
    (shown,) = rater_tables(replace(table, rows=(row,)))
    (line,) = shown.lines
    assert {(cell.value, cell.note, cell.rank) for cell in line.cells} == {("–", "no score", "")}
    assert (line.scored, line.missing, line.reasons) == ("0 of 24", "144 of 144", "no answer 144")


def test_the_table_below_a_chart_has_every_model_and_rater(make_table):
    lines = dimension_lines(make_table(["a", "b", "c"], ["judge", "lexical"]))
    assert set(lines) == {*DIMENSIONS, "macro"}
    assert [(line.author, line.rater) for line in lines[DIMENSIONS[0]]][:2] == [("a", "judge"), ("a", "lexical")]


@pytest.mark.parametrize(
    ("places", "expected"),
    [((1, 1, 3), "cannot tell it apart from b"), ((1, 2, 2), "significantly ahead of 2 other models")],
)
def test_the_first_sentence_says_whether_the_lead_is_real(make_table, make_manifest, places, expected):
    table = with_macro(make_table(["a", "b", "c"], ["r"]), means=(4, 3, 2), places=places)
    (sentence,) = at_a_glance(table, make_manifest(["a", "b", "c"], ["r"]))
    assert "By r, a has the highest overall mean: 4.00 [3.90, 4.10] of 5." in sentence
    assert expected in sentence


def test_a_single_model_is_not_ranked(make_table, make_manifest):
    table = with_macro(make_table(["a"], ["r"]), means=(4,), places=(1,))
    assert at_a_glance(table, make_manifest(["a"], ["r"])) == (
        "By r, a has an overall mean of 4.00 [3.90, 4.10] of 5.",
    )
    ((line,),) = (found.lines for found in rater_tables(table))
    assert {(cell.rank, cell.is_first) for cell in line.cells} == {("", False)}


def test_the_only_model_with_a_mean_is_not_the_highest(make_table, make_manifest):
    table = with_macro(make_table(["a", "b"], ["r"]), means=(4, NAN), places=(1, None))
    (sentence,) = at_a_glance(table, make_manifest(["a", "b"], ["r"]))
    assert sentence == "By r, only a has an overall mean: 4.00 [3.90, 4.10] of 5."


def test_the_lexical_judge_is_called_what_it_is(make_table, make_manifest):
    table, manifest = make_table(["a", "b"], ["lexical", "judge"]), make_manifest(["a", "b"], ["judge", "lexical"])
    starts = [sentence.partition(",")[0] for sentence in at_a_glance(table, manifest)]
    assert starts == ["By judge", "By the lexical judge"]
    assert measured(table, manifest).endswith("by judge and the lexical judge.")


def test_without_means_the_first_sentence_says_so(make_table, make_manifest):
    table = with_macro(make_table(["a"], ["r"]), means=(NAN,), places=(None,))
    assert at_a_glance(table, make_manifest(["a"], ["r"])) == ("By r, no model has an overall mean.",)


def test_a_difference_counts_only_below_the_significance_level(make_table):
    table = make_table(["a", "b", "c"], ["r"])
    (overall,) = (found for found in difference_tables(table) if found.measure == "macro")
    assert [line.finding for line in overall.lines] == ["no difference shown", "a better", "no difference shown"]
    assert overall.lines[1].p_holm == "< 0.001"


def test_the_better_model_follows_the_sign_of_the_difference(make_table):
    table = make_table(["a", "b", "c"], ["r"])
    (safety,) = (found for found in difference_tables(table) if found.measure == "safety")
    assert safety.lines[1].finding == "c better"


def test_one_model_has_no_differences(make_table):
    assert difference_tables(make_table(["a"], ["r"])) == ()


def test_models_without_a_shared_case_are_not_compared(make_table):
    table = make_table(["a", "b"], ["r"])
    lone = [replace(d, difference=Estimate(NAN, NAN, NAN, 0, 24), p=NAN, p_holm=NAN) for d in table.differences]
    line = difference_tables(replace(table, differences=tuple(lone)))[0].lines[0]
    assert (line.difference, line.note, line.p_holm, line.finding) == ("–", "no score", "–", "not compared")


def test_small_subgroups_are_only_counted_and_levels_keep_their_order(make_table):
    table = make_table(["a", "b"], ["r"], n_cases=60)
    (by_site,) = subgroup_tables(table)["site"]
    assert [level.level for level in by_site.levels] == ["face", "forearm", "back", "not recorded"]
    assert by_site.n_small == 0
    (by_category,) = subgroup_tables(table)["category"]
    assert (by_category.levels, by_category.n_small) == ((), 12)
    assert [author for author, _ in by_site.levels[0].models] == ["a", "b"]


def test_a_part_of_enough_cases_but_few_scores_shows_no_mean(make_table):
    table = make_table(["a", "b"], ["r"], n_cases=60)

    def thinned(group):
        few = {d: replace(one, n=3, n_missing=one.n - 3) for d, one in group.scores.items()}
        return replace(group, scores=few, macro=replace(group.macro, n=3)) if group.author == "b" else group

    whole = [replace(g, n_cases=15) if g.factor == "category" else g for g in table.subgroups]
    table = replace(table, subgroups=tuple(map(thinned, whole)))
    (by_site,) = subgroup_tables(table)["site"]
    rows = dict(by_site.levels[0].models)
    assert {one.value for one in rows["b"]} == {"fewer than 10"}
    assert {one.interval for one in rows["b"]} == {""}
    assert all(one.interval for one in rows["a"])
    (conditions,) = condition_tables(table)
    assert conditions.lines
    assert {line.cells[table.authors.index("b")].value for line in conditions.lines} == {"fewer than 10"}


def test_categories_are_counted_once_however_many_models_and_raters(make_table):
    table = make_table(["a", "b", "c"], ["r", "s"])
    assert sum(n for _, n in category_counts(table)) == table.n_cases
    assert category_lines(table)[0] == ("Acne and rosacea", 2, "8.3 %")


def test_missing_scores_are_listed_by_reason(make_table):
    table = make_table(["a", "b"], ["r"])
    assert missing_by_reason(table) == (("r", "b", "unreadable", 2, "2 of 144"),)


def test_every_reason_for_a_missing_score_is_explained():
    assert set(REASONS) == {*get_args(Reason), "not in the run"}
    assert "no reference for the case" in REASONS["no reference"]


@pytest.mark.parametrize(
    ("counts", "header", "sentence"),
    [
        ((20, 0), "20", "for 24 cases of 20 patients."),
        ((0, 24), "not recorded", "for 24 cases, patients not recorded (each case counted as one)."),
        ((20, 3), "20 (not recorded for 3 cases)", "for 24 cases of 20 patients, 3 cases without a recorded patient."),
        ((20, 1), "20 (not recorded for 1 case)", "for 24 cases of 20 patients, 1 case without a recorded patient."),
    ],
)
def test_patients_nobody_recorded_are_not_counted_as_patients(make_table, make_manifest, counts, header, sentence):
    table = replace(make_table(["a"], ["r"]), n_patients=counts[0], n_cases_without_patient=counts[1])
    assert patients_text(table) == header
    assert sentence in measured(table, make_manifest(["a"], ["r"]))


def test_a_level_tells_recorded_patients_from_others(make_table):
    table = make_table(["a"], ["r"])
    groups = [replace(group, n_cases=15, n_patients=12, n_cases_without_patient=1) for group in table.subgroups]
    by_site = subgroup_tables(replace(table, subgroups=tuple(groups)))["site"][0]
    assert {level.cases for level in by_site.levels} == {"15 cases, 12 patients, 1 without a recorded patient"}
    groups = [replace(group, n_cases=15, n_patients=0, n_cases_without_patient=15) for group in table.subgroups]
    none = replace(table, subgroups=tuple(groups), n_patients=0, n_cases_without_patient=24)
    assert {level.cases for level in subgroup_tables(none)["site"][0].levels} == {"15 cases"}


def test_a_single_category_is_a_sentence(make_table):
    table = make_table(["a"], ["r"])
    assert category_sentence(table) == ""
    unknown = [replace(g, n_cases=24) for g in table.subgroups if (g.factor, g.level) == ("category", "not recorded")]
    assert (
        category_sentence(replace(table, subgroups=tuple(unknown))) == "The dataset records no category for any case."
    )
    acne = [replace(group, level="acne") for group in unknown]
    assert category_sentence(replace(table, subgroups=tuple(acne))) == "All cases (24) are of one category: acne."


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ({}, "not recorded"),
        ({"case": "", "author": None}, "not recorded"),
        ({"base_url": "http://h/v1", "model": "m", "stream": False}, "base_url http://h/v1; model m; stream False"),
        ({"file": "0123456789abcdef" * 4}, "file 0123456789ab…"),
    ],
)
def test_how_a_model_was_asked_is_readable(endpoint, expected):
    assert asked_text(endpoint) == expected


def test_label_facts_are_not_passed_off_as_experts(make_table):
    table = make_table(["a"], ["r"])
    assert reference_notice(table) == ""
    assert reference_notice(with_references(table, {"label": 24})).startswith("No expert wrote or certified")
    mixed = reference_notice(with_references(table, {"certified": 20, "draft": 3, "none": 1}))
    assert mixed == "Not all references are certified by an expert: 20 certified, 3 draft, 1 absent."


def test_a_judge_of_the_models_own_family_is_named(make_manifest):
    kin = make_manifest(["a", "b"], ["j"], families={"a": "GPT"}, judge_family="gpt ")
    assert [(k.judge, k.models) for k in kinships(kin)] == [("j", ("a",))]
    assert "self-preference" in kinships(kin)[0].text


def test_unknown_families_are_not_kin(make_manifest):
    manifest = make_manifest(["a"], ["j"], judge_family="unknown")
    assert manifest.models == (ModelCard(model="a", family="unknown", endpoint={"kind": "replay"}),)
    assert kinships(manifest) == ()


def test_the_confidential_banner_says_what_the_file_holds(make_manifest):
    closed = make_manifest(["a"], ["j"], may_leave_machine=False).dataset
    assert "contains case images that may not leave this machine" in card_notice(closed, n_pages=3, n_images=3)
    assert "contains case texts that may not leave" in card_notice(closed, n_pages=3, n_images=0)
    assert "only the tables" in card_notice(closed, n_pages=0, n_images=0)
    open_card = make_manifest(["a"], ["j"]).dataset
    assert card_notice(open_card, n_pages=3, n_images=3) == ""
    cards = [closed.model_copy(update={"name": name}) for name in ("ward A", "ward B", "ward A")]
    both = "The cards of ward A and ward B do not allow their cases to leave this machine"
    assert card_notice(cards[0], n_pages=0, n_images=0, others=cards[1:]).startswith(f"{both}. This file holds no case")
    assert card_notice(cards[0], n_pages=1, n_images=0, others=cards[1:]).endswith(f"{both}: do not send the file on.")
    beside = card_notice(open_card, n_pages=1, n_images=0, others=cards)
    assert beside == f"{both}. This file holds no case pages of theirs, only the tables."
    assert screen_notice(cards) == f"{both}: do not pass on what this page shows."


def test_the_lead_says_what_was_measured(make_table, make_manifest):
    text = measured(make_table(["a", "b"], ["judge"]), make_manifest(["a", "b"], ["judge"]))
    assert text.startswith("2 models each wrote a diagnostic narrative for 24 cases of 20 patients.")
    assert text.endswith("by judge.")
