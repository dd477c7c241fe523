"""Drafts: what a person has entered so far, saved under a version so that no window overwrites another."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dermatrust.curate.problems import ConflictError
from dermatrust.curate.tables import Draft
from dermatrust.curate.trail import Actor, record


def save(session: Session, by: Actor, subject: str, version: int, content: dict[str, Any], at: datetime) -> Draft:
    """Store a draft, and return it with its new version.

    Args:
        session: Of `Database.writing`.
        by: Whose draft it is.
        subject: What it is about, e.g. "assignment:3fQ…".
        version: Of the draft this one follows, 0 for the first.
        content: What was entered.
        at: This moment.

    Raises:
        ConflictError: Another version is stored, which the error carries as `{"version": …, "content": …}`.
    """
    assert by.user_id is not None
    draft = session.get(Draft, (by.user_id, subject))
    before = None if draft is None else {"version": draft.version, "content": _noted(draft.content)}
    check_version(draft, subject, version)
    if draft is None:
        draft = Draft(user_id=by.user_id, subject=subject)
        session.add(draft)
    draft.version, draft.content, draft.saved_at = version + 1, content, at
    after = {"version": draft.version, "content": _noted(content)}
    record(session, by, "draft.save", subject, before=before, after=after)
    return draft


def check_version(draft: Draft | None, subject: str, version: int) -> None:
    """Refuse what does not follow the version that is stored.

    Raises:
        ConflictError: It does not.
    """
    stored = draft.version if draft else 0
    if version != stored:
        content = None if draft is None else draft.content
        raise ConflictError(
            subject, f"version {stored} is stored", f"version {version}", "Compare the two, and save again.",
            stored={"version": stored, "content": content},
        )  # fmt: skip


def draft_of(session: Session, by: Actor, subject: str) -> Draft | None:
    """Return the person's own draft, or None."""
    return None if by.user_id is None else session.get(Draft, (by.user_id, subject))


def drop(session: Session, by: Actor, subject: str) -> None:
    """Delete the person's own draft, once what it held is stored for good."""
    draft = draft_of(session, by, subject)
    if draft is not None:
        before = {"version": draft.version, "content": _noted(draft.content)}
        session.delete(draft)
        record(session, by, "draft.drop", subject, before=before)


def _noted(content: dict[str, Any]) -> dict[str, Any]:
    """Return what the trail holds of a draft: a long text is known by its hash."""
    return {
        name: {"sha256": hashlib.sha256(value.encode()).hexdigest()} if name == "text" else value
        for name, value in content.items()
    }
