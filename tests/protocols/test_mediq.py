"""MediQ with scripted experts and patients: who asks, who answers, and when it ends."""

import asyncio

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.interaction.patient import CANNOT
from dermatrust.protocols.scripted import ScriptedAsk, play_item

MEDIQ = find_protocol("mediq")
(ITEM,) = MEDIQ.items(MEDIQ.examples[0].row)


def played(replies, variant=None):
    return play_item(MEDIQ if variant is None else MEDIQ.variant(variant), ITEM, replies)


def test_an_expert_asks_hears_a_fact_word_for_word_and_answers():
    found, score = played(["Where is it?", "Answer: A", "B"])
    assert [turn.text for turn in found.turns] == ["Where is it?", "The patient says: The person itches."]
    assert found.draws == ("A", "B")
    assert (found.ending, score.value, score.parts["turns"]) == ("answer", 1.0, 2.0)


def test_an_expert_who_never_stops_asking_is_made_to_answer_and_counts_as_timed_out():
    found, score = played("What else? Answer: B")
    assert found.ending == "question limit"
    assert len(found.draws) == 31
    assert (score.value, score.parts["timed out"]) == (1.0, 1.0)


def test_an_expert_who_says_nothing_has_not_answered():
    _, score = played("")
    assert (score.value, score.answered, score.parts["timed out"]) == (0.0, False, 0.0)


@pytest.mark.parametrize(
    ("variant", "replies", "n_turns"),
    [
        ("binary", ["NO", "Where?", "Answer: A", "YES", "Answer: B"], 2),
        ("binary", ["maybe", "Where?", "Answer: A", "YES, not NO… YES", "Answer: B"], 2),
        ("numerical", ["0.9", "YES", "Answer: B"], 1),
        ("numerical-cut-off", ["0.79", "Where?", "Answer: A", "0.8", "Answer: B"], 2),
        ("numerical-cut-off", ["80 %", "Where?", "Answer: A", "1", "Answer: B"], 2),
        ("scale", ["3", "Where?", "Answer: A", "4", "Answer: B"], 2),
        ("fixed", [*["Where?", "Answer: A"] * 5, "Answer: B"], 6),
    ],
)
def test_each_policy_decides_as_the_paper_says(variant, replies, n_turns):
    found, score = played(replies, variant)
    assert score.value == 1
    assert len(found.draws) == n_turns


def test_a_patient_who_has_no_fact_says_so_and_one_who_is_random_runs_out():
    protocol = MEDIQ.variant("fixed+random")
    ask = ScriptedAsk(protocol, ITEM, "Where? Answer: B")
    found = asyncio.run(protocol.play(ITEM, ask))
    said = [turn.text.removeprefix("The patient says: ") for turn in found.turns if turn.role == "user"]
    assert sorted(said[:2]) == sorted(ITEM.known["facts"])
    assert said[2:] == [CANNOT] * 3
    assert all(role == "model" for role, _ in ask.asked)


def test_a_model_that_names_facts_there_are_none_of_is_a_patient_who_cannot_answer(monkeypatch):
    monkeypatch.setitem(MEDIQ.stand_ins, "patient", lambda item, turns: "NONE, maybe 7")
    found, _ = play_item(MEDIQ, ITEM, ["Where?", "Answer: A", "B"])
    assert found.turns[1].text.endswith(CANNOT)


def test_only_the_number_of_a_fact_is_taken_off():
    row = {**MEDIQ.examples[0].row, "facts": ["1. Fever.", "58-year-old man", "3 weeks of fever. No cough", "12.  Old"]}
    (item,) = MEDIQ.items(row)
    assert item.known["facts"] == ["Fever.", "58-year-old man", "3 weeks of fever. No cough", "Old"]


def test_the_expert_sees_no_fact_it_has_not_been_told():
    ask = ScriptedAsk(MEDIQ, ITEM, "Answer: B")
    asyncio.run(MEDIQ.play(ITEM, ask))
    text = "\n".join(turn.text for role, turns in ask.asked for turn in turns if role == "model")
    assert "It is the elbows" not in text
