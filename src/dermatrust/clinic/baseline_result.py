"""What can be had without a photograph, whole: as a dataclass, written to `result.json`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.clinic.baseline_table import N_RESAMPLES, BaselineRow
from dermatrust.clinic.baselines import N_FOLDS
from dermatrust.clinic.shortcut import baseline_rows, field_rows
from dermatrust.clinic.truth import label_of
from dermatrust.records import Case, DatasetCard


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """What baselines say of a dataset.

    Attributes:
        card: The dataset's.
        n_cases: Cases asked about: those with a label.
        n_patients: Recorded patients they come from.
        n_cases_without_patient: Cases whose patient is not recorded; each counts as a patient of its own.
        n_without_truth: Cases left out, since no label is recorded.
        n_of_label: Label to its cases.
        rows: The baselines, in the order of every table; then the context among cases with the same fields empty.
        fields: What each field of the context gives alone, the best first; empty where nobody asked.
        without: Fields that might not be used.
        n_folds: Of the cross-validation.
        n_resamples: Bootstrap resamples over patients behind every interval.
        seed: Of folds and resampling.
        confidence: Nominal coverage of the intervals.
    """

    card: DatasetCard
    n_cases: int
    n_patients: int
    n_cases_without_patient: int
    n_without_truth: int
    n_of_label: dict[str, int]
    rows: tuple[BaselineRow, ...]
    fields: tuple[BaselineRow, ...]
    without: tuple[str, ...]
    n_folds: int
    n_resamples: int
    seed: int
    confidence: float = 0.95


def baseline_result(
    cases: Sequence[Case], card: DatasetCard, *, with_fields: bool = False, without: Sequence[str] = (),
    n_folds: int = N_FOLDS, seed: int = 0, n_resamples: int = N_RESAMPLES,
) -> BaselineResult:  # fmt: skip
    """Return what can be had without a photograph.

    Args:
        cases: All of the dataset's.
        card: The dataset's.
        with_fields: Whether to say what each field gives alone; it takes as long as all else for every field.
        without: Fields of the context that may not be used.
        n_folds: Of the cross-validation.
        seed: Of folds and resampling.
        n_resamples: Bootstrap resamples over patients.

    Raises:
        ModelError: scikit-learn is not installed.
        DataError: As `baselines.predict`.
    """
    rows = baseline_rows(cases, seed=seed, n_folds=n_folds, without=without, n_resamples=n_resamples)
    fields = field_rows(cases, seed=seed, n_folds=n_folds, n_resamples=n_resamples) if with_fields else ()
    labelled = [case for case in cases if label_of(case) is not None]
    counts = Counter(str(label_of(case)) for case in labelled)
    patients = {case.patient_id for case in labelled if case.patient_id is not None}
    return BaselineResult(
        card=card, n_cases=len(labelled), n_patients=len(patients),
        n_cases_without_patient=sum(case.patient_id is None for case in labelled),
        n_without_truth=len(cases) - len(labelled), n_of_label=dict(sorted(counts.items())), rows=rows, fields=fields,
        without=tuple(without),
        n_folds=n_folds, n_resamples=n_resamples, seed=seed,
    )  # fmt: skip
