"""The workbench as a web application."""

from collections.abc import Callable
from datetime import datetime

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from dermatrust.curate import (
    routes_account,
    routes_adjudicate,
    routes_admin,
    routes_assign,
    routes_curate,
    routes_images,
    routes_import,
    routes_pages,
    routes_rate,
    routes_revise,
    tables,
)  # fmt: skip
from dermatrust.curate.accounts import Accounts
from dermatrust.curate.database import Database
from dermatrust.curate.gate import (
    CHANGES_PER_MINUTE,
    AuthenticatorNeededError,
    NotSignedInError,
    Settings,
    Workbench,
    guard,
)
from dermatrust.curate.pages import go, problem, wants_json
from dermatrust.curate.passwords import Passwords
from dermatrust.curate.problems import ConflictError, RefusedError, WorkbenchError
from dermatrust.curate.score_limits import Allowance
from dermatrust.curate.security import Shield
from dermatrust.curate.sessions import Sessions
from dermatrust.curate.uploads import LARGEST_UPLOAD

ROUTERS = (
    routes_pages.router, routes_account.router, routes_rate.router, routes_revise.router, routes_adjudicate.router,
    routes_curate.router, routes_assign.router, routes_images.router, routes_import.router,
    routes_admin.router,
)  # fmt: skip
"""All routes, in the order of the work."""


def make_app(
    database: Database, settings: Settings, *, passwords: Passwords | None = None,
    clock: Callable[[], datetime] = tables.now, root_path: str = "",
) -> FastAPI:  # fmt: skip
    """Return the workbench over one database.

    Args:
        database: Where everything is kept; its tables must be there.
        settings: What whoever starts it may choose.
        passwords: How passwords are hashed.
        clock: What time it is, for sessions and limits.
        root_path: Beginning of its address behind a proxy, e.g. "/workbench".
    """
    app = FastAPI(
        title="dermatrust workbench", docs_url=None, redoc_url=None, openapi_url=None, root_path=root_path,
        dependencies=[Depends(guard)],
    )  # fmt: skip
    app.state.workbench = Workbench(
        database,
        Accounts(database, passwords, clock),
        Sessions(database, clock),
        settings,
        clock,
        Allowance(CHANGES_PER_MINUTE),
    )
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Shield, uploads={routes_import.UPLOAD: LARGEST_UPLOAD})
    app.exception_handler(WorkbenchError)(_on_problem)
    app.exception_handler(HTTPException)(_on_http)
    app.exception_handler(RequestValidationError)(_on_invalid)
    return app


def _on_problem(request: Request, error: WorkbenchError) -> Response:
    if isinstance(error, NotSignedInError) and request.method == "GET" and not wants_json(request):
        return go(request, "/login")
    if isinstance(error, AuthenticatorNeededError) and not wants_json(request):
        return go(request, "/account")
    status = 403 if isinstance(error, RefusedError) and error.reason == "role" else error.status
    fields = {"stored": error.stored} if isinstance(error, ConflictError) else {}
    return problem(request, status, str(error), retry_s=error.retry_s, **fields)


def _on_http(request: Request, error: HTTPException) -> Response:
    texts = {404: "There is no such page.", 405: "This page cannot do that.", 413: "The request is too large."}
    return problem(request, error.status_code, texts.get(error.status_code, "The request cannot be understood."))


def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    """Name the fields that are wrong; what was in them is not repeated."""
    named = sorted({".".join(str(part) for part in one["loc"][1:3]) for one in error.errors()})
    shown = ", ".join(name[:40] for name in named[:6] if name)
    return problem(request, 422, f"The request is not as it should be: {shown or 'its body'}.")
