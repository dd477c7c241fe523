"""MedR-Bench by hand: what is counted of a judged trace, who is asked what, and how a dialogue ends."""

import asyncio
import dataclasses
import json
import math

import pytest
from click.testing import CliRunner

from dermatrust.cli.main import cli
from dermatrust.clients.fence import unfenced
from dermatrust.errors import DataError
from dermatrust.protocols import Played
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.published.medr_bench import ROW
from dermatrust.protocols.scorers.examinations import examination_parts
from dermatrust.protocols.scorers.reasoning import reasoning_in, reasoning_parts, steps_of
from dermatrust.protocols.scripted import ScriptedAsk, play_item

MEDR = find_protocol("medr-bench")
FREE, ONE = MEDR.variant("free-turn"), MEDR.variant("one-turn")
(CASE,) = MEDR.items(ROW)
(OPEN,) = FREE.items(ROW)
WANTS = "### Conclusion:\nunclear\n### Additional Information Required:\na biopsy"
SURE = "### Conclusion:\nA made-up disease.\n### Additional Information Required:\nNot required"


def talk(protocol, replies):
    ask = ScriptedAsk(protocol, OPEN, replies)
    played = asyncio.run(protocol.play(OPEN, ask))
    return played, ask.asked


def test_a_hand_counted_trace():
    verdicts = {
        "step 1": "citation", "step 2": "reasoning", "fact 2": "correct", "step 3": "redundancy",
        "step 4": "reasoning", "fact 4": "wrong", "hit 1": "yes", "hit 2": "no", "hit 3": "no",
    }  # fmt: skip
    assert reasoning_parts(verdicts) == {"efficiency": 0.5, "factuality": 0.5, "recall": pytest.approx(1 / 3)}


def test_nothing_to_count_is_zero_and_an_unread_verdict_is_missing():
    assert reasoning_parts({}) == {"efficiency": 0, "factuality": 0, "recall": 0}
    assert reasoning_parts({"step 1": "repetition"})["factuality"] == 0
    unread = reasoning_parts({"step 1": None, "step 2": "reasoning", "fact 2": "correct", "hit 1": None})
    assert all(math.isnan(part) for part in unread.values())
    assert math.isnan(reasoning_parts({"gold 1": None})["recall"])


def test_released_an_unread_class_is_a_redundancy_and_incorrect_is_correct():
    verdicts = {"outcome": "wrong", "step 1": None, "step 2": "reasoning", "fact 2": "correct"}
    released = MEDR.variant("released-code")
    assert released.score(CASE, Played(reply="x", verdicts=verdicts)).parts["efficiency"] == 0.5
    said = {"judge": lambda item, turns: "Incorrect"}
    for protocol, outcome in ((released, "correct"), (MEDR, None)):
        played, _ = play_item(dataclasses.replace(protocol, stand_ins=said), CASE, "### Answer:\nx")
        assert played.verdicts["outcome"] == outcome


def test_only_steps_that_reason_are_checked_for_truth():
    classes = iter(["Citation", "Reasoning"])

    def judge(item, turns):
        asked = turns[-1].text
        if "four words" in asked:
            return next(classes)
        return MEDR.stand_ins["judge"](item, turns)

    ask = ScriptedAsk(
        dataclasses.replace(MEDR, stand_ins={"judge": judge}), CASE, "<step 1> a\n<step 2> b\n### Answer: c"
    )
    played = asyncio.run(MEDR.play(CASE, ask))
    assert {name for name in played.verdicts if name.startswith("fact")} == {"fact 2"}


def test_a_judge_that_searches_on_and_on_must_decide_after_three():
    search = MEDR.variant("search")

    def judge(item, turns):
        if '"judgment"' in turns[-1].text:
            return '{"judgment": "Search", "keywords": "made-up"}'
        return search.stand_ins["judge"](item, turns)

    searching = dataclasses.replace(search, stand_ins=search.stand_ins | {"judge": judge})
    ask = ScriptedAsk(searching, CASE, "<step 1> a\n### Answer: c")
    played = asyncio.run(searching.play(CASE, ask))
    assert [role for role, _ in ask.asked].count("search") == 3
    assert played.verdicts["fact 1"] is None
    assert math.isnan(searching.score(CASE, played).parts["factuality"])


