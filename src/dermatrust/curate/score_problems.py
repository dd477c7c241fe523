"""What the scoring API answers instead of scores: RFC 9457 problem details, which never repeat what was sent."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from dermatrust.curate.problems import WorkbenchError

MEDIA_TYPE = "application/problem+json"
_WHEN = {
    400: "The form cannot be read.",
    401: "There is no valid token.",
    403: "The token does not allow this.",
    404: "There is no such address.",
    405: "The address does not take this method.",
    408: "The request did not arrive in time.",
    409: "The idempotency key belongs to another request.",
    413: "The request or the image is too large.",
    415: "The body is no form, or the image no JPEG, PNG or WebP.",
    422: "A field is missing or unfit, or the image is none that can be scored.",
    429: "This token has asked too often.",
    500: "A fault of ours.",
    503: "The queue is full, or the evaluator does not answer. Retry-After says when to try again.",
}


class Problem(BaseModel):
    """Why there are no scores (RFC 9457)."""

    type: str = Field(default="about:blank")
    title: str = Field(description="The status in words.")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What is wrong and what to do; nothing of what was sent.")
    reason: str | None = Field(default=None, description="For programs: why an image was refused.")


class ApiError(WorkbenchError):
    """An answer without scores.

    Attributes:
        status: Of HTTP.
        headers: That go with it.
    """

    def __init__(self, status: int, where: str, what: str, do: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(where, what, do=do)
        self.status = status
        self.headers = headers or {}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the problems an operation may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": _WHEN[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }
    for status in {429, 503} & found.keys():
        wait = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
        found[status]["headers"] = {"Retry-After": wait}
    if 401 in found:
        found[401]["headers"] = {"WWW-Authenticate": {"description": "Bearer", "schema": {"type": "string"}}}
    return found


def problem(
    status: int, detail: str, *, reason: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a problem as an answer."""
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, reason=reason)
    return JSONResponse(told.model_dump(exclude_none=True), status, headers, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Let an application answer with problems, whatever goes wrong."""

    @app.exception_handler(WorkbenchError)
    async def refused(_request: Request, error: WorkbenchError) -> JSONResponse:
        return problem(
            error.status, str(error), reason=getattr(error, "fault", None), headers=getattr(error, "headers", None)
        )

    @app.exception_handler(HTTPException)
    async def failed(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, _WHEN.get(error.status_code, "It failed."), headers=_plain(error.headers))

    @app.exception_handler(Exception)
    async def broken(_request: Request, _error: Exception) -> JSONResponse:
        return problem(500, _WHEN[500])

    @app.exception_handler(RequestValidationError)
    async def unfit(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Only where and which rule: FastAPI's own answer repeats the input, and cannot encode all of it.
        faults = [f"{'.'.join(map(str, one['loc'][-1:]))}: {one['type']}" for one in error.errors()]
        return problem(422, "; ".join(faults))


def _plain(headers: Any) -> dict[str, str]:
    return {name: headers[name] for name in ("Allow", "Retry-After") if headers and name in headers}
