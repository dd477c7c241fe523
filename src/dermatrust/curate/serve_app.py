"""The scoring API as an application: `POST /v1/score`, `/health`, `/metrics` and `/openapi.json`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.types import ASGIApp

from dermatrust import __version__
from dermatrust.curate.database import Database
from dermatrust.curate.image_checks import ImageRefusedError
from dermatrust.curate.score_answer import Answer
from dermatrust.curate.score_form import BODY, LARGEST_BODY, read_form
from dermatrust.curate.score_gate import ScoreGate
from dermatrust.curate.score_limits import Allowance, Answers, Places
from dermatrust.curate.score_metrics import CONTENT_TYPE, Metrics
from dermatrust.curate.score_problems import ApiError, Problem, answer_with_problems, documented
from dermatrust.curate.score_service import Asked, ScoreService
from dermatrust.curate.tokens import Caller, Scope, find_caller

PATHS = ("/v1/score", "/health", "/metrics", "/openapi.json")
_KEY = r"^[!-~]{1,128}$"
_BEARER = HTTPBearer(auto_error=False, description="Made by `dermatrust serve token create NAME`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class Health(BaseModel):
    """That the process answers."""

    status: str
    version: str
    evaluator: str


@dataclass(frozen=True, slots=True)
class Serving:
    """How much is taken on.

    Attributes:
        n_at_once: Requests worked on at the same time.
        n_waiting: Requests that may wait.
        per_minute: Requests a minute of one token.
    """

    n_at_once: int = 8
    n_waiting: int = 32
    per_minute: int = 120


def serve_app(service: ScoreService, database: Database, serving: Serving = Serving()) -> ASGIApp:
    """Return the scoring API.

    Args:
        service: Who scores.
        database: Where tokens are.
        serving: How much is taken on.
    """
    places = Places(serving.n_at_once, serving.n_waiting)
    metrics = Metrics(__version__, service.name, lambda: places.n_inside)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await service.close()

    app = FastAPI(
        title="dermatrust scoring API", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan,
        description="Six scores of a diagnostic narrative by the photograph alone. No score is clinical advice.",
    )  # fmt: skip
    answer_with_problems(app)
    _add_score(app, service, database, places, Allowance(serving.per_minute), metrics)
    _add_health(app, service)
    _add_metrics(app, database, metrics)
    _describe_problems(app)
    return ScoreGate(app, metrics=metrics, paths=PATHS, largest_body=LARGEST_BODY)


def _add_score(
    app: FastAPI, service: ScoreService, database: Database, places: Places, allowance: Allowance, metrics: Metrics
) -> None:
    answers: Answers[Answer] = Answers()

    async def scored(asked: Asked) -> Answer:
        async with places.working():
            try:
                answer = await service.score(asked)
            except ImageRefusedError as refused:
                metrics.refused(refused.fault)
                raise
        metrics.scored(
            answer.abstain_because, is_suspected=answer.injection_suspected, is_unfamiliar=answer.unfamiliar_text,
            has_writing=bool(answer.writing_in_image),
        )  # fmt: skip
        return answer

    @app.post(
        "/v1/score", response_model=Answer, openapi_extra={"requestBody": BODY},
        responses=documented(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
    )  # fmt: skip
    async def score(
        request: Request, caller: Annotated[Caller, Depends(_allowed("score", database))],
        idempotency_key: Annotated[str | None, Header(pattern=_KEY, description=_KEY_MEANS)] = None,
    ) -> Answer:  # fmt: skip
        """Score one narrative by one photograph. The same request with the same key gives the same answer again."""
        allowance.take(caller.id)
        with places.admitted():
            asked = await read_form(request)
            if idempotency_key is None:
                return await scored(asked)
            return await answers.once((caller.id, idempotency_key), asked.digest, lambda: scored(asked))


_KEY_MEANS = "Of your making, 1 to 128 visible ASCII characters. For an hour it stands for one request."


def _add_health(app: FastAPI, service: ScoreService) -> None:
    @app.get("/health", response_model=Health)
    async def health() -> Health:
        """Say that the process answers; it needs no token."""
        return Health(status="ok", version=__version__, evaluator=service.name)


def _add_metrics(app: FastAPI, database: Database, metrics: Metrics) -> None:
    @app.get(
        "/metrics", response_class=PlainTextResponse, responses=documented(401, 403, 503),
        dependencies=[Depends(_allowed("metrics", database))],
    )  # fmt: skip
    async def read_metrics() -> PlainTextResponse:
        """Return counts in Prometheus's text format."""
        return PlainTextResponse(metrics.text(), media_type=CONTENT_TYPE)


def _allowed(scope: Scope, database: Database) -> Callable[[Credentials], Caller]:
    """Return a dependency that lets only tokens of this scope pass."""

    def caller_of(credentials: Credentials) -> Caller:
        caller = None if credentials is None else find_caller(database, credentials.credentials)
        if caller is None:
            do = "Send `Authorization: Bearer TOKEN`."
            raise ApiError(401, "the request", "has no valid token", do, {"WWW-Authenticate": "Bearer"})
        if scope not in caller.scopes:
            raise ApiError(403, "the token", f"does not have the scope {scope}")
        return caller

    return caller_of


def _describe_problems(app: FastAPI) -> None:
    """Put the schema of problems into what OpenAPI says; FastAPI would describe them as another kind of content."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        schema = describe()
        schema["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return schema

    app.openapi = described  # type: ignore[method-assign]
