"""Certifying a text: a person's word, given with a fresh password, that it deserves 5 on all six dimensions."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.access import item_for
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.projects import rules_of
from dermatrust.curate.scores import check_six
from dermatrust.curate.tables import Certificate, Item, Project, TextVersion
from dermatrust.curate.texts import check_may_change, item_to_revise, latest_text
from dermatrust.curate.trail import Actor, record
from dermatrust.records import DIMENSIONS, Dimension

HIGHEST = 5
_CLOCKS_DIFFER = timedelta(seconds=5)


def certify(
    session: Session, by: Actor, item_id: str, scores: Mapping[Dimension, int], text_sha256: str,
    authenticated_at: datetime, at: datetime,
) -> Certificate:  # fmt: skip
    """Certify the latest text of an item.

    The first, blind scores of the drafted text stay what they are: the six 5s belong to the certified text.

    Args:
        session: Of `Database.writing`.
        by: A rater of the item, or who decided on it.
        item_id: The item.
        scores: Of the text as it is now; all six must be 5.
        text_sha256: Of the text that was shown.
        authenticated_at: When the person last gave a password.
        at: This moment.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        RefusedError: One of the rules above does not hold; `reason` says which.
    """
    item = item_to_revise(session, by, item_id)
    check_may_change(item)
    _check_all_five(scores)
    latest = latest_text(session, item_id)
    if latest.sha256 != text_sha256:
        do = "Open it again and read what it is now."
        raise RefusedError(f"item {item_id}", "its text is not the one that was shown", do=do, reason="text changed")
    _check_fresh(session, item, authenticated_at, at)
    certificate = Certificate(
        text_version_id=latest.id, rater_id=by.user_id, text_sha256=latest.sha256, authenticated_at=authenticated_at,
        certified_at=at,
    )  # fmt: skip
    session.add(certificate)
    before, item.state = item.state, "certified"
    session.flush()
    after = {"state": "certified", "version": latest.number, "sha256": latest.sha256}
    record(session, by, "text.certify", f"item:{item_id}", before={"state": before}, after=after)
    return certificate


def release(session: Session, by: Actor, item_id: str) -> None:
    """Say that a certified item has left for the dataset.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        RefusedError: The person is no curator there, or the item is not certified.
    """
    item = item_for(session, by, item_id, "curator")
    if item.state != "certified":
        raise RefusedError(f"item {item_id}", f"is {item.state}", "a certified one", reason="too early")
    item.state = "released"
    record(session, by, "item.release", f"item:{item_id}", before={"state": "certified"}, after={"state": "released"})


def certificate_of(session: Session, item_id: str) -> tuple[Certificate, TextVersion] | None:
    """Return an item's certificate with the text it is about, or None."""
    query = select(Certificate, TextVersion).join(TextVersion, TextVersion.id == Certificate.text_version_id)
    row = session.execute(query.where(TextVersion.item_id == item_id)).first()
    return None if row is None else (row[0], row[1])


def _check_all_five(scores: Mapping[Dimension, int]) -> None:
    check_six(scores)
    below = [dimension.title for dimension in DIMENSIONS if scores[dimension] != HIGHEST]
    if below:
        do = "Revise the text until it deserves them."
        raise RefusedError("the scores", f"{', '.join(below)} below 5", "six times 5", do, reason="not all five")


def _check_fresh(session: Session, item: Item, authenticated_at: datetime, at: datetime) -> None:
    fresh = rules_of(session.get_one(Project, item.project_id)).fresh
    if not -_CLOCKS_DIFFER <= at - authenticated_at <= fresh:
        minutes = f"{fresh.total_seconds() / 60:g} minutes"
        raise RefusedError("the certificate", f"needs a password given in the last {minutes}", reason="sign in again")
