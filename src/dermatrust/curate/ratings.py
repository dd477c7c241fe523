"""Rating an item: drafts that are saved as they are entered, and six scores that stay as they were submitted."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate import drafts
from dermatrust.curate.access import Own, own_assignment
from dermatrust.curate.adjudication import settle
from dermatrust.curate.assignment import FIRST, renew
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.scores import Whole, check_six
from dermatrust.curate.tables import Draft, Rating
from dermatrust.curate.texts import drafted_text
from dermatrust.curate.trail import Actor, record
from dermatrust.records import Dimension, Record
from dermatrust.records.record import Text


class Entered(Record):
    """What a rater has entered of one item, all of it or a part."""

    scores: dict[Dimension, Whole] = {}
    """Whole numbers from 0 to 5."""
    uncertain: bool = False
    reason: Text = ""
    """Why the rater is uncertain; it must be said before an uncertain rating is submitted."""
    note: Text = ""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """Spent on the item so far, without pauses."""
    viewer: dict[str, float | bool | str] = {}
    """Brightness, contrast and whatever else changed what was seen, by name."""


def save_draft(
    session: Session, by: Actor, assignment_id: str, version: int, entered: Entered, at: datetime
) -> Draft:  # fmt: skip
    """Store what a rater has entered so far, and extend the lease.

    Where the lease had run out and all slots are taken the draft is stored nevertheless: nothing is lost, though it can
    no longer be submitted.

    Args:
        session: Of `Database.writing`.
        by: The rater.
        assignment_id: The rater's own.
        version: Of the draft this one follows, 0 for the first.
        entered: All that was entered, not only what is new.
        at: This moment.

    Raises:
        NotFoundError: The assignment is not this rater's.
        ConflictError: Another version is stored.
        RefusedError: It has been submitted.
    """
    own = own_assignment(session, by, assignment_id)
    if own.assignment.state == "submitted":
        raise RefusedError("the rating", "has been submitted and stays as it is", reason="frozen")
    draft = drafts.save(session, by, _subject(assignment_id), version, entered.model_dump(mode="json"), at)
    if renew(session, own, at):
        own.assignment.state = "draft"
    return draft


def submit(session: Session, by: Actor, assignment_id: str, version: int, entered: Entered, at: datetime) -> Rating:
    """Freeze a rater's six scores. Sent again with the same scores, it returns what is stored.

    Args:
        session: Of `Database.writing`.
        by: The rater.
        assignment_id: The rater's own.
        version: Of the draft that is stored, 0 where there is none.
        entered: All that was entered.
        at: This moment.

    Raises:
        NotFoundError: The assignment is not this rater's.
        ConflictError: Another version of the draft is stored.
        RefusedError: A score is missing, uncertainty has no reason, other scores were submitted, or the lease ran out
            and all slots are taken.
    """
    own = own_assignment(session, by, assignment_id)
    frozen = session.scalar(select(Rating).where(Rating.assignment_id == assignment_id))
    if frozen is not None:
        if frozen.scores == entered.scores and frozen.uncertain == entered.uncertain:
            return frozen
        raise RefusedError("the rating", "has been submitted and stays as it is", reason="frozen")
    check_six(entered.scores)
    if entered.uncertain and not entered.reason.strip():
        raise RefusedError("the rating", "is uncertain", "the reason in words", reason="no reason")
    drafts.check_version(drafts.draft_of(session, by, _subject(assignment_id)), _subject(assignment_id), version)
    if not renew(session, own, at):
        what = "the lease ran out and other raters have taken the item"
        raise RefusedError("the rating", what, do="Go on with the next one.", reason="slot taken")
    return _freeze(session, by, own, entered, at)


def draft_of(session: Session, by: Actor, assignment_id: str) -> Draft | None:
    """Return what the rater has entered so far, or None."""
    return drafts.draft_of(session, by, _subject(assignment_id))


def _freeze(session: Session, by: Actor, own: Own, entered: Entered, at: datetime) -> Rating:
    assignment, item, project = own
    text = drafted_text(session, item.id)
    rating = Rating(
        assignment_id=assignment.id, text_version_id=text.id, uncertain=entered.uncertain,
        reason=entered.reason.strip() or None, note=entered.note.strip() or None, seconds=entered.seconds,
        viewer=entered.viewer, rubric=project.rubric, frozen_at=at,
        **{dimension.value: score for dimension, score in entered.scores.items()},
    )  # fmt: skip
    session.add(rating)
    assignment.state = "submitted"
    drafts.drop(session, by, _subject(assignment.id))
    session.flush()
    after = {"text": text.sha256, **entered.model_dump(mode="json")}
    record(session, by, "rating.submit", f"assignment:{assignment.id}", after=after)
    if assignment.round == FIRST:
        settle(session, item)
    return rating


def _subject(assignment_id: str) -> str:
    return f"assignment:{assignment_id}"
