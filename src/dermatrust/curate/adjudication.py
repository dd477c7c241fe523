"""What raters disagree about, and who decides: somebody who did not rate the item, and sees scores without names."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate import drafts
from dermatrust.curate.access import item_for, require
from dermatrust.curate.assignment import FIRST
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.projects import rules_of
from dermatrust.curate.rules import Rules
from dermatrust.curate.scores import check_six
from dermatrust.curate.tables import Adjudication, Anchor, Assignment, Item, Project, Rating
from dermatrust.curate.texts import drafted_text
from dermatrust.curate.trail import Actor, record
from dermatrust.records import DIMENSIONS, Dimension

Cause = Literal["scores differ", "uncertain", "anchor missed"]


@dataclass(frozen=True, slots=True)
class Dispute:
    """One thing that somebody has to decide.

    Attributes:
        cause: What it is.
        dimension: On which dimension; None for uncertainty.
        low: The lowest score given; of an anchor that was missed, the one given.
        high: The highest; of an anchor that was missed, the one expected.
    """

    cause: Cause
    dimension: Dimension | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One rater's view of an item, without the rater's name.

    Attributes:
        letter: "A", "B", …, in an order that says nothing.
        assignment_id: Of the rating.
        scores: The six.
        uncertain: Whether the rater was.
        reason: Why, where it was said.
        note: What else the rater said.
    """

    letter: str
    assignment_id: str
    scores: Mapping[Dimension, int]
    uncertain: bool
    reason: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an adjudicator sees.

    Attributes:
        item_id: The item.
        text: What was rated.
        sides: The raters.
        disputes: What has to be decided.
    """

    item_id: str
    text: str
    sides: tuple[Side, ...]
    disputes: tuple[Dispute, ...]


def disputes_in(rules: Rules, ratings: Sequence[Rating], anchor: Anchor | None = None) -> list[Dispute]:
    """Return what the ratings of an item leave to be decided, by the rules of its project.

    Args:
        rules: Of the project.
        ratings: All first ratings of the item.
        anchor: What was expected, where the item is an anchor.
    """
    found = []
    for dimension in DIMENSIONS:
        given = [rating.scores[dimension] for rating in ratings]
        if given and max(given) - min(given) >= rules.limit(dimension):
            found.append(Dispute("scores differ", dimension, min(given), max(given)))
    if rules.settle_uncertain and any(rating.uncertain for rating in ratings):
        found.append(Dispute("uncertain"))
    if anchor is not None and rules.settle_anchor_misses:
        found += anchor_misses(ratings, anchor)
    return found


def anchor_misses(ratings: Sequence[Rating], anchor: Anchor) -> list[Dispute]:
    """Return where ratings are farther from an anchor's expected scores than it tolerates."""
    return [
        Dispute("anchor missed", dimension, rating.scores[dimension], anchor.expected[dimension])
        for rating in ratings
        for dimension in DIMENSIONS
        if dimension in anchor.expected
        and abs(rating.scores[dimension] - anchor.expected[dimension]) > anchor.tolerance
    ]


def set_anchor(
    session: Session, by: Actor, item_id: str, expected: Mapping[Dimension, int], tolerance: float
) -> None:  # fmt: skip
    """Make an item an anchor, or say which scores are expected of one. Items rated already are looked at anew.

    Args:
        session: Of `Database.writing`.
        by: A curator.
        item_id: The item.
        expected: Of some or all dimensions; with none the anchor serves as a retest only.
        tolerance: By how many points a score may differ from the expected one.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        RefusedError: The person is no curator there, or a score is off the scale.
    """
    item = item_for(session, by, item_id, "curator")
    check_six(dict.fromkeys(DIMENSIONS, 0) | dict(expected))
    anchor = session.get(Anchor, item_id)
    before = None if anchor is None else {"expected": anchor.expected, "tolerance": anchor.tolerance}
    anchor = session.merge(Anchor(item_id=item_id, expected=dict(expected), tolerance=tolerance))
    session.flush()
    after = {"expected": anchor.expected, "tolerance": tolerance}
    record(session, by, "anchor.set", f"item:{item_id}", before=before, after=after)
    settle(session, item)


