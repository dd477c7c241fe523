"""The page on which a curator brings in a dataset or a project: uploaded, looked at, and then taken in or dropped."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from dermatrust.curate import arrivals
from dermatrust.curate.gate import Bench, ForbiddenError, Signed, Workbench, actor_of, projects_of
from dermatrust.curate.new_project import NewProject
from dermatrust.curate.pages import go, page
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.routes_pages import stay_in_only_project
from dermatrust.curate.trail import Actor, record
from dermatrust.curate.unpacking import MOST_FILES
from dermatrust.curate.uploads import KEEP_S, LARGEST_UPLOAD, Upload, Uploads, write_upload
from dermatrust.errors import UserError

router = APIRouter(include_in_schema=False)
UPLOAD = ("PUT", "/import/file")
"""The one request that may be large."""


def importer(request: Request, bench: Bench, signed: Signed) -> Actor:
    """Return who is signed in, if they look after a project, or after the workbench.

    Raises:
        ForbiddenError: Somebody else is.
    """
    by = actor_of(request, signed)
    with bench.database.reading() as session:
        if not signed.user.is_admin and all(role != "curator" for _, role in projects_of(session, by)):
            raise ForbiddenError("this page", "is for curators")
    return by


Importer = Annotated[Actor, Depends(importer)]


def own_upload(request: Request, bench: Bench, signed: Signed, upload_id: str) -> Upload:
    """Return the upload in the path, to whom it belongs and to nobody else."""
    upload = uploads_of(bench).find(upload_id, signed.user.id)
    importer(request, bench, signed)
    return upload


Own = Annotated[Upload, Depends(own_upload)]


def uploads_of(bench: Workbench) -> Uploads:
    """Return where uploads and the datasets that came of them lie: beside the images that pages show."""
    cache = bench.settings.image_cache
    return Uploads(cache.with_name("incoming"), cache.with_name("datasets"))


@router.get("/import")
def show(request: Request, bench: Bench, by: Importer) -> Response:
    """Show what can be brought in."""
    stay_in_only_project(request, bench, request.state.signed)
    limits = {"most_mb": LARGEST_UPLOAD // 1024**2, "most_files": MOST_FILES}
    return page(request, "import.html", **limits, minutes=KEEP_S // 60)


@router.put("/import/file")
async def receive(request: Request, bench: Bench, by: Importer) -> Response:
    """Store a file, look at it, and say where its report is. Its name is not asked for."""
    assert by.user_id is not None
    upload = await run_in_threadpool(uploads_of(bench).begin, by.user_id)
    try:
        await write_upload(upload, request.stream())
        await run_in_threadpool(arrivals.look, bench.database, by, upload)
    except BaseException:
        upload.drop()
        raise
    return JSONResponse({"at": f"/import/{upload.id}"})


@router.get("/import/{upload_id}")
def report(request: Request, bench: Bench, upload: Own) -> Response:
    """Show what would come in, or what is wrong."""
    return _report(request, bench, upload)


@router.post("/import/{upload_id}")
def take(
    request: Request, bench: Bench, signed: Signed, upload: Own, wanted: Annotated[NewProject, Form()]
) -> Response:  # fmt: skip
    """Take in what was looked at."""
    found, by = upload.report, actor_of(request, signed)
    if found.faults:
        raise RefusedError("the upload", "has faults", "one without")
    if found.kind == "project":
        return _taken(request, bench, upload, lambda: arrivals.take_project(bench.database, by, upload))
    return _taken(
        request, bench, upload, lambda: arrivals.take_dataset(bench.database, by, upload, uploads_of(bench), wanted),
        wanted,
    )  # fmt: skip


@router.post("/import/{upload_id}/drop")
def drop(request: Request, bench: Bench, signed: Signed, upload: Own) -> Response:
    """Throw an upload away."""
    with bench.database.writing() as session:
        record(session, actor_of(request, signed), "upload.drop", f"upload:{upload.id}")
    upload.drop()
    return go(request, "/import")


def _taken(
    request: Request, bench: Workbench, upload: Upload, work: Callable[[], int], wanted: NewProject | None = None
) -> Response:
    try:
        project_id = work()
    except UserError as error:
        return _report(request, bench, upload, wanted, status=getattr(error, "status", 422), wrong=str(error))
    return go(request, f"/projects/{project_id}/progress")


def _report(
    request: Request, bench: Workbench, upload: Upload, wanted: NewProject | None = None, *, status: int = 200,
    wrong: str = "",
) -> Response:  # fmt: skip
    """Show what was found, with what somebody has filled in already; no path of this machine is in it."""
    stay_in_only_project(request, bench, request.state.signed)
    wrong = wrong.replace(f"{upload.room}/", "").replace(str(upload.room), "")
    wrong = re.sub(rf"{re.escape(str(uploads_of(bench)._datasets))}/?[\w-]*", "the dataset", wrong)
    return page(
        request, "arrival.html", status=status, upload=upload, found=upload.report, wrong=wrong,
        wanted=wanted or NewProject(),
    )  # fmt: skip
