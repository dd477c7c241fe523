import csv
import io
import json
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner
from sklearn import metrics

from dermatrust.atlas.degrade import DEGRADATIONS
from dermatrust.bench.asking import Pace
from dermatrust.cli.main import cli
from dermatrust.clients import Sampling
from dermatrust.clients.scripted import ScriptedClient
from dermatrust.clinic.answer_grid import answer_grid
from dermatrust.clinic.arms import CONTEXT_ONLY, IMAGE_ONLY
from dermatrust.clinic.prompting import study_prompt
from dermatrust.clinic.spoilt import SpoiltArm, SpoiltImages
from dermatrust.clinic.stress import run_stress, spoilt_arms, stressed
from dermatrust.clinic.stress_measures import SHARES, stress_columns, stress_tables
from dermatrust.clinic.stress_table import stress_result
from dermatrust.clinic.stress_text import stress_csv, stress_text
from dermatrust.clinic.study import Study
from dermatrust.clinic.tasks import differential_task, triage_task
from dermatrust.clinic.triage_table import triage_result
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard
from dermatrust.store import write_dataset
from dermatrust.store.answers import read_answers
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.images import ImageCache
from dermatrust.store.run import RunFolder

SIDE = 48
(MEASURES,) = stress_tables()
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
    assert "change of cannot tell" in text
    assert "fewer than 50 patients" in text
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
    for option in (["--images", "grid"], ["--base", "image-only"]):  # they would change nothing
        assert "No such option" in CliRunner().invoke(cli, [*begin, *option]).stderr


def test_the_command_says_what_must_be_known_of_model_and_levels(squares, tmp_path):
    begin = ["clinic", "stress", str(squares), "-m", "nano/narrator-strong", "-q", "--out", str(tmp_path / "runs")]
    begin += ["--task", "triage", "--kind", "blur", "--severity", "3", "--resamples", "20"]
    done = CliRunner().invoke(cli, [*begin, "--context", "image-only,image+context", "--run-id", "r"])
    assert done.exit_code == 0, done.output
    assert "nano/narrator-strong: reads no text" in done.stderr
    page = (tmp_path / "runs" / "r" / "report.html").read_text()
    assert "nano/narrator-strong reads no text" in page
    assert "only advice of urgent or emergency care in it names a level" in page
    assert "Needs clinician sign-off: the level of" in page
    assert "the level is the lexicon's and needs clinician sign-off" in done.stdout


SAYS = {"emergent": 0.9, "urgent": 0.7, "routine": 0.6}


class Triager(ScriptedClient):
    """Knows every level in the light; in the dark it calls all that is emergent routine, and cannot tell the urgent."""

    needs_images = True

    def __init__(self, truths):
        super().__init__("scripted/triager", self._say)
        self.truths = truths

    def _say(self, request):
        (image,) = request.messages[0].images
        with PIL.Image.open(image.path) as opened:
            is_bright = np.asarray(opened.convert("L")).mean() > 120
        truth = self.truths[request.case_id]
        if not is_bright and truth == "urgent":
            return '{"cannot_tell": true}'
        level = truth if is_bright else "routine"
        return json.dumps({"urgency": level, "confidence": SAYS[truth]})


LEVELS = ["emergent", "emergent", "urgent", "routine", "routine", "routine", None]


