import csv
import io
import json

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner

from dermatrust.atlas.degrade import DEGRADATIONS
from dermatrust.bench.asking import Pace
from dermatrust.cli.main import cli
from dermatrust.clients import Sampling
from dermatrust.clients.scripted import ScriptedClient
from dermatrust.clinic.arms import CONTEXT_ONLY, IMAGE_ONLY
from dermatrust.clinic.prompting import study_prompt
from dermatrust.clinic.spoilt import SpoiltArm, SpoiltImages
from dermatrust.clinic.stress import run_stress, spoilt_arms, stressed
from dermatrust.clinic.stress_table import MEASURES, stress_result
from dermatrust.clinic.stress_text import stress_csv, stress_text
from dermatrust.clinic.study import Study
from dermatrust.clinic.tasks import differential_task
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard
from dermatrust.store import write_dataset
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.images import ImageCache
from dermatrust.store.run import RunFolder

SIDE = 48
CARD = DatasetCard(
    name="squares", version="1", source="drawn", licence="CC0-1.0", consent="nobody", synthetic=True,
    may_leave_machine=True,
)  # fmt: skip


class Looker(ScriptedClient):
    """Names psoriasis where the photograph is bright, eczema where it is dark, and is always as sure."""

    needs_images = True

    def __init__(self):
        super().__init__("scripted/looker", self._say)
        self.n_asked = 0

    def _say(self, request):
        self.n_asked += 1
        (image,) = request.messages[0].images
        with PIL.Image.open(image.path) as opened:
            is_bright = np.asarray(opened.convert("L")).mean() > 120
        return json.dumps({"diagnoses": [{"name": "psoriasis" if is_bright else "eczema", "confidence": 0.8}]})


@pytest.fixture
def squares(tmp_path):
    """Eight patients with a bright photograph each: dark after 'low light 3', bright after 'low light 1'."""
    images, cases = [], []
    for k in range(8):
        path = tmp_path / f"{k}.png"
        rng = np.random.default_rng(k)
        PIL.Image.fromarray(rng.integers(215, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)
        images.append((f"images/{k}.png", path))
        cases.append(Case(id=f"c{k}", patient_id=f"p{k}", label="psoriasis", file_names=(f"images/{k}.png",)))
    write_dataset(tmp_path / "squares", CARD, cases, (), images)
    return tmp_path / "squares"


def study_of(folder, client, **changes):
    named = {
        "task": differential_task(), "dataset": DatasetFolder.open(folder), "clients": [client],
        "prompt": study_prompt("differential", n_named=5), "sampling": Sampling(),
        "images": ImageCache(folder.parent / "cache", side_px=SIDE), "arms": (IMAGE_ONLY,), "image_arms": (),
    }  # fmt: skip
    return stressed(Study(**(named | changes)), spoilt_arms(["low light"], [1, 3]))


def run_of(folder, client, name="run"):
    run = RunFolder(folder.parent / name)
    return run_stress(study_of(folder, client), run, command="test", pace=Pace(is_quiet=True))


def test_accuracy_falls_in_the_dark_and_confidence_does_not(squares):
    answers = run_of(squares, Looker()).answers
    result = stress_result(answers, CARD, n_resamples=50)
    clean, mild, severe = result.rows
    assert [row.condition for row in result.rows] == ["all", "low light 1", "low light 3"]
    assert [row.values["top-1"].value for row in result.rows] == [1.0, 1.0, 0.0]
    assert [row.values["confidence"].value for row in result.rows] == pytest.approx([0.8, 0.8, 0.8])
    # Confidence less being right: 0.8 - 1 in the light, 0.8 - 0 in the dark, so that the gap grows by 1.
    assert [row.values["overconfidence"].value for row in result.rows] == pytest.approx([-0.2, -0.2, 0.8])
    assert clean.changes == {}
    assert {name: round(one.value, 9) for name, one in severe.changes.items()} == dict(
        zip(MEASURES, (-1.0, -1.0, 0.0, 1.0, 0.0), strict=True)
    )
    assert mild.changes["top-1"].value == 0
    assert (result.n_cases, result.n_patients, severe.n, severe.n_missing) == (8, 8, 8, 0)


def test_the_same_command_again_asks_nothing(squares):
    run_of(squares, Looker())
    again = Looker()
    assert len(run_of(squares, again).answers) == 24
    assert again.n_asked == 0


def test_text_and_csv_show_every_row_with_its_n_and_warn_of_few_patients(squares):
    result = stress_result(run_of(squares, Looker()).answers, CARD, n_resamples=50)
    text = stress_text(result)
    assert text.count("8 of 8") == 3
    assert "fewer than 20 patients" in text
    rows = list(csv.DictReader(io.StringIO(stress_csv(result), newline="")))
    assert len(rows) == len(MEASURES) * (3 + 2)
    assert {row["synthetic"] for row in rows} == {"True"}


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_spoilt_photographs_are_made_once_and_alike_wherever_they_are_made(tmp_path, kind):
    path = tmp_path / "a.png"
    PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)
    made = []
    for root, seed in (("one", 0), ("one", 0), ("two", 0), ("two", 1)):
        cache = SpoiltImages(
            ImageCache(tmp_path / root, side_px=SIDE), SpoiltArm("all", degradation=kind, severity=3), seed=seed
        )
        assert cache.peek(path, where="a") is None
        made.append(cache.prepare(path, where="a"))
        assert cache.peek(path, where="a") == made[-1]
    assert made[0] == made[1]
    assert (
        made[0].sha256 == made[2].sha256 != ImageCache(tmp_path / "one", side_px=SIDE).prepare(path, where="a").sha256
    )
    if kind in ("noise", "crop"):
        assert made[3].sha256 != made[2].sha256
    assert len(list((tmp_path / "one" / "spoilt").rglob("*.jpg"))) == 1


def test_an_arm_without_photographs_cannot_be_stressed(squares):
    with pytest.raises(DataError, match="an arm that shows photographs"):
        study_of(squares, Looker(), arms=(CONTEXT_ONLY,))


def test_the_command_stresses_an_embedded_narrator_and_names_a_wrong_kind(squares, tmp_path):
    begin = ["clinic", "stress", str(squares), "-m", "nano/narrator-strong", "-q", "--out", str(tmp_path / "runs")]
    done = CliRunner().invoke(cli, [*begin, "--kind", "blur", "--severity", "3", "--resamples", "20"])
    assert done.exit_code == 0, done.output
    assert "synthetic dataset" in done.stdout
    assert "blur 3" in done.stdout
    wrong = CliRunner().invoke(cli, [*begin, "--kind", "fog"])
    assert "expected one of blur, noise" in str(wrong.exception)
    assert "all at once" in str(CliRunner().invoke(cli, [*begin, "--images", "grid"]).exception)
