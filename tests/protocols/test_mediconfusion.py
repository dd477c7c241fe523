"""MediConfusion's rules by hand: the list of words, categories counted by image, likelihoods, recorded results."""

import asyncio
import json
import math

import numpy as np
import pytest

from dermatrust.clients import Reply
from dermatrust.errors import DataError
from dermatrust.protocols import Played, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate

BENCH = find_protocol("mediconfusion")
ROW = BENCH.examples[0].row
(FIRST, SECOND) = BENCH.items(ROW)


def said(reply, variant=None):
    return (BENCH.variant(variant) if variant else BENCH).score(FIRST, Played(reply=reply)).said


@pytest.mark.parametrize(
    "reply",
    ["A", "A:", ".A", ".A:", "A.", 'A")', '("A":', '("A")', '("A").', "The answer is A.", "so:\nA\nindeed", "A or C"],
)
def test_words_of_the_released_list_state_a_letter(reply):
    assert said(reply) == said(reply, "released-code") == "A"


@pytest.mark.parametrize("reply", ["(A)", "A)", "A,", "**A**", "a", "A/C", "Answer:A", "\tA", "Apple", ""])
def test_other_words_state_none_unless_leniently(reply):
    assert said(reply) == ""
    assert said(reply, "lenient") == ("A" if reply in ("(A)", "A)", "A,", "**A**", "\tA") else "")


@pytest.mark.parametrize("variant", [None, "lenient", "released-code"])
@pytest.mark.parametrize("reply", ["A or B", "A: no.\nB", "A scan of the head: B."])
def test_both_letters_are_no_valid_choice(variant, reply):
    score = (BENCH.variant(variant) if variant else BENCH).score(FIRST, Played(reply=reply))
    assert (score.value, score.answered, score.said) == (0.0, False, "")


def table_of(rows, protocol=BENCH):
    table = ScoreTable()
    for row, replies in rows:
        for item, reply in zip(protocol.items({**ROW, **row}), replies, strict=True):
            table.add(item, protocol.score(item, Played(reply=reply)))
    return table


def rows_of(table, protocol=BENCH):
    found = protocol_result(protocol, table, model="x", others={}).rows
    return {(row.metric, row.level): (row.value, row.n) for row in found}


def test_categories_count_images_with_the_choices_of_their_whole_pairs():
    # Skin has three images: pair 1's first, and both of pair 2. Head has pair 1's second and pair 3's two.
    rows = [
        ({"id": "1", "category_1": ["Skin"], "category_2": ["Head"]}, "AA"),  # first right, second wrong: confused
        ({"id": "2", "category_1": ["Skin"], "category_2": ["Skin"]}, "AB"),  # both right
        ({"id": "3", "category_1": ["Head"], "category_2": ["Head"]}, ["B", "none"]),  # wrong, invalid
    ]
    found = rows_of(table_of(rows))
    assert found["set accuracy", ""] == (pytest.approx(1 / 3), 3)
    assert found["confusion", ""] == (1 / 2, 2)
    assert found["precision", ""] == (1, 1)
    assert found["set accuracy", "Skin"] == (pytest.approx(2 / 3), 3)
    assert found["individual accuracy", "Skin"] == (1, 3)
    assert found["confusion", "Skin"] == (pytest.approx(1 / 3), 3)
    assert found["precision", "Skin"] == (1, 2)
    assert found["set accuracy", "Head"] == (0, 3)
    assert found["confusion", "Head"] == (1, 1)
    assert found["invalid", "Head"] == (pytest.approx(1 / 3), 3)
    assert math.isnan(found["precision", "Head"][0])


def test_the_released_code_has_0_for_a_share_of_no_pair():
    released = BENCH.variant("released-code")
    found = rows_of(table_of([({}, ["", "B"])], released), released)
    assert found["confusion", ""] == (0, 0)
    assert found["precision", ""] == (0, 0)
    assert math.isnan(released.metrics["precision"](ScoreTable(), np.random.default_rng(0)).value)


def greedy(logprobs, text="B"):
    protocol, asked = BENCH.variant("greedy"), []

    async def ask(said, **sampling):
        asked.append(sampling)
        return Reply(text, logprobs=logprobs)

    played = asyncio.run(protocol.play(FIRST, ask))
    assert asked == [{"top_logprobs": 20, "max_tokens": 1}]
    return protocol.score(FIRST, played)


