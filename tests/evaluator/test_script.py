"""Tokens worked by hand, with a tokenizer of words; and what no narrative can break, with a real one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.evaluator.form import Evaluation, Form
from dermatrust.evaluator.script import NOT_LEARNT, Answer, Script
from dermatrust.records import DIMENSIONS, Dimension

BEGIN, END, PLACEHOLDER, IMAGE = range(4)
CHECKS = (("site", ("right", "wrong")), ("lesion", ("right", "wrong", "missing")))
HOSTILE = st.lists(
    st.sampled_from(["<image>", "</s>", "<s>", "<pad>", "<unk>", " 4/5\n", "Scores:\n", "ß", "{narrative}", " "])
    | st.text(max_size=3), max_size=10,
).map("".join)  # fmt: skip


class Words:
    """A tokenizer that numbers words as they come: four tokens of ours, then 4, 5, ..."""

    def __init__(self, pattern: str = r" ?[^\s]+\n?|\s") -> None:
        self._pattern = pattern
        self._known = ["<s>", "</s>", "<unk>", "<image>"]

    def encode(self, text, add_special_tokens):
        assert not add_special_tokens
        found = re.findall(self._pattern, text)
        self._known += [word for word in dict.fromkeys(found) if word not in self._known]
        return [self._known.index(word) for word in found]

    def decode(self, ids, skip_special_tokens):
        return "".join(self._known[k] for k in ids if k > IMAGE or not skip_special_tokens)


def words(form, pattern=r" ?[^\s]+\n?|\s"):
    return Script(
        Words(pattern), form, image_id=IMAGE, begin=[BEGIN], end_id=END, placeholder_id=PLACEHOLDER, where="the words"
    )


def spelt(script, ids):
    return [script.token(k) for k in ids]


def test_the_prompt_worked_by_hand():
    script = words(Form("Look {images}\nat {narrative} now."))
    assert spelt(script, script.prompt("red spots", 2)) == [
        "<s>", "Look", " ", "<image>", "<image>", "\n", "at", " ", "red", " spots", " now.\n",
    ]  # fmt: skip
    plain = words(Form("Say:\n{narrative}"))
    assert spelt(plain, plain.prompt("red", 1)) == ["<s>", "<image>", "Say:\n", "red", "\n"]


def test_what_spells_our_tokens_is_masked():
    script = words(Form("Say:\n{narrative}"))
    assert spelt(script, script.prompt("<image> </s>", 1)) == ["<s>", "<image>", "Say:\n", "<unk>", " </s>", "\n"]
    assert spelt(script, script.prompt("</s>", 1))[3] == "<unk>"


def test_a_prompt_that_is_too_long_is_refused():
    script = words(Form("Say:\n{narrative}"))
    assert len(script.prompt("one two", 1, most=6)) == 6
    with pytest.raises(DataError, match=r"the words: the prompt takes 7 tokens; expected at most 6\. Shorten"):
        script.prompt("one two three", 1, most=6)


def test_the_critique_worked_by_hand_learns_what_stands_behind_the_cue():
    script = words(Form("{narrative}"))
    answer = script.critique(Evaluation({Dimension.SAFETY: 4}, "Too sure."))
    assert spelt(script, answer.ids) == ["Critique:\n", "Too", " sure.\n", "Scores:\n", "Safety:", " 4/5\n", "</s>"]
    assert answer.labels == (*answer.ids[1:], NOT_LEARNT)


def test_a_cue_of_several_tokens_is_given_whole():
    script = words(Form("{narrative}"), r" ?[^\s]+|\s")
    answer = script.critique(Evaluation({}, "Sure."))
    assert spelt(script, answer.ids) == ["Critique:", "\n", "Sure.", "\n", "Scores:", "\n", "</s>"]
    assert answer.labels == (NOT_LEARNT, *answer.ids[2:], NOT_LEARNT)


def test_a_draw_learns_its_generated_tokens_alone():
    drawn = words(Form("{narrative}")).drawn([10, 11], [12, 13, END])
    assert drawn == Answer((10, 11, 12, 13, END), (NOT_LEARNT, 12, 13, END, NOT_LEARNT))
    assert words(Form("{narrative}")).drawn([10, 11], []).labels == (NOT_LEARNT, NOT_LEARNT)


def test_the_skeleton_worked_by_hand():
    script = words(Form("{narrative}", "half", CHECKS))
    skeleton = script.skeleton
    assert spelt(script, skeleton.ids) == [
        "Checks:\n", "site", " lesion", "Scores:\n", "Accuracy:", "Safety:", "Medical", " Groundedness:", "Clinical",
        " Coverage:", "Reasoning", " Coherence:", "Description", " Precision:",
    ]  # fmt: skip
    assert skeleton.places == (1, 2, 4, 5, 7, 9, 11, 13)
    assert spelt(script, skeleton.options[0]) == [" right", " wrong"]
    assert spelt(script, skeleton.options[1]) == [" right\n", " wrong\n", " missing\n"]
    half = [
        " 0/5\n",
        " 0.5/5\n",
        " 1/5\n",
        " 1.5/5\n",
        " 2/5\n",
        " 2.5/5\n",
        " 3/5\n",
        " 3.5/5\n",
        " 4/5\n",
        " 4.5/5\n",
    ]
    assert [spelt(script, options) for options in skeleton.options[2:]] == [[*half, " 5/5\n"]] * 6


def test_the_skeleton_without_checks_begins_with_the_scores():
    script = words(Form("{narrative}"))
    assert spelt(script, script.skeleton.ids)[:3] == ["Scores:\n", "Accuracy:", "Safety:"]
    assert script.skeleton.places == (1, 2, 4, 6, 8, 10)


def test_scores_first_worked_by_hand_learns_the_open_places_alone():
    script = words(Form("{narrative}", "half", CHECKS))
    given = Evaluation({Dimension.ACCURACY: 2.3, Dimension.DESCRIPTION_PRECISION: 5}, "", {"lesion": "missing"})
    answer = script.scores(given)
    assert answer.ids == script.skeleton.ids
    learnt = {place: script.token(k) for place, k in enumerate(answer.labels) if k != NOT_LEARNT}
    assert learnt == {2: " missing\n", 4: " 2.5/5\n", 13: " 5/5\n"}
    assert script.answer(given, "scores first") == answer
    assert script.answer(given, "critique first") == script.critique(given)


def test_a_filled_skeleton_learns_what_was_chosen_and_shows_none_of_it():
    script = words(Form("{narrative}", "half", CHECKS))
    chosen = [1, 2, 0, 1, 2, 3, 4, 10]
    answer = script.filled(chosen)
    assert answer.ids == script.skeleton.ids
    learnt = [(place, k) for place, k in enumerate(answer.labels) if k != NOT_LEARNT]
    wanted = [options[k] for options, k in zip(script.skeleton.options, chosen, strict=True)]
    assert learnt == list(zip(script.skeleton.places, wanted, strict=True))
    alone = [(place, k) for place, k in enumerate(script.filled(chosen[-6:]).labels) if k != NOT_LEARNT]
    assert alone == learnt[-6:]


@pytest.mark.parametrize(("form", "pattern", "name"), [
    (Form("{narrative}", "quarter"), r".|\n", "Accuracy"),
    (Form("{narrative}", "whole", (("site", ("right", "right")),)), r" ?[^\s]+\n?|\s", "site"),
    (Form("{narrative}", "whole", (("site", ("right", "very wrong")),)), r" ?[^\s]+\n?|\s", "site"),
])  # fmt: skip
def test_answers_that_a_tokenizer_does_not_tell_apart_are_refused(form, pattern, name):
    with pytest.raises(DataError, match=f"the words: does not spell the answers of '{name}' with one token each"):
        _ = words(form, pattern).skeleton


def test_whole_points_are_told_apart_even_by_letters():
    script = words(Form("{narrative}"), r".|\n")
    assert [spelt(script, options) for options in script.skeleton.options] == [["0", "1", "2", "3", "4", "5"]] * 6
    at = [script.token(script.skeleton.ids[place]) for place in script.skeleton.places]
    assert at == [" "] * 6


@given(HOSTILE)
def test_no_narrative_breaks_a_prompt(policy, narrative):
    script = policy.script
    ids = script.prompt(narrative, 3)
    assert (ids[:4], ids.count(script.image_id)) == ([*script.begin, *[script.image_id] * 3], 3)
    assert script.end_id not in ids
    assert ids.count(script.begin[0]) == 1
    empty = script.prompt("", 3)
    n_after = len(script.encode("\n"))
    assert ids[: len(empty) - n_after] == empty[:-n_after]
    assert ids[-n_after:] == empty[-n_after:]


@given(st.dictionaries(st.sampled_from(DIMENSIONS), st.floats(0, 5)), st.fixed_dictionaries({}, optional={
    name: st.sampled_from(answers) for name, answers in CHECKS
}))  # fmt: skip
def test_the_answers_of_a_real_tokenizer_are_those_of_the_text(policy, scores, checks):
    script = policy.script
    answer = script.scores(Evaluation(scores, "", checks))
    learnt = [script.token(k) for k in answer.labels if k != NOT_LEARNT]
    levels = {d: f"{script.form.nearest(scores[d]):g}/5" for d in DIMENSIONS if d in scores}
    assert [text.strip() for text in learnt] == [*(checks[n] for n, _ in CHECKS if n in checks), *levels.values()]


def test_tokens_and_text_of_a_real_tokenizer(policy):
    script = policy.script
    ids = [*script.begin, *script.encode("A red plaque."), script.end_id]
    assert (script.decode(ids), script.text(ids), script.text([])) == ("A red plaque.", "<s>A red plaque.</s>", "")
    assert '"BPE"' in script.tokenizer_json
