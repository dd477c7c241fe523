"""Writing what people gave and certified into the dataset folder, where `dermatrust align` and the judges read it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dermatrust.curate.access import require
from dermatrust.curate.folder_records import rater_records, rating_records, reference_records
from dermatrust.curate.image_reviews import write_sign_offs
from dermatrust.curate.trail import Actor, record
from dermatrust.errors import DataError
from dermatrust.records import Rater, Rating
from dermatrust.store import append_records
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import RATERS, RATINGS, REFERENCES

_PEOPLE = ("human", "simulated")


@dataclass(frozen=True, slots=True)
class Written:
    """How many lines are new in a dataset folder, and which ratings its `ratings.jsonl` could not take.

    Attributes:
        n_ratings: Ratings of candidate narratives.
        n_raters: Raters.
        n_references: Certified references.
        n_kept_back: Ratings of drafted references: a dataset's ratings are of its candidate narratives. They are in the
            project's own export.
        n_sign_offs: What curators said of photographs.
    """

    n_ratings: int
    n_raters: int
    n_references: int
    n_kept_back: int
    n_sign_offs: int = 0


def write_to_folder(session: Session, by: Actor, project_id: int, folder: DatasetFolder) -> Written:
    """Add a project's ratings, raters, certified references and sign-offs of photographs to its dataset folder.

    Written again, nothing doubles.

    Raises:
        NotFoundError: There is no such project, or the person is no member.
        RefusedError: The person is no curator there.
        DataError: The folder cannot be read or written, a rater is called like one of another kind there, or a rating
            in it has other scores than the same one here.
    """
    require(session, by, project_id, "curator")
    candidates = {narrative.id for narrative in folder.iter_narratives()}
    given = rating_records(session, project_id)
    ratings = _new_ratings(folder, [rating for rating in given if rating.narrative_id in candidates])
    raters, n_new = _merged_raters(folder, rater_records(session, project_id))
    references = [one for one in reference_records(session, project_id) if folder.reference(one.case_id) != one]
    if ratings:  # raters first: a rating by nobody known would be taken for a model's
        write_records(folder.path / RATERS, raters)
        append_records(folder.path / RATINGS, ratings)
    if references:
        append_records(folder.path / REFERENCES, references)
    n_kept_back = sum(rating.narrative_id not in candidates for rating in given)
    n_sign_offs = write_sign_offs(session, project_id, folder)
    written = Written(len(ratings), n_new if ratings else 0, len(references), n_kept_back, n_sign_offs)
    after = {"ratings": written.n_ratings, "references": written.n_references, "sign_offs": n_sign_offs}
    record(session, by, "folder.export", f"project:{project_id}", after=after)
    return written


def _new_ratings(folder: DatasetFolder, given: list[Rating]) -> list[Rating]:
    """Return those the folder does not hold."""
    wanted = {(one.narrative_id, one.rater, one.draw): one for one in given}
    for where, known in folder.iter_placed_ratings():
        own = wanted.pop((known.narrative_id, known.rater, known.draw), known)
        if own.scores != known.scores:
            raise DataError(where, f"has other scores of {known.narrative_id!r} by {known.rater!r} than the workbench")
    return list(wanted.values())


def _merged_raters(folder: DatasetFolder, own: list[Rater]) -> tuple[list[Rater], int]:
    """Return the raters the folder should hold, and how many of them are new."""
    known = {rater.id: rater for rater in folder.iter_raters()}
    for rater in own:
        other = known.get(rater.id)
        if other is not None and other.kind not in _PEOPLE:
            what = f"{rater.id!r} is a rater of kind {other.kind} there"
            raise DataError(str(folder.path / RATERS), what, do="Give the person another name.")
    return list((known | {rater.id: rater for rater in own}).values()), sum(r.id not in known for r in own)
