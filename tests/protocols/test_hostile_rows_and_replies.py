"""Rows that are not as they should be are a clear error, and no reply makes scoring fail: for every protocol."""

import math

import pytest

from dermatrust.errors import DataError
from dermatrust.protocols import Played
from dermatrust.protocols.find import all_protocols
from dermatrust.protocols.scripted import play_item

PROTOCOLS = all_protocols()
VALUES = (None, 3, -1, "", "x", [], {}, [1, 2], {"a": 1}, True, 1.5, ["A"], {"A": None})
REPLIES = (
    "", " ", "A", "Answer: Z", "Answer:", "{", "[1,2", "(1,2),(3,4)", "nan", "1e999", "FINISH([])", "FINISH([1e999])",
    "\\boxed{}", "<answer>", "Answer: " + "9" * 400, "١٢", '{"answer": null}', '{"answer": {"a": 1}}', "answer: 1/0",
    "A" * 5000, "\x00", "答案：", "YES NO", "[[]]", "null",
)  # fmt: skip


def spoilt(row):
    """Yield the row with one field missing or of another kind, for every field."""
    for name in row:
        yield {key: value for key, value in row.items() if key != name}
        for value in VALUES:
            yield {**row, name: value}


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_spoilt_row_is_read_or_refused_with_its_place(protocol):
    n_refused = 0
    for example in protocol.examples:
        for row in spoilt(dict(example.row)):
            try:
                items = protocol.items(row, where="rows.jsonl line 7")
            except DataError as error:
                assert str(error).startswith("rows.jsonl line 7: ")  # noqa: PT017  # what is raised where is the point
                n_refused += 1
                continue
            for item in items:
                assert all(isinstance(turn.text, str) for turn in item.turns())
    assert n_refused > 0


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_no_reply_makes_a_play_or_a_score_fail(protocol):
    for variant in (None, *protocol.variants)[:6]:
        one = protocol if variant is None else protocol.variant(variant)
        for item in one.items(one.examples[0].row):
            for reply in REPLIES:
                played, score = play_item(one, item, reply)
                assert isinstance(played, Played)
                assert math.isnan(score.value) or math.isfinite(score.value)
                assert not any(map(math.isinf, score.parts.values()))
