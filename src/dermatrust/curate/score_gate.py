"""What stands between the network and every route of the scoring API: size limit, headers, failures, log, counts."""

import logging
import secrets
from time import monotonic

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dermatrust.curate.body_limit import limited
from dermatrust.curate.failures import places_of
from dermatrust.curate.score_metrics import Metrics
from dermatrust.curate.score_problems import ApiError

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LOG = logging.getLogger("dermatrust.serve")


class ScoreGate:
    """Wraps the application of the scoring API.

    Every answer gets the headers above and an id that the log carries too. The log has route, status and time, never
    anything of a request's body, query or headers; of a failure it has where it happened, not what was said.

    Args:
        app: What to wrap.
        metrics: Counts the answers.
        paths: Routes that are counted by name.
        largest_body: In bytes.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, paths: tuple[str, ...], largest_body: int) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths
        self._largest = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, request_id, status = monotonic(), secrets.token_hex(8), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update({**HEADERS, "X-Request-Id": request_id})
            await send(message)

        announced = Headers(scope=scope).get("content-length", "")
        try:
            await self._app(scope, limited(receive, self._largest, _too_large, announced=announced), sent)
        except Exception as error:  # whatever it is, its message may quote a narrative
            _LOG.error("%s failed: %s in %s", request_id, type(error).__name__, places_of(error))
        finally:
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.answered(path, status, monotonic() - begun)
            _LOG.info("%s %s %d %.0f ms", request_id, path, status, 1000 * (monotonic() - begun))


def _too_large() -> ApiError:
    return ApiError(413, "the request", "is too large", "Send one image of at most 10 MiB and one narrative.")
