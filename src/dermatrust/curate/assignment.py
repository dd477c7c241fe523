"""Who rates what next: so many raters an item, each in an order of their own, for as long as they keep saving."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from dermatrust.curate.access import Own, require
from dermatrust.curate.projects import rules_of
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Adjudication, Anchor, Assignment, Draft, Item, Project, Rating
from dermatrust.curate.trail import Actor, record

FIRST, REPEAT = 1, 2
"""Rounds: an anchor comes a second time, to see whether the rater says the same."""
_OPEN = ("assigned", "draft")


class _Turn(NamedTuple):
    item_id: str
    number: int
    round: int


def next_assignment(session: Session, by: Actor, project_id: int, at: datetime) -> Assignment | None:
    """Return what the rater works on next, or None where nothing is left for this rater.

    That is what the rater has begun, or else the first open turn in the rater's own order, which is a shuffle by the
    project's seed. Anchors and their repeats stand in the same order as all else. Leases that ran out are returned
    first.

    Args:
        session: Of `Database.writing`.
        by: The rater.
        project_id: The project.
        at: This moment.

    Raises:
        NotFoundError: The person is no member.
        RefusedError: The person is no rater there.
    """
    require(session, by, project_id, "rater")
    assert by.user_id is not None
    project = session.get_one(Project, project_id)
    return_expired(session, project_id, at)
    begun = session.scalar(_assignments(project_id, by.user_id).where(Assignment.state.in_(_OPEN)).limit(1))
    if begun is not None:
        return begun
    rules = rules_of(project)
    turns = _first_turns(session, project_id, by.user_id, rules)
    turns += _repeats(session, project_id, by.user_id, rules, at)
    if not turns:
        return None
    chosen = min(turns, key=lambda turn: _place(project.seed, by.user_id or 0, turn))
    return _assign(session, by, project_id, chosen, rules, at)


def return_expired(session: Session, project_id: int, at: datetime) -> int:
    """Return the slots of all leases that ran out, and how many there were. Drafts are kept."""
    query = select(Assignment).join(Item, Item.id == Assignment.item_id).where(
        Item.project_id == project_id, Assignment.state.in_(_OPEN), Assignment.lease_until < at
    )  # fmt: skip
    expired = session.scalars(query).all()
    for assignment in expired:
        before = {"state": assignment.state, "slot": assignment.slot}
        assignment.state, assignment.slot = "returned", None
        record(session, Actor("lease"), "assignment.return", f"assignment:{assignment.id}", before=before)
    session.flush()
    return len(expired)


def renew(session: Session, own: Own, at: datetime) -> bool:
    """Extend a lease, taking a slot again where it had been returned; return whether the rater holds a slot now."""
    assignment, item, rules = own.assignment, own.item, rules_of(own.project)
    if assignment.slot is None:
        slot = _free_slot(session, item.id, assignment.round, rules)
        if slot is None:
            return False
        assignment.slot, assignment.state = slot, "draft"
    assignment.lease_until = at + rules.lease
    return True


def is_anchor(session: Session, item_id: str) -> bool:
    """Return whether every rater of the project gets the item."""
    return session.get(Anchor, item_id) is not None


def _assignments(project_id: int, rater_id: int) -> Select[Assignment]:
    query = select(Assignment).join(Item, Item.id == Assignment.item_id)
    return query.where(Item.project_id == project_id, Assignment.rater_id == rater_id)


def _first_turns(session: Session, project_id: int, rater_id: int, rules: Rules) -> list[_Turn]:
    """Return the items with a free slot that the rater has not had, or has returned."""
    held = select(Assignment.item_id).where(
        Assignment.rater_id == rater_id, Assignment.round == FIRST, Assignment.slot.is_not(None)
    )  # fmt: skip
    full = (
        select(Assignment.item_id)
        .where(Assignment.round == FIRST, Assignment.slot.is_not(None))
        .group_by(Assignment.item_id)
        .having(func.count() >= rules.slots)
    )
    anchors = select(Anchor.item_id)
    decided = select(Adjudication.item_id).where(Adjudication.adjudicator_id == rater_id)
    is_free = ((Item.state == "open") & Item.id.not_in(full)) | Item.id.in_(anchors)
    query = select(Item.id, Item.number).where(
        Item.project_id == project_id, is_free, Item.id.not_in(held), Item.id.not_in(decided)
    )  # fmt: skip
    return [_Turn(item_id, number, FIRST) for item_id, number in session.execute(query)]


def _repeats(session: Session, project_id: int, rater_id: int, rules: Rules, at: datetime) -> list[_Turn]:
    """Return the anchors that are due again."""
    held = select(Assignment.item_id).where(
        Assignment.rater_id == rater_id, Assignment.round == REPEAT, Assignment.slot.is_not(None)
    )  # fmt: skip
    query = (
        select(Item.id, Item.number)
        .join(Assignment, Assignment.item_id == Item.id)
        .join(Rating, Rating.assignment_id == Assignment.id)
        .join(Anchor, Anchor.item_id == Item.id)
        .where(
            Item.project_id == project_id, Assignment.rater_id == rater_id, Assignment.round == FIRST,
            Rating.frozen_at <= at - rules.repeat_after, Item.id.not_in(held),
        )
    )  # fmt: skip
    return [_Turn(item_id, number, REPEAT) for item_id, number in session.execute(query)]


def _place(seed: int, rater_id: int, turn: _Turn) -> bytes:
    """Return where a turn stands in a rater's order: a hash, so that orders differ and stay as items come and go."""
    return hashlib.blake2b(f"{seed} {rater_id} {turn.number} {turn.round}".encode(), digest_size=8).digest()


def _assign(
    session: Session, by: Actor, project_id: int, turn: _Turn, rules: Rules, at: datetime
) -> Assignment:  # fmt: skip
    assert by.user_id is not None
    own = Assignment.rater_id == by.user_id
    known = session.scalar(
        select(Assignment).where(Assignment.item_id == turn.item_id, Assignment.round == turn.round, own)
    )
    slot = _free_slot(session, turn.item_id, turn.round, rules)
    if known is None:
        place = session.scalar(select(func.count()).select_from(_assignments(project_id, by.user_id).subquery())) or 0
        known = Assignment(item_id=turn.item_id, rater_id=by.user_id, round=turn.round, place=place + 1)
        session.add(known)
    has_draft = known.id is not None and session.get(Draft, (by.user_id, f"assignment:{known.id}")) is not None
    known.state = "draft" if has_draft else "assigned"
    known.slot, known.assigned_at, known.lease_until = slot, at, at + rules.lease
    session.flush()
    after = {"item": turn.item_id, "slot": known.slot, "round": turn.round}
    record(session, by, "assignment.take", f"assignment:{known.id}", after=after)
    return known


def _free_slot(session: Session, item_id: str, round_: int, rules: Rules) -> int | None:
    """Return the lowest slot nobody holds; an anchor has as many as there are raters."""
    query = select(Assignment.slot).where(
        Assignment.item_id == item_id, Assignment.round == round_, Assignment.slot.is_not(None)
    )  # fmt: skip
    taken = set(session.scalars(query))
    slot = next(k for k in range(1, len(taken) + 2) if k not in taken)
    return slot if slot <= rules.slots or is_anchor(session, item_id) else None
