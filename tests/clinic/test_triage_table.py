import json
import math

import numpy as np
import pytest
from sklearn import metrics

from dermatrust.clinic.triage_measures import level_terms, triage_measures
from dermatrust.clinic.triage_results import THRESHOLDS, TriageResult
from dermatrust.clinic.triage_table import triage_result
from dermatrust.clinic.triage_text import triage_text
from dermatrust.clinic.urgency_truth import TrueUrgency
from dermatrust.records import AnswerRow, DatasetCard
from dermatrust.store.answers import AnswerColumns, read_answers, write_answers
from dermatrust.store.result import read_result, write_result

CARD = DatasetCard(
    name="drawn", version="1", source="drawn for this test", licence="MIT", consent="none", synthetic=True
)
SAID = {"e": "emergent", "u": "urgent", "r": "routine", "-": None}


_TEXT = {"case_id", "patient_id", "label", "true_urgency", "skin_group", "sex", "site", "model", "arm", "image_arm",
         "text", "failure", "said", "first", "urgency", "planted"}  # fmt: skip
_BLANK = dict.fromkeys(AnswerRow._fields) | {
    "model": "m", "arm": "image only", "image_arm": "all", "text": "said", "said": "[]", "n_said": 0,
    "cannot_tell": False, "gives_truth_away": False,
}  # fmt: skip


def answer_row(case_id, **fields):
    """Return a row with what is not given left blank."""
    return AnswerRow(**(_BLANK | {"case_id": case_id} | fields))


