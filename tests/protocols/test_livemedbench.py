"""LiveMedBench by hand: where clipping happens, what is unread, what a month is."""

import asyncio
import json
import math

import pytest
from click.testing import CliRunner

from dermatrust.cli.main import cli
from dermatrust.errors import DataError
from dermatrust.protocols import Played
from dermatrust.protocols.cutoff import with_cutoff
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.met import released_met
from dermatrust.protocols.scripted import ScriptedAsk

LIVE = find_protocol("livemedbench")
RELEASED = LIVE.variant("released-code")
ROW = dict(LIVE.examples[0].row)
(ITEM,) = LIVE.items(ROW)
BAD, GOOD = {"1": "false", "2": "true"}, {"1": "true", "2": "false"}


def mean(protocol, *verdicts):
    played = [(ITEM, Played(reply="x", verdicts=one)) for one in verdicts]
    table = tabulate(score_all(protocol.score, played))
    return protocol_result(protocol, table, model="", others={}).rows[0].value


def test_the_page_clips_each_case_and_the_script_only_means():
    assert mean(LIVE, BAD, GOOD) == 0.5
    assert mean(RELEASED, BAD, GOOD) == 0.25
    assert mean(RELEASED, BAD) == 0
    assert LIVE.score(ITEM, Played(reply="x", verdicts=BAD)).parts == {"unclipped": -0.5}


def test_an_unread_verdict_is_missing_or_as_released_not_met():
    played = Played(reply="x", verdicts={"1": "true", "2": None})
    assert math.isnan(LIVE.score(ITEM, played).value)
    assert RELEASED.score(ITEM, played).value == 1


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ('[{"met": false, "reasoning": "yes, but"}]', "false"),
        ('[{"met": " FALSE "}]', "false"),
        ('{"question": "Is it true?", "met": false}', "true"),  # an object is no list: the first word decides
        ('```json\n[{"question": "Is it true?", "met": false}]\n```', "true"),  # nor is a list in a fence
        ('[{"met": null, "reasoning": "It does not."}]', "false"),
        ('[{"question": "cut off", "met": true, "reaso', "true"),
        ("not satisfied", "true"),  # the script's own mistake
        ("No.", "false"),
        ("…", None),
    ],
)
def test_the_scripts_fallbacks(reply, verdict):
    assert released_met(reply) == verdict


def test_a_case_without_points_above_zero_is_missing_or_as_released_zero():
    row = ROW | {"rubric_items": [{"criterion": "advises steroids", "points": -4}]}
    (item,) = LIVE.items(row)
    assert math.isnan(LIVE.score(item, Played(reply="x", verdicts={"1": "true"})).value)
    assert RELEASED.score(item, Played(reply="x", verdicts={"1": "true"})).value == 0


def test_an_answer_has_2048_tokens():
    asked = []

    class Ask(ScriptedAsk):
        async def __call__(self, said, *, role="model", draw=0, **sampling):
            asked.append((role, sampling.get("max_tokens")))
            return await super().__call__(said, role=role, draw=draw)

    asyncio.run(LIVE.play(ITEM, Ask(LIVE, ITEM, "names eczema")))
    assert asked[0] == ("model", 2048)


def replayed(tmp_path, protocol, grades, rubric=ROW["rubric_items"]):
    """Return the values of one case that was graded so."""
    (tmp_path / "data.json").write_text(json.dumps([ROW | {"rubric_items": rubric}]))
    graded = {f"rubric_{k}": one for k, one in enumerate(grades, 1)}
    (tmp_path / "graded.json").write_text(json.dumps([{"case_id": "en", "evaluations": graded}]))
    pairs = protocol.recorded(tmp_path / "graded.json", iter_items(protocol, tmp_path / "data.json"))
    return tabulate(score_all(protocol.score, pairs)).values


def grade(criterion, points, met):
    return {"criterion": criterion, "points": points, "score": met, "weighted_score": points * met}


def test_a_record_counts_as_released_by_its_own_points(tmp_path):
    grades = [grade("names eczema", 6, 1), grade("advises steroids", -2, 1), grade("dropped", 5, 1)]
    assert replayed(tmp_path, LIVE, grades) == [0.5]  # (8 - 4) / 8
    assert replayed(tmp_path, RELEASED, grades) == [0.5]  # (6 - 2) / 8
    grades[0] = grade("names eczema", 4, 1)
    assert replayed(tmp_path, RELEASED, grades) == [0.25]


def test_criteria_of_the_same_words_keep_their_own_grades(tmp_path):
    rubric = [{"criterion": "asks", "points": 4}, {"criterion": "asks", "points": 4}]
    grades = [grade("asks", 4, 1), grade("asks", 4, 0)]
    assert replayed(tmp_path, LIVE, grades, rubric) == replayed(tmp_path, RELEASED, grades, rubric) == [0.5]


