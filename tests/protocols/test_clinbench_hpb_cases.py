import dataclasses
import json
import math
import pickle

import numpy as np
import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scripted import ScriptedAsk, play_item

BENCH = find_protocol("clinbench-hpb-cases")
ROW = {"Index": 1, "patient_info": "A man.", "diagnosis": " cholangitis\nsepsis\n", "blood_test": "CRP 90",
       "imaging_test": "dilated ducts", "imaging_impression": "stone"}  # fmt: skip
(ITEM,) = BENCH.items(ROW)


def with_verdicts(judge, checker="Correct. So it is.", protocol=BENCH):
    roles = {"judge": lambda item, turns: judge, "checker": lambda item, turns: checker}
    stand_ins = {role: roles[role] for role in protocol.roles}
    return play_item(dataclasses.replace(protocol, stand_ins=stand_ins), ITEM, "Bile duct infection.")


def verdict(key):
    return json.dumps({key: "why"})


def test_diseases_are_lines_and_findings_have_two_names():
    assert ITEM.target == ["cholangitis", "sepsis"]
    assert "Laboratory: CRP 90\nImaging: dilated ducts\nImaging impression: stone" in ITEM.prompt
    (same,) = BENCH.items({**ROW, "laboratory_tests": "CRP 90", "imaging_studies": "dilated ducts"})
    assert same.prompt == ITEM.prompt


def test_prompts_follow_language_question_and_style():
    (chinese,) = BENCH.items({**ROW, "patient_info": "患者男性"})
    assert "实验室检查: CRP 90" in chinese.prompt
    assert chinese.tags == {"language": "zh"}
    (asked,) = BENCH.items({**ROW, "question": "What now?"})
    assert asked.prompt.startswith("Answer the question")
    assert asked.prompt.endswith("Question: What now?")
    assert len({BENCH.variant(style).items(ROW)[0].prompt for style in ("role", "format", "free")}) == 3


def test_all_diseases_must_be_included():
    assert with_verdicts(verdict("Includes"))[1].value == 1.0
    lacking = with_verdicts(verdict("Does not include"))[1]
    assert (lacking.value, lacking.parts) == (0.0, {"found": 0.0, "diseases": 2.0})


def test_a_checker_can_overrule_only_what_is_said_to_be_lacking():
    assert with_verdicts(verdict("Does not include"), "Incorrect. It is a synonym.")[1].value == 1.0
    assert with_verdicts(verdict("Includes"), "Incorrect.")[1].value == 1.0
    alone = BENCH.variant("judge-alone")
    assert with_verdicts(verdict("Does not include"), protocol=alone)[1].value == 0.0


@pytest.mark.parametrize(
    ("judge", "checker"), [("hm", "Correct."), (verdict("Does not include"), "hm"), ("{}", "Correct.")]
)
def test_what_cannot_be_read_is_missing(judge, checker):
    assert math.isnan(with_verdicts(judge, checker)[1].value)


def test_a_patient_with_half_the_diseases_counts_in_the_pooled_share():
    def played(*included):
        return Played(reply="x", verdicts={f"includes {one}": "Includes" if one in included else "Does not include"
                                           for one in ITEM.target})  # fmt: skip

    pairs = [
        (dataclasses.replace(ITEM, id=str(k)), one) for k, one in enumerate([played("sepsis"), played(*ITEM.target)])
    ]
    table = tabulate(score_all(BENCH.score, [*pairs, (dataclasses.replace(ITEM, id="silent"), Played(reply=""))]))
    found = {name: metric(table, np.random.default_rng(0)).value for name, metric in BENCH.metrics.items()}
    assert found["patients with every disease found"] == pytest.approx(1 / 3)
    assert found["diseases found"] == pytest.approx(3 / 6)
    assert found["answered"] == pytest.approx(2 / 3)


def test_thoughts_are_not_shown_to_the_judge():
    import asyncio

    ask = ScriptedAsk(BENCH, ITEM, "<think>sepsis, surely</think>cholangitis")
    played = asyncio.run(BENCH.play(ITEM, ask))
    assert all("surely" not in turns[-1].text for role, turns in ask.asked if role != "model")
    assert BENCH.score(ITEM, played).parts == {"found": 1.0, "diseases": 2.0}


def test_released_verdicts_that_are_no_json_are_taken_for_what_they_say_and_not_checked():
    released = BENCH.variant("released-code")
    for judge, value in (("Perhaps.", 1.0), ("It Does not include it.", 0.0)):
        played, score = with_verdicts(judge, "Incorrect.", released)
        assert not any(name.startswith("check") for name in played.verdicts)
        assert score.value == value


def test_released_a_checker_overrules_by_the_word_and_another_key_is_a_hit_for_the_disease_alone():
    released = BENCH.variant("released-code")
    lacking = verdict("Does not include")
    assert with_verdicts(lacking, "The judgement is Incorrect.", released)[1].value == 1.0
    assert with_verdicts(lacking, "Hm.", released)[1].parts == {"found": 0.0, "diseases": 2.0}
    odd = with_verdicts(verdict("Partly includes"), protocol=released)[1]
    assert (odd.value, odd.parts) == (0.0, {"found": 2.0, "diseases": 2.0})
    assert math.isnan(with_verdicts(verdict("Partly includes"))[1].value)


def test_verdicts_in_chinese():
    assert with_verdicts(verdict("包含"))[1].value == 1.0
    assert with_verdicts(verdict("不包含"))[1].value == 0.0


def test_released_pickles_before_and_after_the_check_are_replayed(tmp_path):
    truths = [["cholangitis\nsepsis"], ["胆囊结石"]]
    judged = [verdict("Includes"), verdict("Does not include"), "不包含，因为…"]
    before, after = [["a", "b"], [[2, 1], judged], truths], [["a", "b"], [2, 1], judged, truths, ["Correct."]]
    for content in (before, after):
        (tmp_path / "m.pkl").write_bytes(pickle.dumps(content))
        table = tabulate(score_all(BENCH.score, BENCH.recorded(tmp_path / "m.pkl", ())))
        assert table.values[0] == 0.0
        assert math.isnan(table.values[1])  # no JSON
        assert table.tags["language"] == ["en", "zh"]
        released = BENCH.variant("released-code")
        table = tabulate(score_all(released.score, released.recorded(tmp_path / "m.pkl", ())))
        assert table.values == [0.0, 0.0]
        assert table.part("found").tolist() == [1.0, 0.0]
    (tmp_path / "m.pkl").write_bytes(pickle.dumps([["a"], [[2], judged], [["x"]]]))
    with pytest.raises(DataError, match="3 verdicts on 2 diseases"):
        list(BENCH.recorded(tmp_path / "m.pkl", ()))


def test_a_patient_may_be_asked_two_questions_and_must_have_a_diagnosis():
    first, second = ({**ROW, "question": text} for text in ("WHAT NOW?", "WHY?"))
    assert BENCH.items(first)[0].id != BENCH.items(second)[0].id
    with pytest.raises(DataError, match="no diagnosis"):
        BENCH.items({**ROW, "diagnosis": " \n"})
