"""The audit of a dataset's references: every check on every reference, and what it amounts to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dermatrust.audit.early_naming import check_early_naming
from dermatrust.audit.finding import KINDS, ReferenceFinding
from dermatrust.audit.form import check_form
from dermatrust.audit.label_contradiction import check_label
from dermatrust.audit.labels import read_label
from dermatrust.audit.reading import ReadReference, read_reference
from dermatrust.audit.reference_counts import KindCount, count_kinds, patients_of
from dermatrust.audit.refusals import check_refusal
from dermatrust.audit.repeats import check_duplicates, check_families, check_templates
from dermatrust.audit.unsupported import attributes_by_concept, check_unsupported
from dermatrust.datasets.atlas_truth import TRUTH, AtlasTruth, read_truth
from dermatrust.datasets.counted import counted
from dermatrust.errors import DataError
from dermatrust.lexicon import Lexicon, load_lexicon
from dermatrust.records import DatasetCard
from dermatrust.store.folder import DatasetFolder


@dataclass(frozen=True, slots=True)
class ReferenceAudit:
    """What an audit of references found.

    Attributes:
        card: The dataset's card.
        n_cases: Cases of the dataset.
        n_references: References read.
        n_labelled: References of cases with a label.
        n_known_labels: References whose label the lexicon knows as a whole or in part.
        n_with_truth: References of cases for which it is recorded what the images show.
        n_patients: Patients the intervals are over; a case without a recorded patient counts as one.
        findings: Those of at least the wanted confidence, surest first.
        counts: One row per kind.
        least: The wanted confidence.
    """

    card: DatasetCard
    n_cases: int
    n_references: int
    n_labelled: int
    n_known_labels: int
    n_with_truth: int
    n_patients: int
    findings: tuple[ReferenceFinding, ...]
    counts: tuple[KindCount, ...]
    least: float

    def to_text(self) -> str:
        """Return the summary for a terminal: one row per kind, and what the shares are of."""
        rows = [count.cells() for count in self.counts]
        table = [("kind", "high", "medium", "low", "references, high or medium", "share, 95 % interval"), *rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        lines = [
            "  ".join(
                cell.ljust(width) if column in (0, len(widths) - 1) else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        read = f"{counted(self.n_references, 'reference')} of {counted(self.n_cases, 'case')}"
        known = f"{self.n_labelled} labelled, {self.n_known_labels} of the labels known to the lexicon"
        patients = f"intervals over {counted(self.n_patients, 'patient')} (a case without one counts as one)"
        return "\n".join([*lines, "", f"{read}; {known}; {patients}"])


def audit_references(
    folder: DatasetFolder,
    *,
    min_confidence: float = 0.0,
    seed: int = 0,
    lexicon: Lexicon | None = None,
    progress: Callable[[int], object] = lambda n: None,
) -> ReferenceAudit:
    """Check every reference of a dataset.

    Args:
        folder: The dataset; no image of it is read.
        min_confidence: Findings below it are left out, of the counts too.
        seed: Of the resampled patients.
        lexicon: The packaged one unless given.
        progress: Called with 1 after each reference.

    Raises:
        DataError: The dataset has no reference, or a record of it is not valid.
    """
    lexicon = lexicon or load_lexicon()
    truths = _truths(folder)
    reads: list[ReadReference] = []
    findings: list[ReferenceFinding] = []
    attributes = attributes_by_concept(lexicon)
    for read in _read_all(folder, lexicon):
        reads.append(read)
        findings += _check_one(read, lexicon)
        findings += check_unsupported(read, truths.get(read.case.id), attributes, lexicon)
        progress(1)
    findings += [*check_duplicates(reads), *check_templates(reads), *check_families(reads)]
    return _summed(folder, reads, findings, frozenset(truths), min_confidence, seed, lexicon)


def _summed(
    folder: DatasetFolder,
    reads: Sequence[ReadReference],
    findings: Sequence[ReferenceFinding],
    with_truth: frozenset[str],
    least: float,
    seed: int,
    lexicon: Lexicon,
) -> ReferenceAudit:
    kept = sorted((one for one in findings if one.confidence >= least), key=_order)
    labels = [read.case.label for read in reads if read.case.label is not None]
    return ReferenceAudit(
        card=folder.card,
        n_cases=folder.n_cases,
        n_references=len(reads),
        n_labelled=len(labels),
        n_known_labels=sum(bool(read_label(label, lexicon).diagnoses) for label in labels),
        n_with_truth=sum(read.case.id in with_truth for read in reads),
        n_patients=len(set(patients_of(reads))),
        findings=tuple(kept),
        counts=count_kinds(reads, kept, with_truth=with_truth, seed=seed),
        least=least,
    )


def _read_all(folder: DatasetFolder, lexicon: Lexicon) -> Iterator[ReadReference]:
    cases = {case.id: case for case in folder.iter_cases()}
    is_empty = True
    for reference in folder.iter_references():
        is_empty = False
        yield read_reference(cases[reference.case_id], reference, lexicon)
    if is_empty:
        raise DataError(str(folder.path), "has no reference", "at least one line in references.jsonl")


def _order(finding: ReferenceFinding) -> tuple[float, int, str]:
    return -finding.confidence, KINDS.index(finding.kind), finding.case_id


def _check_one(read: ReadReference, lexicon: Lexicon) -> Iterator[ReferenceFinding]:
    yield from check_refusal(read)
    yield from check_label(read, lexicon)
    yield from check_early_naming(read, lexicon)
    yield from check_form(read)


def _truths(folder: DatasetFolder) -> dict[str, AtlasTruth]:
    if not (folder.path / TRUTH).is_file():
        return {}
    return {truth.case_id: truth for truth in read_truth(folder.path)}
