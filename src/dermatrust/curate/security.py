"""What stands between the network and every route: headers, size limits, forged requests, failures, and the log."""

import html
import json
import logging
import secrets
from collections.abc import Mapping
from time import monotonic
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dermatrust.curate.body_limit import limited
from dermatrust.curate.failures import places_of

COOKIE = "__Host-sid"
LARGEST_BODY = 256 * 1024
"""Bytes of a request: six scores, a reason and a narrative are far less."""
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
        "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
    )
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_HSTS = "max-age=31536000; includeSubDomains"
_SAFE = ("GET", "HEAD", "OPTIONS")
_ACCEPTED = ("application/x-www-form-urlencoded", "application/json")
_FILE = "application/octet-stream"
_LOG = logging.getLogger("dermatrust.curate")


class Shield:
    """Wraps the application.

    Every answer gets the headers above, `no-store` unless the route says otherwise, and an id that the log and the
    audit trail carry too. A failure becomes a page that shows this id and nothing else; the log gets where it
    happened, but not its message, which might quote a narrative.

    Args:
        app: What to wrap.
        largest_body: In bytes.
        uploads: Method and path of requests that bring a file as it is, to the bytes it may have.
    """

    def __init__(
        self, app: ASGIApp, largest_body: int = LARGEST_BODY, uploads: Mapping[tuple[str, str], int] | None = None
    ) -> None:  # fmt: skip
        self._app = app
        self._largest = largest_body
        self._uploads = uploads or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        upload = self._uploads.get((scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))))
        largest, accepted = (self._largest, _ACCEPTED) if upload is None else (upload, (_FILE,))
        refusal = _refusal(scope, largest, accepted)
        if refusal:
            await exchange.answer(*refusal)
        else:
            await self._run(scope, limited(receive, largest, BodyTooLarge), exchange)
        exchange.log()

    async def _run(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        try:
            await self._app(scope, receive, exchange.send)
        except Exception as error:  # the last resort: whatever it is, the reader must not see it
            _LOG.error("%s failed: %s in %s", exchange.id, type(error).__name__, places_of(error))
            await exchange.answer(500, "Something went wrong here. What was saved is kept.")


class BodyTooLarge(HTTPException):
    """More bytes came than any of our requests needs."""

    def __init__(self) -> None:
        super().__init__(413, "The request is too large.")


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = self.id
        self._scope = scope
        self._send = send
        self._begun = monotonic()
        self._status = 0

    async def send(self, message: Message) -> None:
        """Pass on a message of the answer, with our headers."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if self._scope.get("scheme") == "https":
                headers["Strict-Transport-Security"] = _HSTS
            headers.setdefault("Cache-Control", "no-store")
            headers["X-Request-Id"] = self.id
        await self._send(message)

    async def answer(self, status: int, text: str) -> None:
        """Answer with a plain page, unless the answer has begun."""
        if self._status:
            return
        body, kind = _plain_page(status, text, self.id), b"text/html; charset=utf-8"
        headers = Headers(scope=self._scope)
        if "json" in headers.get("accept", "") + headers.get("content-type", ""):
            body, kind = json.dumps({"problem": text, "request_id": self.id}).encode(), b"application/json"
        length = str(len(body)).encode()
        start = [(b"content-type", kind), (b"content-length", length)]
        await self.send({"type": "http.response.start", "status": status, "headers": start})
        await self.send({"type": "http.response.body", "body": body})

    def log(self) -> None:
        """Write one line: no query, no body, no header, and nothing in it that could begin a second line."""
        path = ascii(self._scope["path"])[1:-1]
        took = 1000 * (monotonic() - self._begun)
        method = ascii(self._scope["method"])[1:-1]
        _LOG.info("%s %s %s %d %.0f ms", self.id, method, path[:200], self._status, took)


def _plain_page(status: int, text: str, request_id: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{status}</title></head><body><main>'
        f"<h1>{status}</h1><p>{html.escape(text)}</p><p>Request {request_id}</p></main></body></html>"
    ).encode()


def _refusal(scope: Scope, largest: int, accepted: tuple[str, ...]) -> tuple[int, str] | None:
    """Return status and reason, if the request is to be turned away before anybody reads it."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        return 400, "The length of the request is not a number."
    if int(length) > largest:
        return 413, "The request is too large."
    if scope["method"] in _SAFE:
        return None
    if not _is_from_here(headers):
        return 403, "This came from another site."
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = length != "0" or "transfer-encoding" in headers
    if kind not in accepted and (has_body or kind):
        return 415, "This kind of body is not understood."
    return None


def _is_from_here(headers: Headers) -> bool:
    """Return whether a browser says that one of our own pages asks; programs that are no browsers say nothing."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")
