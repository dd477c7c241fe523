import dataclasses
import json
import math

import numpy as np
import pytest

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
