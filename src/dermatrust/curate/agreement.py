"""How far the raters of a project agree, whether they change, and how many more patients would be needed: live."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.align.breakdown import stability_rows
from dermatrust.align.compare import Bootstrap, agreement_rows, panel_rows
from dermatrust.align.plan import PlanRow, plan_rows
from dermatrust.align.ratings import rating_table
from dermatrust.align.results import AgreementRow, StabilityRow
from dermatrust.align.target import Study, study_of
from dermatrust.curate import tables
from dermatrust.curate.assignment import FIRST
from dermatrust.curate.folder_records import case_records, narrative_records, rater_records, rating_records
from dermatrust.curate.projects import rules_of
from dermatrust.records import Rating

Rows = Literal["raters", "slots"]
QUICK = Bootstrap(n_resamples=1_000)
"""Enough for a page that is looked at while ratings come in; `dermatrust align` takes 10,000."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree.

    Attributes:
        compared: Whether each rater is compared as such, or the first rating of an item with the second and so on:
            where more raters share the items than an item has slots, hardly any item is rated by all of them.
        rows: On every dimension and in their mean, with interval, n and what is missing: "quadratic kappa", "exact" and
            "within 1" of one rater against the others, and "ICC(2,1)", "alpha, ordinal" and others of all.
        n_items: Items with a rating.
        n_compared: Items with at least two.
    """

    compared: Rows
    rows: tuple[AgreementRow, ...]
    n_items: int
    n_compared: int


def agreement(session: Session, project_id: int, bootstrap: Bootstrap = QUICK) -> Agreement | None:
    """Return how far the raters of a project agree, or None while no item has two ratings.

    What was decided does not count: an adjudicator has seen the scores it would be compared with.
    """
    ratings, compared = _panel_ratings(session, project_id)
    study = _study(session, project_id, ratings)
    if study is None or len(study.panel) < 2:
        return None
    pooled = [row for row in agreement_rows(study, bootstrap) if row.role in ("panel", "member")]
    n_raters = [len({one.rater for one in own}) for own in _by_narrative(ratings).values()]
    n_compared = sum(n > 1 for n in n_raters)
    return Agreement(compared, (*pooled, *panel_rows(study, bootstrap)), len(n_raters), n_compared)


def stability(session: Session, project_id: int, bootstrap: Bootstrap = QUICK) -> list[StabilityRow]:
    """Return for each rater whether it repeats itself on anchors, and whether it drifts as it goes on.

    Drift is the change of the rater's scores minus the others' on the same items, in points per 100 items.
    """
    study = _study(session, project_id, rating_records(session, project_id))
    return [] if study is None else stability_rows(study, bootstrap)


def sample_size(session: Session, project_id: int, width: float, confidence: float = 0.95) -> list[PlanRow]:
    """Return how many patients an interval of a given width for ICC(2,1) needs, for panels of several sizes.

    Nothing where fewer than two raters have rated. See `align.plan.plan_rows`.
    """
    study = _study(session, project_id, _panel_ratings(session, project_id)[0])
    rows = [] if study is None or len(study.panel) < 2 else plan_rows(study, width, confidence)
    return [row for row in rows if row.statistic == "ICC(2,1)"]  # the page asks for one width, in its unit


def _panel_ratings(session: Session, project_id: int) -> tuple[list[Rating], Rows]:
    """Return first ratings, by raters where there are as many as slots, else by slots."""
    slots = rules_of(session.get_one(tables.Project, project_id)).slots
    deciding = {rater.id for rater in rater_records(session, project_id) if rater.adjudicates}
    ratings = [one for one in rating_records(session, project_id) if not one.draw and one.rater not in deciding]
    if len({one.rater for one in ratings}) <= slots:
        return ratings, "raters"
    slot_of = _slots(session, project_id)
    placed = [(slot_of[one.narrative_id, one.rater], one) for one in ratings]
    return [one.model_copy(update={"rater": f"slot {slot}"}) for slot, one in placed if slot <= slots], "slots"


def _slots(session: Session, project_id: int) -> dict[tuple[str, str], int]:
    query = (
        select(tables.Item.source_id, tables.User.name, tables.Assignment.slot)
        .join(tables.Assignment, tables.Assignment.item_id == tables.Item.id)
        .join(tables.User, tables.User.id == tables.Assignment.rater_id)
        .where(tables.Item.project_id == project_id, tables.Assignment.round == FIRST)
        .where(tables.Assignment.slot.is_not(None))
    )
    return {(source_id, name): slot for source_id, name, slot in session.execute(query) if slot is not None}


def _study(session: Session, project_id: int, ratings: Sequence[Rating]) -> Study | None:
    """Return these ratings as a study of people, or None where there are none."""
    rated = _by_narrative(ratings)
    narratives = [one for one in narrative_records(session, project_id) if one.id in rated]
    if not narratives:
        return None
    table = rating_table(
        case_records(session, project_id), narratives, ratings, rater_records(session, project_id),
        people={one.rater for one in ratings},
    )  # fmt: skip
    return study_of(table)


def _by_narrative(ratings: Sequence[Rating]) -> dict[str, list[Rating]]:
    found: dict[str, list[Rating]] = {}
    for rating in ratings:
        found.setdefault(rating.narrative_id, []).append(rating)
    return found
