import asyncio
import json
import math
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from dermatrust.clients import AskFailed, Reply
from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items

PAIRS, INBOX = find_protocol("pmr-bench"), find_protocol("pmr-bench-inbox")
ROW = PAIRS.examples[0].row


def inbox(*relevancies):
    rows = [{"text": f"message {k}", "relevancy": one} for k, one in enumerate(relevancies)]
    (item,) = INBOX.items({"id": "i", "messages": rows})
    return item


def said(item, better):
    """Return what a model says that puts the text first of which `better(shown first, shown second)` holds."""
    n = len(item.target)
    return Played(reply="", draws=tuple("A" if better(i, j) else "B" for i, j in permutations(range(n), 2)))


def test_a_pair_is_shown_in_both_orders_and_which_is_right_does_not_decide_which_comes_first():
    first, second = PAIRS.items(ROW)
    assert (first.fields["first"], first.fields["second"]) == (second.fields["second"], second.fields["first"])
    assert {first.target, second.target} == {"A", "B"}
    assert first.group == second.group
    assert first.tags == {"difficulty": "easy"}
    swapped = PAIRS.items({**ROW, "chosen": ROW["rejected"], "rejected": ROW["chosen"]})
    assert [item.prompt for item in swapped] == [item.prompt for item in (first, second)]
    assert f"Message A:\n{first.fields['first']}\n\nMessage B:\n{first.fields['second']}" in first.prompt


def test_a_difficulty_of_zero_is_kept():
    assert [PAIRS.items({**ROW, "difficulty": one})[0].tags["difficulty"] for one in (0, None)] == ["0", ""]


@pytest.mark.parametrize(
    ("change", "what"),
    [({"chosen": ""}, "its chosen is ''"), ({"rejected": None}, "its rejected is None"),
     ({"rejected": ROW["chosen"]}, "its two messages are one")],
)  # fmt: skip
def test_a_pair_that_is_none_is_refused(change, what):
    with pytest.raises(DataError, match=what):
        PAIRS.items({**ROW, **change})


def test_an_inbox_is_ranked_by_who_won_and_scored_by_what_is_on_top():
    item = inbox(3, 2, 0)
    right = INBOX.score(item, said(item, lambda i, j: i < j))
    assert (right.value, right.parts) == (1.0, {"read": 1.0, "right": 1.0, "same in both orders": 1.0})
    # Ranked 1, 0, 2: 2 + 3 / log2(3) of 3 + 2 / log2(3). Of the three pairs, (0, 1) is the wrong way round.
    turned = INBOX.score(item, said(item, lambda i, j: ({i, j} == {0, 1} and i == 1) or ({i, j} != {0, 1} and i < j)))
    assert turned.value == pytest.approx((2 + 3 / math.log2(3)) / (3 + 2 / math.log2(3)))
    assert turned.parts == pytest.approx({"read": 1.0, "right": 2 / 3, "same in both orders": 1.0})
    # 2 ** 3 - 1 = 7, 2 ** 2 - 1 = 3.
    steep = INBOX.variant("exponential").score(item, said(item, lambda i, j: j < i))
    assert steep.value == pytest.approx((3 / math.log2(3) + 7 / 2) / (7 + 3 / math.log2(3)))


def test_whoever_always_takes_the_first_is_consistent_nowhere_and_ranks_all_alike():
    item = inbox(3, 2, 0)
    score = INBOX.score(item, said(item, lambda i, j: True))
    assert score.parts == {"read": 1.0, "right": 0.5, "same in both orders": 0.0}
    assert score.value == pytest.approx(5 / 3 * (1 + 1 / math.log2(3) + 1 / 2) / (3 + 2 / math.log2(3)))


