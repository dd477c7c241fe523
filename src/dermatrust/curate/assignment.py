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
UNSEEN = 0
"""Place of what a curator keeps for a rater who has not been shown it yet."""
_OPEN = ("assigned", "draft")


class Turn(NamedTuple):
    """A round of an item that a rater may have."""

    item_id: str
    number: int
    round: int


def next_assignment(session: Session, by: Actor, project_id: int, at: datetime) -> Assignment | None:
    """Return what the rater works on next, or None where nothing is left for this rater.

    That is what the rater has begun, or else what a curator keeps for the rater, or else the first open turn; each in
    the rater's own order, which is a shuffle by the project's seed. Anchors and their repeats stand in the same order
    as all else, and come among what is kept as often as among the rest. Leases that ran out are returned first.

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
    own = assignments_of(project_id, by.user_id).where(Assignment.state.in_(_OPEN))
    begun = session.scalar(own.where(Assignment.place > UNSEEN).limit(1))
    if begun is not None:
        return begun
    rules = rules_of(project)
    turns = first_turns(session, project_id, by.user_id, rules)
    turns += _repeats(session, project_id, by.user_id, rules, at)
    n_seen = _n_seen(session, project_id, by.user_id)
    kept = session.execute(own.add_columns(Item.number)).all()
    wanted = [Turn(one.item_id, number, one.round) for one, number in kept]
    if wanted and not _is_anchors_turn(session, project.seed, by.user_id, n_seen, turns, wanted):
        turns = wanted
    elif wanted:
        turns = _of_anchors(session, turns)
    if not turns:
        return None
    chosen = min(turns, key=lambda turn: _place(project.seed, by.user_id or 0, turn))
    return _assign(session, by, project_id, chosen, rules, at, n_seen)


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
        slot = free_slot(session, item.id, assignment.round, rules)
        if slot is None:
            return False
        assignment.slot, assignment.state = slot, "draft"
    if assignment.place == UNSEEN:  # from a page that was open before a curator kept it
        assignment.place = _n_seen(session, item.project_id, assignment.rater_id) + 1
    assignment.lease_until = max(assignment.lease_until, at + rules.lease)  # a curator may have kept it for longer
    return True


def is_anchor(session: Session, item_id: str) -> bool:
    """Return whether every rater of the project gets the item."""
    return session.get(Anchor, item_id) is not None


def assignments_of(project_id: int, rater_id: int) -> Select[Assignment]:
    """Return the query of all that a rater was given in a project."""
    query = select(Assignment).join(Item, Item.id == Assignment.item_id)
    return query.where(Item.project_id == project_id, Assignment.rater_id == rater_id)


def first_turns(session: Session, project_id: int, rater_id: int, rules: Rules) -> list[Turn]:
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
    return [Turn(item_id, number, FIRST) for item_id, number in session.execute(query)]


def _repeats(session: Session, project_id: int, rater_id: int, rules: Rules, at: datetime) -> list[Turn]:
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
    return [Turn(item_id, number, REPEAT) for item_id, number in session.execute(query)]


def _place(seed: int, rater_id: int, turn: Turn) -> bytes:
    """Return where a turn stands in a rater's order: a hash, so that orders differ and stay as items come and go."""
    return hashlib.blake2b(f"{seed} {rater_id} {turn.number} {turn.round}".encode(), digest_size=8).digest()


def _is_anchors_turn(
    session: Session, seed: int, rater_id: int, n_seen: int, turns: list[Turn], kept: list[Turn]
) -> bool:  # fmt: skip
    """Return whether an anchor comes before what is kept: as often as anchors come among all that is left.

    Otherwise whoever knows how many items were kept for them would know that none of these is an anchor.
    """
    share = len(_of_anchors(session, turns)) / (len(turns) + len(kept))
    drawn = hashlib.blake2b(f"{seed} {rater_id} {n_seen} anchor".encode(), digest_size=8).digest()
    return int.from_bytes(drawn) < share * 2**64


def _of_anchors(session: Session, turns: list[Turn]) -> list[Turn]:
    anchors = set(session.scalars(select(Anchor.item_id)))
    return [turn for turn in turns if turn.item_id in anchors]


def _n_seen(session: Session, project_id: int, rater_id: int) -> int:
    """Return how many items a rater has been shown."""
    shown = assignments_of(project_id, rater_id).where(Assignment.place > UNSEEN)
    return session.scalar(select(func.count()).select_from(shown.subquery())) or 0


def _assign(
    session: Session, by: Actor, project_id: int, turn: Turn, rules: Rules, at: datetime, n_seen: int
) -> Assignment:  # fmt: skip
    """Give a rater what comes next; for what is kept for them, the lease runs for as long as it was kept, or longer."""
    assert by.user_id is not None
    known = known_turn(session, by.user_id, turn)
    is_kept = known is not None and known.slot is not None
    slot = known.slot if known and is_kept else free_slot(session, turn.item_id, turn.round, rules)
    if known is None:
        known = Assignment(item_id=turn.item_id, rater_id=by.user_id, round=turn.round, place=UNSEEN)
    has_draft = known.id is not None and session.get(Draft, (by.user_id, f"assignment:{known.id}")) is not None
    known.lease_until = max(known.lease_until, at + rules.lease) if is_kept else at + rules.lease
    known.state, known.slot, known.assigned_at = "draft" if has_draft else "assigned", slot, at
    known.place = known.place or n_seen + 1
    session.add(known)
    session.flush()
    after = {"item": turn.item_id, "slot": known.slot, "round": turn.round}
    record(session, by, "assignment.take", f"assignment:{known.id}", after=after)
    return known


def known_turn(session: Session, rater_id: int, turn: Turn) -> Assignment | None:
    """Return a rater's assignment of a turn, if there ever was one."""
    own = Assignment.item_id == turn.item_id, Assignment.round == turn.round, Assignment.rater_id == rater_id
    return session.scalar(select(Assignment).where(*own))


def free_slot(session: Session, item_id: str, round_: int, rules: Rules) -> int | None:
    """Return the lowest slot nobody holds; an anchor has as many as there are raters."""
    query = select(Assignment.slot).where(
        Assignment.item_id == item_id, Assignment.round == round_, Assignment.slot.is_not(None)
    )  # fmt: skip
    taken = set(session.scalars(query))
    slot = next(k for k in range(1, len(taken) + 2) if k not in taken)
    return slot if slot <= rules.slots or is_anchor(session, item_id) else None
