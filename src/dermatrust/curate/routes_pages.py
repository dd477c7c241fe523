"""Pages that belong to no one task: the start, the guideline, help; and the files of all pages."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from dermatrust.curate.gate import Bench, Signed, Workbench, actor_of, projects_of
from dermatrust.curate.pages import page, static_files
from dermatrust.curate.sessions import SignedIn
from dermatrust.curate.tables import Project
from dermatrust.judge.rubric import load_rubric
from dermatrust.records import DIMENSIONS

router = APIRouter(include_in_schema=False)


@router.get("/")
def start(request: Request, bench: Bench, signed: Signed) -> Response:
    """Show the projects a person has something to do in."""
    projects = stay_in_only_project(request, bench, signed)
    may_import = signed.user.is_admin or any(role == "curator" for _, role in projects)
    return page(request, "start.html", projects=projects, may_import=may_import)


@router.get("/guideline")
def guideline(request: Request, bench: Bench, signed: Signed) -> Response:
    """Show the rubric: the same text that judges are given."""
    stay_in_only_project(request, bench, signed)
    return page(request, "guideline.html", rubric=load_rubric(), dimensions=DIMENSIONS)


@router.get("/help")
def help_page(request: Request, bench: Bench, signed: Signed) -> Response:
    """Show the keys, and what happens to what a person enters."""
    stay_in_only_project(request, bench, signed)
    return page(request, "help.html", keeps_drafts=bench.settings.keeps_drafts)


@router.get("/static/{version}/{name}")
def static(version: str, name: str) -> Response:
    """Return a stylesheet, a script or a picture of the pages; only names that are in the package are known."""
    found = static_files().get(name)
    if found is None:
        raise HTTPException(404)
    return Response(found[0], media_type=found[1], headers={"Cache-Control": "public, max-age=31536000, immutable"})


@router.get("/favicon.ico")
def favicon() -> Response:
    """Return the little picture that browsers ask every site for."""
    return static("", "mark.svg")


def stay_in_only_project(request: Request, bench: Workbench, signed: SignedIn) -> list[tuple[Project, str]]:
    """Return somebody's projects; the links to an only one stay in the bar of a page that belongs to none."""
    with bench.database.reading() as session:
        projects = projects_of(session, actor_of(request, signed))
        session.expunge_all()
    if len(projects) == 1:
        request.state.place = projects[0]
    return projects
