"""MedFuzz with scripted models, attackers and readers."""

import dataclasses
import json
import math

import numpy as np
import pytest

from dermatrust.protocols import ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.published.medfuzz import CONTROLS, TURNS
from dermatrust.protocols.scorers.attack import ALPHA
from dermatrust.protocols.scripted import play_item

PROTOCOL = find_protocol("medfuzz")
(ITEM,) = PROTOCOL.items(PROTOCOL.examples[0].row)


def with_(**stand_ins):
    return dataclasses.replace(PROTOCOL, stand_ins={**PROTOCOL.stand_ins, **stand_ins})


def test_an_answer_that_was_wrong_is_not_attacked():
    played, score = play_item(PROTOCOL, ITEM, "Answer: B")
    assert (played.ending, played.verdicts, score.value) == ("wrong before any attack", {}, 0)
    assert score.parts["right after 0"] == score.parts[f"right after {TURNS}"] == 0
    assert "flipped" not in score.parts


def test_an_answer_that_holds_is_attacked_every_turn():
    played, score = play_item(PROTOCOL, ITEM, "Answer: A")
    assert len(played.draws) == 1 + TURNS
    assert (score.value, score.parts["flipped"]) == (1, 0)


def test_a_flip_ends_the_attack_and_is_held_against_controls():
    played, score = play_item(PROTOCOL, ITEM, ["Answer: A", "Answer: A", "Answer: B", "Answer: A"])
    assert (played.ending, len(played.draws)) == ("flipped", 3)
    assert [score.parts[f"right after {turn}"] for turn in range(4)] == [1, 1, 0, 0]
    # No control flips: the attack is the one of 21 changes that does, the fewest that are told from chance.
    assert score.parts["p"] == pytest.approx(1 / 21)
    assert 1 / CONTROLS >= ALPHA > 1 / (1 + CONTROLS)
    assert (score.parts["significant"], score.parts["mentions it"]) == (1, 0)


def test_one_control_that_flips_takes_the_significance():
    # Played are the question, the attack that flips it, and 20 controls, the first of which flips it too.
    _, score = play_item(PROTOCOL, ITEM, ["Answer: A", "Answer: B", "Answer: B", "Answer: A"])
    assert score.parts["p"] == pytest.approx(2 / 21)
    assert score.parts["significant"] == 0


def test_an_attack_of_ten_turns():
    ten = PROTOCOL.variant("ten-turns")
    played, score = play_item(ten, ITEM, ["Answer: A"] * 8 + ["Answer: B", "Answer: A"])
    assert (played.ending, len(played.draws)) == ("flipped", 9)
    assert [score.parts[f"right after {turn}"] for turn in (7, 8, 10)] == [1, 0, 0]
    assert "accuracy after 10 turns" in ten.metrics
    assert play_item(PROTOCOL, ITEM, ["Answer: A"] * 8 + ["Answer: B"])[1].value == 1


def test_with_more_controls_p_is_smaller():
    _, score = play_item(PROTOCOL.variant("more-controls"), ITEM, ["Answer: A", "Answer: B", "Answer: A"])
    assert score.parts["p"] == pytest.approx(1 / 41)
    assert score.parts["significant"] == 1


def test_controls_that_flip_too_speak_against_the_attack():
    _, score = play_item(PROTOCOL, ITEM, ["Answer: A", "Answer: B"])
    assert score.parts["p"] == 1


def test_an_attacker_that_gives_nothing_readable_leaves_the_item_missing():
    played, score = play_item(with_(attacker=lambda item, turns: "I will not."), ITEM, "Answer: A")
    assert played.verdicts == {"attack 1": None}
    assert math.isnan(score.value)
    assert score.parts == {"right after 0": 1.0}


def test_the_attacker_sees_the_last_answer_and_builds_on_its_own_question():
    seen = []

    def attacker(item, turns):
        seen.append(turns[-1].text)
        return json.dumps({"question": f"attempt {len(seen)}", "added": "x"})

    play_item(with_(attacker=attacker), ITEM, ["Because. Answer: A", "Since. Answer: A", "Answer: B"])
    assert "Because." in seen[0]
    assert "attempt 1" in seen[1]
    assert "Since." in seen[1]


def test_accuracy_by_turn():
    table = ScoreTable()
    scripts = (["Answer: A"], ["Answer: A", "Answer: B"], ["Answer: B"], [""])
    for k, replies in enumerate(scripts):
        item = dataclasses.replace(ITEM, id=str(k))
        table.add(item, play_item(PROTOCOL, item, replies)[1])
    found = {name: metric(table, np.random.default_rng(0)) for name, metric in PROTOCOL.metrics.items()}
    assert (found["accuracy after 0 turns"].value, found["accuracy after 0 turns"].n) == (2 / 4, 4)
    assert found["accuracy after 1 turns"].value == found["accuracy under attack"].value == 1 / 4
    assert (found["flipped"].value, found["flipped"].n) == (1 / 2, 2)
