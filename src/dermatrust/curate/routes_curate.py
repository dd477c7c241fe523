"""The curator's pages: progress, agreement, anchors, images to be cleared, and what leaves the workbench."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy import select
from starlette.datastructures import FormData

from dermatrust.curate.adjudication import set_anchor
from dermatrust.curate.anchors import deviations
from dermatrust.curate.exchange import export_project
from dermatrust.curate.folder_export import write_to_folder
from dermatrust.curate.forms import scores_in
from dermatrust.curate.gate import Bench, Curator, Place, Workbench
from dermatrust.curate.pages import go, page
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.progress import progress
from dermatrust.curate.ratings_csv import ratings_csv
from dermatrust.curate.routes_revise import Form as Scores
from dermatrust.curate.tables import Anchor, Audit, Item
from dermatrust.curate.texts import drafted_text
from dermatrust.curate.trail import record, verify
from dermatrust.records import DIMENSIONS
from dermatrust.store.folder import DatasetFolder

router = APIRouter(include_in_schema=False)
_AT = "/projects/{project_id}"
_N_TRAIL = 50


@router.get(f"{_AT}/progress")
def show_progress(request: Request, bench: Bench, place: Curator) -> Response:
    """Show how far the project is."""
    with bench.database.reading() as session:
        found = progress(session, place.project.id)
    return page(request, "progress.html", found=found)


@router.get(f"{_AT}/agreement")
def show_agreement(
    request: Request, bench: Bench, place: Curator, width: Annotated[float, Query(ge=0.02, le=2)] = 0.2
) -> Response:  # fmt: skip
    """Show how far raters agree, whether they are steady, and how many patients a narrower interval needs."""
    from dermatrust.curate.agreement import agreement, sample_size, stability
    from dermatrust.curate.agreement_tables import PANEL_TITLES, SHOWN, agreement_lines, plan_lines, stability_lines

    with bench.database.reading() as session:
        found = agreement(session, place.project.id)
        steady = stability_lines(stability(session, place.project.id))
        plan = plan_lines(sample_size(session, place.project.id, width))
        off = deviations(session, place.project.id)
    lines = agreement_lines(found.rows) if found else []
    return page(
        request, "agreement.html", found=found, lines=lines, statistics=SHOWN, steady=steady, plan=plan, width=width,
        sizes=PANEL_TITLES, off=off,
    )  # fmt: skip


@router.get(f"{_AT}/anchors")
def show_anchors(request: Request, bench: Bench, place: Curator) -> Response:
    """Show which items every rater gets, and gets again. That is a key: who looks at it is noted."""
    return _anchors(request, bench, place)


@router.post(f"{_AT}/anchors/{{item_id}}")
def expect(
    request: Request, bench: Bench, place: Curator, item_id: str, form: Scores,
    tolerance: Annotated[float, Form(ge=0, le=5, allow_inf_nan=False)] = 1,
) -> Response:  # fmt: skip
    """Store the scores that a curator expects of an anchor; dimensions left empty expect nothing of it."""
    given = FormData([(name, value) for name, value in form.multi_items() if value != ""])
    try:
        with bench.database.writing() as session:
            item = session.get(Item, item_id)
            if item is None or item.project_id != place.project.id:
                raise NotFoundError(f"item {item_id}", "there is none such")
            set_anchor(session, place.actor, item_id, scores_in(given), tolerance)
    except RefusedError as error:
        return _anchors(request, bench, place, status=422, wrong=str(error))
    return go(request, f"/projects/{place.project.id}/anchors")


def _anchors(request: Request, bench: Workbench, place: Place, *, status: int = 200, wrong: str = "") -> Response:
    with bench.database.writing() as session:
        anchors = select(Item, Anchor).join(Anchor, Anchor.item_id == Item.id)
        rows = session.execute(anchors.where(Item.project_id == place.project.id).order_by(Item.number)).all()
        shown = [(item, anchor, drafted_text(session, item.id).text) for item, anchor in rows]
        record(session, place.actor, "anchors.view", f"project:{place.project.id}", after=len(shown))
    return page(request, "anchors.html", status=status, rows=shown, dimensions=DIMENSIONS, wrong=wrong)


@router.get(f"{_AT}/export")
def show_export(request: Request, bench: Bench, place: Curator) -> Response:
    """Show what can be taken out, and the end of the audit trail."""
    return _export(request, bench, place)


@router.post(f"{_AT}/export/folder")
def to_folder(request: Request, bench: Bench, place: Curator) -> Response:
    """Write ratings and certified references into the dataset folder."""
    with bench.database.writing() as session:
        written = write_to_folder(
            session, place.actor, place.project.id, DatasetFolder.open(Path(place.project.folder))
        )  # fmt: skip
    return _export(request, bench, place, written=written)


@router.post(f"{_AT}/export/download")
def download(
    request: Request, bench: Bench, place: Curator, kind: Annotated[Literal["ratings.csv", "project.jsonl"], Form()]
) -> Response:  # fmt: skip
    """Return all ratings as a table, or the whole project as JSONL. That it was taken is noted in the trail."""
    with bench.database.writing() as session:
        if kind == "ratings.csv":
            content, media = ratings_csv(session, place.actor, place.project.id).encode(), "text/csv; charset=utf-8"
        else:
            content, media = _project_file(session, place), "application/jsonl; charset=utf-8"
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{kind}"'})


def _project_file(session: Any, place: Place) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "project.jsonl"
        export_project(session, place.actor, place.project.id, path)
        return path.read_bytes()


def _export(request: Request, bench: Workbench, place: Place, *, written: Any = None) -> Response:
    with bench.database.reading() as session:
        trail = session.scalars(select(Audit).order_by(Audit.id.desc()).limit(_N_TRAIL)).all()
        session.expunge_all()
    return page(request, "export.html", written=written, trail=trail, verified=verify(bench.database))
