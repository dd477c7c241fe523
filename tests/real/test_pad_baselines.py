"""How far the recorded facts of PAD-UFES-20 go without its photographs; see docs/clinic.md."""

from pathlib import Path

import numpy as np
import pytest

from dermatrust.clinic.baseline_table import baseline_row
from dermatrust.clinic.baselines import CONTEXT, EMPTY_FIELDS, FREQUENT, commonest_emptiness, predict
from dermatrust.clinic.context_features import field_values
from dermatrust.datasets.pad_ufes_20 import read_pad_ufes_20

ROOT = Path(__file__).parents[3] / "shared/data/pad-ufes-20"
MALIGNANT = {"BCC", "SCC", "MEL"}

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="PAD-UFES-20 is not beside this repository")


@pytest.fixture(scope="module")
def imported():
    return read_pad_ufes_20(ROOT, missing_images="keep")


def figures(found, **named):
    row = baseline_row(found, n_resamples=200, **named)
    return [round(one.value, 3) for one in (row.balanced_accuracy, row.accuracy, row.malignancy)]


def test_the_most_frequent_diagnosis_is_a_sixth(imported):
    row = baseline_row(predict(FREQUENT, imported.cases), n_resamples=200)
    assert row.balanced_accuracy.value == pytest.approx(1 / 6)
    assert row.accuracy.value == pytest.approx(652 / 1891)
    assert (row.accuracy.n, row.accuracy.n_clusters) == (1891, 1373)


def test_the_context_alone_goes_far_and_its_emptiness_alone_nearly_as_far_for_malignancy(imported):
    assert figures(predict(CONTEXT, imported.cases)) == pytest.approx([0.651, 0.666, 0.953], abs=0.01)
    assert figures(predict(EMPTY_FIELDS, imported.cases))[2] == pytest.approx(0.884, abs=0.01)


def test_lesions_of_patients_of_whom_nothing_was_asked_are_never_malignant(imported):
    unasked = [case for case in imported.cases if case.context.sex is None]
    assert len(unasked) == 712
    assert not {case.label for case in unasked} & MALIGNANT


def test_where_the_same_fields_are_empty_less_is_left(imported):
    found = predict(CONTEXT, imported.cases)
    alike = commonest_emptiness(found.cases)
    assert alike.sum() == 720
    assert figures(found, chosen=alike) == pytest.approx([0.518, 0.583, 0.844], abs=0.015)


def test_a_biopsy_is_no_part_of_the_context_and_would_give_malignancy_away(imported):
    assert not any("biops" in name for case in imported.cases for name in field_values(case.context))
    proven = {text.case_id for text in imported.references if "proven by biopsy" in text.text}
    told = []
    for case in imported.cases:
        history = case.context.history | {"biopsy": str(case.id in proven)}
        told.append(case.model_copy(update={"context": case.context.model_copy(update={"history": history})}))
    alone = predict(CONTEXT, told, only=("history.biopsy",))
    assert figures(alone)[2] == pytest.approx(0.89, abs=0.015)
    malignant = np.array([case.label in MALIGNANT for case in imported.cases])
    assert all(case.id in proven for case, cancer in zip(imported.cases, malignant, strict=True) if cancer)
