"""MediQ with scripted experts and patients: who asks, who answers, and when it ends."""

import asyncio
import dataclasses
import json

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.interaction.expert import Expert
from dermatrust.protocols.interaction.patient import CANNOT
from dermatrust.protocols.scored import score_all, tabulate
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


def test_a_random_patient_says_a_sentence_or_by_a_coin_that_it_cannot_answer_and_asks_nobody():
    protocol = MEDIQ.variant("fixed+random")
    heard = []
    for k in range(40):
        (item,) = MEDIQ.items({**MEDIQ.examples[0].row, "id": f"e{k}"})
        ask = ScriptedAsk(protocol, item, "Where? Answer: B")
        found = asyncio.run(protocol.play(item, ask))
        heard += [turn.text.removeprefix("The patient says: ") for turn in found.turns if turn.role == "user"]
        assert all(role == "model" for role, _ in ask.asked)
    assert set(heard) == {CANNOT, *MEDIQ.examples[0].row["context"]}
    assert 70 < heard.count(CANNOT) < 130  # of 200


def test_a_context_that_is_one_text_does_not_give_itself_away():
    row = {**MEDIQ.examples[0].row, "context": "A made-up person itches. It is the elbows. Nothing else"}
    (item,) = MEDIQ.items(row)
    assert item.fields["initial"] == "A made-up person itches"
    assert item.known["context"] == "A made-up person itches. It is the elbows. Nothing else."
    (item,) = MEDIQ.items({**row, "initial_info": "An itch."})
    assert item.fields["initial"] == "An itch."


def scripted(variant, replies):
    protocol = MEDIQ.variant(variant)
    ask = ScriptedAsk(protocol, ITEM, replies)
    found = asyncio.run(protocol.play(ITEM, ask))
    return found, protocol.score(ITEM, found), ask.asked


@pytest.mark.parametrize(
    ("variant", "draws", "answers"),
    [
        ("binary+self-consistency", ["YES", "NO", "YES"], True),
        ("binary+self-consistency", ["YES", "NO", "…"], False),
        ("scale+self-consistency", ["5", "4", "3"], True),  # 4.0
        ("scale+self-consistency", ["5", "3", "3"], False),
        ("scale+self-consistency", ["5", "5", "?"], False),  # an unreadable one counts as 0
        ("numerical-cut-off+self-consistency", ["0.9", "0.9", "0.6"], True),  # 0.8
        ("numerical-cut-off+self-consistency", ["0.9", "0.8", "0.6"], False),
        ("numerical+self-consistency", ["0.9", "0.8", "0.4", "NO", "YES", "YES"], True),
        ("basic+self-consistency", ["A", "Where?", "B"], True),
        ("basic+self-consistency", ["Where?", "Since when?", "B"], False),
    ],
)
def test_several_draws_are_decided_by_majority_or_mean(variant, draws, answers):
    name = variant.removeprefix("basic+")
    found, _, asked = scripted(name, [*draws, "Answer: B"])
    assert (len(found.turns) == 0) is answers
    if variant.startswith("numerical+"):
        assert "confidence of 0.70" in asked[3][1][-1].text


@pytest.mark.parametrize(("policy", "replies"), [("binary", ["YES", "NO"]), ("basic", ["B", "Where?"])])
def test_a_tie_asks_on(policy, replies):
    protocol = dataclasses.replace(MEDIQ, play=Expert(policy=policy, n_draws=2).play)
    found, _ = play_item(protocol, ITEM, [*replies, "Where?", "B"])
    assert found.turns


def test_of_letters_drawn_the_one_said_most_counts():
    assert scripted("self-consistency", ["Answer: A", "B", "B"])[1].said == "B"


def test_a_reason_before_a_decision_is_no_part_of_it():
    replies = ["REASON: Is it NO?\nDECISION: YES", "Answer: B"]
    found, score, asked = scripted("binary+rationale", replies)
    assert (found.ending, score.value, found.turns) == ("answer", 1, ())
    assert "REASON:" in asked[0][1][-1].text
    assert "REASON:" not in asked[1][1][-1].text
    assert scripted("rationale", "REASON: What else could it be?\nDECISION: B")[1].value == 1


def test_another_model_may_put_the_questions():
    found, _, asked = scripted("binary+questioner", ["NO", "Answer: A", "YES", "Answer: B"])
    assert found.turns[0].text == "Where is it?"
    assert [role for role, _ in asked] == ["model", "questioner", "model", "patient", "model", "model"]


def test_a_joint_question_is_put_after_the_decision_to_ask():
    _, _, asked = scripted("binary+joint", ["NO", "Where?", "Answer: A", "YES", "Answer: B"])
    assert [turn.text for turn in asked[1][1]][-2] == "NO"
    _, _, apart = scripted("binary", ["NO", "Where?", "Answer: A", "YES", "Answer: B"])
    assert "NO" not in [turn.text for turn in apart[1][1]]


def test_the_released_patient_has_the_case_taken_apart_anew(monkeypatch):
    def patient(item, turns):
        return "1. It itches.\n\n2. It is red." if "Take it apart" in turns[-1].text else "2"

    protocol = dataclasses.replace(MEDIQ.variant("released-code"), stand_ins={"patient": patient})
    found, score = play_item(protocol, ITEM, ["Where?", "A", "It is that."])
    assert found.turns[1].text == "The patient says: It is red."
    assert (score.said, score.value) == ("B", 1)  # by the option's text
    assert MEDIQ.score(ITEM, found).said == ""


def result(number, choice, choices, **more):
    info = {"context": "x", "question": "What is it?", "options": {"A": "this", "B": "that"}, "correct_answer": "that",
            "correct_answer_idx": "B"}  # fmt: skip
    asked = ["Where?"] * (len(choices) - 1)
    system = {"choice": choice, "questions": asked, "answers": ["Here."] * len(asked), "intermediate_choices": choices}
    return {"id": number, "info": info, "interactive_system": system, **more}


@pytest.mark.parametrize("has_data", [True, False])
@pytest.mark.parametrize("variant", [None, "released-code"])
def test_the_authors_results_are_read(tmp_path, has_data, variant):
    protocol = MEDIQ.variant(variant) if variant else MEDIQ
    rows = [result(0, "B", ["A", None, "B"]), result(1, "A", ["A"]), result(2, None, [None] * 31)]
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    items = [MEDIQ.items({**MEDIQ.examples[0].row, "id": k})[0] for k in range(3)] if has_data else ()
    table = tabulate(score_all(protocol.score, protocol.recorded(path, items)))
    assert (table.values, table.answered) == ([1, 0, 0], [True, True, False])
    assert (table.parts["turns"], table.parts["timed out"]) == ([3, 1, 31], [0, 0, 1])


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