@pytest.mark.parametrize(
    ("reasoning", "steps"),
    [
        ("Step 1: a\nStep 2: b", ["a", "b"]),
        ("**<Step 1>** a\nmore\n<step 2> b", ["a\nmore", "b"]),
        ("a\n\nb\n\n\n", ["a", "b"]),
        ("", []),
    ],
)
def test_steps(reasoning, steps):
    assert steps_of(reasoning) == steps


def test_tests_are_kept_from_who_does_not_ask():
    assert "Biopsy" in CASE.prompt
    assert "Biopsy" not in OPEN.prompt
    assert OPEN.known["tests"].startswith("- Ancillary Tests:")


def test_a_dialogue_ends_when_nothing_more_is_required():
    played, asked = talk(FREE, [WANTS, SURE])
    assert played.ending == "not required"
    assert [role for role, _ in asked] == ["model", "patient", "model", "judge"]
    assert "Biopsy" in played.turns[-2].text
    score = FREE.score(OPEN, played)
    assert (score.value, score.parts["turns"]) == (1.0, 2)


def test_a_model_that_never_stops_is_stopped_after_five_turns_and_warned_before():
    played, asked = talk(FREE, WANTS)
    assert played.ending == "turn limit"
    assert [role for role, _ in asked].count("model") == 5
    warned = ["cannot ask anything further" in turn.text for turn in played.turns if turn.role == "user"]
    assert warned == [False, False, False, False, True]
    assert FREE.score(OPEN, played).value == 0


def test_a_reply_out_of_form_ends_the_dialogue_with_what_it_says():
    played, asked = talk(FREE, "A made-up disease.")
    assert (played.ending, len(asked)) == ("asked for nothing", 2)
    assert FREE.score(OPEN, played).value == 1


def test_one_turn_grades_what_was_asked_for():
    played, asked = talk(ONE, [WANTS, "### Answer:\nA made-up disease."])
    assert [role for role, _ in asked[:3]] == ["model", "patient", "model"]
    assert ONE.score(OPEN, played).parts == {"precision": 1, "recall": 1, "turns": 2}
    nothing, asked = talk(ONE, [SURE, "### Answer:\nA made-up disease."])
    assert "patient" not in [role for role, _ in asked]
    assert ONE.score(OPEN, nothing).parts["precision"] == 0
    assert examination_parts({"asked": None}) == {"precision": pytest.approx(math.nan, nan_ok=True), "recall": 0}


def test_treatment_cases_have_no_dialogue():
    with pytest.raises(DataError, match="no tests to ask for"):
        FREE.items(MEDR.examples[1].row)


@pytest.mark.parametrize("heading", ["### Reasoning:", "### Resoning:", "**Reasoning:**", "### Chain of Thought:"])
def test_reasoning_stands_between_its_heading_and_the_answer(heading):
    reply = f"```\nLet me see.\n\n{heading}\na\n\nb\n### Answer:\nc\n```"
    assert steps_of(reasoning_in(reply)) == ["a", "b"]


def test_the_first_ten_steps_are_judged():
    reasoning = "\n".join(f"<step {k}> s{k}" for k in range(1, 13))
    assert steps_of(reasoning) == [f"s{k}" for k in range(1, 11)]


def test_steps_are_led_to_the_final_diagnosis_and_outcomes_to_the_result():
    ask = ScriptedAsk(MEDR, CASE, "<step 1> a\n### Answer: c")
    asyncio.run(MEDR.play(CASE, ask))
    asked = [turns[-1].text for role, turns in ask.asked if role == "judge"]
    assert unfenced(asked[0], "REFERENCE") == "A made-up disease."
    assert unfenced(asked[1], "RESULT") == "This was confirmed."


def test_plans_are_looked_up_only_where_there_is_a_search():
    (plan,) = MEDR.items(MEDR.examples[1].row)
    search = MEDR.variant("search")
    told = dataclasses.replace(
        search, stand_ins=search.stand_ins | {"search": lambda item, turns: f"On {turns[-1].text}: wait."}
    )
    for protocol, roles in ((MEDR, []), (told, ["search"])):
        ask = ScriptedAsk(protocol, plan, "### Answer:\nWait, then see.")
        played = asyncio.run(protocol.play(plan, ask))
        assert [role for role, _ in ask.asked if role == "search"] == roles
        assert played.verdicts["outcome"] == "correct"
    outcome = next(turns[-1].text for _, turns in ask.asked if "REFERENCE" in turns[-1].text)
    assert unfenced(outcome, "LOOKED UP") == "On Yes: wait."