def test_a_reply_without_a_letter_counts_as_wrong():
    item = inbox(3, 2, 0)
    # In the order (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1): two cannot be read.
    score = INBOX.score(item, Played(reply="", draws=("A", "I cannot tell", "", "A", "B", "B")))
    assert score.parts == pytest.approx({"read": 4 / 6, "right": 4 / 6, "same in both orders": 1 / 3})
    # Wrong would be 2 over 0 and 1 over 0: wins are 2, 3 and 1, so the ranking is 1, 0, 2.
    assert score.value == pytest.approx((2 + 3 / math.log2(3)) / (3 + 2 / math.log2(3)))
    silent = INBOX.score(item, Played(reply="", draws=("",) * 6))
    assert (silent.value, silent.answered) == (0.0, False)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_silence_scores_as_the_wrong_letter_and_messages_rank_by_their_wins(data):
    n = data.draw(st.integers(2, 12))
    worth = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n).filter(lambda one: len(set(one)) > 1))
    item, pairs = inbox(*worth), list(permutations(range(n), 2))
    letters = data.draw(st.lists(st.sampled_from("AB"), min_size=len(pairs), max_size=len(pairs)))
    wrong = [worth[i] != worth[j] and (letter == "A") != (worth[i] > worth[j])
             for (i, j), letter in zip(pairs, letters, strict=True)]  # fmt: skip
    silent = ["I cannot tell" if one else letter for one, letter in zip(wrong, letters, strict=True)]
    said, unsaid = (INBOX.score(item, Played(reply="", draws=tuple(one))) for one in (letters, silent))
    wins = [sum(pair["AB".index(letter)] == k for pair, letter in zip(pairs, letters, strict=True)) for k in range(n)]
    assert said.value == pytest.approx(ndcg_score([worth], [wins], k=10))
    if not all(wrong):
        assert unsaid.value == pytest.approx(said.value)
        assert unsaid.parts["right"] == pytest.approx(said.parts["right"])


def test_silence_on_messages_of_one_worth_favours_neither():
    item = inbox(2, 2, 0)
    score = INBOX.score(item, said(item, lambda i, j: i < j))
    unsaid = INBOX.score(item, Played(reply="", draws=("", "A", "", "A", "B", "B")))
    assert (unsaid.value, unsaid.parts["right"], unsaid.parts["read"]) == (score.value, 1.0, 4 / 6)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_model_that_never_contradicts_itself_has_the_ndcg_of_its_order(data):
    n = data.draw(st.integers(2, 13))
    worth = data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n).filter(lambda one: len(set(one)) > 1))
    order = data.draw(st.permutations(range(n)))  # the place of each message
    item = inbox(*worth)
    found = INBOX.score(item, said(item, lambda i, j: order[i] < order[j])).value
    assert found == pytest.approx(ndcg_score([worth], [[-place for place in order]], k=10))
    assert 0 <= found <= 1 + 1e-12


@pytest.mark.parametrize(
    ("rows", "what"),
    [([("a", 1)], "it has no two messages"), ([("a", 1), ("b", 1)], "of one relevancy"),
     ([("a", 1), (" ", 2)], "message 2 has no text"), ([("a", 1), ("b", None)], "the relevancy of message 2 is None"),
     ([("a", -1), ("b", 2)], "the relevancy of message 1 is -1"), ([("a", "nan"), ("b", 2)], "message 1 is 'nan'"),
     ([("a", 1001), ("b", 2)], "expected 0 to 1000"),
     ([("a", float("inf")), ("b", 2)], "message 1 is inf")],
)  # fmt: skip
def test_an_inbox_that_cannot_be_ranked_is_refused(rows, what):
    with pytest.raises(DataError, match=what):
        INBOX.items({"id": "i", "messages": [{"text": text, "relevancy": worth} for text, worth in rows]})


def test_a_file_is_one_inbox(tmp_path):
    rows = [{"text": f"message {k}", "level": 6 - k, "relevancy": k} for k in range(3)]
    (tmp_path / "INBOX_A.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (item,) = iter_items(INBOX, tmp_path / "INBOX_A.jsonl")
    assert (item.id, item.target) == ("INBOX_A", (0.0, 1.0, 2.0))


def test_comparisons_go_out_together_and_one_that_fails_makes_the_inbox_missing_after_the_others():
    item, asked = inbox(1, 2, 3), []

    async def ask(turns, **sampling):
        asked.append(turns)
        await asyncio.sleep(0)
        if len(asked) < 6 or "A:\nmessage 1\n\nMessage B:\nmessage 0" in turns:
            raise AskFailed("timeout", "none of them waited for another" if len(asked) == 6 else "not together")
        return Reply("A")

    with pytest.raises(AskFailed, match="none of them waited"):
        asyncio.run(INBOX.play(item, ask))
    assert len(asked) == 6
