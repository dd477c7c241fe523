"""Balanced accuracy and cancer or not, of differentials."""

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from dermatrust.agreement.bootstrap import KeptDraws
from dermatrust.agreement.interval import estimates
from dermatrust.agreement.recall import mean_recall
from dermatrust.clinic import Answer
from dermatrust.clinic.answer_grid import answer_grid
from dermatrust.clinic.arms import Told
from dermatrust.clinic.comparable import comparables
from dermatrust.clinic.image_arms import parse_image_arms
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.study import Asked
from dermatrust.clinic.tasks import differential_task
from dermatrust.records import Case, ClinicalContext
from dermatrust.store.answers import read_answers, write_answers

TASK = differential_task()
(ALL,) = parse_image_arms(["all"])


def grid_of(tmp_path, *items):
    """Items of (label, first diagnoses, patient); None for a failed ask."""
    rows = []
    for number, (label, said, patient) in enumerate(items):
        case = Case(id=str(number), label=label, patient_id=patient)
        told = Told(ClinicalContext())
        failure = "timeout: no reply" if said is None else ""
        cannot = said == ("cannot tell",)
        answer = Answer(case.id, "m", "image only", "all", diagnoses=() if said is None or cannot else said,
                        cannot_tell=cannot, failure=failure)  # fmt: skip
        rows.append(answer_row(Asked(case, "image only", ALL, told, case, False, None), answer, TASK))
    write_answers(tmp_path / "a.parquet", rows)
    return answer_grid(read_answers(tmp_path / "a.parquet"))


def found_in(grid, **options):
    (found,) = comparables(grid, KeptDraws(0), **({"n_resamples": 200} | options))
    return found


def test_a_hand_worked_study(tmp_path):
    grid = grid_of(
        tmp_path,
        ("melanoma", ("malignant melanoma",), "a"),  # right
        ("melanoma", ("basal cell carcinoma",), "b"),  # another cancer: wrong, and found
        ("melanoma", ("nevus",), "c"),  # missed
        ("psoriasis", ("psoriasis",), "d"),  # right
        ("wart", ("melanoma", "wart"), "e"),  # an alarm
        ("wart", ("cannot tell",), "f"),  # wrong everywhere
        ("wart", ("blorptitis",), "g"),  # wrong as a disease, and nobody knows whether it is a cancer
        ("wart", None, "h"),  # missing
        ("blorptitis", ("melanoma",), "i"),  # of unknown truth
    )
    found = found_in(grid)
    assert found.n_diseases == 3
    assert found.balanced.value == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert (found.balanced.n, found.balanced.n_clusters) == (7, 7)
    assert (found.sensitivity.value, found.sensitivity.n) == (pytest.approx(2 / 3), 3)
    assert (found.specificity.value, found.specificity.n) == (pytest.approx(1 / 3), 3)
    assert found.cancer_balanced.value == pytest.approx(0.5)
    assert found.balanced.low < found.balanced.value < found.balanced.high


def test_figures_are_those_of_scikit_learn_and_intervals_those_of_the_statistic(tmp_path):
    rng = np.random.default_rng(5)
    names = ("melanoma", "psoriasis", "wart", "basal cell carcinoma")
    truth, said = (rng.choice(4, 120, p=(0.5, 0.2, 0.2, 0.1)) for _ in range(2))
    patients = [str(k // 3) for k in range(120)]
    items = [(names[t], (names[s],), patient) for t, s, patient in zip(truth, said, patients, strict=True)]
    found = found_in(grid_of(tmp_path, *items), n_resamples=4_000)
    assert found.balanced.value == pytest.approx(balanced_accuracy_score(truth, said))
    cancer, called = np.isin(truth, (0, 3)), np.isin(said, (0, 3))
    assert found.cancer_balanced.value == pytest.approx(balanced_accuracy_score(cancer, called))
    assert found.sensitivity.value == pytest.approx(recall_score(cancer, called))
    table = np.stack([truth, truth == said]).astype(float)
    assert all(
        0 < (said == truth)[truth == one].mean() < 1 for one in range(4)
    )  # else there is more than resamples know
    (other,) = estimates([(mean_recall(4), table)], patients, rng=np.random.default_rng(9), n_resamples=4_000)
    assert (found.balanced.low, found.balanced.high) == pytest.approx((other.low, other.high), abs=0.01)


def test_always_naming_the_commonest_is_one_over_the_number_of_diseases(tmp_path):
    labels = ["psoriasis"] * 30 + ["wart"] * 5 + ["melanoma"] * 5
    found = found_in(grid_of(tmp_path, *((label, ("psoriasis",), str(k)) for k, label in enumerate(labels))))
    assert found.balanced.value == pytest.approx(1 / 3)
    assert (found.sensitivity.value, found.specificity.value, found.cancer_balanced.value) == (0, 1, 0.5)
    assert found.sensitivity.high > 0.3  # of five patients


def test_one_disease_or_no_cancer_leaves_undefined_what_needs_two(tmp_path):
    found = found_in(grid_of(tmp_path, ("wart", ("wart",), "a"), ("wart", ("acne",), "b")))
    assert math.isnan(found.balanced.value)
    assert math.isnan(found.cancer_balanced.value)
    assert math.isnan(found.sensitivity.value)
    assert found.specificity.value == 1


def test_a_share_that_no_resample_varies_is_no_certainty_in_a_mean(tmp_path):
    """All of four melanomas found, 60 of 80 others told to be harmless: four patients say little of the first."""
    items = [("melanoma", ("melanoma",), f"m{k}") for k in range(4)]
    items += [("nevus", ("nevus" if k < 60 else "melanoma",), f"n{k}") for k in range(80)]
    found = found_in(grid_of(tmp_path, *items), n_resamples=2_000)
    for one in (found.balanced, found.cancer_balanced):
        assert one.value == pytest.approx((1 + 0.75) / 2)
        below = found.sensitivity.value - found.sensitivity.low, found.specificity.value - found.specificity.low
        assert one.value - one.low == pytest.approx(math.hypot(*below) / 2, abs=0.01)  # Zou & Donner, of both halves
        assert one.high - one.value == pytest.approx((found.specificity.high - 0.75) / 2, abs=0.01)


def test_one_patient_with_cancer_gives_no_interval_and_resamples_without_one_no_mean(tmp_path):
    items = [("melanoma", ("nevus",), "m")] + [("nevus", ("nevus" if k else "melanoma",), str(k)) for k in range(20)]
    found = found_in(grid_of(tmp_path, *items))
    assert found.cancer_balanced.value == pytest.approx(0.475)
    assert math.isnan(found.sensitivity.low)
    assert math.isnan(found.cancer_balanced.low)
    assert math.isnan(found.cancer_balanced.high)
    twice = found_in(grid_of(tmp_path, *items, ("melanoma", ("nevus",), "m2")), n_resamples=500)
    assert twice.cancer_balanced.n_skipped > 0
    assert twice.cancer_balanced.high < 0.95  # such a resample has the specificity alone, of up to 1