def test_a_folder_of_accuracies_leaves_the_reasoning_missing(tmp_path):
    for name, is_right in (("PMC1", True), ("PMC2", False), ("PMC3", True)):
        judged = ROW | {"id": name, "results": {"content": "### Answer:\nx"}, "accuracy": is_right}
        (tmp_path / f"{name}.json").write_text(json.dumps(judged))
    (tmp_path / "summary.json").write_text("[1]")
    items = list(MEDR.recorded(tmp_path, ()))
    scores = [MEDR.score(item, played) for item, played in items]
    assert [score.value for score in scores] == [1, 0, 1]
    assert all(math.isnan(part) for score in scores for part in score.parts.values())
    released = MEDR.variant("released-code")
    assert all(math.isnan(part) for part in released.score(*items[0]).parts.values())


def test_an_accuracy_of_null_is_missing(tmp_path):
    path = tmp_path / "PMC1.json"
    path.write_text(json.dumps(ROW | {"results": {"content": "x"}, "accuracy": None}))
    ((item, played),) = MEDR.recorded(path, ())
    assert math.isnan(MEDR.score(item, played).value)


def test_cases_of_the_data_without_a_record_are_missing(tmp_path):
    judged = ROW | {"results": {"content": "x"}, "accuracy": True}
    (tmp_path / "PMC0.json").write_text(json.dumps(judged))
    items = [CASE, dataclasses.replace(CASE, id="PMC9")]
    assert [played is None for _, played in MEDR.recorded(tmp_path, items)] == [False, True]


def test_one_turn_records_hold_the_dialogue_and_what_was_asked_for(tmp_path):
    said = [
        {"role": "system", "content": "s"}, {"role": "user", "content": "u"},
        {"role": "assistant", "content": {"reasoning": "r", "answer": WANTS}}, {"role": "user", "content": "v"},
        {"role": "assistant", "content": {"reasoning": "r", "answer": "### Answer:\nA made-up disease."}},
    ]  # fmt: skip
    asked = [{"type": "t", "test_name": str(k), "info_required": "", "hit": k == 0} for k in range(4)]
    judged = ROW | {"results": {"messages": said}, "evaluation": {
        "precision": 0.25, "recall": 0.5, "infer_info_split": asked, "gt_info_split": asked[:2]}}  # fmt: skip
    path = tmp_path / "PMC0.json"
    path.write_text(json.dumps(judged))
    ((item, played),) = ONE.recorded(path, ())
    score = ONE.score(item, played)
    assert score.parts == {"precision": 0.25, "recall": 0.5, "turns": 2}
    assert played.reply == "### Answer:\nA made-up disease."
    assert math.isnan(score.value)
    path.write_text(json.dumps({name: value for name, value in judged.items() if name != "evaluation"}))
    ((item, played),) = ONE.recorded(path, ())
    assert math.isnan(ONE.score(item, played).parts["precision"])


@pytest.mark.parametrize("row", [ROW, ROW | {"results": {}}, ROW | {"results": {"content": None}}])
def test_a_record_without_an_output_is_refused(tmp_path, row):
    path = tmp_path / "PMC0.json"
    path.write_text(json.dumps(row))
    with pytest.raises(DataError, match="holds no output"):
        list(MEDR.recorded(path, ()))


def test_a_folder_of_judged_traces_is_replayed(tmp_path):
    judged = ROW | {
        "results": {"content": "x"}, "accuracy": True, "gt_reasoning_eval": [{"step": "a", "hit": True}],
        "reasoning_eval": [{"step": "a", "efficiency": "Reasoning", "factulity": False}],
    }  # fmt: skip
    for name in ("PMC1", "PMC2"):
        (tmp_path / f"{name}.json").write_text(json.dumps(judged | {"id": name}))
    done = CliRunner().invoke(cli, ["replay", "medr-bench", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "2 items, 0 missing" in done.output
    figures = {
        line.split("  ")[0]: line.split()[1]
        for line in done.output.splitlines()
        if "n 2" in line and "," not in line.split("  ")[0]
    }
    assert figures == {"accuracy": "1.0000", "efficiency": "1.0000", "factuality": "0.0000", "recall": "1.0000"}
