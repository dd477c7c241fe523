import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.scorers.choice import answer_word

BENCH = find_protocol("adrd-bench")
(QUESTION,) = BENCH.items({"ID": 4, "Question": "Which?", "Options": {"A": "a", "B": "b", "C": ""}, "Answer": "B"})
(STATEMENT,) = BENCH.items({"ID": 4, "Question": "It is so.", "Answer": "Yes"})


def test_both_parts_have_ids_and_prompts_of_their_own():
    assert (QUESTION.id, STATEMENT.id) == ("choice 4", "statement 4")
    assert "A. a\nB. b" in QUESTION.prompt
    assert QUESTION.options == {"A": "a", "B": "b"}
    assert "options" not in STATEMENT.prompt.lower()


@pytest.mark.parametrize(
    ("reply", "value", "answered"),
    [("Answer: Yes", 1.0, True), ("No.", 0.0, True), ("yes", 1.0, True), ("I cannot say", 0.0, False),
     ("Answer: No at first sight, but\nAnswer: Yes", 1.0, True), ("Nobody knows", 0.0, False)],
)  # fmt: skip
def test_statements_are_answered_with_yes_or_no(reply, value, answered):
    score = BENCH.score(STATEMENT, Played(reply=reply))
    assert (score.value, score.answered) == (value, answered)


def test_a_letter_is_no_answer_to_a_statement_nor_yes_to_a_question():
    assert not BENCH.score(STATEMENT, Played(reply="Answer: A")).answered
    assert not BENCH.score(QUESTION, Played(reply="Answer: Yes")).answered


def test_the_longer_word_is_read_before_the_shorter():
    assert answer_word(("no", "no change"))("Answer: no change", {}) == "no change"
