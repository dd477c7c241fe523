"""Three models' judged traces of one MedR-Bench case, and cases of both tasks."""

import json
from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.reasoning import reasoning_in, steps_of

ROOT = Path(__file__).parents[3] / "shared/data/protocols/medrbench"

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="MedR-Bench is not beside this repository")


@pytest.mark.parametrize("model", ["qwq", "gemini2-ft", "deepseek-r1"])
def test_the_stored_figures_of_a_judged_trace_come_out(model):
    protocol, path = find_protocol("medr-bench"), ROOT / f"16_medrbench_reasoning_eval_{model}.json"
    stored = json.loads(path.read_text())
    table = tabulate(score_all(protocol.score, protocol.recorded(path, ())))
    result = protocol_result(protocol, table, model=model, others={})
    figures = {row.metric: row.value for row in result.rows if not row.tag}
    assert figures["efficiency"] == stored["efficiency"]
    assert figures["factuality"] == stored["factulity"]
    assert figures["recall"] == stored["recall"]
    assert result.n_missing == 1  # these files hold no accuracy


@pytest.mark.parametrize("model", ["qwq", "gemini2-ft", "deepseek-r1"])
def test_the_steps_that_were_judged_are_those_we_judge(model):
    stored = json.loads((ROOT / f"16_medrbench_reasoning_eval_{model}.json").read_text())
    steps = steps_of(reasoning_in(stored["results"]["content"]))
    assert steps == [one["step"].strip() for one in stored["reasoning_eval"]]


@pytest.mark.parametrize(("task", "n"), [("diagnosis", 2), ("treatment", 2)])
def test_cases_load(task, n):
    items = list(iter_items(find_protocol("medr-bench"), ROOT / f"16_medrbench_{task}_sample.json"))
    assert [item.tags["task"] for item in items] == [task] * n
    assert all(item.target and item.known["reasoning"] for item in items)


def test_the_tests_of_every_diagnosis_case_are_kept_apart():
    items = list(
        iter_items(find_protocol("medr-bench").variant("free-turn"), ROOT / "16_medrbench_diagnosis_sample.json")
    )
    assert all("Ancillary Tests" in item.known["tests"] and "Ancillary Tests" not in item.prompt for item in items)
