"""LiveMedBench by hand: where clipping happens, what is unread, what a month is."""

import json
import math

import pytest

from dermatrust.protocols import Played
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.published.livemedbench import released_met, with_cutoff
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate

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
        ('[{"question": "cut off", "met": true, "reaso', "true"),
        ("not satisfied", "true"),  # the script's own mistake
        ("No.", "false"),
        ("…", None),
    ],
)
def test_the_scripts_fallbacks(reply, verdict):
    assert released_met(reply) == verdict


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
