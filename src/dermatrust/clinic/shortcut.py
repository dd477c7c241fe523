"""Shortcuts in the context: what each field alone gives away, and what the emptiness of fields does.

A context that predicts the diagnosis by itself may be medicine (age), or the way the cases were collected (what was
only asked of patients who came to a biopsy). Which of the two it is, numbers cannot say; a clinician can.
"""

from collections.abc import Sequence

from dermatrust.clinic.baseline_table import N_RESAMPLES, BaselineRow, baseline_row
from dermatrust.clinic.baselines import (
    CONTEXT,
    EMPTY_FIELDS,
    FREQUENT,
    N_FOLDS,
    commonest_emptiness,
    predict,
)
from dermatrust.clinic.context_features import field_values
from dermatrust.records import Case

SAME_EMPTINESS = "the same fields empty"


def baseline_rows(
    cases: Sequence[Case], *, seed: int = 0, n_folds: int = N_FOLDS, without: Sequence[str] = (),
    n_resamples: int = N_RESAMPLES,
) -> tuple[BaselineRow, ...]:  # fmt: skip
    """Return all baselines, and that of the context on the cases among which the emptiness of fields tells nothing.

    Raises:
        ModelError: scikit-learn is not installed.
        DataError: As `predict`.
    """
    rows = []
    for name in (FREQUENT, EMPTY_FIELDS, CONTEXT):
        found = predict(name, cases, seed=seed, n_folds=n_folds, without=without)
        rows.append(baseline_row(found, seed=seed, n_resamples=n_resamples))
    alike = commonest_emptiness(found.cases)
    if not alike.all():
        rows.append(baseline_row(found, chosen=alike, about=SAME_EMPTINESS, seed=seed, n_resamples=n_resamples))
    return tuple(rows)


def field_rows(
    cases: Sequence[Case], *, seed: int = 0, n_folds: int = N_FOLDS, n_resamples: int = N_RESAMPLES
) -> tuple[BaselineRow, ...]:  # fmt: skip
    """Return what each field of the context gives alone, the highest balanced accuracy first.

    Raises:
        ModelError: scikit-learn is not installed.
        DataError: As `predict`.
    """
    names = sorted({name for case in cases for name in field_values(case.context)})
    rows = [
        baseline_row(
            predict(CONTEXT, cases, seed=seed, n_folds=n_folds, only=(name,)), about=name, seed=seed,
            n_resamples=n_resamples,
        )
        for name in names
    ]  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-row.balanced_accuracy.value, row.about)))
