"""Signing in and out, choosing a password, and the authenticator."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from dermatrust.curate.gate import Bench, Signed, Workbench, actor_of
from dermatrust.curate.pages import go, page
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.routes_pages import stay_in_only_project
from dermatrust.curate.security import COOKIE
from dermatrust.curate.sessions import SignedIn
from dermatrust.curate.totp import new_secret, provisioning_uri
from dermatrust.curate.trail import Actor, record

router = APIRouter(include_in_schema=False)
Field = Annotated[str, Form(max_length=1_000)]
_WRONG = "Name, password or code is wrong."


@router.get("/login")
def login_page(request: Request) -> Response:
    """Show the form to sign in with."""
    return page(request, "login.html", wrong="")


@router.post("/login")
def login(request: Request, bench: Bench, name: Field = "", password: Field = "", code: Field = "") -> Response:
    """Sign somebody in with a new token; the one the browser may have had is good no more."""
    user = bench.accounts.sign_in(name, password, code, address_of(request), request.state.request_id)
    if user is None:
        return page(request, "login.html", status=401, wrong=_WRONG)
    token = bench.sessions.begin(user.id, request.cookies.get(COOKIE))
    return _with_cookie(go(request, "/"), token)


@router.post("/logout")
def logout(request: Request, bench: Bench, signed: Signed) -> Response:
    """Sign out here, and have the browser forget what it kept for the pages."""
    bench.sessions.end(request.cookies[COOKIE])
    with bench.database.writing() as session:
        record(session, actor_of(request, signed), "logout", f"user:{signed.user.id}")
    answer = go(request, "/login")
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@router.get("/welcome")
def welcome_page(request: Request) -> Response:
    """Show the form in which somebody who was invited chooses a password."""
    return page(request, "welcome.html", wrong="", secret="")


@router.post("/welcome")
def welcome(
    request: Request, bench: Bench, secret: Field = "", password: Field = "", again: Field = ""
) -> Response:  # fmt: skip
    """Let the owner of an invitation choose a password."""
    if password != again:
        return page(request, "welcome.html", status=422, wrong="The two passwords differ.", secret=secret)
    try:
        bench.accounts.accept(secret, password, Actor("nobody", None, request.state.request_id))
    except (NotFoundError, RefusedError) as error:
        return page(request, "welcome.html", status=error.status, wrong=str(error), secret=secret)
    return page(request, "login.html", wrong="", welcome="Your password is set. Sign in with it.")


@router.get("/account")
def account(request: Request, bench: Bench, signed: Signed) -> Response:
    """Show a person's own account."""
    return _account(request, bench, signed)


@router.post("/account/password")
def change_password(
    request: Request, bench: Bench, signed: Signed, current: Field = "", password: Field = "", again: Field = ""
) -> Response:  # fmt: skip
    """Change the password; every other browser of this person is signed out."""
    if password != again:
        return _account(request, bench, signed, wrong="The two passwords differ.")
    try:
        prove(request, bench, signed, current)
        bench.accounts.change_password(signed.user.id, password, actor_of(request, signed))
    except RefusedError as error:
        return _account(request, bench, signed, wrong=str(error))
    return _with_cookie(go(request, "/account"), bench.sessions.begin(signed.user.id))


@router.post("/account/authenticator")
def set_authenticator(
    request: Request, bench: Bench, signed: Signed, current: Field = "", secret: Field = "", code: Field = ""
) -> Response:  # fmt: skip
    """Tie an authenticator to the account, or without a secret untie it."""
    try:
        prove(request, bench, signed, current)
        bench.accounts.set_authenticator(signed.user.id, secret or None, code, actor_of(request, signed))
    except RefusedError as error:
        return _account(request, bench, signed, wrong=str(error), secret=secret)
    return go(request, "/account")


def prove(request: Request, bench: Workbench, signed: SignedIn, password: str) -> None:
    """Make sure that whoever sits there knows the password, and note when it was given.

    Raises:
        RefusedError: It is wrong.
    """
    if not bench.accounts.proves(signed.user, password, address_of(request), request.state.request_id):
        raise RefusedError("the password", "is not yours", reason="sign in again")
    bench.sessions.authenticated(signed.key)


def address_of(request: Request) -> str:
    """Return from where a request comes; behind a proxy that is trusted, what the proxy says."""
    return request.client.host if request.client else "unknown"


def _account(
    request: Request, bench: Workbench, signed: SignedIn, *, wrong: str = "", secret: str = ""
) -> Response:  # fmt: skip
    stay_in_only_project(request, bench, signed)
    secret = secret or new_secret()
    uri = provisioning_uri(secret, signed.user.name)
    has_one, needs_one = signed.user.totp_secret is not None, bench.settings.needs_authenticator
    status = 422 if wrong else 200
    return page(
        request,
        "account.html",
        status=status,
        wrong=wrong,
        secret=secret,
        uri=uri,
        has_one=has_one,
        needs_one=needs_one,
    )


def _with_cookie(answer: Response, token: str) -> Response:
    answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="lax")
    return answer
