"""Checking every record of a dataset folder against its format and against each other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from dermatrust.datasets.counted import counted
from dermatrust.datasets.finding import Finding
from dermatrust.datasets.identifiers import suspicions
from dermatrust.errors import DataError
from dermatrust.records import Case, Narrative, Rating, Record, iter_lines
from dermatrust.store.layout import CASES, NARRATIVES, RATINGS, REFERENCES, check_reference

R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class SoundRecords:
    """The records that could be read, and what is wrong with the others."""

    cases: list[Case] = field(default_factory=list)
    referenced: set[str] = field(default_factory=set)
    """Ids of the cases that have a reference."""
    findings: list[Finding] = field(default_factory=list)
    suspicions: list[Finding] = field(default_factory=list)
    """What looks like an identifier in the texts."""


def check_records(folder: Path) -> SoundRecords:
    """Read the four record files of the folder to their ends."""
    sound = SoundRecords()
    case_ids: dict[str, str] = {}
    for where, case in _readable(folder / CASES, Case, sound.findings):
        if _is_new(case.id, where, case_ids, sound.findings):
            sound.cases.append(case)
            _note_suspicions(case, where, sound)
    if not sound.cases:
        sound.findings.append(Finding("error", "record", str(folder / CASES), "there is no case in it"))
    if (folder / REFERENCES).is_file():
        _check_references(folder / REFERENCES, sound, case_ids)
    narrative_ids: dict[str, str] = {}
    if (folder / NARRATIVES).is_file():
        _check_narratives(folder / NARRATIVES, sound, case_ids, narrative_ids)
    if (folder / RATINGS).is_file():
        _check_ratings(folder / RATINGS, sound, narrative_ids)
    return sound


def _note_suspicions(record: Case | Narrative, where: str, sound: SoundRecords) -> None:
    do = "Look, and remove it if it identifies somebody; `identifiers_reviewed: true` in card.yaml says all is well."
    sound.suspicions += (Finding("warning", "identifier", where, what, do) for what in suspicions(record))


def _check_references(path: Path, sound: SoundRecords, case_ids: dict[str, str]) -> None:
    """Check each reference, and each that takes the place of another: a revision says what it was made from."""
    certified: dict[str, bool] = {}
    n_repeated = n_undone = 0
    for where, reference in _readable(path, Narrative, sound.findings, check_reference):
        _note_suspicions(reference, where, sound)
        if not _is_of(reference.case_id, "case", case_ids, where, sound.findings):
            continue
        is_certified = reference.certificate is not None
        if certified.get(reference.case_id) and not is_certified:
            n_undone += 1
        elif reference.case_id in certified:
            n_repeated += not (is_certified or reference.parent)
        certified[reference.case_id] = is_certified
    sound.referenced.update(certified)
    for n, by in ((n_repeated, "another for the same case, which is no revision"), (n_undone, "one nobody certified")):
        if n:
            noun = "certified reference" if by.startswith("one") else "reference"
            what = f"{counted(n, noun)} followed by {by}"
            sound.findings.append(Finding("warning", "record", str(path), what, "The last one of a case counts."))


def _check_narratives(path: Path, sound: SoundRecords, case_ids: dict[str, str], narrative_ids: dict[str, str]) -> None:
    for where, narrative in _readable(path, Narrative, sound.findings):
        _note_suspicions(narrative, where, sound)
        _is_new(narrative.id, where, narrative_ids, sound.findings)
        _is_of(narrative.case_id, "case", case_ids, where, sound.findings)


def _check_ratings(path: Path, sound: SoundRecords, narrative_ids: dict[str, str]) -> None:
    rated: dict[str, str] = {}
    for where, rating in _readable(path, Rating, sound.findings):
        _is_of(rating.narrative_id, "narrative", narrative_ids, where, sound.findings)
        _is_new(f"{rating.narrative_id} by {rating.rater}, draw {rating.draw}", where, rated, sound.findings)


def _readable(
    path: Path, kind: type[R], findings: list[Finding], check: Callable[[R, str], object] = lambda record, where: None
) -> Iterator[tuple[str, R]]:
    """Yield the records that can be read; what is wrong with the others is added to `findings`."""
    lines = iter_lines(path)
    while True:
        try:
            where, line = next(lines)
        except StopIteration:
            return
        except DataError as error:  # the file itself: missing, not text, or a line without end
            findings.append(Finding.of_error("record", error))
            return
        try:
            record = kind.from_line(line, where=where)
            check(record, where)
        except DataError as error:
            findings.append(Finding.of_error("record", error))
        else:
            yield where, record


def _is_new(record_id: str, where: str, seen: dict[str, str], findings: list[Finding]) -> bool:
    earlier = seen.setdefault(record_id, where)
    if earlier != where:
        what = f"{record_id!r} is already there, in {earlier}"
        findings.append(Finding("error", "duplicate record", where, what, "Remove one of the two."))
    return earlier == where


def _is_of(record_id: str, noun: str, known: dict[str, str], where: str, findings: list[Finding]) -> bool:
    if record_id not in known:
        what = f"is about {noun} {record_id!r}, which is not in this dataset"
        findings.append(Finding("error", "record", where, what, "Correct the id, or remove the line."))
    return record_id in known