def settle(session: Session, item: Item) -> None:
    """Note whether an item's ratings agree, once it has all of them. What was decided or certified stays so."""
    if item.state not in ("open", "agreed", "disputed"):
        return
    rules = rules_of(session.get_one(Project, item.project_id))
    ratings = first_ratings(session, item.id)
    if len(ratings) < rules.slots:
        return
    disputes = disputes_in(rules, ratings, session.get(Anchor, item.id))
    before, item.state = item.state, "disputed" if disputes else "agreed"
    if before != item.state:
        after = {"state": item.state, "disputes": [asdict(one) for one in disputes]}
        record(session, Actor("rules"), "item.settle", f"item:{item.id}", before={"state": before}, after=after)


def first_ratings(session: Session, item_id: str) -> Sequence[Rating]:
    """Return the ratings of an item by the order in which they came, without repeats of an anchor."""
    query = select(Rating).join(Assignment, Assignment.id == Rating.assignment_id)
    query = query.where(Assignment.item_id == item_id, Assignment.round == FIRST)
    return session.scalars(query.order_by(Rating.frozen_at, Rating.id)).all()


def disputed_items(session: Session, by: Actor, project_id: int) -> list[Item]:
    """Return what this adjudicator may decide: disputed items that the person did not rate, in the queue's order.

    Raises:
        NotFoundError: The person is no member.
        RefusedError: The person is no adjudicator there.
    """
    require(session, by, project_id, "adjudicator")
    rated = select(Assignment.item_id).where(Assignment.rater_id == by.user_id)
    query = select(Item).where(Item.project_id == project_id, Item.state == "disputed", Item.id.not_in(rated))
    return list(session.scalars(query.order_by(Item.number)))


def compare(session: Session, by: Actor, item_id: str) -> Comparison:
    """Return the raters of a disputed item side by side, without names and in an order that says nothing.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        RefusedError: The person is no adjudicator there, or rated the item.
    """
    item = item_for(session, by, item_id, "adjudicator")
    _check_not_rater(session, by, item_id)
    ratings = list(first_ratings(session, item_id))
    disputes = disputes_in(rules_of(session.get_one(Project, item.project_id)), ratings, session.get(Anchor, item_id))
    random.Random(f"{item_id} {by.user_id}").shuffle(ratings)  # noqa: S311  # the same each time the page is opened
    sides = tuple(
        Side(chr(ord("A") + k), one.assignment_id, one.scores, one.uncertain, one.reason, one.note)
        for k, one in enumerate(ratings)
    )
    return Comparison(item_id, drafted_text(session, item_id).text, sides, tuple(disputes))


def decide(
    session: Session, by: Actor, item_id: str, scores: Mapping[Dimension, int], reason: str, at: datetime
) -> Adjudication:  # fmt: skip
    """Store the scores that count for a disputed item. The raters' own stay beside them.

    Raises:
        NotFoundError: There is no such item, or the person is no member of its project.
        RefusedError: The person is no adjudicator there or rated the item, a score or the reason is missing, nothing is
            disputed, or it has been decided.
    """
    seen = compare(session, by, item_id)
    item = session.get_one(Item, item_id)
    if item.state != "disputed":
        decided = item.state in ("adjudicated", "certified", "released")
        raise RefusedError(
            f"item {item_id}", f"is {item.state}", "a disputed one", reason="frozen" if decided else "not disputed"
        )
    check_six(scores)
    if not reason.strip():
        raise RefusedError("the decision", "has no reason", "the reason in words", reason="no reason")
    adjudication = Adjudication(
        item_id=item_id, adjudicator_id=by.user_id, text_version_id=drafted_text(session, item_id).id,
        assignment_ids=[side.assignment_id for side in seen.sides], disputes=[asdict(one) for one in seen.disputes],
        reason=reason.strip(), decided_at=at, **{dimension.value: scores[dimension] for dimension in DIMENSIONS},
    )  # fmt: skip
    session.add(adjudication)
    item.state = "adjudicated"
    drafts.drop(session, by, f"decision:{item_id}")
    session.flush()
    after = {"scores": dict(scores), "reason": adjudication.reason, "disputes": adjudication.disputes}
    record(session, by, "item.decide", f"item:{item_id}", before={"state": "disputed"}, after=after)
    return adjudication


def _check_not_rater(session: Session, by: Actor, item_id: str) -> None:
    query = select(Assignment.id).where(Assignment.item_id == item_id, Assignment.rater_id == by.user_id)
    if session.scalar(query.limit(1)) is not None:
        raise RefusedError(f"item {item_id}", "you are one of its raters", "somebody else", reason="own rating")
