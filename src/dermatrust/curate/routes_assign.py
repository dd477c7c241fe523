"""The curator's page on which narratives are kept for raters by name, and taken back while not begun."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from dermatrust.curate.assignable import Wanted, lines, matching, sites
from dermatrust.curate.columns import LARGEST_ID
from dermatrust.curate.gate import Bench, Curator, Place, Workbench
from dermatrust.curate.keeping import LONGEST_DAYS, Kept, keep, loads, take_back
from dermatrust.curate.pages import page
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.projects import rules_of
from dermatrust.curate.routes_revise import Form
from dermatrust.curate.tables import ItemState
from dermatrust.curate.trail import record

router = APIRouter(include_in_schema=False)
_AT = "/projects/{project_id}/assign"
_A_PAGE = 50
_USUAL_DAYS = 7


def shown(
    ids: Annotated[str, Query(max_length=400)] = "",
    site: Annotated[str, Query(max_length=200)] = "",
    state: ItemState | Literal[""] = "open",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> tuple[Wanted, int]:
    """Return which narratives a page shows, and which page of them."""
    return Wanted(ids, site, state), page


Shown = Annotated[tuple[Wanted, int], Depends(shown)]


@router.get(_AT)
def show(request: Request, bench: Bench, place: Curator, shown: Shown) -> Response:
    """Show narratives, who has them, and what each rater has to do. It may tell anchors: who looks is noted."""
    return _assign(request, bench, place, shown)


@router.post(_AT)
def give(request: Request, bench: Bench, place: Curator, shown: Shown, form: Form) -> Response:
    """Keep the narratives chosen for the raters chosen."""
    items = [value for value in form.getlist("item") if isinstance(value, str)]
    raters = [_whole(value, LARGEST_ID) for value in form.getlist("rater")]
    days = _whole(form.get("days"), LONGEST_DAYS)
    try:
        with bench.database.writing() as session:
            kept_for = timedelta(days=days)
            kept = keep(session, place.actor, place.project.id, items, raters, kept_for, bench.clock())
    except RefusedError as error:
        return _assign(request, bench, place, shown, status=422, wrong=str(error), chosen=items)
    return _assign(request, bench, place, shown, kept=kept)


@router.post(f"{_AT}/{{kept_id}}/back")
def back(request: Request, bench: Bench, place: Curator, shown: Shown, kept_id: str) -> Response:
    """Take back a narrative from a rater who has not begun."""
    try:
        with bench.database.writing() as session:
            take_back(session, place.actor, place.project.id, kept_id, bench.clock())
    except RefusedError as error:
        return _assign(request, bench, place, shown, status=422, wrong=str(error))
    return _assign(request, bench, place, shown, taken_back=True)


def _assign(
    request: Request, bench: Workbench, place: Place, shown: tuple[Wanted, int], *, status: int = 200, wrong: str = "",
    kept: Kept | None = None, taken_back: bool = False, chosen: list[str] | None = None,
) -> Response:  # fmt: skip
    wanted, number = shown
    with bench.database.writing() as session:
        found = matching(session, place.project.id, wanted)
        own = lines(session, place.project, found[(number - 1) * _A_PAGE : number * _A_PAGE], bench.clock())
        people, named = loads(session, place.project.id), sites(session, place.project.id)
        record(session, place.actor, "assign.view", f"project:{place.project.id}", after=len(own))
    return page(
        request, "assign.html", status=status, wrong=wrong, kept=kept, taken_back=taken_back, chosen=chosen or [],
        rows=own, n_found=len(found), number=number, n_pages=max(1, -(-len(found) // _A_PAGE)), people=people,
        sites=named, wanted=wanted, slots=rules_of(place.project).slots, days=_USUAL_DAYS, most_days=LONGEST_DAYS,
    )  # fmt: skip


def _whole(value: object, largest: int) -> int:
    """Return a whole number of a form, 0 for what is none or too large."""
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20
    number = int(str(value)) if is_number else 0
    return number if number <= largest else 0
