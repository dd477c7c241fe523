"""How far a project is: items by state, ratings given and wanted, and what each rater has done."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dermatrust.curate.assignment import UNSEEN
from dermatrust.curate.projects import rules_of
from dermatrust.curate.tables import (
    Assignment,
    Image,
    Item,
    ItemState,
    Member,
    Project,
    Rating,
    ReviewState,
    User,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RaterProgress:
    """What one rater has done.

    Attributes:
        name: The rater.
        n_submitted: Ratings, repeats of anchors among them.
        n_kept: Items that a curator keeps for the rater, who has not been shown them.
        n_open: Items being rated.
        n_returned: Items whose lease ran out.
        n_uncertain: Ratings given as uncertain.
        median_seconds: Time on an item; None without ratings.
        last: When the rater submitted last; None without ratings.
    """

    name: str
    n_submitted: int
    n_kept: int
    n_open: int
    n_returned: int
    n_uncertain: int
    median_seconds: float | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a project is.

    Attributes:
        n_items: Items.
        states: How many are in each state.
        n_ratings: Ratings that fill a slot.
        n_wanted: Slots of all items.
        images: How many images are in each state of review.
        raters: By name.
    """

    n_items: int
    states: dict[str, int]
    n_ratings: int
    n_wanted: int
    images: dict[str, int]
    raters: tuple[RaterProgress, ...]


def progress(session: Session, project_id: int) -> Progress:
    """Return how far a project is."""
    slots = rules_of(session.get_one(Project, project_id)).slots
    by_state = dict.fromkeys(get_args(ItemState), 0)
    query = select(Item.state, func.count()).where(Item.project_id == project_id)
    by_state |= {state: n for state, n in session.execute(query.group_by(Item.state))}
    images = dict.fromkeys(get_args(ReviewState), 0)
    reviews = select(Image.review, func.count()).where(Image.project_id == project_id)
    images |= {review: n for review, n in session.execute(reviews.group_by(Image.review))}
    filled = (
        select(func.count())
        .select_from(Assignment)
        .join(Item, Item.id == Assignment.item_id)
        .where(Item.project_id == project_id, Assignment.state == "submitted", Assignment.slot <= slots)
        .where(Assignment.round == 1)
    )
    n_items = sum(by_state.values())
    return Progress(
        n_items, by_state, session.scalar(filled) or 0, n_items * slots, images, _raters(session, project_id)
    )  # fmt: skip


def _raters(session: Session, project_id: int) -> tuple[RaterProgress, ...]:
    """Return what each rater has done: those who are one now, and those who were."""
    query = (
        select(User.name, Assignment.state, Assignment.place, Rating)
        .join(Assignment, Assignment.rater_id == User.id)
        .join(Item, Item.id == Assignment.item_id)
        .outerjoin(Rating, Rating.assignment_id == Assignment.id)
        .where(Item.project_id == project_id)
    )
    states: dict[str, Counter[str]] = defaultdict(Counter)
    given: dict[str, list[Rating]] = defaultdict(list)
    members = select(User.name).join(Member, Member.user_id == User.id)
    for name in session.scalars(members.where(Member.project_id == project_id, Member.role == "rater")):
        states[name] = Counter()
    for name, state, place, rating in session.execute(query):
        states[name]["kept" if state == "assigned" and place == UNSEEN else state] += 1
        given[name] += [] if rating is None else [rating]
    return tuple(_rater(name, states[name], given[name]) for name in sorted(states))


def _rater(name: str, states: Counter[str], given: list[Rating]) -> RaterProgress:
    return RaterProgress(
        name=name, n_submitted=states["submitted"], n_kept=states["kept"],
        n_open=states["assigned"] + states["draft"],
        n_returned=states["returned"], n_uncertain=sum(one.uncertain for one in given),
        median_seconds=median(one.seconds for one in given) if given else None,
        last=max((one.frozen_at for one in given), default=None),
    )  # fmt: skip
