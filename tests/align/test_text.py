"""What a terminal shows: every table with what it is of, how many count and what is missing."""

import re
from dataclasses import replace

import numpy as np
import pytest

from dermatrust.align.compare import Bootstrap
from dermatrust.align.flat import study_csv
from dermatrust.align.study import align
from dermatrust.align.text import study_text
from dermatrust.records import Rater

ERRORS = "Mean absolute error, points, scores as given"


def parts_of(study):
    """Return heading to lines of every table, and the first part's lines under "top"."""
    top, *parts = study_text(study).split("\n\n")
    return {"top": top.split("\n")} | {part.split("\n")[0]: part.split("\n")[1:] for part in parts}


def table(study, heading):
    """Return the rows of the one table whose heading begins so: cells parted by two spaces."""
    (lines,) = [lines for name, lines in parts_of(study).items() if name.startswith(heading)]
    return [re.split(r" {2,}", line.strip()) for line in lines]


@pytest.fixture(scope="module")
def whole(table_of):
    """Two people, two automatic raters, two models on twelve cases of six patients; a repeat and a hole."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 6, (24, 6)).astype(float)
    scores = {
        name: np.clip(truth + rng.integers(-spread, spread + 1, truth.shape), 0, 5).tolist()
        for name, spread in (("Dr A", 1), ("Dr B", 1), ("judge", 1), ("eye", 2))
    }
    scores["eye"][3] = None
    draws = np.full((2, 4, 24, 6), np.nan)
    draws[:, 2, :5] = truth[:5]
    made = table_of(
        scores, patients=[k // 4 for k in range(24)], cases=[f"c{k // 2}" for k in range(24)], authors=["m", "n"] * 12,
        draws=draws, n_empty=1, factors={"site": ("arm",) * 11 + ("leg",) * 13},
        raters=(
            Rater(id="Dr A", kind="human", qualification="dermatologist", years=12), Rater(id="Dr B", kind="human"),
            Rater(id="judge", kind="llm"), Rater(id="eye", kind="evaluator"),
        ),
    )  # fmt: skip
    return align(made, Bootstrap(n_resamples=60, confidence=0.9), n_worst=2)


def test_the_top_says_who_and_how_many(whole):
    assert parts_of(whole)["top"] == [
        "24 narratives of 6 patients, 1 narrative without text left out",
        "Panel: Dr A (human, dermatologist, 12 years); Dr B (human)",
        "Compared: judge (llm); eye (evaluator)",
        "The lexical judge is no baseline here: no narrative has a reference it could be compared with",
        "[90 % intervals over patients]; macro: the mean of the six dimensions",
    ]


@pytest.mark.parametrize(
    ("n_patients", "n_unknown", "said"),
    [
        (6, 0, "24 narratives of 6 patients,"),
        (6, 2, "24 narratives of 4 patients and 2 cases without a recorded patient (each counted as one),"),
        (6, 6, "24 narratives of 6 cases without a recorded patient (each counted as one),"),
        (1, 1, "24 narratives of 1 case without a recorded patient"),
    ],
)
def test_patients_that_are_not_recorded_are_not_called_patients(whole, n_patients, n_unknown, said):
    study = replace(whole, n_patients=n_patients, n_cases_without_patient=n_unknown)
    assert parts_of(study)["top"][0].startswith(said)


def test_errors_have_their_baselines_counts_and_what_is_missing(whole):
    titles, *rows = table(whole, ERRORS)
    assert titles[:3] + titles[-3:] == ["rater", "against", "Accuracy", "Overall", "ratings", "scores missing"]
    assert [(row[0], row[1]) for row in rows] == [
        ("judge", "the panel's mean"), ("eye", "the panel's mean"), ("one of the panel", "the others' mean"),
        ("Dr A", "the others' mean"), ("Dr B", "the others' mean"), ("the mean of other patients", "the panel's mean"),
    ]  # fmt: skip
    # The evaluator left one narrative out, six scores; of the panel each member counts.
    assert [row[-2:] for row in rows] == [["24", "0"], ["23", "6"], ["48", "0"], ["24", "0"], ["24", "0"], ["24", "0"]]
    assert re.fullmatch(r"\d\.\d\d \[\d\.\d\d, \d\.\d\d\]", rows[0][2])


def test_a_number_in_the_text_is_that_of_the_study(whole):
    wanted = ("eye", "MAE", "rounded", "macro")
    (one,) = [r.estimate for r in whole.agreement if (r.rater, r.statistic, r.scale, r.measure) == wanted]
    cell = table(whole, "Mean absolute error, points, scores rounded to whole points")[2][-3]
    assert cell == f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"


def test_counts_that_differ_between_dimensions_are_a_span(table_of, quick):
    made = table_of({"Dr A": [1, 2, 3], "judge": [[1, None, 1, 1, 1, 1], [1, None, None, 1, 1, 1], 1]})
    assert table(align(made, quick), ERRORS)[1][-2:] == ["1-3", "3"]


def test_other_statistics_are_dashes_where_they_are_not_asked(whole):
    titles, *rows = table(whole, "Macro means of other statistics, scores as given")
    assert titles == ["rater", "RMSE", "within 1", "lower limit", "upper limit", "slope", "CCC", "Pearson"]
    assert rows[-1][3:] == ["–"] * 5
    titles, *rows = table(whole, "Macro means of other statistics, scores rounded")
    assert titles == ["rater", "exact", "within 1", "quadratic kappa", "linear kappa", "Spearman", "tau-b"]
    assert len(rows) == 6


def test_the_panels_own_agreement_names_pairs(whole):
    names = [row[0] for row in table(whole, "The panel's own agreement")[1:]]
    assert names[:4] == ["ICC(2,1)", "ICC(2,k)", "ICC(3,1)", "alpha, ordinal"]
    assert names[-2:] == ["quadratic kappa of Dr A and Dr B", "exact of Dr A and Dr B"]


def test_orders_have_counts_too(whole):
    titles, judge, pairs, *_ = table(whole, "Order: Kendall's tau-b")
    assert titles[-2:] == ["counted", "missing"]
    assert (judge[:2], judge[-2:]) == (["judge", "order of models, tau-b"], ["24", "0"])
    assert pairs[:2] == ["judge", "pairs within a case"]
    n = re.fullmatch(r"(\d+)-(\d+)", pairs[-2])
    assert 0 < int(n[1]) < int(n[2]) <= 12


def test_the_replacement_test_says_its_epsilon_and_its_limits(whole):
    (heading,) = [name for name in parts_of(whole) if name.startswith("May it replace")]
    assert "epsilon 0.2:" in heading
    _, judge, eye, note = table(whole, "May it replace one of the panel?")
    assert re.fullmatch(r"\d\.\d\d \| \d\.\d\d (yes|no)", judge[1])
    assert (judge[-1], eye[-1]) == ("24", "23")
    assert note[0].startswith("Narratives are taken as independent; those of one patient are not")
    assert len(table(replace(whole, n_patients=24), "May it replace")) == 3  # one narrative a patient needs no note


def test_one_narrative_is_too_few_and_not_a_no(table_of, quick):
    study = align(table_of({"Dr A": [1], "Dr B": [1], "judge": [5]}), quick)
    _, judge, note = table(study, "May it replace")
    assert judge == ["judge", *["too few"] * 7, "1"]
    assert note[0].startswith("Too few: with so few patients no rater could pass")
    csv = study_csv(study)
    assert csv.count("winning rate,,too few,") == 7
    assert "winning rate,,too few,macro,,," in csv


def test_a_rater_without_scores_is_a_dash_and_not_a_no(table_of, quick):
    study = align(table_of({"Dr A": [1, 2], "Dr B": [1, 2], "judge": [None, None]}), quick)
    assert table(study, "May it replace")[1] == ["judge", *["–"] * 7, "0"]
    assert table(study, ERRORS)[1] == [
        "judge", "the panel's mean", *["–"] * 7, "0", "12",
    ]  # fmt: skip


def test_parts_are_shown_with_their_counts_and_small_ones_counted(whole, table_of, quick):
    titles, *rows = table(whole, "Parts of the narratives")
    assert titles == ["rater", "part", "MAE", "bias", "narratives", "patients"]
    assert [(row[0], row[1], row[4], row[5]) for row in rows[:2]] == [
        ("judge", "site: leg", "13", "4"), ("judge", "site: arm", "11", "3"),
    ]  # fmt: skip
    few = align(table_of({"Dr A": [1, 2], "judge": [1, 2]}, factors={"site": ("arm", "leg")}), quick)
    assert table(few, "Parts of the narratives") == [["2 lines not shown: fewer than ten narratives scored"]]


def test_stability_and_worst_and_adjudication(whole):
    rows = table(whole, "Stability, macro means")
    assert rows[0] == ["rater", "same score", "difference", "ICC(2,1)", "rated twice", "drift", "narratives"]
    assert [row[0] for row in rows[1:]] == ["Dr A", "Dr B", "judge", "eye"]
    assert rows[3][1].startswith("1.00")
    assert rows[3][4] == "5"
    worst = table(whole, "Farthest from the target")
    assert [row[0] for row in worst[1:]] == ["judge", "judge", "eye", "eye"]
    assert len(worst[1][3].split()) == 6
    found = whole.adjudication
    assert study_text(whole).endswith(
        f"Adjudication: 0 settled, {found.n_agreed} agreed, {found.n_open} open (members 2 points or more apart, on "
        "Safety 1 point), 0 with fewer than two members"
    )


def test_what_is_settled_is_said(table_of, quick):
    scores = {"Dr A": [1, 2], "Dr B": [1, 5], "Dr C": [None, 3], "judge": [1, 2]}
    study = align(table_of(scores), quick, adjudicators=["Dr C"])
    assert parts_of(study)["top"][2] == "Adjudicators: Dr C (human)"
    assert table(study, ERRORS)[1][1] == "the adjudicated score, else the panel's mean"
    assert "Adjudication: 1 settled, 1 agreed, 0 open" in study_text(study)


def test_an_adjudicator_alone_is_the_target(table_of, quick):
    study = align(table_of({"x": [1, 2], "judge": [1, 2]}), quick, adjudicators=["x"])
    assert table(study, ERRORS)[1][1] == "the adjudicated score"
    assert "The panel's own agreement needs two members." in study_text(study)


def test_nobody_compared_is_said(table_of, quick):
    study = align(table_of({"Dr A": [1, 2], "Dr B": [1, 3]}), quick)
    assert "Compared: nobody" in parts_of(study)["top"]
    absent = ("Difference", "Order", "May it", "Parts", "Farthest")
    assert [heading for heading in parts_of(study) if heading.startswith(absent)] == []
    assert [row[0] for row in table(study, "Stability")[1:]] == ["Dr A", "Dr B"]


LONG = "http://gpu-node-{}.cluster.internal:8000/v1#dermeval"


def test_a_long_name_is_cut_in_tables_and_whole_at_the_top(table_of, quick):
    name = LONG.format("01")
    study = align(table_of({"Dr A": [1, 2], name: [1, 3]}), quick)
    assert table(study, ERRORS)[1][0] == "http://gpu-no….internal:8000/v1#dermeval"
    assert f"Compared: {name} (llm)" in parts_of(study)["top"]
    assert study_text(study).count(name) == 1


def test_long_names_that_would_read_the_same_are_not_cut(table_of, quick):
    names = [LONG.format(k) for k in ("01", "02")]
    study = align(table_of({"Dr A": [1, 2], names[0]: [1, 3], names[1]: [1, 2]}), quick)
    assert [row[0] for row in table(study, ERRORS)[1:3]] == names
    assert table(study, "Difference of mean absolute errors")[1][0] == f"{names[0]} minus {names[1]}"


def test_a_line_end_in_a_name_breaks_no_table(table_of, quick):
    study = align(table_of({"Dr\nA": [1, 2], "Dr B": [2, 1], "a\njudge": [1, 3], "eye": [1, 2]}), quick)
    assert table(study, ERRORS)[1][0] == "a judge"
    assert table(study, "The panel's own agreement")[-1][0] == "exact of Dr A and Dr B"
    assert "Panel: Dr A (human); Dr B (human)" in parts_of(study)["top"]


def test_every_table_has_lines_of_one_width(whole):
    for part in study_text(whole).split("\n\n")[1:-1]:
        lines = [line for line in part.split("\n")[1:] if not line.startswith(("Narratives are taken", "Left out"))]
        assert len({len(line) for line in lines}) == 1, part
