"""Run folders made by hand, and the explorer over them. Nothing here is a real patient or a real result."""

import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

import uvicorn
from PIL import Image
from starlette.testclient import TestClient

from dermatrust.explore.app import explore_app
from dermatrust.explore.datasets import Datasets
from dermatrust.explore.runs import Runs
from dermatrust.records import (
    DIMENSIONS,
    Case,
    ClinicalContext,
    DatasetCard,
    JudgeCard,
    Manifest,
    ModelCard,
    Narrative,
    Rating,
    ScoreRow,
)
from dermatrust.store import append_records, write_dataset
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import write_scores

KEY, PORT = "the-key-of-the-tests", 8700
SITES = ("face", "back", None)


def make_dataset(path, ids, *, card, category="Eczema", note=""):
    """A dataset folder with a picture, a draft reference and a person's rating for every case."""
    picture = path.parent / "pixel.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), "brown").save(picture)
    cases = [
        Case(id=name, patient_id=f"p{k // 2}", label="psoriasis", category=category, file_names=(f"images/{k}.png",),
             fitzpatrick=1 + k % 6, context=ClinicalContext(age=40.0, site=SITES[k % 3], note=note or None))
        for k, name in enumerate(ids)
    ]  # fmt: skip
    references = [
        Narrative(id=f"{name}:ref", case_id=name, text="A red plaque.", author="drafter", stream="reference")
        for name in ids
    ]
    write_dataset(path, card, cases, references, [(f"images/{k}.png", picture) for k in range(len(ids))])
    return DatasetFolder.open(path)


def make_run(path, *, ids=None, authors=("strong", "weak"), raters=("lexical", "judge"), text="A red plaque.",
             critique="Too short.", may_leave=True, is_kept=True, unfamiliar=(), **about):  # fmt: skip
    """A finished run of drawn scores, with its dataset folder beside it."""
    ids = ids or [f"case-{k:02}" for k in range(24)]
    card = DatasetCard(
        name=about.pop("dataset", "drawn"), version="1", source="drawn", licence="CC0-1.0", consent="nobody",
        synthetic=about.pop("synthetic", True), may_leave_machine=may_leave,
    )  # fmt: skip
    folder = make_dataset(path.parent / f"{path.name}-data", ids, card=card, **about)
    rng = np.random.default_rng(0)
    rows, narratives, ratings = [], [], []
    for case in folder.iter_cases():
        for k, author in enumerate(authors):
            narrative = Narrative.candidate(case_id=case.id, author=author, text=text)
            narratives.append(narrative)
            for rater in raters:
                scores = {d: float(np.clip(round(4 - 1.5 * k + rng.normal(0, 0.7), 1), 0, 5)) for d in DIMENSIONS}
                ratings.append(Rating(narrative_id=narrative.id, rater=rater, scores=scores, critique=critique))
                rows += [
                    ScoreRow(
                        case_id=case.id, patient_id=case.patient_id, category=case.category, site=case.context.site,
                        fitzpatrick=case.fitzpatrick, narrative_id=narrative.id, author=author, rater=rater,
                        dimension=d, refused=False, empty=False, score=score, spread=None, n_draws=1,
                        unscored=None, reference="draft", injection_suspected=False,
                        unfamiliar_text=rater == "judge" and author == "weak" and case.id in unfamiliar,
                    )
                    for d, score in scores.items()
                ]  # fmt: skip
    run = RunFolder(path)
    kinds = {rater: "lexical" if rater == "lexical" else "llm" for rater in raters}
    run.write_manifest(Manifest(
        run_id=path.name, code_version="0.1.0", command="tests", dataset=card, dataset_hash=folder.content_hash(),
        n_cases=len(ids), models=tuple(ModelCard(model=name, family="f") for name in authors),
        judges=tuple(JudgeCard(judge=name, kind=kinds[name], family="f", version="1", rubric="r") for name in raters),
        prompts={"candidate@1": "0123456789abcdef"}, seeds={"bootstrap": 0}, config={"dataset": folder.path.name},
        started="2026-01-01T00:00:00+00:00",
    ))  # fmt: skip
    write_scores(run.scores_path, rows)
    if is_kept:
        append_records(run.narratives_path, narratives)
        append_records(run.ratings_path, ratings)
    return folder


def make_client(*paths: Path, datasets=(), key=KEY, host="127.0.0.1"):
    app = explore_app(Runs(paths), Datasets(datasets), key=KEY, port=PORT)
    client = TestClient(app, base_url=f"https://{host}:{PORT}", raise_server_exceptions=False)
    if key:
        client.get(f"/?key={key}")
    return client


@pytest.fixture
def run_of():
    return make_run


@pytest.fixture
def client_of():
    return make_client


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of two runs."""
    path = tmp_path_factory.mktemp("runs")
    make_run(path / "one")
    make_run(path / "two", authors=("only",), dataset="other")
    return path


@pytest.fixture
def client(folder):
    """Somebody who opened the link."""
    return make_client(folder)


@pytest.fixture
def served():
    """Serve folders on a port of this machine, for a browser; returns the address with its key."""
    running = []

    def serve(*paths):
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        app = explore_app(Runs(paths), Datasets(()), key=KEY, port=port)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        running.append((server, thread))
        return f"http://127.0.0.1:{port}"

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join(20)
