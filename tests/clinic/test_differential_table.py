"""What a study found, against figures worked by hand and against an independent implementation."""

import json
import math

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.arms import IMAGE_AND_CONTEXT, IMAGE_ONLY, PLANTED_REFERRAL, ContextArms
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.differential_table import differential_result
from dermatrust.clinic.flat import COLUMNS, result_csv, result_records
from dermatrust.clinic.image_arms import NO_IMAGES, ImageArm
from dermatrust.clinic.ladder import RUNGS
from dermatrust.clinic.results import MEASURES, DifferentialResult
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.study import Asked
from dermatrust.clinic.tasks import differential_task
from dermatrust.clinic.text import result_text
from dermatrust.clinic.truth import label_of, names_truth
from dermatrust.clinic.unknown import unknown_csv, unknown_names, unknown_warning
from dermatrust.errors import DataError
from dermatrust.records import Case, ClinicalContext, DatasetCard, DifferentialItem
from dermatrust.store.answers import read_answers, write_answers
from dermatrust.store.result import read_result, write_result

CARD = DatasetCard(name="t", version="1", source="s", licence="private", consent="c")
LABELS = ("psoriasis", "BCC", "psoriasis", "melanoma")
CASES = [
    Case(id=f"c{k}", patient_id=f"p{k // 2}", label=label, context=ClinicalContext(age=40 + k, note=f"note {k}"))
    for k, label in enumerate(LABELS)
]


def columns(tmp_path, said, cases=CASES):
    """Write and read the answers of one model: arm to what it said of each case; a text is why it failed."""
    arms = ContextArms(cases)
    rows = []
    for number, case in enumerate(cases):
        planted = arms.told(case, PLANTED_REFERRAL).planted if PLANTED_REFERRAL in {arm for arm, _ in said} else None
        for (arm, shown), answers in said.items():
            told, names = arms.told(case, arm), answers[number]
            names = [planted if name == "PLANTED" else name for name in names] if isinstance(names, list) else names
            image_arm = ImageArm(shown) if told.shows_images else NO_IMAGES
            given = names_truth(told.context, label_of(case))
            asked = Asked(case, arm, image_arm, told, case, given, planted)
            about = (case.id, "m", arm, image_arm.name)
            failed = isinstance(names, str)
            answer = Answer(*about, failure=names) if failed else Answer(*about, text="t", diagnoses=tuple(names))
            rows.append(answer_row(asked, answer, differential_task()))
    write_answers(tmp_path / "answers.parquet", rows)
    return read_answers(tmp_path / "answers.parquet")


ALONE = (IMAGE_ONLY, "all")
TOLD = (IMAGE_AND_CONTEXT, "all")
SAID = {
    ALONE: [["psoriasis"], ["eczema", "basal cell carcinoma"], [], "timeout: no reply"],
    TOLD: [["eczema", "psoriasis"], ["basal cell carcinoma"], ["plaque psoriasis"], ["melanoma"]],
}


def test_a_hand_worked_study(tmp_path):
    result = differential_result(columns(tmp_path, SAID), CARD, n_resamples=200)
    alone, told = result.cells
    assert (alone.n, alone.n_missing, alone.n_unanswered, alone.reasons) == (3, 1, 1, {"timeout": 1})
    # Of three answers one is right at once, one on second place, and one names nothing: wrong, not missing.
    assert alone.measures["top-1 synonym"].value == pytest.approx(1 / 3)
    assert alone.measures["top-3 synonym"].value == pytest.approx(2 / 3)
    assert alone.measures["top-3 exact"].value == pytest.approx(1 / 3)  # BCC is a synonym of what was said
    assert alone.measures["top-1 synonym"].n_clusters == 2
    assert told.measures["top-1 family"].value == pytest.approx(3 / 4)  # plaque psoriasis is a form of psoriasis
    assert told.measures["overlap-1"].n == 0
    assert math.isnan(told.measures["weighted-3"].value)
    (change,) = result.changes
    # Pairs: c0 right -> wrong, c1 wrong -> right, c2 wrong -> form only (synonym: wrong). c3 has no first answer.
    assert (change.n, change.base_arm) == (3, IMAGE_ONLY)
    assert change.differences["top-1 synonym"].value == pytest.approx(0)
    assert (change.mcnemar["top-1 synonym"].n_first_only, change.mcnemar["top-1 synonym"].n_second_only) == (1, 1)
    assert change.flips.value == 1.0
    assert change.differences["top-1 family"].value == pytest.approx(1 / 3)
    assert (result.n_cases, result.n_patients, result.n_cases_without_patient) == (4, 2, 0)


