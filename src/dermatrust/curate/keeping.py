"""What a curator keeps for raters by name, and takes back while they have not begun."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.access import require
from dermatrust.curate.assignment import (
    FIRST,
    UNSEEN,
    Turn,
    first_turns,
    free_slot,
    known_turn,
    return_expired,
)  # fmt: skip
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.projects import rules_of
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Adjudication, Assignment, Item, Member, Project, User
from dermatrust.curate.trail import Actor, record

LONGEST_DAYS = 90
Why = Literal["has it already", "decided on it", "all its places are taken", "has all its ratings"]


@dataclass(frozen=True, slots=True)
class Left:
    """An item that could not be kept for a rater.

    Attributes:
        number: Of the item.
        rater: Name.
        why: What stands against it.
    """

    number: int
    rater: str
    why: Why


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of keeping items for raters.

    Attributes:
        n: How many were kept.
        left: Those that could not be.
    """

    n: int
    left: tuple[Left, ...]


def keep(
    session: Session, by: Actor, project_id: int, item_ids: Sequence[str], rater_ids: Sequence[int],
    kept_for: timedelta, at: datetime,
) -> Kept:  # fmt: skip
    """Keep items for raters: each for every one of them, as far as the project's rules leave places.

    What is kept takes one of the item's places. It comes to the rater before what nobody kept, and is lost when the
    rater has not begun in time. Nothing tells the rater that it was kept.

    Args:
        session: Of `Database.writing`.
        by: The curator.
        project_id: The project.
        item_ids: Which items.
        rater_ids: For whom.
        kept_for: For how long; 90 days at most.
        at: This moment.

    Raises:
        NotFoundError: There is no such project or item, or the person is no member.
        RefusedError: The person is no curator there, somebody named is no rater there or their account is shut, or
            nobody or nothing is named.
    """
    require(session, by, project_id, "curator")
    _check_choice(item_ids, rater_ids, kept_for)
    items = _items(session, project_id, item_ids)
    raters = [_rater(session, project_id, rater_id) for rater_id in dict.fromkeys(rater_ids)]
    return_expired(session, project_id, at)
    rules = rules_of(session.get_one(Project, project_id))
    n, left = 0, []
    for rater in raters:
        free = {turn.item_id for turn in first_turns(session, project_id, rater.id, rules)}
        for item in items:
            if item.id in free:
                _keep(session, by, Turn(item.id, item.number, FIRST), rater, rules, (at, at + kept_for))
                n += 1
            else:
                left.append(Left(item.number, rater.name, _why(session, item, rater.id)))
    return Kept(n, tuple(left))


def take_back(session: Session, by: Actor, project_id: int, assignment_id: str, at: datetime) -> None:
    """Take back an item from a rater who has not begun: who has saved nothing, and was not shown it within a lease.

    Raises:
        NotFoundError: There is none such in the project, or the person is no member.
        RefusedError: The person is no curator there, or the rater has begun.
    """
    require(session, by, project_id, "curator")
    assignment = session.get(Assignment, assignment_id)
    item = session.get(Item, assignment.item_id) if assignment else None
    if assignment is None or item is None or item.project_id != project_id:
        raise NotFoundError(f"assignment {assignment_id}", "there is none such")
    if not may_be_taken_back(assignment, rules_of(session.get_one(Project, project_id)), at):
        raise RefusedError("the narrative", "has been begun, or is no longer kept", reason="frozen")
    before = {"item": item.id, "rater": assignment.rater_id, "slot": assignment.slot}
    assignment.state, assignment.slot = "returned", None
    record(session, by, "assignment.take_back", f"assignment:{assignment.id}", before=before)


def may_be_taken_back(assignment: Assignment, rules: Rules, at: datetime) -> bool:
    """Return whether the rater has not begun: has saved nothing, and was not shown it within the length of a lease."""
    is_open = assignment.state == "assigned" and assignment.round == FIRST
    return is_open and (assignment.place == UNSEEN or assignment.assigned_at + rules.lease < at)


def _check_choice(item_ids: Sequence[str], rater_ids: Sequence[int], kept_for: timedelta) -> None:
    if not item_ids or not rater_ids:
        raise RefusedError("the choice", "is empty", "narratives, and raters for them")
    if not timedelta() < kept_for <= timedelta(days=LONGEST_DAYS):
        raise RefusedError("the time", f"is {kept_for}", f"more than nothing and at most {LONGEST_DAYS} days")


def _items(session: Session, project_id: int, item_ids: Sequence[str]) -> list[Item]:
    wanted = set(item_ids)
    query = select(Item).where(Item.project_id == project_id, Item.id.in_(wanted)).order_by(Item.number)
    items = list(session.scalars(query))
    if len(items) < len(wanted):
        raise NotFoundError("an item", "that was chosen is not in this project")
    return items


def _rater(session: Session, project_id: int, rater_id: int) -> User:
    member, user = session.get(Member, (project_id, rater_id)), session.get(User, rater_id)
    if member is None or user is None or member.role != "rater" or user.disabled_at is not None:
        raise RefusedError("the choice", "holds somebody who does not rate here", "raters of this project")
    return user


def _keep(
    session: Session, by: Actor, turn: Turn, rater: User, rules: Rules, during: tuple[datetime, datetime]
) -> None:  # fmt: skip
    known = known_turn(session, rater.id, turn)
    slot = free_slot(session, turn.item_id, turn.round, rules)
    if known is None:
        known = Assignment(item_id=turn.item_id, rater_id=rater.id, round=turn.round)
    known.state, known.slot, known.place = "assigned", slot, UNSEEN
    known.assigned_at, known.lease_until = during
    session.add(known)
    session.flush()
    after = {"item": turn.item_id, "rater": rater.id, "slot": slot, "until": during[1].isoformat(timespec="seconds")}
    record(session, by, "assignment.keep", f"assignment:{known.id}", after=after)


def _why(session: Session, item: Item, rater_id: int) -> Why:
    known = known_turn(session, rater_id, Turn(item.id, item.number, FIRST))
    if known is not None and known.slot is not None:
        return "has it already"
    decided = select(Adjudication.id).where(Adjudication.item_id == item.id, Adjudication.adjudicator_id == rater_id)
    if session.scalar(decided) is not None:
        return "decided on it"
    return "all its places are taken" if item.state == "open" else "has all its ratings"


@dataclass(frozen=True, slots=True)
class Load:
    """What one rater has to do and has done.

    Attributes:
        rater: The rater.
        n_kept: Items that a curator keeps for them and they have not been shown.
        n_begun: Items they are at.
        n_submitted: Ratings.
    """

    rater: User
    n_kept: int
    n_begun: int
    n_submitted: int


def loads(session: Session, project_id: int) -> list[Load]:
    """Return the load of every rater of a project whose account is open, by name."""
    counts: Counter[tuple[int, str]] = Counter()
    query = select(Assignment.rater_id, Assignment.state, Assignment.place).join(Item, Item.id == Assignment.item_id)
    for rater_id, state, place in session.execute(query.where(Item.project_id == project_id)):
        is_kept = state == "assigned" and place == UNSEEN
        counts[rater_id, "kept" if is_kept else "begun" if state in ("assigned", "draft") else state] += 1
    raters = select(User).join(Member, Member.user_id == User.id).order_by(User.name)
    raters = raters.where(Member.project_id == project_id, Member.role == "rater", User.disabled_at.is_(None))
    return [
        Load(one, counts[one.id, "kept"], counts[one.id, "begun"], counts[one.id, "submitted"])
        for one in session.scalars(raters)
    ]
