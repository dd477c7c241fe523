"""The narratives of a project as a curator who assigns them sees them: by number, case and site, never by author."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.assignment import FIRST, UNSEEN
from dermatrust.curate.keeping import may_be_taken_back
from dermatrust.curate.projects import rules_of
from dermatrust.curate.tables import Anchor, Assignment, Item, Project, User

How = Literal["kept", "begun", "rated"]
_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which narratives to show.

    Attributes:
        ids: Numbers of items, ranges of them ("3-7") and parts of case ids, between commas or blanks; "" for all.
        site: Of the body, as the dataset calls it; "" for all.
        state: Of the item; "" for all.
    """

    ids: str = ""
    site: str = ""
    state: str = "open"

    def takes(self, number: int, case_id: str) -> bool:
        """Return whether an item is among those named.

        Example:
            >>> wanted = Wanted(ids="2, 5-7 PAT_9")
            >>> [wanted.takes(number, "PAT_1") for number in (1, 2, 6)], wanted.takes(1, "pat_91")
            ([False, True, True], True)
        """
        words = self.ids.replace(",", " ").split()
        return not words or any(_names(word.lower(), number, case_id.lower()) for word in words)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has an item.

    Attributes:
        name: Who.
        how: Whether it is kept for them, begun or rated.
        until: When it is free again unless they go on; None for what is rated.
        assignment_id: Of what may be taken back; None where the rater has begun.
    """

    name: str
    how: How
    until: datetime | None
    assignment_id: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One narrative.

    Attributes:
        item: Its row.
        site: Of the body, "" where the dataset does not say.
        holders: Who has it, by name.
        is_full: Whether nobody else can have it.
    """

    item: Item
    site: str
    holders: tuple[Holder, ...]
    is_full: bool


def sites(session: Session, project_id: int) -> list[str]:
    """Return the sites of the body that a project's cases name, sorted."""
    cases = session.scalars(select(Item.case).where(Item.project_id == project_id))
    return sorted({_site(case) for case in cases} - {""})


def matching(session: Session, project_id: int, wanted: Wanted) -> list[str]:
    """Return the ids of the items wanted, by their number."""
    query = select(Item.id, Item.number, Item.case_id, Item.case).where(Item.project_id == project_id)
    if wanted.state:
        query = query.where(Item.state == wanted.state)
    return [
        item_id
        for item_id, number, case_id, case in session.execute(query.order_by(Item.number))
        if wanted.takes(number, case_id) and (not wanted.site or _site(case) == wanted.site)
    ]


def lines(session: Session, project: Project, item_ids: Iterable[str], at: datetime) -> list[Line]:
    """Return these items, each with who has it, by their number."""
    rules, chosen = rules_of(project), list(item_ids)
    anchors = set(session.scalars(select(Anchor.item_id).where(Anchor.item_id.in_(chosen))))
    query = select(Assignment, User.name).join(User, User.id == Assignment.rater_id).order_by(User.name)
    query = query.where(Assignment.item_id.in_(chosen), Assignment.round == FIRST, Assignment.slot.is_not(None))
    holders: dict[str, list[Holder]] = defaultdict(list)
    for one, name in session.execute(query):
        is_rated, is_unseen = one.state == "submitted", one.state == "assigned" and one.place == UNSEEN
        how: How = "rated" if is_rated else "kept" if is_unseen else "begun"
        back = one.id if may_be_taken_back(one, rules, at) else None
        holders[one.item_id].append(Holder(name, how, None if is_rated else one.lease_until, back))
    return [
        Line(item, _site(item.case), tuple(own := holders[item.id]), _is_full(item, len(own), rules.slots, anchors))
        for item in session.scalars(select(Item).where(Item.id.in_(chosen)).order_by(Item.number))
    ]


def _is_full(item: Item, n_held: int, slots: int, anchors: set[str]) -> bool:
    return item.id not in anchors and (item.state != "open" or n_held >= slots)


def _names(word: str, number: int, case_id: str) -> bool:
    if word.isdecimal():
        return int(word) == number or word == case_id
    found = _RANGE.fullmatch(word)
    return int(found[1]) <= number <= int(found[2]) if found else word in case_id


def _site(case: dict[str, object]) -> str:
    context = case.get("context")
    return str(context.get("site") or "") if isinstance(context, dict) else ""
