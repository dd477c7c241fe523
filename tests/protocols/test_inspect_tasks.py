"""Protocols as tasks of Inspect AI: found by its entry point, played and scored as by `dermatrust run`."""

import json
import math
from importlib.metadata import entry_points

import pytest

pytest.importorskip("inspect_ai")

from inspect_ai import eval as inspect_eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from dermatrust.protocols.find import find_protocol, protocol_names
from dermatrust.protocols.inspect_tasks import TASKS

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def says(*replies):
    """Return a model that says these, with counts of tokens: Inspect would fetch an encoding to count them itself."""
    usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    outputs = [
        ModelOutput.from_content("mockllm/model", reply).model_copy(update={"usage": usage}) for reply in replies
    ]
    return get_model("mockllm/model", custom_outputs=outputs, memoize=False)


def evaluated(task, folder, model, **more):
    (log,) = inspect_eval(
        task, model=model, log_dir=str(folder / "logs"), display="none", fail_on_error=False, max_samples=1, **more
    )
    return log


@pytest.fixture
def questions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"realidx": k, "question": f"Made-up {k}?", "options": {"A": "x", "B": "y"}, "answer_idx": answer}
            for k, answer in enumerate("ABA")]  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_every_protocol_is_a_task_and_inspect_finds_them():
    assert list(TASKS) == protocol_names()
    assert [point.value for point in entry_points(group="inspect_ai", name="dermatrust")] == [
        "dermatrust.protocols.inspect_tasks"
    ]


def test_a_task_scores_as_the_protocol_does(questions, tmp_path):
    log = evaluated(TASKS["medqa"](data=questions), tmp_path, says("Answer: A", "Answer: A", "I cannot say"))
    assert log.status == "success"
    found = [next(iter(sample.scores.values())) for sample in log.samples]
    assert [one.value for one in found] == [1, 0, 0]
    assert [one.metadata["answered"] for one in found] == [True, True, False]
    assert log.results.scores[0].metrics["mean"].value == pytest.approx(1 / 3)
    assert "Made-up 0?" in log.samples[0].input


@pytest.mark.parametrize(("verdict", "is_scored"), [("…", False), ('{"criteria_met": true}', True)])
def test_a_judge_without_a_readable_verdict_leaves_its_item_unscored(verdict, is_scored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(find_protocol("healthbench").examples[0].row) + "\n")
    log = evaluated(
        TASKS["healthbench"](data=str(path)),
        tmp_path,
        says("See a doctor."),
        model_roles={"judge": says(*[verdict] * 50)},
    )
    (sample,) = log.samples
    (score,) = sample.scores.values()
    assert math.isnan(score.value) is not is_scored
    assert (score.explanation == "a judge did not answer") is not is_scored


def test_a_role_that_nobody_plays_is_a_failed_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(find_protocol("healthbench").examples[0].row) + "\n")
    (sample,) = evaluated(TASKS["healthbench"](data=str(path)), tmp_path, says("See a doctor.")).samples
    assert "judge" in sample.error.message


def test_a_failed_ask_is_a_failed_sample(questions, tmp_path):
    log = evaluated(TASKS["medqa"](data=questions, limit=1), tmp_path, says())
    (sample,) = log.samples
    assert sample.error is not None
    assert not sample.scores
