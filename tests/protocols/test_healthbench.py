"""HealthBench by hand, and graded files in both forms that are about."""

import ast
import asyncio
import json

import pytest

from dermatrust.errors import DataError
from dermatrust.protocols import Played
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.published.healthbench import ROW, read_met
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scripted import ScriptedAsk

HEALTH = find_protocol("healthbench")
(ITEM,) = HEALTH.items(ROW)


def met(*flags):
    return {str(k): str(flag).lower() for k, flag in enumerate(flags, 1)}


def test_one_conversation_may_score_below_zero():
    score = HEALTH.score(ITEM, Played(reply="x", verdicts=met(False, False, True)))
    assert (score.value, score.said) == (-0.5, "1 of 3 met")
    assert score.parts == {"axis:context_awareness": 0.0, "axis:completeness": 0.0}


def test_only_means_are_clipped():
    played = [Played(reply="x", verdicts=met(*flags)) for flags in ((False, False, True), (True, False, False))]
    table = tabulate(score_all(HEALTH.score, [(ITEM, one) for one in played]))
    figures = {row.metric: row.value for row in protocol_result(HEALTH, table, model="", others={}).rows}
    assert figures["score"] == pytest.approx((-0.5 + 0.75) / 2)
    worst = tabulate(score_all(HEALTH.score, [(ITEM, played[0])]))
    assert protocol_result(HEALTH, worst, model="", others={}).rows[0].value == 0


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ('```json\n{"explanation": "it says false", "criteria_met": true}\n```', "true"),
        ('{"criteria_met": "false"}', "false"),
        ('{"criteria_met": null}', None),
        ('{"explanation": "true"}', None),
        ("true", None),
    ],
)
def test_verdicts(reply, verdict):
    assert read_met(reply) == verdict


def test_each_criterion_is_asked_by_itself_with_its_points_and_the_whole_conversation():
    ask = ScriptedAsk(HEALTH, ITEM, "See a doctor.")
    asyncio.run(HEALTH.play(ITEM, ask))
    asked = [turns[-1].text for role, turns in ask.asked if role == "judge"]
    assert len(asked) == 3
    assert "[-4] frightens without need" in asked[2]
    assert all("made-up rash" in one and "See a doctor." in one for one in asked)
    assert "asks since when" not in asked[2]


def test_earlier_turns_are_put_to_the_model():
    turns = [("user", "Hello"), ("assistant", "Yes?"), ("user", "Why?")]
    said = [{"role": role, "content": text} for role, text in turns]
    (item,) = HEALTH.items(ROW | {"prompt": said})
    ask = ScriptedAsk(HEALTH, item, "")
    asyncio.run(HEALTH.play(item, ask))
    assert [turn.role for turn in ask.asked[0][1]] == ["user", "assistant", "user"]


GRADES = [True, False, True]
TEXTS = [rubric["criterion"] for rubric in ROW["rubrics"]]


def as_python_writes_it():
    graded = [
        {"response_dict": {"criteria_met": met, "explanation": "it's so"}, "points": one["points"], "tags": one["tags"]}
        for met, one in zip(GRADES, ROW["rubrics"], strict=True)
    ]
    reply = [{"role": "assistant", "content": "A reply."}]
    return ROW | {"prompt_response": reply, "responses": repr(graded), "metrics": "{}", "score": 0.25, "canary": "x"}


def as_the_authors_script_does():
    graded = [{**rubric, "criteria_met": met} for met, rubric in zip(GRADES, ROW["rubrics"], strict=True)]
    row = {name: ROW[name] for name in ("prompt", "prompt_id")}
    return row | {"rubric_items": graded, "completion": [{"role": "assistant", "content": "A reply."}], "score": 0.25}


