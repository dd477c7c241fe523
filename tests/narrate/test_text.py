import re

from hypothesis import given
from hypothesis import strategies as st

from dermatrust.narrate.text import without_reasoning
from dermatrust.records import storable

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANYTHING)
def test_storable_text_can_be_encoded_and_differs_only_where_it_must(text):
    kept = storable(text)
    assert len(kept.encode()) >= len(kept) == len(text)
    assert "\x00" not in kept
    assert kept == re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


def test_only_closed_reasoning_is_taken_out():
    assert without_reasoning("<think>a</think>b<THINKING>c</THINKING>d") == "bd"
    assert without_reasoning("<think>a") == "<think>a"
