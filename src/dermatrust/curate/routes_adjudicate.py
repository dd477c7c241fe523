"""Adjudicating: what raters disagree about, side by side and without names."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dermatrust.curate.access import item_for
from dermatrust.curate.adjudication import compare, decide, disputed_items
from dermatrust.curate.blind import item_images
from dermatrust.curate.forms import scores_in, text_in
from dermatrust.curate.gate import Adjudicator, Bench, Signed, Workbench, actor_of, place_of
from dermatrust.curate.pages import go, page
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.routes_rate import context_lines
from dermatrust.curate.routes_revise import Form
from dermatrust.judge.rubric import load_rubric
from dermatrust.records import DIMENSIONS

router = APIRouter(include_in_schema=False)


@router.get("/projects/{project_id}/disputes")
def disputes(request: Request, bench: Bench, place: Adjudicator) -> Response:
    """List what has to be decided."""
    with bench.database.reading() as session:
        items = disputed_items(session, place.actor, place.project.id)
        rows = [(item.id, item.number, compare(session, place.actor, item.id).disputes) for item in items]
    return page(request, "disputes.html", rows=rows)


@router.get("/items/{item_id}/adjudicate")
def adjudicate_page(request: Request, bench: Bench, signed: Signed, item_id: str) -> Response:
    """Show what the raters gave, as A and B."""
    return _adjudicate(request, bench, item_id)


@router.post("/items/{item_id}/adjudicate")
def adjudicate(request: Request, bench: Bench, signed: Signed, item_id: str, form: Form) -> Response:
    """Store the scores that count, and go on to the next dispute."""
    by = actor_of(request, signed)
    try:
        with bench.database.writing() as session:
            decide(session, by, item_id, scores_in(form), text_in(form, "reason"), bench.clock())
            project_id = item_for(session, by, item_id, "adjudicator").project_id
            following = disputed_items(session, by, project_id)
    except RefusedError as error:
        if error.reason in ("role", "own rating", "frozen", "not disputed"):
            raise
        return _adjudicate(request, bench, item_id, status=422, wrong=str(error), entered=dict(form))
    target = f"/items/{following[0].id}/adjudicate" if following else f"/projects/{project_id}/disputes"
    return go(request, target)


def _adjudicate(
    request: Request, bench: Workbench, item_id: str, *, status: int = 200, wrong: str = "",
    entered: dict[str, Any] | None = None,
) -> Response:  # fmt: skip
    signed = request.state.signed
    by = actor_of(request, signed)
    with bench.database.reading() as session:
        seen = compare(session, by, item_id)
        item = item_for(session, by, item_id, "adjudicator")
        n_images = len(item_images(session, item_id))
        session.expunge_all()
    place_of(request, bench, signed, item.project_id, "adjudicator")
    disputed = {one.dimension for one in seen.disputes if one.dimension}
    return page(
        request, "adjudicate.html", status=status, wrong=wrong, item=item, seen=seen, disputed=disputed,
        images=[f"/items/{item_id}/images/{k}" for k in range(1, n_images + 1)], entered=entered or {},
        context=context_lines(item.case.get("context", {})), dimensions=DIMENSIONS, rubric=load_rubric(),
    )  # fmt: skip
