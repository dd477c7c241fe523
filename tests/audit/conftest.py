"""A small dataset with photographs, and raters that do as they are told, for every test that audits raters."""

import json

import numpy as np
import pytest
from PIL import Image

from dermatrust.bench.asking import Pace
from dermatrust.bench.play import Bench
from dermatrust.clients import Sampling
from dermatrust.clients.scripted import ScriptedClient
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.evaluator.form import Form
from dermatrust.judge import LLMJudge, load_judge_prompt, load_rubric
from dermatrust.narrate import load_prompt
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.images import ImageCache

LABELS = ("psoriasis", "eczema", "tinea corporis")
RED = (190, 40, 40)
PROMPT = "Narrative:\n{narrative}\n"


def said(score):
    """Return a verdict with one score throughout."""
    return json.dumps({dimension.value: {"reason": "So.", "score": score} for dimension in DIMENSIONS})


class LookingClient(ScriptedClient):
    """A scripted model that is shown photographs."""

    needs_images = True


@pytest.fixture
def verdict():
    return said


@pytest.fixture
def quiet():
    return Pace(is_quiet=True)


@pytest.fixture
def dataset(tmp_path):
    """Six cases of four patients; every picture is red by another amount, and every reference says so."""
    cases, references, pictures = [], [], []
    for k in range(6):
        path = tmp_path / f"{k}.png"
        Image.new("RGB", (96, 72), tuple(np.add(RED, 8 * k))).save(path)
        name = f"images/{k}.png"
        cases.append(Case(id=f"c{k}", file_names=(name,), patient_id=f"p{k % 4}", label=LABELS[k % 3]))
        text = f"A red plaque, shade {k}. It has a sharp border. Its site is the arm. The answer is {LABELS[k % 3]}."
        references.append(Narrative(id=f"r{k}", case_id=f"c{k}", text=text, author="a", stream="reference"))
        pictures.append((name, path))
    card = DatasetCard(name="tiny", version="1", source="t", licence="private", consent="none", synthetic=True)
    write_dataset(tmp_path / "set", card, cases, references, pictures)
    return DatasetFolder.open(tmp_path / "set")


@pytest.fixture
def bench_of(dataset, tmp_path):
    """Return a function from scripts of judges and evaluators, by name, to a bench."""

    def make(judges=None, evaluators=None, **more):
        sampling = Sampling(0.0, 512)
        return Bench(
            dataset=dataset,
            clients=(),
            judges=[
                LLMJudge(ScriptedClient(name, script), rubric=load_rubric(), prompt=load_judge_prompt())
                for name, script in (judges or {}).items()
            ],
            evaluators=[
                Evaluator(LookingClient(name, script), Form(PROMPT, fenced=True), prompt="p@1:0", rubric="r@1:0")
                for name, script in (evaluators or {}).items()
            ],
            prompt=load_prompt("candidate"),
            sampling=sampling,
            images=ImageCache(tmp_path / "cache"),
            **more,
        )

    return make