def test_the_base_may_be_another_arm_than_the_first(tmp_path):
    one = differential_result(columns(tmp_path, SAID), CARD, n_resamples=50).changes[0]
    other = differential_result(columns(tmp_path, SAID), CARD, base=IMAGE_AND_CONTEXT, n_resamples=50).changes[0]
    assert (other.arm, other.base_arm) == (IMAGE_ONLY, IMAGE_AND_CONTEXT)
    assert other.differences["top-3 synonym"].value == pytest.approx(-one.differences["top-3 synonym"].value)
    assert other.flips.value == one.flips.value


def test_anchoring_is_counted_among_answers_and_among_those_that_did_not_name_it_before(tmp_path):
    said = {
        ALONE: [["PLANTED"], ["eczema"], ["eczema"], ["melanoma"]],
        (PLANTED_REFERRAL, "all"): [["PLANTED"], ["PLANTED"], ["psoriasis", "PLANTED"], ["melanoma"]],
    }
    (found,) = differential_result(columns(tmp_path, said), CARD, n_resamples=50).anchoring
    assert found.reference_arm == IMAGE_ONLY
    assert (found.n, found.adopted_1.value, found.adopted_3.value) == (4, 0.5, 0.75)
    assert (found.unprompted_1.value, found.unprompted_3.value) == (0.25, 0.25)
    assert found.newly_1.n == 3
    assert found.newly_1.value == pytest.approx(1 / 3)
    assert found.newly_3.value == pytest.approx(2 / 3)


def test_without_an_arm_to_compare_nobody_knows_what_is_unprompted(tmp_path):
    said = {(PLANTED_REFERRAL, "all"): [["PLANTED"]] * 4}
    (found,) = differential_result(columns(tmp_path, said), CARD, n_resamples=50).anchoring
    assert (found.reference_arm, found.adopted_1.value, found.newly_1.n) == ("", 1.0, 0)


def test_what_the_text_alone_gives_is_held_to_the_commonest_disease(tmp_path):
    cases = [CASES[0].model_copy(update={"context": ClinicalContext(note="known psoriasis")}), *CASES[1:]]
    said = {("context only", "none"): [["psoriasis"], ["psoriasis"], ["eczema"], ["melanoma"]]}
    result = differential_result(columns(tmp_path, said, cases), CARD, n_resamples=50)
    (found,) = result.shortcuts
    assert (found.top_1.value, found.frequent_1.value, found.above_1.value) == (0.5, 0.5, 0.0)
    assert (found.n_given_away, found.top_1_given_away.value) == (1, 1.0)
    assert found.top_1_else.value == pytest.approx(1 / 3)
    assert result.cells[0].n_given_away == 1
    assert "names the true diagnosis in 1 case" in result_text(result)


def test_a_label_that_the_lexicon_does_not_know_is_never_the_commonest_disease(tmp_path):
    labels = ("foobaritis", "psoriasis", "foobaritis", "Psoriasis", "foobaritis", "melanoma", "quuxosis")
    cases = [Case(id=f"c{k}", patient_id=f"p{k}", label=label) for k, label in enumerate(labels)]
    said = {("context only", "none"): [["psoriasis"]] * len(labels)}
    (found,) = differential_result(columns(tmp_path, said, cases), CARD, n_resamples=50).shortcuts
    # Of the three that can be decided, two are psoriasis: naming it always is right in these.
    assert (found.top_1.n, found.frequent_1.n) == (3, 3)
    assert found.top_1.value == found.frequent_1.value == pytest.approx(2 / 3)
    assert (found.frequent_3.value, found.above_1.value) == (1.0, 0.0)


