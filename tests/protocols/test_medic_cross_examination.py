"""Cross-examination by hand: what does not count, what is missing, and what a contradiction costs."""

import dataclasses
import json
import math

import pytest

from dermatrust.protocols import Played
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.scorers.cross_examination import answered_share, conciseness, conforming_share, read_questions
from dermatrust.protocols.scripted import play_item

MEDIC = find_protocol("medic-cross-examination")
RELEASED = MEDIC.variant("released-code")
(ITEM,) = MEDIC.items(MEDIC.examples[0].row)


def verdicts(name, *pairs, is_listed=True):
    found = {name: "[…]" if is_listed else None}
    for number, (gold, said) in enumerate(pairs, 1):
        found |= {f"{name} gold {number}": gold, f"{name} said {number}": said}
    return found


DOCUMENT = verdicts("document", ("yes", "yes"), ("yes", "no"), ("no", "idk"), ("no", "no"), ("idk", "yes"))
SUMMARY = verdicts("summary", ("yes", "yes"), ("yes", "idk"))


def test_a_hand_worked_examination():
    # Four questions count: one cannot be told, one is contradicted. Of the summary's two, one cannot be told.
    score = MEDIC.score(ITEM, Played(reply="A made-up fever.", verdicts=DOCUMENT | SUMMARY))
    assert score.parts == {
        "coverage": 0.75, "conformity": 0.75, "consistency": 0.5, "conciseness": pytest.approx(40),
    }  # fmt: skip
    assert score.value == pytest.approx((0.75 + 0.75 + 0.5) / 3)


def test_a_wrong_answer_is_covered_and_does_not_conform():
    found = verdicts("document", ("yes", "no"))
    assert (answered_share(found, "document"), conforming_share(found, "document")) == (1.0, 0.0)


@pytest.mark.parametrize("found", [verdicts("document"), verdicts("document", ("idk", "yes"), ("idk", None))])
def test_without_a_question_that_counts_a_score_is_zero(found):
    assert (answered_share(found, "document"), conforming_share(found, "document")) == (0.0, 0.0)


def test_a_missing_list_makes_the_item_missing_or_as_released_is_left_out():
    played = Played(reply="x", verdicts=DOCUMENT | verdicts("summary", is_listed=False))
    assert math.isnan(MEDIC.score(ITEM, played).value)
    assert RELEASED.score(ITEM, played).value == pytest.approx((0.75 + 3 / 5) / 2)
    assert math.isnan(RELEASED.score(ITEM, Played(reply="x", verdicts={})).value)


def test_one_unread_answer_makes_the_item_missing():
    played = Played(reply="x", verdicts=DOCUMENT | verdicts("summary", ("yes", None), ("yes", "yes")))
    assert math.isnan(MEDIC.score(ITEM, played).value)


def test_as_released_an_answer_that_is_none_of_the_three_is_a_wrong_one():
    # Of the document's two questions one is contradicted, and none is left open.
    unread = verdicts("document", ("yes", None), ("yes", "yes"), ("idk", "idk")) | verdicts("summary", ("no", None))
    score = RELEASED.score(ITEM, Played(reply="x", verdicts=unread))
    assert [score.parts[name] for name in ("coverage", "conformity", "consistency")] == [1, 0.5, 1]
    assert score.value == pytest.approx(2.5 / 3)


def test_as_released_an_answer_to_what_cannot_be_told_conforms_to_nothing():
    # Right answers yes, no, idk, idk; said yes, idk, yes, idk. Covered: 1 of 2. Conforming: 2 of 3.
    document = verdicts("document", ("yes", "yes"), ("no", "idk"), ("idk", "yes"), ("idk", "idk"))
    played = Played(reply="x", verdicts=document | verdicts("summary", ("yes", "yes")))
    assert [MEDIC.score(ITEM, played).parts[name] for name in ("coverage", "conformity")] == [0.5, 1]
    parts = RELEASED.score(ITEM, played).parts
    assert [parts[name] for name in ("coverage", "conformity")] == [0.5, pytest.approx(2 / 3)]


def test_as_released_an_empty_list_is_a_missing_one():
    played = Played(reply="x", verdicts=DOCUMENT | {"summary": "[]"})
    assert MEDIC.score(ITEM, played).value == pytest.approx((0.75 + 0.75 + 0) / 3)
    assert RELEASED.score(ITEM, played).value == pytest.approx((0.75 + 3 / 5) / 2)  # "idk" was answered with yes


def test_as_released_right_answers_are_asked_for_again():
    def judge(item, turns):
        said = MEDIC.stand_ins["judge"](item, turns)
        return said.replace("YES", "NO") if "JSON" in turns[-1].text else said

    for protocol, conformity in ((MEDIC, 0), (RELEASED, 1)):
        played, score = play_item(dataclasses.replace(protocol, stand_ins={"judge": judge}), ITEM, ITEM.question)
        assert score.parts["conformity"] == conformity
    assert played.verdicts["document gold 2"] == "yes"


def test_the_rows_of_the_code(tmp_path):
    def answers(*pairs):
        return [{"predicted": said, "gold": gold, "question": f"q{k}"} for k, (gold, said) in enumerate(pairs)]

    row = {
        "input": "one two three four", "Generated_Summary": "one two",
        "Summary_Answers_to_Document_Questions": answers(("YES", "YES"), ("YES", "NO"), ("NO", "IDK"), ("NO", "NO.")),
        "Document_Answers_to_Summary_Questions": answers(("YES", "IDK"), ("IDK", "IDK")),
    }  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"Document_Answers_to_Summary_Questions": None}))
    first, second = (RELEASED.score(*pair) for pair in RELEASED.recorded(path, ()))
    assert first.parts == {"coverage": 0.75, "conformity": 0.5, "consistency": 0, "conciseness": 50}
    assert second.value == pytest.approx((0.75 + 0.5) / 2)
    first, second = (MEDIC.score(*pair) for pair in MEDIC.recorded(path, ()))
    assert (first.parts["conformity"], math.isnan(second.value)) == (0.75, True)  # "NO." is read


def test_a_longer_summary_saves_less_than_nothing():
    assert conciseness("a b", "a b c") == -50
    assert math.isnan(conciseness("", "a"))


@pytest.mark.parametrize(
    ("reply", "questions"),
    [
        ('```json\n[{"question": "q", "answer": "NO"}]\n```', [["q", "no"]]),
        ('[{"question": "q", "answer": "IDK"}]', [["q", "idk"]]),
        ("[]", []),
        ('{"question": "q", "answer": "NO"}', None),
        ('[{"question": "q", "answer": "perhaps"}]', None),
        ('["q"]', None),
    ],
)
def test_questions(reply, questions):
    found = read_questions(reply)
    assert (found and json.loads(found)) == questions if questions is not None else found is None


def test_each_text_is_examined_by_the_other():
    asked = []

    def judge(item, turns):
        asked.append(turns[-1].text)
        return MEDIC.stand_ins["judge"](item, turns)

    play_item(dataclasses.replace(MEDIC, stand_ins={"judge": judge}), ITEM, "A made-up rash.")
    about_document, *_, about_summary, last = asked
    assert "No cough" in about_document
    assert "rash" not in about_document
    assert "rash" in about_summary
    assert "rash" in last  # the question
    assert "No cough" in last  # the text that it is answered from