@pytest.mark.parametrize("form", [as_python_writes_it, as_the_authors_script_does])
def test_graded_files_are_replayed(tmp_path, form):
    path = tmp_path / "graded.jsonl"
    path.write_text(json.dumps(form()) + "\n")
    ((item, played),) = HEALTH.recorded(path, ())
    assert played.reply == "A reply."
    assert HEALTH.score(item, played).value == form()["score"]


def test_the_scripts_one_file_of_all_results_is_replayed(tmp_path):
    row = as_the_authors_script_does()
    path = tmp_path / "healthbench_allresults.json"
    path.write_text(json.dumps({"score": 0.25, "metrics": {}, "htmls": ["", ""], "convos": [[], []],
                                "metadata": {"example_level_metadata": [row, row | {"prompt_id": "e2"}]}}))  # fmt: skip
    assert [HEALTH.score(item, played).value for item, played in HEALTH.recorded(path, ())] == [0.25, 0.25]


def test_a_list_of_graded_rows_is_replayed_whose_grades_are_no_longer_text(tmp_path):
    row = as_python_writes_it()
    path = tmp_path / "sample.json"
    rows = [row | {"responses": ast.literal_eval(row["responses"]), "prompt_id": str(k)} for k in range(2)]
    for content in (json.dumps(rows), "\n".join(map(json.dumps, rows))):
        path.write_text(content)
        assert [HEALTH.score(item, played).value for item, played in HEALTH.recorded(path, ())] == [0.25, 0.25]


@pytest.mark.parametrize(("grade", "verdict"), [(True, "true"), ("False", "false"), (None, None), ("perhaps", None)])
def test_grades_that_are_no_flags(tmp_path, grade, verdict):
    path = tmp_path / "graded.jsonl"
    graded = [{**rubric, "criteria_met": grade} for rubric in ROW["rubrics"]]
    path.write_text(json.dumps(as_the_authors_script_does() | {"rubric_items": graded}) + "\n")
    ((_, played),) = HEALTH.recorded(path, ())
    assert played.verdicts["1"] == verdict


def test_figures_by_level_axis_and_category_count_where_there_are_points_above_zero():
    def item(name, category, *criteria):
        tags = [f"physician_agreed_category:{category}", "theme:made_up"]
        rubrics = [
            {"criterion": str(k), "points": points, "tags": list(on)} for k, (points, *on) in enumerate(criteria)
        ]
        return HEALTH.items(ROW | {"prompt_id": name, "example_tags": tags, "rubrics": rubrics})[0]

    first = item("1", "a", (4, "level:example", "axis:accuracy"), (-6, "level:example", "axis:completeness"))
    second = item("2", "b", (3, "level:cluster", "axis:accuracy"), (1, "level:example", "axis:accuracy"))
    played = [(first, met(True, True)), (second, met(False, True))]
    table = tabulate(score_all(HEALTH.score, [(one, Played(reply="x", verdicts=said)) for one, said in played]))
    rows = protocol_result(HEALTH, table, model="", others={}).rows
    found = {(row.metric, row.level): (row.value, row.n) for row in rows}
    assert found["score", ""] == (0, 2)  # (-0.5 + 0.25) / 2, clipped
    assert found["example level", ""] == (0.25, 2)  # (-0.5 + 1) / 2
    assert found["cluster level", ""] == (0, 1)
    assert found["accuracy", ""] == (0.625, 2)  # (1 + 0.25) / 2
    assert found["completeness", ""][1] == 0  # nothing but a penalty
    assert (found["score", "a"], found["score", "b"]) == ((0, 1), (0.25, 1))
    assert found["example level", "a"] == (0, 1)  # -0.5, clipped


@pytest.mark.parametrize("graded", ["open('x')", "[1]", None])
def test_a_file_without_grades_is_refused_and_never_run(tmp_path, graded):
    path = tmp_path / "graded.jsonl"
    path.write_text(json.dumps(ROW | {"responses": graded}) + "\n")
    with pytest.raises(DataError, match="no graded criteria"):
        list(HEALTH.recorded(path, ()))