def test_without_any_known_label_nothing_is_the_commonest(tmp_path):
    cases = [Case(id="c", label="foobaritis"), Case(id="d", label="quuxosis")]
    said = {("context only", "none"): [["psoriasis"]] * 2}
    result = differential_result(columns(tmp_path, said, cases), CARD, n_resamples=50)
    assert math.isnan(result.shortcuts[0].frequent_1.value)
    assert "does not know the true diagnosis of 2 cases" in result_text(result)


def test_image_arms_are_compared_with_the_first_and_context_only_with_the_base(tmp_path):
    said = {(arm, shown): [["psoriasis"]] * 4 for arm in (IMAGE_ONLY, IMAGE_AND_CONTEXT) for shown in ("all", "grid")}
    said |= {("context only", "none"): [["psoriasis"]] * 4}
    changes = differential_result(columns(tmp_path, said), CARD, n_resamples=50).changes
    assert [(c.arm, c.image_arm, c.base_arm, c.base_image_arm) for c in changes] == [
        (IMAGE_AND_CONTEXT, "all", IMAGE_ONLY, "all"), (IMAGE_AND_CONTEXT, "grid", IMAGE_ONLY, "grid"),
        ("context only", "none", IMAGE_ONLY, "all"),
        (IMAGE_ONLY, "grid", IMAGE_ONLY, "all"), (IMAGE_AND_CONTEXT, "grid", IMAGE_AND_CONTEXT, "all"),
    ]  # fmt: skip


def test_many_cases_agree_with_independent_counts(tmp_path):
    rng = np.random.default_rng(0)
    names = ["psoriasis", "eczema", "melanoma", "vitiligo"]
    cases = [Case(id=f"c{k}", patient_id=f"p{k % 60}", label=str(rng.choice(names))) for k in range(120)]
    said = {arm: [list(map(str, rng.permutation(names)[:3])) for _ in cases] for arm in (ALONE, TOLD)}
    result = differential_result(columns(tmp_path, said, cases), CARD, n_resamples=300)
    hits = {arm: np.array([c.label == s[0] for c, s in zip(cases, said[arm], strict=True)]) for arm in said}
    assert result.cells[0].measures["top-1 exact"].value == pytest.approx(hits[ALONE].mean())
    difference = result.changes[0].differences["top-1 exact"]
    assert difference.value == pytest.approx(hits[TOLD].mean() - hits[ALONE].mean())
    table = [[np.sum(hits[TOLD] & hits[ALONE]), np.sum(hits[TOLD] & ~hits[ALONE])],
             [np.sum(~hits[TOLD] & hits[ALONE]), np.sum(~hits[TOLD] & ~hits[ALONE])]]  # fmt: skip
    expected = statsmodels_mcnemar(table, exact=True).pvalue
    assert result.changes[0].mcnemar["top-1 exact"].p_exact == pytest.approx(expected)
    per_patient = np.array([(hits[TOLD][k::60].astype(float) - hits[ALONE][k::60]).mean() for k in range(60)])
    error = per_patient.std() / math.sqrt(60)  # every patient has two cases, so the mean is that of patients
    assert (difference.high - difference.low) / 2 == pytest.approx(1.96 * error, rel=0.15)
    flips = np.mean([a[0] != b[0] for a, b in zip(said[ALONE], said[TOLD], strict=True)])
    assert result.changes[0].flips.value == pytest.approx(flips)


def test_two_names_of_one_disease_are_no_flip(tmp_path):
    said = {ALONE: [["BCC"], [], ["foo-bar"], ["x"]], TOLD: [["basal cell carcinoma"], [], ["Foo bar"], []]}
    assert differential_result(columns(tmp_path, said), CARD, n_resamples=50).changes[0].flips.value == 0.25


def test_a_result_comes_back_from_its_file_and_goes_to_every_table(tmp_path):
    result = differential_result(columns(tmp_path, SAID), CARD, n_resamples=50)
    write_result(tmp_path / "result.json", result)
    again = read_result(tmp_path / "result.json", DifferentialResult)
    assert repr(again) == repr(result)
    records = list(result_records(result))
    assert all(tuple(record) == COLUMNS for record in records)
    more = {"balanced accuracy", "cancer sensitivity", "cancer specificity", "cancer balanced accuracy"}
    assert {r["measure"] for r in records if r["kind"] == "arm"} == set(MEASURES) | more
    assert result_csv(result).count("\r\n") == len(records) + 1
    text = result_text(result)
    assert "m / image only / all: missing: timeout 1" in text
    assert "3 of 4" in text
    assert result.cell("m", *TOLD).n == 4