def test_greedy_takes_the_likelier_letter_of_the_first_token():
    def token(*pairs):
        return {"token": pairs[0][0], "top_logprobs": [{"token": one, "logprob": log} for one, log in pairs]}

    assert greedy([token(("The", -0.1), ("B", -3.0), (" A", -2.5))]).said == "A"
    assert greedy([token(("B", -1.0), ("A", -1.0))]).said == "A"  # of equals the first, as an argmax has it
    assert greedy([token(("B", -0.1))]).said == "B"
    late = greedy([token(("The", -0.1)), token(("A", -0.1))], text="The")
    assert (late.said, late.parts["by likelihood"]) == ("", 0)
    spoken = greedy(None, text="A")
    assert (spoken.said, spoken.parts["by likelihood"]) == ("A", 0)


def prefix(scored, text="B"):
    """Play the first image by prefix; `scored` has an option's tokens with their logs, or None where nobody scores."""
    protocol = BENCH.variant("prefix")

    async def ask(said, **sampling):
        if not sampling:
            return Reply(text)
        assert sampling == {"scores_last": True, "max_tokens": 1}
        assert (said[0].role, said[0].text) == ("user", FIRST.question)
        tokens = (scored or {}).get(said[-1].text, ())
        entries = [{"token": "What is it?", "logprob": -7.0}] + [{"token": t, "logprob": log} for t, log in tokens]
        return Reply("", logprobs=entries if scored else None)

    played = asyncio.run(protocol.play(FIRST, ask))
    return protocol.score(FIRST, played)


def test_prefix_takes_the_option_whose_tokens_are_likelier_on_the_average():
    # this: (-1 - 2) / 2; that: -1.6. The sum would prefer that.
    assert prefix({"this": [("th", -1.0), ("is", -2.0)], "that": [("that", -1.6)]}).said == "A"
    assert prefix({"this": [("this", -1.0)], "that": [("that", -1.0), ("<|end|>", -9.0)]}).said == "B"  # of equals B
    assert prefix({"this": [("this", -1.0)], "that": [(" that", -0.9)]}).parts["by likelihood"] == 1


def test_prefix_asks_for_the_letter_where_nobody_scores_texts():
    for scored in (None, {"this": [("thi", -1.0)], "that": [("that", -1.0)]}):  # or where the tokens do not fit
        score = prefix(scored)
        assert (score.said, score.parts["by likelihood"]) == ("B", 0)


def recorded(tmp_path, answers, variant=None, items=(FIRST, SECOND)):
    protocol = BENCH.variant(variant) if variant else BENCH
    path = tmp_path / "gpt_mc.json"
    path.write_text(json.dumps({"1": {"answer": answers, "score": {"set_score": {"Skin": 0, "total": 0}}}}))
    return tabulate(score_all(protocol.score, protocol.recorded(path, items)))


def test_the_authors_results_are_read_in_every_mode(tmp_path):
    letters = {"im1": {"A": 10, "B": 0, "full_answer": "A"}, "im2": {"A": 0, "B": 0, "full_answer": None}}
    table = recorded(tmp_path, letters)
    assert (table.values, table.said, table.answered) == ([1, 0], ["A", ""], [True, False])
    assert recorded(tmp_path, letters, "greedy").said == ["A", ""]
    assert recorded(tmp_path, letters, "prefix").said == ["A", ""]
    judged = {
        "im1": {"A": 8, "B": 5, "gpt_reason": "closer", "full_answer": "It is this."},
        "im2": {"A": 6, "B": 8, "gpt_reason": "a little", "full_answer": "It may be that."},
    }
    table = recorded(tmp_path, judged, "free-form")
    assert (table.values, table.said) == ([1, 0], ["A", ""])


def test_a_judge_that_was_silent_is_missing_and_by_the_released_code_invalid(tmp_path):
    silent = {"A": 0, "B": 0, "gpt_reason": "", "full_answer": "It is this."}
    assert not recorded(tmp_path, {"im1": silent, "im2": silent}, "free-form").is_known.any()
    table = recorded(tmp_path, {"im1": silent, "im2": silent}, "released-code+free-form")
    assert (table.values, table.answered) == ([0, 0], [False, False])


def test_results_of_other_pairs_leave_a_pair_missing_and_other_files_are_refused(tmp_path):
    others = BENCH.items({**ROW, "id": "2"})
    assert not recorded(tmp_path, {}, items=others).is_known.any()
    with pytest.raises(DataError, match="no result of pair 1"):
        recorded(tmp_path, {"im1": {"A": 1}})
