"""Values in messages: short, on one line, and with both their quotes."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import shown


@given(st.text(), st.integers(5, 80))
def test_a_text_is_shown_in_quotes_and_no_longer_than_wanted(text, most):
    said = shown(text, most)
    assert len(said) <= max(most, 0)
    assert said.isascii()
    assert said.isprintable()
    read = ast.literal_eval(said)
    assert read == text or (read.endswith("...") and text.startswith(read[:-3]))


@given(st.lists(st.text()))
def test_another_value_is_only_cut(value):
    assert shown(value, 20) == ascii(value) or shown(value, 20) == f"{ascii(value)[:17]}..."


def test_a_long_value_in_an_error_keeps_its_quote():
    assert shown("x" * 99) == f"'{'x' * 55}...'"
    assert shown("'" * 99).endswith('..."')
    assert shown("\N{GRINNING FACE}" * 99) == f"'{5 * chr(92)}"[:1] + "\\U0001f600" * 5 + "...'"