def test_unknown_names_are_listed_with_the_nearest(tmp_path):
    cases = [CASES[0].model_copy(update={"label": "keratosis follicular spinulos"}), *CASES[1:]]
    said = {ALONE: [["psorisis"], ["psorisis", "qwertz"], ["eczema"], []]}
    answers = columns(tmp_path, said, cases)
    found = unknown_names(answers)
    assert [(one.name, one.where, one.n) for one in found] == [
        ("keratosis follicular spinulos", "truth", 1), ("psorisis", "answer", 2), ("qwertz", "answer", 1),
    ]  # fmt: skip
    assert found[0].nearest
    line = unknown_csv(found).splitlines()[1]
    assert line.startswith(f"keratosis follicular spinulos,truth,1,{found[0].nearest[0]},")
    assert unknown_warning(found, "u.csv").startswith(
        "the lexicon does not know 1 label and 2 names in answers, such as"
    )
    assert unknown_warning((), "u.csv") == ""
    result = differential_result(answers, CARD, n_resamples=50)
    assert result.n_unknown_truth == 1
    assert result.cells[0].measures["top-1 synonym"].n == 3
    assert result.cells[0].measures["top-1 exact"].n == 3
    (row,) = (line for line in result_text(result).splitlines() if "4 of 4" in line)
    assert row.count("] of 3") == 3  # top 1, 3 and 5 leave out the case of an unknown label, and say so
    assert "] of" not in result_text(differential_result(columns(tmp_path, said, CASES), CARD, n_resamples=50))


@pytest.mark.parametrize("unknown", [0, 1, 4])
def test_the_ladder_never_falls_and_counts_the_same_cases_on_every_rung(tmp_path, unknown):
    cases = [case.model_copy(update={"label": "Blorptitis"}) for case in CASES[:unknown]] + list(CASES[unknown:])
    said = {ALONE: [[case.label, "eczema"] for case in cases[:3]] + [["plaque psoriasis", "blorptitis"]]}
    result = differential_result(columns(tmp_path, said, cases), CARD, n_resamples=20)
    measures = result.cells[0].measures
    for k in CUTS:
        rungs = [measures[f"top-{k} {rung}"] for rung in RUNGS]
        assert {found.n for found in rungs} == {4 - unknown}
        values = [found.value for found in rungs]
        assert values == sorted(values) or unknown == 4
        verbatim = measures[f"verbatim-{k}"]
        assert verbatim.n == unknown
        if unknown:  # of the last case the label's words come second
            assert verbatim.value == (1.0 if unknown < 4 or k > 1 else 0.75)
    text = result_text(result)
    assert ("  m / image only / all: among the first 3 in" in text) is bool(unknown)


def test_a_weighted_differential_is_scored_beside_the_label(tmp_path):
    items = (DifferentialItem(diagnosis="eczema", weight=0.75), DifferentialItem(diagnosis="tinea", weight=0.25))
    cases = [case.model_copy(update={"label": "eczema", "differential": items}) for case in CASES]
    said = {ALONE: [["tinea"], ["tinea", "eczema"], ["melanoma"], []]}
    measures = differential_result(columns(tmp_path, said, cases), CARD, n_resamples=50).cells[0].measures
    assert measures["overlap-1"].value == 0.5
    assert measures["weighted-1"].value == pytest.approx(0.125)
    assert measures["weighted-3"].value == pytest.approx((0.25 + 1) / 4)


def test_answers_that_cannot_be_a_grid_are_refused(tmp_path):
    answers = columns(tmp_path, SAID)
    write_answers(tmp_path / "none.parquet", [])
    with pytest.raises(DataError, match="answers: there are none"):
        differential_result(read_answers(tmp_path / "none.parquet"), CARD)
    with pytest.raises(DataError, match="no such file"):
        read_answers(tmp_path / "elsewhere.parquet")
    assert json.loads(answers.said[0]) == ["psoriasis"]


