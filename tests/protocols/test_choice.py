"""How letters are read out of replies: each policy on the replies that policies stumble over."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.protocols.scorers import choice

OPTIONS = {"A": "pemphigoid", "B": "bullous pemphigoid", "C": "eczema", "D": "none of these"}


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("Answer: B", "B"),
        ("answer: b", "B"),
        ("**Answer:** (C)", "C"),
        ("The answer is D.", "D"),
        ("the correct answer is (a)", "A"),
        ("Answer: A seemed right. Answer: B", "B"),
        ("The answer is a benign naevus", ""),
        ("The answer is A's", ""),
        ("Answer: Z", ""),
        ("Answer: AB", ""),
        ("I cannot answer.", ""),
        ("", ""),
    ],
)
def test_the_last_letter_stated_as_the_answer(reply, letter):
    assert choice.answer_line(reply, OPTIONS) == letter


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("B", "B"),
        ("b.", "B"),
        ("(C) eczema", "C"),
        ("**D**", "D"),
        ("Because", ""),
        ("E", ""),
        ("", ""),
        ("\nA) x", "A"),
        ("A is right, B is not", "A"),
        ("A because of the blisters", "A"),
        ("A pemphigoid", "A"),
        ("A 45-year-old woman has blisters", ""),
        ("a plaque of eczema", ""),
    ],
)
def test_the_first_character(reply, letter):
    assert choice.first_letter(reply, OPTIONS) == letter


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("I choose C.", "C"),
        ("A or C", ""),
        ("A patient with C", "C"),
        ("A", "A"),
        ("It's B; B it is", "B"),
        ("none", ""),
    ],
)
def test_the_only_letter_that_stands_alone(reply, letter):
    assert choice.only_letter(reply, OPTIONS) == letter


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("Bullous  pemphigoid, clearly", "B"),
        ("pemphigoid", "A"),
        ("eczematous", ""),
        ("eczema or pemphigoid", ""),
        ("None of these!", "D"),
    ],
)
def test_the_text_of_an_option(reply, letter):
    assert choice.option_text(reply, OPTIONS) == letter


@pytest.mark.parametrize(
    ("reply", "letters"),
    [("Answer: C, A", "AC"), ("Answers: A and C", "AC"), ("answer: ACD", "ACD"), ("Answer: A; B & D", "ABD"),
     ("Answer: A, Z", ""), ("The answers are B and B", "B"), ("nothing", "")],
)  # fmt: skip
def test_several_letters(reply, letters):
    assert choice.answer_letters(reply, OPTIONS) == letters


def test_the_letter_in_the_last_box():
    assert choice.boxed(r"first \boxed{A}, then \boxed{\text{C}}", OPTIONS) == "C"


pieces = st.lists(st.sampled_from(["answer", "Answer", " ", ": ", "is ", "(A)", "B", "c", "\n", "er", "İ", "'s", ". "]))


@given(pieces)
def test_looking_from_the_end_finds_what_looking_from_the_beginning_does(parts):
    reply = "".join(parts)
    found = [match[1].upper() for match in re.finditer(choice._ANSWER, reply) if match[1].upper() in OPTIONS]
    assert choice.answer_line(reply, OPTIONS) == (found[-1] if found else "")


@given(st.text())
def test_no_text_is_read_as_an_option_there_is_not(reply):
    for parse in (choice.answer_line, choice.first_letter, choice.only_letter, choice.option_text, choice.boxed):
        assert parse(reply, OPTIONS) in ("", *OPTIONS)
