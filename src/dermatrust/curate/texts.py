"""The texts of an item: each revision is a new version, and what changed can be shown word by word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate import drafts
from dermatrust.curate.access import item_for
from dermatrust.curate.assignment import FIRST
from dermatrust.curate.columns import check_text
from dermatrust.curate.problems import ConflictError, RefusedError
from dermatrust.curate.projects import text_sha256
from dermatrust.curate.tables import Adjudication, Assignment, Draft, Item, TextVersion
from dermatrust.curate.trail import Actor, record

Kind = Literal["same", "removed", "added"]
LONGEST_TEXT = 20_000
"""Characters. The longest reference we know has 5,000."""
_WORDS = re.compile(r"\S+\s*|\s+")
_MANY_WORDS = 4_000
"""Above so many words the comparison skips those that stand everywhere, or a hostile text could keep it busy."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that is the same in both texts, or in one of them only."""

    kind: Kind
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """Return what makes one text of another, word by word.

    Returns:
        Pieces in order. Those that are "same" or "removed" make up the first text, those that are "same" or "added" the
        second, to the character.

    Example:
        >>> [(piece.kind, piece.text) for piece in word_diff("A red plaque.", "A brown plaque.")]
        [('same', 'A '), ('removed', 'red '), ('added', 'brown '), ('same', 'plaque.')]
    """
    one, two = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[Piece] = []
    for _, i, j, k, m in _changes(one, two):
        if one[i:j] == two[k:m]:
            pieces.append(Piece("same", "".join(one[i:j])))
            continue
        pieces += [Piece("removed", "".join(one[i:j]))] if i < j else []
        pieces += [Piece("added", "".join(two[k:m]))] if k < m else []
    return pieces


def edit_distance(before: str, after: str) -> float:
    """Return which share of the longer text's words the other one lacks: 0 for the same words, 1 for all others.

    Words count as kept where `word_diff` finds them in both texts, in the same order. White space does not count.

    Example:
        >>> round(edit_distance("A red plaque.", "A brown plaque."), 3)
        0.333
    """
    one, two = before.split(), after.split()
    kept = sum(j - i for tag, i, j, _, _ in _changes(one, two) if tag == "equal")
    n = max(len(one), len(two))
    return (n - kept) / n if n else 0.0


def save_draft(
    session: Session, by: Actor, item_id: str, version: int, text: str, at: datetime
) -> Draft:  # fmt: skip
    """Store a revision that is being written.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        ConflictError: Another version of the draft is stored.
        RefusedError: The person may not revise the item, or not yet, or no longer; or the text cannot be stored.
    """
    check_may_change(item_to_revise(session, by, item_id))
    _check_length(text)
    return drafts.save(session, by, f"item:{item_id}", version, {"text": text}, at)


def revise(
    session: Session, by: Actor, item_id: str, parent: int, text: str, at: datetime, *, from_scratch: bool = False
) -> TextVersion:  # fmt: skip
    """Add a version of an item's text. Revised to what it already is, a text stays the version it is.

    Args:
        session: Of `Database.writing`.
        by: Who wrote it: a rater of the item, or who decided on it.
        item_id: The item.
        parent: Number of the version it was made from, which must still be the latest.
        text: The new text.
        at: This moment.
        from_scratch: The author began with an empty page.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        ConflictError: There is a later version, which the error carries as `{"number": …, "text": …}`.
        RefusedError: The person may not revise the item, or not yet, or no longer; or the text is empty or too long.
    """
    check_may_change(item_to_revise(session, by, item_id))
    _check_length(text)
    if not text.strip():
        raise RefusedError("the text", "is empty", "a narrative", reason="incomplete")
    latest = latest_text(session, item_id)
    if latest.number != parent:
        raise ConflictError(
            f"item {item_id}", f"version {latest.number} of its text is stored", f"version {parent}",
            "Compare the two, and revise again.", stored={"number": latest.number, "text": latest.text},
        )  # fmt: skip
    drafts.drop(session, by, f"item:{item_id}")
    if text == latest.text:
        return latest
    version = TextVersion(
        item_id=item_id, number=latest.number + 1, text=text, sha256=text_sha256(text), author_id=by.user_id,
        parent_id=latest.id, edit_distance=edit_distance(latest.text, text), from_scratch=from_scratch, written_at=at,
    )  # fmt: skip
    session.add(version)
    session.flush()
    record(session, by, "text.revise", f"item:{item_id}", before=_noted(latest), after=_noted(version))
    return version


def latest_text(session: Session, item_id: str) -> TextVersion:
    """Return the latest version of an item's text."""
    query = select(TextVersion).where(TextVersion.item_id == item_id).order_by(TextVersion.number.desc())
    return session.scalars(query.limit(1)).one()


def drafted_text(session: Session, item_id: str) -> TextVersion:
    """Return an item's text as it came from the dataset: the one that blind ratings are about."""
    return session.scalars(select(TextVersion).where(TextVersion.item_id == item_id, TextVersion.number == 1)).one()


def text_versions(session: Session, item_id: str) -> Sequence[TextVersion]:
    """Return all versions of an item's text, oldest first."""
    return session.scalars(select(TextVersion).where(TextVersion.item_id == item_id).order_by(TextVersion.number)).all()


def item_to_revise(session: Session, by: Actor, item_id: str) -> Item:
    """Return an item, if the person may see all of its texts: one of its raters who has submitted, or who decided.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        RefusedError: The person is neither.
    """
    item = item_for(session, by, item_id, "rater", "adjudicator")
    rated = select(Assignment.id).where(
        Assignment.item_id == item_id, Assignment.rater_id == by.user_id, Assignment.round == FIRST,
        Assignment.state == "submitted",
    )  # fmt: skip
    decided = select(Adjudication.id).where(
        Adjudication.item_id == item_id, Adjudication.adjudicator_id == by.user_id
    )  # fmt: skip
    if session.scalar(rated) is None and session.scalar(decided) is None:
        what = "you have neither rated nor decided it"
        raise RefusedError(f"item {item_id}", what, "one of its raters", reason="role")
    return item


def check_may_change(item: Item) -> None:
    """Refuse to revise or certify what is not rated yet, or is certified.

    Raises:
        RefusedError: The item is in such a state.
    """
    if item.state not in ("agreed", "adjudicated"):
        is_late = item.state in ("certified", "released")
        expected = "one whose ratings agree or were decided upon"
        raise RefusedError(f"item {item.id}", f"is {item.state}", expected, reason="frozen" if is_late else "too early")


def _check_length(text: str) -> None:
    check_text(text)
    if len(text) > LONGEST_TEXT:
        raise RefusedError("the text", f"has {len(text)} characters", f"at most {LONGEST_TEXT}", reason="unstorable")


def _changes(one: Sequence[str], two: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    is_long = len(one) + len(two) > _MANY_WORDS
    return list(SequenceMatcher(None, one, two, autojunk=is_long).get_opcodes())


def _noted(version: TextVersion) -> dict[str, str | int | float | bool]:
    return {
        "number": version.number, "sha256": version.sha256, "edit_distance": version.edit_distance,
        "from_scratch": version.from_scratch,
    }  # fmt: skip