def test_a_plant_is_compared_with_the_arm_that_differs_in_nothing_else(tmp_path):
    said = {
        ALONE: [["PLANTED"]] * 4,
        (IMAGE_AND_CONTEXT, "all"): [["eczema"]] * 4,
        (PLANTED_REFERRAL, "all"): [["PLANTED"]] * 4,
    }
    (found,) = differential_result(columns(tmp_path, said), CARD, n_resamples=50).anchoring
    assert (found.reference_arm, found.unprompted_1.value, found.newly_1.value) == (IMAGE_AND_CONTEXT, 0, 1)


def parted(n=12, **more):
    """Cases of two skin types, right where the type is I-II but for one, each sure of itself by its number."""
    rows = []
    for k in range(2 * n):
        case = Case(id=f"c{k}", patient_id=f"p{k}", label="psoriasis", fitzpatrick=1 if k < n else 6)
        told = ContextArms([case]).told(case, IMAGE_ONLY)
        is_right = 0 < k < n
        answer = Answer(case.id, "m", IMAGE_ONLY, "all", text="t", diagnoses=("psoriasis" if is_right else "eczema",),
                        confidence=0.9 if k < n else 0.6, **more)  # fmt: skip
        rows.append(answer_row(Asked(case, IMAGE_ONLY, ImageArm("all"), told, case, False, None), answer,
                               differential_task()))  # fmt: skip
    return rows


def test_parts_of_the_cases_and_their_gap_by_hand(tmp_path):
    write_answers(tmp_path / "a.parquet", parted())
    result = differential_result(read_answers(tmp_path / "a.parquet"), CARD, n_resamples=200)
    found = {(row.measure, row.level): row for row in result.subgroups if row.factor == "skin type"}
    assert found["top-1 synonym", "I-II"].value.value == pytest.approx(11 / 12)
    assert found["top-1 synonym", "V-VI"].value.value == 0.0
    assert found["top-1 synonym", "V-VI"].value.high > 0.1  # none of twelve is not none of all
    gap = next(gap for gap in result.gaps if (gap.measure, gap.factor) == ("top-3 synonym", "skin type"))
    assert (gap.lowest, gap.highest, gap.gap.value) == ("V-VI", "I-II", pytest.approx(11 / 12))
    assert gap.is_beyond_chance
    inside = next(row for row in result.within if row.measure == "top-1 synonym" and row.factor == "skin type")
    assert abs(inside.difference.value) == pytest.approx(11 / 12)  # one disease: the same gap within it
    kinds = {record["kind"] for record in result_records(result)}
    assert kinds == {"arm", "part", "part less rest", "part over rest", "gap", "within disease"}


def test_stated_confidence_by_hand(tmp_path):
    write_answers(tmp_path / "a.parquet", parted())
    sure = differential_result(read_answers(tmp_path / "a.parquet"), CARD, n_resamples=100).cells[0].confidence
    assert (sure.n, sure.n_abstained, sure.stated) == (24, 0, pytest.approx(0.75))
    assert sure.accuracy_all.value == pytest.approx(11 / 24)
    assert sure.excess.value == pytest.approx(0.75 - 11 / 24)
    assert sure.ece == pytest.approx(0.5 * abs(0.9 - 11 / 12) + 0.5 * 0.6)
    write_answers(tmp_path / "b.parquet", parted(cannot_tell=True))
    assert differential_result(read_answers(tmp_path / "b.parquet"), CARD, n_resamples=50).cells[0].confidence is None


def test_a_result_of_before_there_were_parts_is_still_read(tmp_path):
    write_answers(tmp_path / "a.parquet", parted())
    result = differential_result(read_answers(tmp_path / "a.parquet"), CARD, n_resamples=50)
    write_result(tmp_path / "r.json", result)
    assert repr(read_result(tmp_path / "r.json", DifferentialResult)) == repr(result)
    kept = json.loads((tmp_path / "r.json").read_text())
    for name in ("subgroups", "gaps", "within"):
        del kept["result"][name]
    (tmp_path / "r.json").write_text(json.dumps(kept))
    assert read_result(tmp_path / "r.json", DifferentialResult).gaps == ()