def test_a_criterion_that_is_not_in_the_records_is_missing_or_as_released_not_met(tmp_path):
    grades = [grade("names eczema", 8, 1)]
    assert math.isnan(replayed(tmp_path, LIVE, grades)[0])
    assert replayed(tmp_path, RELEASED, grades) == [1]


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"case_id": "en"}, "no graded case"),
        ({"evaluations": {}}, "no graded case"),
        ({"case_id": "en", "evaluations": {"rubric_1": {"criterion": "asks"}}}, "without a score"),
    ],
)
def test_what_is_no_graded_file_is_refused(tmp_path, row, match):
    path = tmp_path / "graded.json"
    path.write_text(json.dumps([row]))
    with pytest.raises(DataError, match=match):
        list(LIVE.recorded(path, [ITEM]))


def test_a_case_is_asked_in_its_language():
    prompts = [LIVE.items(example.row)[0].prompt for example in LIVE.examples]
    assert prompts[0].startswith("Give the final answer alone")
    assert prompts[1].startswith("请用中文")


def test_records_are_matched_by_the_words_of_the_criterion(tmp_path):
    rows = [ROW | {"case_id": name} for name in ("graded", "silent", "absent")]
    (tmp_path / "data.json").write_text(json.dumps(rows))
    graded = {
        "rubric_1": {"criterion": "advises steroids", "points": -4, "score": 1, "weighted_score": -4},
        "rubric_2": {"criterion": "names eczema", "points": 8, "score": 1, "weighted_score": 8},
        "rubric_3": {"criterion": "was dropped since", "points": 5, "score": 1, "weighted_score": 5},
    }
    records = [{"case_id": "graded", "evaluations": graded}, {"case_id": "silent", "evaluations": {}}]
    (tmp_path / "graded.json").write_text(json.dumps(records))
    items = iter_items(LIVE, tmp_path / "data.json")
    table = tabulate(score_all(LIVE.score, LIVE.recorded(tmp_path / "graded.json", items)))
    assert table.values[:2] == [0.5, 0.0]
    assert math.isnan(table.values[2])
    assert table.answered == [True, False, False]


def test_months_and_a_cutoff():
    split = with_cutoff(LIVE, "2025-04")
    periods = [split.items(ROW | {"post_time": time})[0].tags for time in ("2025-04-30", "2025-05-01T00:00:00", "")]
    assert [tags["cutoff"] for tags in periods] == ["before", "after", "unknown"]
    assert [tags["month"] for tags in periods] == ["2025-04", "2025-05", "unknown"]
    assert split.by == ("language", "month", "cutoff")


@pytest.mark.parametrize("month", ["2025-13", "2025", "April", "2025-04-01"])
def test_a_cutoff_is_a_month(month):
    with pytest.raises(DataError, match="a month, YYYY-MM"):
        with_cutoff(LIVE, month)


def test_a_cutoff_of_a_protocol_without_months_is_refused():
    with pytest.raises(DataError, match="medqa does not say from which month"):
        with_cutoff(find_protocol("medqa"), "2025-04")


def test_a_user_replays_with_a_cutoff(tmp_path):
    times = {"old": "2024-01-31T00:00:00", "own": "2025-04-30", "new": "2025-05-01T00:00:00Z", "odd": "some day"}
    rows = [ROW | {"case_id": name, "post_time": time} for name, time in times.items()]
    (tmp_path / "data.json").write_text(json.dumps(rows))
    met = {"old": 1, "own": 1, "new": 0, "odd": 1}
    records = [
        {"case_id": name, "evaluations": {"rubric_1": grade("names eczema", 8, is_met),
                                          "rubric_2": grade("advises steroids", -4, 0)}}
        for name, is_met in met.items()
    ]  # fmt: skip
    (tmp_path / "graded.json").write_text(json.dumps(records))
    data = ["livemedbench", str(tmp_path / "graded.json"), "--data", str(tmp_path / "data.json")]
    done = CliRunner().invoke(cli, ["replay", *data, "--cutoff", "2025-04", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    table = [line.split(",") for line in (tmp_path / "out" / "table.csv").read_text().splitlines()]
    columns = [table[0].index(name) for name in ("metric", "tag", "level", "value", "n")]
    rows = {tuple(row[k] for k in columns[:3]): (float(row[columns[3]]), row[columns[4]]) for row in table[1:]}
    assert rows["score", "cutoff", "before"] == (1.0, "2")
    assert rows["score", "cutoff", "after"] == (0.0, "1")
    assert rows["score", "cutoff", "unknown"] == (1.0, "1")
    assert rows["score", "month", "2025-05"] == (0.0, "1")
    wrong = CliRunner().invoke(cli, ["replay", *data, "--cutoff", "soon"])
    assert "a month, YYYY-MM" in str(wrong.exception)
