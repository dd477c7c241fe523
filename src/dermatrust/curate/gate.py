"""Who may do what: the person behind a request, forged requests, and roles in projects."""

import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import anyio.to_thread
from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.access import role_in
from dermatrust.curate.accounts import Accounts
from dermatrust.curate.columns import LARGEST_ID
from dermatrust.curate.database import Database
from dermatrust.curate.problems import NotFoundError, WorkbenchError
from dermatrust.curate.score_limits import Allowance
from dermatrust.curate.security import COOKIE
from dermatrust.curate.sessions import Sessions, SignedIn
from dermatrust.curate.tables import Project
from dermatrust.curate.trail import Actor

CHANGES_PER_MINUTE = 1_200
"""Of one person: four times what the rating page sends from somebody who never stops typing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What whoever starts the workbench may choose.

    Attributes:
        needs_authenticator: Nobody gets further than their account without one.
        keeps_drafts: Browsers may keep scores that the server has not confirmed yet.
        image_cache: Folder for images without metadata, as pages show them.
    """

    image_cache: Path
    needs_authenticator: bool = False
    keeps_drafts: bool = True


@dataclass(frozen=True, slots=True)
class Workbench:
    """What every route works with."""

    database: Database
    accounts: Accounts
    sessions: Sessions
    settings: Settings
    clock: Callable[[], datetime]
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class Place:
    """A project and what the person does there.

    Attributes:
        project: The project.
        role: Rater, adjudicator or curator.
        actor: The person, as the audit trail names them.
        signed: The person's session.
    """

    project: Project
    role: str
    actor: Actor
    signed: SignedIn


class NotSignedInError(WorkbenchError):
    """Nobody is signed in, or no longer."""

    status = 401


class ForbiddenError(WorkbenchError):
    """The person may not do this, or the request is not theirs."""

    status = 403


class HurriedError(WorkbenchError):
    """The person, or a program with their session, changes more in a minute than anybody can."""

    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__("you", "sent more than anybody can", do=f"Try again in {wait_s} s.")
        self.retry_s = wait_s


class AuthenticatorNeededError(WorkbenchError):
    """The person must set up an authenticator first."""

    status = 403


def the_workbench(request: Request) -> Workbench:
    """Return what the application was made with."""
    workbench = request.app.state.workbench
    assert isinstance(workbench, Workbench)
    return workbench


async def _bench(request: Request) -> Workbench:
    # Nothing is awaited, but FastAPI gives every plain function to a thread, which costs more than all it does.
    return the_workbench(request)


Bench = Annotated[Workbench, Depends(_bench)]


async def guard(request: Request) -> None:
    """Find out who asks, for every route, and refuse what another site made their browser send.

    Raises:
        ForbiddenError: A request that changes something comes with a session, but without that session's token.
        HurriedError: The person has used up how many changes they may make.
    """
    token = request.cookies.get(COOKIE)
    bench = the_workbench(request)
    signed = await anyio.to_thread.run_sync(bench.sessions.find, token) if token else None
    request.state.signed = signed
    if signed is None or request.method in ("GET", "HEAD", "OPTIONS"):
        return
    brought = request.headers.get("x-csrf-token")
    if brought is None and "json" not in request.headers.get("content-type", ""):
        field = (await request.form()).get("csrf")
        brought = field if isinstance(field, str) else None
    if not hmac.compare_digest((brought or "").encode(), signed.csrf.encode()):
        raise ForbiddenError("the form", "was not made for this session", do="Load the page again.")
    if wait_s := bench.allowance.wait_s(signed.user.id):
        raise HurriedError(wait_s)


async def signed_in(request: Request) -> SignedIn:
    """Return who is signed in; awaits nothing, as `_bench`.

    Raises:
        NotSignedInError: Nobody is.
        AuthenticatorNeededError: An authenticator is needed and the person has none yet.
    """
    signed: SignedIn | None = request.state.signed
    if signed is None:
        raise NotSignedInError("this page", "needs you to sign in")
    needs = the_workbench(request).settings.needs_authenticator and signed.user.totp_secret is None
    if needs and not request.scope["path"].startswith(("/account", "/logout")):
        raise AuthenticatorNeededError("your account", "needs an authenticator first")
    return signed


Signed = Annotated[SignedIn, Depends(signed_in)]


def actor_of(request: Request, signed: SignedIn) -> Actor:
    """Return the person as the audit trail names them."""
    return Actor(signed.user.name, signed.user.id, request.state.request_id)


def administrator(request: Request, signed: Signed) -> Actor:
    """Return the administrator who is signed in.

    Raises:
        ForbiddenError: Somebody else is.
    """
    if not signed.user.is_admin:
        raise ForbiddenError("this page", "is for administrators")
    return actor_of(request, signed)


Administrator = Annotated[Actor, Depends(administrator)]


def projects_of(session: Session, by: Actor) -> list[tuple[Project, str]]:
    """Return the projects a person has a role in, with the role, in the order they were made."""
    found = []
    for project in session.scalars(select(Project).order_by(Project.id)):
        with suppress(NotFoundError):
            found.append((project, role_in(session, by, project.id)))
    return found


def in_project(*allowed: str) -> Callable[[Request, int, Workbench, SignedIn], Place]:
    """Return a dependency: the project in the path, for people with one of these roles in it.

    To everybody without any role in a project it does not exist (404); to those with another role it is closed (403).
    """

    def place(request: Request, project_id: int, bench: Bench, signed: Signed) -> Place:
        return place_of(request, bench, signed, project_id, *allowed)

    return place


def place_of(request: Request, bench: Workbench, signed: SignedIn, project_id: int, *allowed: str) -> Place:
    """Return the project, if the person has one of these roles in it; see `in_project`."""
    actor = actor_of(request, signed)
    with bench.database.reading() as session:
        if not 0 < project_id <= LARGEST_ID:
            raise NotFoundError("the page", "does not exist, or not for you")
        role = role_in(session, actor, project_id)
        project = session.get_one(Project, project_id)
        session.expunge_all()
    request.state.place = (project, role)
    if role not in allowed:
        raise ForbiddenError("this page", f"is for people who are {' or '.join(allowed)} in this project")
    return Place(project, role, actor, signed)


Rater = Annotated[Place, Depends(in_project("rater"))]
Adjudicator = Annotated[Place, Depends(in_project("adjudicator"))]
Curator = Annotated[Place, Depends(in_project("curator"))]
