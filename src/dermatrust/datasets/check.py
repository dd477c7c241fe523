"""Checking a dataset folder: everything that is wrong with it in one go, not only the first thing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dermatrust.datasets.check_images import check_images
from dermatrust.datasets.check_leakage import check_leakage
from dermatrust.datasets.check_records import SoundRecords, check_records
from dermatrust.datasets.counted import counted
from dermatrust.datasets.finding import Finding, some
from dermatrust.datasets.image_reviews import OpenImage, look_at_images, open_images, said_of
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DatasetCard
from dermatrust.store.card import read_card
from dermatrust.store.folder import DatasetFolder

_NOT_TO_BE_SENT = ("private", "research-only", "not-stated")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found."""

    n_cases: int
    n_images: int
    findings: tuple[Finding, ...]

    @property
    def n_errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def is_sound(self) -> bool:
        """Whether there is no error."""
        return self.n_errors == 0


def check_dataset(folder: Path) -> CheckReport:
    """Check the card, every record, every image, and that splits share no patient, file family or picture.

    Raises:
        DataError: There is no such folder.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        raise DataError(str(folder), what, "a dataset folder")
    card, card_findings = _check_card(folder / "card.yaml")
    records = check_records(folder)
    is_reviewed = card is not None and (card.identifiers_reviewed or card.synthetic)
    images = check_images(folder, records.cases)
    findings = (
        *card_findings,
        *records.findings,
        *(() if is_reviewed else records.suspicions),
        *_check_truth(folder, records),
        *images.findings,
        *(_check_who_is_shown(DatasetFolder(folder, card), records) if card is not None else ()),
        *check_leakage(folder, records.cases, images.linked_cases),
    )
    return CheckReport(len(records.cases), images.n_images, findings)


def _check_card(path: Path) -> tuple[DatasetCard | None, tuple[Finding, ...]]:
    try:
        card = read_card(path)
    except DataError as error:
        return None, (Finding.of_error("card", error),)
    return card, tuple(_check_permissions(card, str(path)))


def _check_permissions(card: DatasetCard, where: str) -> Iterator[Finding]:
    if card.may_leave_machine and card.licence in _NOT_TO_BE_SENT:
        what = f"the licence is {card.licence!r}, but may_leave_machine is true"
        yield Finding("warning", "licence", where, what, "Make sure that you may send it to a third party.")
    if card.consent.strip().lower() in ("", "unknown", "not recorded"):
        do = "Say in `consent` what the patients agreed to."
        yield Finding("warning", "consent", where, "nothing is known about the patients' consent", do)


def _check_who_is_shown(dataset: DatasetFolder, records: SoundRecords) -> Iterator[Finding]:
    """Check that a person has looked at every image on which a face or lettering was found."""
    names = [name for case in records.cases for name in case.file_names]
    do = "Look at it, and sign it off: `dermatrust data look --clear`, or --withhold."
    try:
        found = [OpenImage(one.file_name, said_of(one)) for one in look_at_images(dataset, names)]
        seen = {one.file_name for one in found}
        found += [one for one in open_images(dataset, names) if one.file_name not in seen]
    except DataError as error:
        yield Finding.of_error("image review", error)
        return
    for image, why in found:
        yield Finding("warning", "image to be looked at", image, why, do)


def _check_truth(folder: Path, records: SoundRecords) -> Iterator[Finding]:
    """Check that there is something to judge narratives against."""
    where = str(folder / "metadata.jsonl")
    without = [case.id for case in records.cases if case.id not in records.referenced]
    if without:
        what = f"{len(without)} of {counted(len(records.cases), 'case')} without a reference: {some(without)}"
        yield Finding("warning", "missing reference", where, what, "They cannot be judged against a reference.")
    unlabelled = [case.id for case in records.cases if case.label is None]
    if unlabelled:
        what = f"{len(unlabelled)} of {counted(len(records.cases), 'case')} without a label: {some(unlabelled)}"
        yield Finding("warning", "missing label", where, what)
    labels = sorted({case.label for case in records.cases if case.label is not None})
    unknown = [label for label in labels if load_lexicon().diagnosis(label) is None]
    if unknown:
        what = f"the lexicon does not know {len(unknown)} of {counted(len(labels), 'label')}: {some(unknown)}"
        yield Finding("warning", "unknown label", where, what, "They have no urgency and no kin.")
