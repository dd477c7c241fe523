"""People: who has an account, and what they do in which project."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy import select

from dermatrust.curate.gate import Administrator, Bench, Workbench
from dermatrust.curate.pages import go, page
from dermatrust.curate.problems import WorkbenchError
from dermatrust.curate.projects import set_member
from dermatrust.curate.routes_pages import stay_in_only_project
from dermatrust.curate.tables import Member, Project, User

router = APIRouter(include_in_schema=False)
UserId = Annotated[int, Form(ge=1, lt=2**63)]


@router.get("/people")
def people(request: Request, bench: Bench, by: Administrator) -> Response:
    """Show all accounts and their roles."""
    return _people(request, bench)


@router.post("/people")
def invite(
    request: Request, bench: Bench, by: Administrator, name: Annotated[str, Form(max_length=200)] = "",
    is_admin: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Make an account, and show once the secret with which its owner chooses a password."""
    try:
        secret = bench.accounts.invite(name.strip(), by, is_admin=is_admin)
    except WorkbenchError as error:
        return _people(request, bench, wrong=str(error), status=error.status)
    return _people(request, bench, invited=name.strip(), secret=secret)


@router.post("/people/{user_id}/invite")
def invite_again(request: Request, bench: Bench, by: Administrator, user_id: int) -> Response:
    """Show once a new secret for somebody who lost the password."""
    secret = bench.accounts.invite_again(user_id, by)
    with bench.database.reading() as session:
        name = session.get_one(User, user_id).name
    return _people(request, bench, invited=name, secret=secret)


@router.post("/people/{user_id}/disable")
def disable(
    request: Request, bench: Bench, by: Administrator, user_id: int, is_disabled: Annotated[bool, Form()] = True
) -> Response:  # fmt: skip
    """Shut an account at once, or open it again."""
    bench.accounts.disable(user_id, by, is_disabled=is_disabled)
    return go(request, "/people")


@router.post("/projects/{project_id}/members")
def set_role(
    request: Request, bench: Bench, by: Administrator, project_id: int, user_id: UserId,
    role: Annotated[Literal["rater", "adjudicator", "curator", "none"], Form()],
) -> Response:  # fmt: skip
    """Give a person a role in a project, another one, or none."""
    with bench.database.writing() as session:
        set_member(session, by, project_id, user_id, None if role == "none" else role)
    return go(request, "/people")


def _people(
    request: Request, bench: Workbench, *, status: int = 200, wrong: str = "", invited: str = "", secret: str = ""
) -> Response:  # fmt: skip
    stay_in_only_project(request, bench, request.state.signed)
    with bench.database.reading() as session:
        users = session.scalars(select(User).order_by(User.name)).all()
        projects = session.scalars(select(Project).order_by(Project.id)).all()
        roles = {(m.project_id, m.user_id): m.role for m in session.scalars(select(Member))}
        session.expunge_all()
    return page(
        request, "people.html", status=status, users=users, projects=projects, roles_of=roles, wrong=wrong,
        invited=invited, secret=secret,
    )  # fmt: skip
