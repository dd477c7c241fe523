"""Rating: the queue, the page of a case, its drafts and their submission."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dermatrust.curate import ratings
from dermatrust.curate.access import own_assignment
from dermatrust.curate.assignment import next_assignment
from dermatrust.curate.blind import blind_image, blind_item
from dermatrust.curate.gate import Bench, Rater, Signed, Workbench, actor_of, place_of
from dermatrust.curate.pages import go, page
from dermatrust.curate.photographs import photograph
from dermatrust.curate.problems import NotFoundError
from dermatrust.curate.tables import Assignment, Item, Rating
from dermatrust.curate.trail import Actor
from dermatrust.judge.rubric import load_rubric
from dermatrust.records import DIMENSIONS

router = APIRouter(include_in_schema=False)


class Saved(ratings.Entered):
    """What the page sends: all that was entered, and the version it follows."""

    version: Annotated[int, Field(ge=0, lt=2**31, strict=True)]

    @property
    def entered(self) -> ratings.Entered:
        """All that was entered."""
        return ratings.Entered.model_validate(self.model_dump(exclude={"version"}))


@router.get("/projects/{project_id}/queue")
def queue(request: Request, bench: Bench, place: Rater) -> Response:
    """Show a rater how much is done and what is begun."""
    with bench.database.reading() as session:
        mine = _mine(place.project.id, place.actor)
        n_submitted = session.scalar(select(func.count()).select_from(mine.subquery()))
        recent = session.execute(mine.order_by(Rating.frozen_at.desc()).limit(20)).all()
    return page(request, "queue.html", n_submitted=n_submitted, recent=recent)


@router.post("/projects/{project_id}/next")
def take_next(request: Request, bench: Bench, place: Rater) -> Response:
    """Give a rater the next case, and send the browser there."""
    with bench.database.writing() as session:
        assignment = next_assignment(session, place.actor, place.project.id, bench.clock())
        target = f"/rate/{assignment.id}" if assignment else f"/projects/{place.project.id}/queue"
    return go(request, target)


@router.get("/rate/{assignment_id}")
def rate(request: Request, bench: Bench, signed: Signed, assignment_id: str) -> Response:
    """Show the rating page with one case."""
    project_id = _project_of(bench, actor_of(request, signed), assignment_id)
    place = place_of(request, bench, signed, project_id, "rater")
    with bench.database.reading() as session:
        if own_assignment(session, place.actor, assignment_id).assignment.state == "submitted":
            return go(request, f"/projects/{project_id}/queue")
        case = case_of(session, place.actor, assignment_id)
    return page(
        request, "rate.html", case=case, rubric=load_rubric(), dimensions=DIMENSIONS,
        keeps_drafts=bench.settings.keeps_drafts,
    )  # fmt: skip


@router.put("/rate/{assignment_id}/draft")
def save(request: Request, bench: Bench, signed: Signed, assignment_id: str, sent: Saved) -> Response:
    """Store what was entered so far and return its version."""
    with bench.database.writing() as session:
        draft = ratings.save_draft(
            session, actor_of(request, signed), assignment_id, sent.version, sent.entered, bench.clock()
        )
        return JSONResponse({"version": draft.version})


@router.post("/rate/{assignment_id}/submit")
def submit(request: Request, bench: Bench, signed: Signed, assignment_id: str, sent: Saved) -> Response:
    """Freeze six scores, and return the next case in the same answer."""
    by, at = actor_of(request, signed), bench.clock()
    with bench.database.writing() as session:
        ratings.submit(session, by, assignment_id, sent.version, sent.entered, at)
        project_id = own_assignment(session, by, assignment_id).project.id
        following = next_assignment(session, by, project_id, at)
        case = case_of(session, by, following.id) if following else None
    return JSONResponse({"next": case})


@router.get("/rate/{assignment_id}/images/{number}")
def image(request: Request, bench: Bench, signed: Signed, assignment_id: str, number: int) -> Response:
    """Return an image of a rater's own case; its address tells nothing about it."""
    with bench.database.reading() as session:
        by = actor_of(request, signed)
        project = own_assignment(session, by, assignment_id).project
        found = blind_image(session, by, assignment_id, number)
        session.expunge_all()
    if found is None:
        raise NotFoundError("the image", "does not exist")
    return photograph(bench, project, found)


def case_of(session: Session, by: Actor, assignment_id: str) -> dict[str, Any]:
    """Return all that the page of a case is told, which is all that its rater may know."""
    seen = blind_item(session, by, assignment_id)
    own = own_assignment(session, by, assignment_id)
    draft = ratings.draft_of(session, by, assignment_id)
    n_submitted = session.scalar(select(func.count()).select_from(_mine(own.project.id, by).subquery()))
    return {
        "id": assignment_id,
        "place": own.assignment.place,
        "n_submitted": n_submitted,
        "text": seen.text,
        "context": context_lines(seen.context),
        "images": [f"/rate/{assignment_id}/images/{k}" for k in range(1, len(seen.images) + 1)],
        "version": draft.version if draft else 0,
        "content": draft.content if draft else None,
    }


def context_lines(context: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the referring clinician knew as names and values."""
    lines = []
    if context.get("age") is not None:
        lines.append(("Age", f"{context['age']:g} years"))
    lines += [(name.title(), str(context[name])) for name in ("sex", "site") if context.get(name)]
    symptoms = context.get("symptoms", {})
    for title, is_present in (("Symptoms", True), ("Denied", False)):
        named = [name for name, present in symptoms.items() if present is is_present]
        lines += [(title, ", ".join(named))] if named else []
    lines += [(name.capitalize(), str(value)) for name, value in context.get("history", {}).items()]
    return lines + ([("Note", str(context["note"]))] if context.get("note") else [])


def _project_of(bench: Workbench, by: Actor, assignment_id: str) -> int:
    with bench.database.reading() as session:
        return own_assignment(session, by, assignment_id).project.id


def _mine(project_id: int, by: Actor) -> Any:
    """Return the query of a rater's own submitted ratings."""
    columns = select(Assignment.place, Rating.frozen_at, Rating.seconds, Rating.uncertain, Assignment.item_id)
    joined = columns.join(Rating, Rating.assignment_id == Assignment.id).join(Item, Item.id == Assignment.item_id)
    return joined.where(Item.project_id == project_id, Assignment.rater_id == by.user_id)
