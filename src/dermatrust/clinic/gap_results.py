"""What a comparison of datasets found: as dataclasses, written whole to `result.json`."""

from dataclasses import dataclass

from dermatrust.bench.results import Estimate
from dermatrust.records import DatasetCard


@dataclass(frozen=True, slots=True)
class Makeup:
    """What makes one run's cases unlike another's.

    Attributes:
        run_id: The run.
        card: The dataset's.
        n_cases: Cases asked about.
        n_patients: Recorded patients.
        n_cases_without_patient: Cases whose patient is not recorded; each counts as a patient of its own.
        n_diagnoses: Diseases among the labels, one under several names counted once.
        n_unknown: Cases whose label the lexicon does not know, or that have none.
        commonest: Up to three of the commonest diseases, with their numbers of cases.
        skin_groups: Skin group to cases, the lightest first; "not recorded" last.
        urgencies: Level of urgency to cases, the most pressing first; "not recorded" last. Empty without any level.
        code_version: What scored the run.
    """

    run_id: str
    card: DatasetCard
    n_cases: int
    n_patients: int
    n_cases_without_patient: int
    n_diagnoses: int
    n_unknown: int
    commonest: tuple[tuple[str, int], ...]
    skin_groups: dict[str, int]
    urgencies: dict[str, int]
    code_version: str


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One model in one arm on one dataset, on one measure.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        measure: What is measured, between 0 and 1.
        dataset: Number of the dataset, from 0; 0 is the one that the others are compared with.
        value: Its mean; `n` counts the cases of which it can be decided, `n_missing` the others of the run.
        gap: Value less that on dataset 0; None for dataset 0. `n` is the smaller of the two, `n_missing` 0.
        within: The same within the same diseases, each weighing the same; None for dataset 0, and for triage.
        n_diseases: Diseases that both have, behind `within`.
    """

    model: str
    arm: str
    image_arm: str
    measure: str
    dataset: int
    value: Estimate
    gap: Estimate | None
    within: Estimate | None
    n_diseases: int


@dataclass(frozen=True, slots=True)
class BedsideGap:
    """The same models in the same arms on several datasets.

    Attributes:
        task: "ddx" or "triage".
        datasets: The first is the one that the others are compared with.
        measures: What is measured, in the order of every table.
        headline: The measures that are shown first.
        rows: By model, arm and image arm, then measure, then dataset.
        warnings: What differs between the runs besides their cases, one sentence each.
        left_out: What not every run has, one sentence each.
        n_resamples: Of the patients of each dataset.
        seed: Of the resampling.
        confidence: Nominal coverage of the intervals.
    """

    task: str
    datasets: tuple[Makeup, ...]
    measures: tuple[str, ...]
    headline: tuple[str, ...]
    rows: tuple[DatasetRow, ...]
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]
    n_resamples: int
    seed: int
    confidence: float = 0.95

    @property
    def card(self) -> DatasetCard:
        """The card of the first dataset; synthetic where any is."""
        first = self.datasets[0].card
        synthetic = any(one.card.synthetic for one in self.datasets)
        return first.model_copy(update={"synthetic": synthetic})

    @property
    def names(self) -> tuple[str, ...]:
        """The datasets by name; with the run where two are of one name."""
        names = [one.card.name for one in self.datasets]
        return tuple(
            f"{name} ({one.run_id})" if names.count(name) > 1 else name
            for name, one in zip(names, self.datasets, strict=True)
        )

    @property
    def settings(self) -> tuple[tuple[str, str, str], ...]:
        """Model, arm and image arm of every comparison, in order."""
        return tuple(dict.fromkeys((row.model, row.arm, row.image_arm) for row in self.rows))

    def rows_of(self, setting: tuple[str, str, str], measure: str) -> tuple[DatasetRow, ...]:
        """Return one model's rows in one arm on one measure, dataset by dataset."""
        return tuple(r for r in self.rows if (r.model, r.arm, r.image_arm) == setting and r.measure == measure)
