"""Who may look: whoever has the link that the command printed, from this machine."""

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dermatrust.explore.problems import ExploreProblem, problem_page

HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""Names under which a browser on this machine reaches us; any other came by a foreign name that points here."""

OPEN = "/static/"
"""Style and script of our own, which every page of refusal needs too."""


class Gate:
    """Lets in who has the key, and nobody who came by a foreign host name.

    An explorer shows scores, labels and models side by side. Were it open to every program and page on the machine, a
    rater's browser could read in it what the workbench hides. So the address printed carries a key (as Jupyter's does),
    which the browser keeps as a cookie that other sites cannot make it send, and requests whose `Host` is not this
    machine's are refused: a page elsewhere whose name is made to point here (DNS rebinding) gets nothing.

    Args:
        app: What to guard.
        key: Of the link.
        port: Part of the cookie's name: cookies are shared by all ports of a host.
    """

    def __init__(self, app: ASGIApp, *, key: str, port: int) -> None:
        self._app = app
        self._key = key
        self._secret = secrets.token_urlsafe(32)
        self.cookie = f"__Host-explore-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await (self._checked(scope) or self._app)(scope, receive, send)
        except ExploreProblem as problem:
            await problem_page(problem)(scope, receive, send)

    def _checked(self, scope: Scope) -> RedirectResponse | None:
        """Return where to go now that the key was shown, or nothing where the request may pass."""
        headers = Headers(scope=scope)
        if _host(headers.get("host", "")) not in HOSTS:
            raise ExploreProblem(421, "This address is not ours", "Use 127.0.0.1 or localhost.")
        if scope["method"] not in ("GET", "HEAD"):
            raise ExploreProblem(405, "Read-only", "The explorer shows runs and changes nothing.")
        if scope["path"].startswith(OPEN) or self._is_known(headers):
            return None
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("key", [""])[-1]
        if not _same(given, self._key):
            text = "Open the whole link that `dermatrust explore` printed; it holds the key."
            raise ExploreProblem(401, "Not signed in", text)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.cookie, self._secret, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    def _is_known(self, headers: Headers) -> bool:
        cookies = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return False
        morsel = cookies.get(self.cookie)
        return morsel is not None and _same(morsel.value, self._secret)


def _host(header: str) -> str:
    """Return the name in a `Host` header, without its port.

    Example:
        >>> _host("LOCALHOST:8700"), _host("[::1]:80"), _host("127.0.0.1.evil.example")
        ('localhost', '[::1]', '127.0.0.1.evil.example')
    """
    name, _, port = header.rpartition(":") if not header.endswith("]") else (header, "", "")
    return (name if port.isdecimal() and name else header).lower()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
