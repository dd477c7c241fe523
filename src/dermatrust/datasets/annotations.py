"""What people did in another annotation tool, appended to a dataset folder: their ratings, and texts they edited.

`label_studio.py` and `argilla.py` read the tools' exports as `Annotation`; what happens then is the same.

An edited text becomes a reference of its case. It is no certified one: these tools record no certificate. Scores given
to a reference are left out and counted, since the ratings of a folder are about its narratives.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dermatrust.datasets.faults import Faults
from dermatrust.datasets.rating_registry import Registry
from dermatrust.datasets.rating_rows import RatedRow
from dermatrust.datasets.rating_table import TakenRatings, read_ratings
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension, Narrative, storable
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import NARRATIVES, REFERENCES

EDITED, CRITIQUE, NARRATIVE_ID = "edited_text", "critique", "narrative_id"
_DIMENSIONS = {name: d for d in DIMENSIONS for name in (d.value, d.title, d.title.lower())}
_QUESTIONS = f"{', '.join(d.value for d in DIMENSIONS)}, {CRITIQUE} or {EDITED}"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person said of one text.

    Attributes:
        item: Number of the task or record in its file, from 1.
        narrative_id: The text.
        rater: The person.
        answers: Name of each question to the answer, a number or text.
    """

    item: int
    narrative_id: str
    rater: str
    answers: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TakenAnnotations:
    """What an export brought.

    Attributes:
        ratings: The ratings, None where the file has none.
        n_references: Edited texts appended as references.
        left_out: Why to how many edited texts or scores.
    """

    ratings: TakenRatings | None
    n_references: int
    left_out: Counter[str]


def take_export(
    dataset: DatasetFolder,
    path: Path,
    read: Callable[[int, Any, Faults], Iterable[Annotation]],
    *,
    unit: str,
    what: str,
) -> TakenAnnotations:
    """Append what a tool's export holds to a dataset folder.

    Args:
        dataset: The folder.
        path: The file: JSON, a list.
        read: From the number of an entry, from 1 on, the entry and what is wrong so far, to what it says.
        unit: What the tool calls an entry.
        what: What the file should be, for an error.

    Raises:
        DataError: The file is not such an export, or contradicts the folder; nothing is then written.
    """
    faults = Faults(path, unit=unit)
    found = [one for number, entry in enumerate(_read_export(path, what), 1) for one in read(number, entry, faults)]
    return take_annotations(dataset, found, faults)


def _read_export(path: Path, what: str) -> list[Any]:
    """Return the list that an export file holds.

    Raises:
        DataError: The file is missing, is not JSON, or holds no list.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise DataError(str(path), f"is not JSON ({str(error)[:80]})", what) from None
    if not isinstance(found, list):
        raise DataError(str(path), "is not a list", what)
    return found


def take_annotations(dataset: DatasetFolder, annotations: Iterable[Annotation], faults: Faults) -> TakenAnnotations:
    """Append ratings and edited texts to a dataset folder, all of them or, where anything is wrong, none.

    Args:
        dataset: The folder.
        annotations: What the file says.
        faults: What is wrong with the file so far; takes what else is.

    Raises:
        DataError: Anything is wrong; the first ten faults are told at once.
    """
    texts = {one.id: one for one in dataset.iter_references()} | {one.id: one for one in dataset.iter_narratives()}
    rated = {one.id for one in dataset.iter_narratives()}
    rows: list[RatedRow] = []
    edits: list[tuple[Annotation, str]] = []
    left_out: Counter[str] = Counter()
    for one in annotations:
        if one.narrative_id not in texts:
            known = f"an id of {NARRATIVES} or {REFERENCES}"
            faults.add(one.item, f"{NARRATIVE_ID} is {ascii(one.narrative_id)[:60]}", known)
            continue
        if storable(one.rater) != one.rater:
            faults.add(one.item, "the name of a rater holds a character that no file can hold")
            continue
        row = _row(one, faults)
        if row.scores and one.narrative_id not in rated:
            left_out["scores of a reference"] += len(row.scores)
        elif row.scores or CRITIQUE in row.cells:
            rows.append(row)
        edited = one.answers.get(EDITED)
        if isinstance(edited, str) and edited.strip():
            edits.append((one, edited.strip()))
    found = read_ratings(dataset, rows, Registry(dataset, faults), faults) if rows else None
    references = _references(dataset, edits, texts, faults, left_out)
    faults.raise_if_any()
    taken = found.append(dataset) if found else None
    append_records(dataset.path / REFERENCES, references)
    return TakenAnnotations(taken, len(references), left_out)


def _row(one: Annotation, faults: Faults) -> RatedRow:
    cells = {NARRATIVE_ID: one.narrative_id, "rater": one.rater}
    scores: dict[Dimension, float] = {}
    for name, answer in one.answers.items():
        if isinstance(answer, str) and storable(answer) != answer:
            faults.add(one.item, f"{name!a} holds a character that no file can hold", do="Remove it.")
        elif name in _DIMENSIONS:
            score = _score(answer)
            if score is None:
                expected = f"a number from {LOWEST_SCORE:g} to {HIGHEST_SCORE:g}"
                faults.add(one.item, f"{name} is {ascii(answer)[:60]}", expected)
            else:
                scores[_DIMENSIONS[name]] = score
        elif name in (CRITIQUE, EDITED) and isinstance(answer, str):
            cells |= {CRITIQUE: answer.strip()} if name == CRITIQUE and answer.strip() else {}
        else:
            faults.add(one.item, f"has a question {ascii(name)[:60]}", _QUESTIONS, "Rename it, or leave it out.")
    return RatedRow(one.item, cells, scores, draw=0, years=None)


def _score(answer: object) -> float | None:
    """Return an answer as a score, None where it is none; choices come as texts."""
    if isinstance(answer, bool) or not isinstance(answer, int | float | str):
        return None
    try:
        score = float(answer)
    except (ValueError, OverflowError):
        return None
    return score + 0.0 if LOWEST_SCORE <= score <= HIGHEST_SCORE else None  # no -0


def _references(
    dataset: DatasetFolder,
    edits: Sequence[tuple[Annotation, str]],
    texts: Mapping[str, Narrative],
    faults: Faults,
    left_out: Counter[str],
) -> list[Narrative]:
    """Return the edited texts that are to be references; a certified one, or the same text, stays as it is."""
    standing = {one.case_id: one for one in dataset.iter_references()}
    made: dict[str, tuple[int, Narrative]] = {}
    for one, text in edits:
        parent = texts[one.narrative_id]
        there = standing.get(parent.case_id)
        new = Narrative.built(
            case_id=parent.case_id, author=one.rater, text=text, stream="reference", parent=parent.id,
        )  # fmt: skip
        if text == parent.text.strip():
            left_out["texts left as they were"] += 1
        elif there is not None and there.certificate is not None:
            left_out["edits of a case whose reference is certified"] += 1
        elif there is not None and there.id == new.id:
            left_out["edits there already"] += 1
        elif parent.case_id in made:
            what = f"edits a text of case {parent.case_id!r}, as item {made[parent.case_id][0]} does"
            faults.add(one.item, what, "one reference for each case", "Keep one of the two.")
        else:
            made[parent.case_id] = one.item, new
    return [narrative for _, narrative in made.values()]