def columns_of(rows):
    """Return rows as the columns that are read from a file."""
    made = {}
    for name in AnswerRow._fields:
        values = [getattr(row, name) for row in rows]
        if name in _TEXT:
            made[name] = np.array([*values, None], dtype=object)[:-1]
        elif name in ("cannot_tell", "gives_truth_away"):
            made[name] = np.array(values, dtype=bool)
        elif name == "n_said":
            made[name] = np.array(values, dtype=np.int64)
        else:
            made[name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return AnswerColumns(**made)


def rows_of(pairs, arm="image only", **fields):
    """Return rows from pairs of letters: truth, and what is said ("-" nothing, "?" cannot tell, "!" no reply)."""
    found = []
    for number, (truth, said) in enumerate(pairs.split()):
        more = {"cannot_tell": True} if said == "?" else {"failure": "timeout: late"} if said == "!" else {}
        found.append(
            answer_row(f"c{number}", arm=arm, true_urgency=SAID[truth], urgency=SAID.get(said), **more, **fields)
        )
    return found


def result_of(rows, **options):
    return triage_result(columns_of(rows), CARD, **({"n_resamples": 200} | options))


PAIRS = "ee eu er uu ue ur u? u- rr rr rr ru re r? r! e!"


@pytest.mark.parametrize("routine", ["rr ru rr ru rr ru", "rr rr rr ru rr ru"])
def test_balanced_accuracy_knows_of_a_half_that_is_alike_in_all_patients(routine):
    """Three patients with one of two urgent cases found each: no resample knows another sensitivity than a half."""
    rows = [
        row._replace(patient_id=f"p{int(row.case_id[1:]) // 2}")
        for row in rows_of(f"ee er uu ur uu ur {routine} rr rr rr rr")
    ]
    measures = result_of(rows).cells[0].measures
    half, balanced = measures["sensitivity"], measures["balanced accuracy"]
    assert half.high - half.low == pytest.approx(0.562, abs=1e-3)  # 3.84 / 6.84
    assert balanced.high - balanced.value >= (half.high - half.value) / 2 - 1e-9
    assert balanced.value - balanced.low >= (half.value - half.low) / 2 - 1e-9


def test_every_count_by_hand():
    cell = result_of(rows_of(PAIRS)).cells[0]
    assert (cell.n, cell.n_missing, cell.n_unanswered, cell.n_abstained) == (14, 2, 3, 2)
    assert cell.reasons == {"timeout": 2}
    assert cell.table == ((1, 1, 1, 0), (1, 1, 1, 2), (1, 1, 3, 1))
    value = {name: estimate.value for name, estimate in cell.measures.items()}
    # Eight pressing cases: ee eu uu ue found, er ur missed, two silent. Six routine: three left, two alarms, one "?".
    assert value["sensitivity"] == pytest.approx(4 / 8)
    assert value["specificity"] == pytest.approx(3 / 6)
    assert value["ppv"] == pytest.approx(4 / 6)
    assert value["npv"] == pytest.approx(3 / 5)
    assert value["accuracy"] == pytest.approx(7 / 14)
    assert value["balanced accuracy"] == pytest.approx((4 / 8 + 3 / 6) / 2)
    assert value["right"] == pytest.approx(5 / 14)
    assert value["under-triage"] == pytest.approx(3 / 14)
    assert value["over-triage"] == pytest.approx(3 / 14)
    assert value["unanswered"] == pytest.approx(3 / 14)
    assert [value[f"recall {level}"] for level in ("emergent", "urgent", "routine")] == pytest.approx(
        [1 / 3, 1 / 5, 1 / 2]
    )
    assert [cell.measures[name].n for name in ("sensitivity", "ppv", "kappa")] == [8, 6, 11]


def test_the_text_calls_nobody_alarmed_by_silence_and_prints_no_nan():
    text = triage_text(result_of(rows_of("ur r-")))
    table = text.partition("The same in cases")[2].splitlines()
    assert "left  not left" in table[1]
    assert table[2].split()[4:8] == ["0", "1", "0", "1"]
    assert "0.00 [–]" in text  # kappa of one answer
    assert "[nan" not in text


def test_wilson_and_bootstrap_hold_the_same_shares_and_n():
    cell = result_of(rows_of(PAIRS)).cells[0]
    for name in ("sensitivity", "specificity", "ppv", "npv", "accuracy", "balanced accuracy"):
        wilson, over_patients = getattr(cell.rates, name.replace(" ", "_")), cell.measures[name]
        assert wilson.value == pytest.approx(over_patients.value)
        assert wilson.n == over_patients.n
        assert over_patients.low <= over_patients.value <= over_patients.high


def test_balanced_accuracy_knows_how_few_were_all_found():
    cell = result_of(rows_of("ee ee uu " + "rr rr ru " * 12)).cells[0]
    balanced, *halves = (cell.measures[name] for name in ("balanced accuracy", "sensitivity", "specificity"))
    assert [one.value for one in halves] == pytest.approx([1, 2 / 3])
    below = math.hypot(*(one.value - one.low for one in halves)) / 2
    assert balanced.value - balanced.low == pytest.approx(below, abs=0.01)
    assert balanced.low == pytest.approx(cell.rates.balanced_accuracy.low, abs=0.02)
    assert balanced.high < 0.95


def test_a_change_of_balanced_accuracy_knows_how_few_were_found_in_both_arms():
    base = rows_of("ee ee uu " + "rr rr ru " * 12)
    other = rows_of("ee ee uu " + "rr ru ru " * 12, arm="image + context")
    (change,) = result_of([*base, *other]).changes
    balanced, *halves = (change.differences[name] for name in ("balanced accuracy", "sensitivity", "specificity"))
    assert [one.value for one in (balanced, *halves)] == pytest.approx([-1 / 6, 0, -1 / 3])
    far = [math.hypot(*(getattr(one, end) - one.value for one in halves)) / 2 for end in ("low", "high")]
    assert (balanced.value - balanced.low, balanced.high - balanced.value) == pytest.approx(far, abs=0.01)
    assert balanced.high > 0.1


def test_a_change_of_balanced_accuracy_where_nothing_differs():
    rows = "ee ee uu rr rr rr rr"
    (change,) = result_of([*rows_of(rows), *rows_of(rows, arm="image + context")]).changes
    balanced, *halves = (change.differences[name] for name in ("balanced accuracy", "sensitivity", "specificity"))
    assert balanced.high == pytest.approx(math.hypot(*(one.high for one in halves)) / 2)
    assert balanced.low == -balanced.high


def test_kappa_and_recalls_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    ratings = rng.integers(0, 3, (2, 200)).astype(float)
    measures = triage_measures(3)
    kappa = metrics.cohen_kappa_score(*ratings.astype(int), weights="quadratic")
    assert measures["kappa"].statistic(ratings) == pytest.approx(kappa)
    recalls = metrics.recall_score(*ratings, average=None)
    found = [measures[f"recall {level}"].statistic(ratings) for level in ("emergent", "urgent", "routine")]
    assert found == pytest.approx(recalls.tolist())


def test_outcomes_add_up_and_unanswered_is_no_part_of_kappa():
    ratings = np.random.default_rng(1).integers(0, 3, (2, 60)).astype(float)
    silent = ratings.copy()
    silent[1, :20] = 3
    measures = triage_measures(3)
    shares = [measures[name].statistic(silent) for name in ("right", "under-triage", "over-triage", "unanswered")]
    assert math.fsum(shares) == pytest.approx(1)
    assert measures["kappa"].statistic(silent) == pytest.approx(measures["kappa"].statistic(silent[:, 20:]))
    assert level_terms(silent).sum(axis=0)[0] == 60


def test_two_levels_take_emergent_and_urgent_as_one():
    rows = rows_of("eu ue rr ru")
    cell = result_of(rows, n_levels=2).cells[0]
    assert set(cell.measures) == set(triage_measures(2))
    assert cell.measures["accuracy"].value == 0.75
    sure = rows_of("eu ue rr ru", confidence=0.75)
    assert result_of(sure, n_levels=2).cells[0].confidence.accuracy_all.value == 0.75
    assert result_of(sure, n_levels=3).cells[0].confidence.accuracy_all.value == 0.25


def test_what_stands_beside_cannot_tell_does_not_count():
    told = [row._replace(urgency="urgent", urgent_probability=0.9) for row in rows_of("u? r? rr")]
    cell = result_of(told).cells[0]
    assert cell.measures["sensitivity"].value == 0
    assert cell.n_abstained == 2
    assert cell.probability.n_without == 2


def test_arms_are_compared_on_the_cases_that_both_have():
    base, other = rows_of("uu uu ur ur rr rr ru r!"), rows_of("uu ur uu uu rr ru rr rr", arm="context only")
    result = result_of(base + other)
    (change,) = result.changes
    assert (change.arm, change.base_arm, change.n) == ("context only", "image only", 7)
    assert change.differences["sensitivity"].value == pytest.approx(3 / 4 - 2 / 4)
    assert change.differences["specificity"].value == pytest.approx(2 / 3 - 2 / 3)
    assert change.differences["specificity"].n == 3
    test = change.mcnemar["sensitivity"]
    assert (test.n_first_only, test.n_second_only, test.n) == (2, 1, 4)
    assert change.mcnemar["accuracy"].n == 7
    assert change.flips.value == pytest.approx(5 / 7)


def test_stated_probabilities_and_their_missing_ones():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 120)
    stated = np.clip(0.5 * truth + rng.normal(0.25, 0.2, 120), 0, 1)
    rows = [
        answer_row(f"c{k}", patient_id=f"p{k // 2}", true_urgency="urgent" if truth[k] else "routine",
                   urgency="urgent" if stated[k] >= 0.5 else "routine",
                   urgent_probability=None if k < 10 else float(stated[k]))
        for k in range(120)
    ]  # fmt: skip
    result = result_of(rows)
    found = result.cells[0].probability
    assert (found.n, found.n_without) == (110, 10)
    assert found.delong.value == pytest.approx(metrics.roc_auc_score(truth[10:], stated[10:]))
    assert found.area.value == found.delong.value
    assert found.area.n_clusters == 55
    assert found.points[0].specificity >= 0.9
    assert found.points[1].sensitivity + found.points[1].specificity - 1 == pytest.approx(found.youden.value)
    assert found.curve[0].sensitivity == 0
    assert found.curve[-1].sensitivity == 1
    assert found.benefit.thresholds == THRESHOLDS
    # Acting on the level is acting from one half on, where a false alarm costs as much as a true case brings.
    half = result.cells[0].benefit
    acted = stated >= 0.5
    assert half.net_benefit[-1] == pytest.approx((acted[truth == 1].sum() - acted[truth == 0].sum()) / 120)


