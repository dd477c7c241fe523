"""The known-error test of judges, from a dataset's references to one report card per judge."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.audit.candidates import Candidates, length_favour, self_preference
from dermatrust.audit.judged import Judged, Resampling, judged
from dermatrust.audit.known_errors import KnownErrors
from dermatrust.audit.sensitivity import (
    DimensionRow,
    ErrorRow,
    TwinRow,
    dimension_rows,
    error_rows,
    twin_rows,
    unchanged_scores,
)
from dermatrust.audit.steadiness import Missing, Repeatability, missing_verdicts, padding_slopes, repeatability
from dermatrust.audit.translation import Translation
from dermatrust.bench.results import Estimate
from dermatrust.records import DatasetCard, Dimension, JudgeCard


@dataclass(frozen=True, slots=True)
class ReportCard:
    """What the known-error test finds about one judge.

    Attributes:
        judge: Who was tested.
        unchanged: What it gives the references themselves, by dimension.
        errors: The sensitivity matrix.
        dimensions: For each dimension, whether the errors that should lower it are seen.
        twins: How far it moves where nothing has been said differently.
        repeatability: How far repeated ratings differ, or why it is not measured.
        padding: By dimension, points for a text twice as long that says nothing more.
        length: The same among real candidates of a case, or why it is not measured.
        has_panel: Whether a panel's mean was taken off for `length`.
        preference: Points by which it favours its own family, or why it is not measured.
        missing: Verdicts that are not there.
    """

    judge: JudgeCard
    unchanged: dict[Dimension, Estimate]
    errors: tuple[ErrorRow, ...]
    dimensions: tuple[DimensionRow, ...]
    twins: tuple[TwinRow, ...]
    repeatability: Repeatability | str
    padding: dict[Dimension, Estimate]
    length: Estimate | str
    has_panel: bool
    preference: Estimate | str
    missing: Missing

    @property
    def blind_to(self) -> tuple[Dimension, ...]:
        """Dimensions whose errors the judge does not show that it sees."""
        return tuple(row.dimension for row in self.dimensions if row.is_blind)

    @property
    def not_known(self) -> tuple[Dimension, ...]:
        """Dimensions of which nothing can be said: errors of fewer than two patients were scored."""
        return tuple(row.dimension for row in self.dimensions if not row.is_known)


@dataclass(frozen=True, slots=True)
class JudgeAudit:
    """The report cards of all judges tested on the same variants.

    Attributes:
        dataset: The dataset whose references were changed.
        cards: One per judge, in the order given.
        n_references: References that variants were made of.
        n_certified: How many of them carry a certificate.
        n_patients: Patients they are of.
        n_variants: Variants, the unchanged references among them.
        lacking: Kind to the number of references that offer no place for it.
        resampling: How the intervals were made.
        translation: How the twins in another language were made; None without any.
    """

    dataset: DatasetCard
    cards: tuple[ReportCard, ...]
    n_references: int
    n_certified: int
    n_patients: int
    n_variants: int
    lacking: Counter[str]
    resampling: Resampling
    translation: Translation | None = None


def audit_judges(
    dataset: DatasetCard, candidates: Candidates, known: KnownErrors, judges: Sequence[JudgeCard], *,
    panel: Sequence[str] = (), resampling: Resampling | None = None, translation: Translation | None = None,
) -> JudgeAudit:  # fmt: skip
    """Return the report cards of judges that have rated the variants.

    Args:
        dataset: Card of the dataset whose references were changed.
        candidates: Its recorded candidates and their ratings, which show favour for kin and length.
        known: The variants, with the judges' ratings in their folder.
        judges: The judges' cards.
        panel: Raters of the candidates that stand for what its candidates deserve.
        resampling: Of patients, for the intervals.
        translation: How the twins in another language were made, if there are any.
    """
    resampling = resampling or Resampling()
    tables = judged(known.variants, known.folder.iter_ratings(), judges)
    unchanged = [variant for variant in known.variants if variant.role == "unchanged"]
    references = {reference.case_id: reference for reference in known.folder.iter_references()}
    return JudgeAudit(
        dataset=dataset,
        cards=tuple(_card(one, candidates, panel, resampling) for one in tables),
        n_references=len(unchanged),
        n_certified=sum(references[variant.case_id].certificate is not None for variant in unchanged),
        n_patients=len({variant.patient_id or f"case {variant.case_id}" for variant in unchanged}),
        n_variants=len(known.variants),
        lacking=known.lacking,
        resampling=resampling,
        translation=translation,
    )


def _card(one: Judged, candidates: Candidates, panel: Sequence[str], resampling: Resampling) -> ReportCard:
    return ReportCard(
        judge=one.card,
        unchanged=unchanged_scores(one, resampling),
        errors=error_rows(one, resampling),
        dimensions=dimension_rows(one, resampling),
        twins=twin_rows(one, resampling),
        repeatability=repeatability(one, resampling),
        padding=padding_slopes(one, resampling),
        length=length_favour(candidates, one.card, panel, resampling),
        has_panel=any(rater in candidates.scores and rater != one.card.judge for rater in panel),
        preference=self_preference(candidates, one.card, resampling),
        missing=missing_verdicts(one, resampling),
    )
