"""What an evaluator is trained on: photographs, a narrative, and its evaluation in the one text format.

They are written as an ordinary dataset folder, which `dermatrust train` reads as it is: the rationale is the critique
of the one rating that each narrative has there. Beside it `triples.jsonl` holds the same as plain texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.evaluator.form import CRITIQUE, NARRATIVE, Evaluation, Form
from dermatrust.records import Narrative, Rater, RaterKind, Rating, Rationale, Record
from dermatrust.records.record import Name, Text
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import NARRATIVES, RATERS, RATINGS, RATIONALES
from dermatrust.store.new_dataset import write_dataset

TRIPLES = "triples.jsonl"
_FORM = Form(NARRATIVE, "quarter")
"""Finer than the scores of any rationale, so that writing changes none."""


class Triple(Record):
    """One example to train an evaluator on."""

    case_id: Name
    narrative_id: Name
    images: tuple[Name, ...]
    """Paths inside the folder."""
    narrative: Text
    evaluation: Text
    """Critique first, then the six scores."""


@dataclass(frozen=True, slots=True)
class ExportedTriples:
    """What was written, and what was left out.

    Attributes:
        n_perfect: Triples with 5 on every dimension.
        n_imperfect: The others.
        n_flagged: Rationales left out because a check found fault with them.
        n_without_image: Left out because their case has no photograph.
        n_orphaned: Rationales of texts that the folder no longer reads: a reference that another has replaced.
    """

    n_perfect: int
    n_imperfect: int
    n_flagged: int
    n_without_image: int
    n_orphaned: int


def export_triples(folder: DatasetFolder, out: Path) -> ExportedTriples:
    """Write the explained narratives of a dataset as a new folder to train on.

    Args:
        folder: A dataset with `rationales.jsonl`.
        out: The folder to make.

    Raises:
        DataError: There is nothing to write, `out` is not empty, or a record or photograph cannot be read.
    """
    rationales = folder.rationales()
    sound = {name: one for name, one in rationales.items() if not one.flags}
    texts = {text.id: text for text in chain(folder.iter_narratives(), folder.iter_references()) if text.id in sound}
    cases = {case.id: case for case in folder.iter_cases()}
    seen = [text for text in texts.values() if cases[text.case_id].file_names]
    if not seen:
        do = "Write some with `dermatrust build` once people have rated narratives."
        raise DataError(str(folder.path / RATIONALES), "explains no narrative with a photograph", do=do)
    wanted = {text.case_id for text in seen}
    kept = [case for case in cases.values() if case.id in wanted]
    images = {name: folder.image_path(name) for case in kept for name in case.file_names}
    write_dataset(out, folder.card, kept, images=images.items())
    named = {case.id: case.file_names for case in DatasetFolder.open(out).iter_cases()}
    write_records(out / NARRATIVES, seen)
    write_records(out / RATINGS, [_rating(sound[text.id]) for text in seen])
    write_records(out / RATERS, _raters(folder, {sound[text.id].rater for text in seen}))
    write_records(out / TRIPLES, [_triple(text, sound[text.id], named[text.case_id]) for text in seen])
    n_perfect = sum(set(sound[text.id].scores.values()) == {5.0} for text in seen)
    return ExportedTriples(
        n_perfect, len(seen) - n_perfect, n_flagged=len(rationales) - len(sound),
        n_without_image=len(texts) - len(seen), n_orphaned=len(sound) - len(texts),
    )  # fmt: skip


def _rating(rationale: Rationale) -> Rating:
    return Rating(
        narrative_id=rationale.narrative_id, rater=rationale.rater, scores=rationale.scores, critique=rationale.text
    )


def _triple(text: Narrative, rationale: Rationale, images: tuple[str, ...]) -> Triple:
    evaluation = CRITIQUE + _FORM.write(Evaluation(rationale.scores, rationale.text), "critique first")
    return Triple(case_id=text.case_id, narrative_id=text.id, images=images, narrative=text.text, evaluation=evaluation)


def _raters(folder: DatasetFolder, names: set[str]) -> Iterator[Rater]:
    """Yield who stands behind the scores; a mean, or who certified, is of the kind of the dataset's people."""
    known = {rater.id: rater for rater in folder.iter_raters()}
    kind: RaterKind = "simulated" if folder.card.synthetic else "human"
    yield from (known.get(name) or Rater(id=name, kind=kind) for name in sorted(names))
