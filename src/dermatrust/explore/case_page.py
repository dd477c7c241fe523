"""One case of a run: what was shown, what every model wrote, and what every rater said of it."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from dermatrust.bench.results import NOT_RECORDED
from dermatrust.explore.cases import CaseRow
from dermatrust.explore.datasets import Behind
from dermatrust.explore.runs import OpenRun
from dermatrust.narrate import is_refusal
from dermatrust.records import DIMENSIONS, Case, ClinicalContext, Narrative, Rating
from dermatrust.report.case_view import CaseView, ImageView, case_view
from dermatrust.report.pages import Candidate, CasePage
from dermatrust.report.views import plain_number
from dermatrust.store.scores import read_scores

_SKIN_TYPES = ("I", "II", "III", "IV", "V", "VI")


def shown_case(run: OpenRun, behind: Behind | None, case_id: str, *, with_images: bool = True) -> CaseView:
    """Return the view of a case.

    Args:
        run: The run.
        behind: Its dataset folder. Without one there are no images, no reference and few facts.
        case_id: The case.
        with_images: Whether images are embedded; otherwise each is named by its hash.

    Raises:
        KeyError: The run has no such case.
        DataError: Something of it is damaged.
    """
    row = run.cases.rows[case_id]
    case = (behind.case(case_id) if behind else None) or _case_of(row)
    files = tuple(behind.folder.image_path(name) for name in case.file_names) if behind else ()
    reference = behind.folder.reference(case_id) if behind else None
    narratives = run.said.narratives(case_id)
    candidates = tuple(_candidate(run, behind, case_id, author, narratives.get(author)) for author in run.table.authors)
    page = CasePage(case, files if with_images else (), reference, candidates if run.said.is_kept else ())
    view = case_view(page, 1)
    return (
        view if with_images else dataclasses.replace(view, images=tuple(map(_named, range(1, len(files) + 1), files)))
    )


def kept_scores(run: OpenRun, case_id: str) -> list[tuple[str, str, list[str]]]:
    """Return (model, rater, six scores or why they are missing) of a case, as the scores file has them.

    Raises:
        DataError: The file is damaged.
    """
    scores = read_scores(run.folder.scores_path)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for k in np.flatnonzero(scores.case_id == case_id):
        text = f"missing: {scores.unscored[k]}" if np.isnan(scores.score[k]) else plain_number(float(scores.score[k]))
        found.setdefault((scores.author[k], scores.rater[k]), {})[scores.dimension[k]] = text
    return [(author, rater, [six.get(d, "missing") for d in DIMENSIONS]) for (author, rater), six in found.items()]


def _candidate(
    run: OpenRun, behind: Behind | None, case_id: str, author: str, narrative: Narrative | None
) -> Candidate:
    if narrative is None:
        return Candidate(author, "", ratings=run.said.ratings(f"{case_id}:none"))
    ratings: tuple[Rating, ...] = run.said.ratings(narrative.id)
    if behind is not None:
        ratings += behind.people(narrative.id, run.table.raters)
    is_empty = not narrative.text.strip()
    refused = not is_empty and is_refusal(narrative.text)
    return Candidate(author, narrative.text, refused=refused, empty=is_empty, ratings=ratings)


def _case_of(row: CaseRow) -> Case:
    """Return as much of a case as the scores tell."""
    known = {name: None if (value := getattr(row, name)) == NOT_RECORDED else value
             for name in ("category", "skin_type", "site")}  # fmt: skip
    fitzpatrick = None if known["skin_type"] is None else _SKIN_TYPES.index(known["skin_type"]) + 1
    context = ClinicalContext(site=known["site"])
    return Case(id=row.id, category=known["category"], fitzpatrick=fitzpatrick, context=context)


def _named(number: int, file: Path) -> ImageView:
    """Return an image that is left out, by its hash."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        digest = "unknown: the file cannot be read"
    return ImageView(
        "", f"Image {number} is left out: it may not leave this machine. SHA-256 {digest}", f"Image {number}"
    )