def test_nobody_who_states_numbers_is_none_and_one_kind_of_case_undefined():
    cell = result_of(rows_of("rr ru rr")).cells[0]
    assert cell.probability is None
    assert cell.confidence is None
    assert math.isnan(cell.measures["sensitivity"].value)
    assert math.isnan(cell.rates.sensitivity.low)
    assert cell.measures["specificity"].value == pytest.approx(2 / 3)


def test_result_and_rows_survive_their_files(tmp_path):
    rows = rows_of(PAIRS, confidence=0.5, urgent_probability=0.25)
    write_answers(tmp_path / "answers.parquet", rows)
    asked = {"truths": [TrueUrgency("urgent", "label", needs_sign_off=True)], "n_resamples": 50}
    result = triage_result(read_answers(tmp_path / "answers.parquet"), CARD, **asked)
    assert (result.n_of_origin, result.n_unsigned) == ({"label": 1}, 1)
    assert result.n_of_level == {"emergent": 4, "urgent": 5, "routine": 7}
    write_result(tmp_path / "result.json", result)
    again = read_result(tmp_path / "result.json", TriageResult)
    assert again.cells[0].table == result.cells[0].table
    assert again.cells[0].measures["ppv"] == result.cells[0].measures["ppv"]
    assert json.loads((tmp_path / "result.json").read_text())["kind"] == "TriageResult"