@pytest.fixture
def pressing(tmp_path):
    images, cases = [], []
    for k, level in enumerate(LEVELS):
        path = tmp_path / f"{k}.png"
        rng = np.random.default_rng(k)
        PIL.Image.fromarray(rng.integers(215, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)
        images.append((f"images/{k}.png", path))
        cases.append(Case(id=f"c{k}", patient_id=f"p{k}", urgency=level, file_names=(f"images/{k}.png",)))
    write_dataset(tmp_path / "pressing", CARD, cases, (), images)
    return tmp_path / "pressing"


def triage_stress(folder, n_levels):
    client = Triager({f"c{k}": level for k, level in enumerate(LEVELS)})
    prompt = study_prompt(f"triage-{n_levels}", n_named=0)
    study = study_of(folder, client, task=triage_task(n_levels), prompt=prompt)
    done = run_stress(study, RunFolder(folder.parent / "run"), command="test", pace=Pace(is_quiet=True))
    return stress_result(
        done.answers, CARD, n_levels=n_levels, n_without_truth=study.n_without_truth, n_resamples=50
    )  # fmt: skip


def test_triage_by_level_falls_in_the_dark(pressing):
    result = triage_stress(pressing, 3)
    clean, mild, severe = result.rows
    assert {name: one.value for name, one in clean.values.items() if name.startswith(("right", "recall"))} == {
        "right": 1.0, "recall emergent": 1.0, "recall urgent": 1.0, "recall routine": 1.0,
    }  # fmt: skip
    assert mild.changes["right"].value == 0
    # In the dark 3 of 6 are right, 2 too low; the one that cannot tell is wrong, and neither too low nor too high.
    found = {name: round(one.value, 9) for name, one in severe.values.items()}
    assert (found["right"], found["under-triage"], found["over-triage"]) == (0.5, round(2 / 6, 9), 0.0)
    assert (found["recall emergent"], found["recall urgent"], found["recall routine"]) == (0, 0, 1)
    assert (found["sensitivity"], found["specificity"]) == (0, 1)
    assert severe.values["recall emergent"].n == 2
    # Confidence of the five that state one: twice 0.9 and thrice 0.6; of these three are right.
    assert found["confidence"] == pytest.approx((2 * 0.9 + 3 * 0.6) / 5)
    assert found["overconfidence"] == pytest.approx((2 * 0.9 + 3 * 0.6 - 3) / 5)
    assert found["cannot tell"] == pytest.approx(1 / 6)
    assert severe.changes["under-triage"].value == pytest.approx(2 / 6)
    assert (result.n_cases, result.n_without_truth, severe.n, severe.n_missing) == (6, 1, 6, 0)


def test_confidence_in_no_level_at_all_is_not_counted(pressing):
    triage_stress(pressing, 3)
    answers = read_answers(RunFolder(pressing.parent / "run").answers_path)
    sure = np.where(np.isnan(answers.confidence), 0.1, answers.confidence)
    silent = replace(answers, confidence=sure, cannot_tell=np.zeros_like(answers.cannot_tell))
    severe = stress_result(silent, CARD, n_levels=3, n_resamples=10).rows[-1]
    assert severe.values["confidence"].n == 5
    assert severe.values["confidence"].value == pytest.approx((2 * 0.9 + 3 * 0.6) / 5)


def test_on_two_levels_emergent_and_urgent_are_one(pressing):
    severe = triage_stress(pressing, 2).rows[-1]
    assert severe.values["right"].value == 0.5
    assert severe.values["sensitivity"].value == 0
    assert "recall emergent" not in severe.values


def test_the_figures_of_triage_are_those_that_scikit_learn_and_the_triage_study_give(pressing):
    result = triage_stress(pressing, 3)
    answers = read_answers(RunFolder(pressing.parent / "run").answers_path)
    study = triage_result(answers, CARD, n_levels=3, n_resamples=10)
    grid = answer_grid(answers)
    for place, row in enumerate(result.rows):
        cell = study.cell(row.model, row.arm, row.condition)
        shared = row.values.keys() & cell.measures.keys()
        assert shared >= {*SHARES, "sensitivity", "specificity", "recall urgent"}
        for name in shared:
            assert row.values[name].value == pytest.approx(cell.measures[name].value), name
            assert row.values[name].n == cell.measures[name].n, name
        own = stress_columns(grid, place, 3)
        said = [level or "none" for level in grid.texts("urgency", place)]
        truth = [grid.answers.true_urgency[row] for row in grid.first_rows]
        recalls = metrics.recall_score(truth, said, labels=list(SAYS), average=None, zero_division=0)
        assert [np.nanmean(own[f"recall {level}"]) for level in SAYS] == pytest.approx(recalls.tolist())


def test_text_and_csv_of_triage_show_levels_with_their_n(pressing):
    result = triage_stress(pressing, 3)
    text = stress_text(result)
    assert "no answer states any" not in text
    assert "0.0 [0.0, 65.8] of 2" in text  # Wilson's interval of 0 of 2
    assert "Left out: 1 case" in text
    assert "change of under-triage" in text
    assert "change of cannot tell" in text
    rows = list(csv.DictReader(io.StringIO(stress_csv(result), newline="")))
    n_measures = sum(map(len, stress_tables(3)))
    assert len(rows) == n_measures * (3 + 2)


def test_the_command_stresses_triage_and_refuses_options_of_the_other_task(pressing, tmp_path):
    begin = ["clinic", "stress", str(pressing), "-m", "nano/narrator-strong", "-q", "--out", str(tmp_path / "runs")]
    few = ["--kind", "blur", "--severity", "3", "--resamples", "20", "--task", "triage"]
    done = CliRunner().invoke(cli, [*begin, *few, "--levels", "2"])
    assert done.exit_code == 0, done.output
    assert "sensitivity" in done.stdout
    assert "confidence, overconfidence: no answer states any" in done.stdout
    (page,) = (tmp_path / "runs").glob("stress-triage-*/report.html")
    assert "How urgent, in 2 levels" in page.read_text(encoding="utf-8")
    assert "--top" in str(CliRunner().invoke(cli, [*begin, *few, "--top", "3"]).exception)
    assert "--task triage alone" in str(CliRunner().invoke(cli, [*begin, "--levels", "2"]).exception)


def test_a_change_of_nothing_may_have_been_for_better_or_worse(squares):
    """Every case alike in both: by Wilson's interval z^2 / (n + z^2) of the patients may have changed either way."""
    result = stress_result(run_of(squares, Looker()).answers, CARD, n_resamples=50)
    change = next(row for row in result.rows if row.changes).changes["cannot tell"]
    share = 1.959964**2 / (change.n_clusters + 1.959964**2)
    assert (change.value, change.low, change.high) == pytest.approx((0.0, -share, share))
    assert share == pytest.approx(0.3244, abs=1e-4)  # of eight patients
