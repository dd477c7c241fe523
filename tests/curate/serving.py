"""The scoring API with evaluators whose replies are written down, for its tests."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.testclient import TestClient

from dermatrust.clients import AskFailed, Reply
from dermatrust.curate.database import Database
from dermatrust.curate.image_cleaning import clean_image
from dermatrust.curate.migrations import upgrade
from dermatrust.curate.score_service import ScoreService
from dermatrust.curate.serve_app import Serving, serve_app
from dermatrust.curate.tokens import create_token
from dermatrust.curate.trail import Actor
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.evaluator.form import Form
from dermatrust.evaluator.open import load_evaluator_prompt
from dermatrust.records import DIMENSIONS

from .uploads import encoded

BY = Actor("test")
FOURS = "Scores:\n" + "".join(f"{dimension.title}: 4/5\n" for dimension in DIMENSIONS)
PHOTO = encoded()


@dataclass
class WrittenDown:
    """A client that says what `answer(request)` says, after a while, and keeps what it was asked."""

    answer: object = FOURS
    delay_s: float = 0.0
    name: str = "written/down"
    leaves_machine: bool = False
    needs_images: bool = True
    asked: list = field(default_factory=list)
    n_open: int = 0
    most_open: int = 0
    guard: object = field(default_factory=threading.Lock)

    def endpoint(self, request):
        return {}

    async def ask(self, request):
        self.asked.append(request)
        self.n_open += 1
        self.most_open = max(self.most_open, self.n_open)
        try:
            await asyncio.sleep(self.delay_s)
            said = self.answer(request) if callable(self.answer) else self.answer
        finally:
            self.n_open -= 1
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Reply) else Reply(said, "stop", model_version="model-1")

    async def close(self):
        pass


def evaluator_of(client):
    prompt = load_evaluator_prompt()
    return Evaluator(client, Form(prompt.text, fenced=True), prompt=prompt.name_and_hash, rubric="rubric@1:abc")


def refused_by(kind, detail):
    return AskFailed(kind, detail)


class Api:
    """One API, its client with a token, and what is behind it."""

    def __init__(self, evaluator, database, serving=None, *, clean=clean_image, timeout_s=30.0):
        self.database = database
        self.app = serve_app(
            ScoreService(evaluator, clean, timeout_s=timeout_s), database, serving or Serving(per_minute=100_000)
        )
        self.token = create_token(database, "all", ["score", "metrics"], BY)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def headers(self, token=None, **more):
        return {"Authorization": f"Bearer {token or self.token}"} | {k.replace("_", "-"): v for k, v in more.items()}

    def score(self, narrative="A red plaque.", image=PHOTO, *, name="a.jpg", token=None, key=None, **fields):
        more = {} if key is None else {"Idempotency_Key": key}
        return self.client.post(
            "/v1/score", files={"image": (name, image)}, data={"narrative": narrative} | fields,
            headers=self.headers(token, **more),
        )  # fmt: skip


@contextmanager
def open_api(folder, answer=FOURS, serving=None, *, evaluator=None, delay_s=0.0, **settings):
    client = WrittenDown(answer, delay_s)
    database = Database.open(folder / "serve.db")
    upgrade(database)
    api = Api(evaluator or evaluator_of(client), database, serving, **settings)
    api.behind = client
    with api.client:
        yield api
    database.close()


@contextmanager
def running(app):
    """Serve an application on a free port of this machine, in a thread; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    listening.close()
    assert not thread.is_alive(), "the server did not stop"