def test_intervals_are_over_patients():
    pairs = " ".join(["uu", "ur", "rr", "ru"] * 30)
    alone = result_of(rows_of(pairs), n_resamples=600).cells[0].measures["sensitivity"]
    rows = [row._replace(patient_id=f"p{k // 4 % 10}-{k % 4}") for k, row in enumerate(rows_of(pairs))]
    repeated = result_of(rows, n_resamples=600).cells[0].measures["sensitivity"]
    assert (repeated.high - repeated.low) / (alone.high - alone.low) == pytest.approx(math.sqrt(3), abs=0.3)
    assert (alone.n, alone.n_clusters, repeated.n_clusters) == (60, 60, 20)


def test_the_same_seed_gives_the_same_result():
    rows = rows_of(PAIRS, urgent_probability=0.3, confidence=0.6)
    assert repr(result_of(rows, seed=3)) == repr(result_of(rows, seed=3))


def test_what_does_not_vary_has_the_wilson_interval_of_its_patients_and_not_one_without_width():
    rows = rows_of("uu uu uu uu rr rr rr") + rows_of("uu uu uu uu rr rr rr", arm="context only")
    result = result_of(rows)
    cell, (change,) = result.cells[0], result.changes
    for name in ("sensitivity", "specificity", "ppv", "accuracy"):
        found, wilson = cell.measures[name], getattr(cell.rates, name)
        assert (found.low, found.high) == (pytest.approx(wilson.low), pytest.approx(1.0))
        difference = change.differences[name]
        assert (difference.low, difference.high) == (pytest.approx(wilson.low - 1), pytest.approx(1 - wilson.low))
    assert (change.flips.value, change.flips.low) == (0.0, 0.0)
    assert change.flips.high == pytest.approx(1 - cell.rates.accuracy.low)
    assert cell.measures["kappa"].low < 1.0


def test_a_perfect_and_a_worthless_probability_have_intervals_with_a_width():
    """Ten patients of either kind: z^2 / (10 + z^2) = 0.2775 of them may be otherwise."""
    for is_right in (True, False):
        rows = [
            answer_row(f"c{k}", patient_id=f"p{k}", true_urgency="urgent" if k < 10 else "routine", urgency="urgent",
                       urgent_probability=0.9 if (k < 10) == is_right else 0.1)
            for k in range(20)
        ]  # fmt: skip
        found = result_of(rows).cells[0].probability
        ends = (1 - 0.2775, 1.0) if is_right else (0.0, 0.2775)
        assert found.youden.value == float(is_right)
        for one in (found.area, found.sensitivity_at):
            assert (one.value, one.low, one.high) == pytest.approx((float(is_right), *ends), abs=1e-4)
