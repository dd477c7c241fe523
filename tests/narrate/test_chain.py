"""The chain of thought: one text format, read back exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dermatrust.errors import DataError
from dermatrust.narrate.chain import Chain, Level, read_chain

TEXT = "Family: inflammatory\n- Plaques.\n- On the elbow.\nGroup: papulosquamous\n- Scale.\nThe answer is psoriasis."
words = st.text(min_size=1, max_size=30).filter(lambda text: text.strip("*_`# {}:\n\r\t") and "\0" not in text)


def built(names, findings, diagnosis):
    levels = [Level(name=name, findings=tuple(findings)) for name in names]
    return Chain(levels=tuple(levels), diagnosis=diagnosis)


@given(st.lists(words, min_size=2, max_size=4), st.lists(words, min_size=1, max_size=3), words)
def test_every_chain_comes_back_from_its_text(names, findings, diagnosis):
    try:
        chain = built(names, findings, diagnosis)
    except ValidationError:  # blank once white space and marks are taken off, or not storable
        return
    assert read_chain(chain.to_text()) == chain
    assert chain.to_text().splitlines()[-1].startswith("The answer is ")


def test_marks_of_emphasis_numbers_and_fences_are_forgiven():
    dressed = (
        "```\n**Family:** inflammatory\n* Plaques.\n• On the elbow.\n\n"
        "2. **Group: papulosquamous**\n- Scale.\n\n**The answer is: psoriasis.**\n```"
    )
    assert read_chain(dressed).to_text() == TEXT


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (TEXT.replace("Family: inflammatory\n", ""), "line 1: is a finding before the first level"),
        (TEXT.replace("Group: papulosquamous\n", ""), "levels is"),
        (TEXT.replace("\n- Scale.", ""), "levels.1.findings"),
        (TEXT.replace("Group", "Family"), "line 4: begins with 'Family'; expected 'Group'"),
        (TEXT.replace("\nThe answer is psoriasis.", ""), "has no answer"),
        (TEXT + "\nI hope this helps.", "line 7: stands behind the answer"),
        ("Here you are:\n" + TEXT, "line 1: is 'Here you are:'"),
        (TEXT.replace("papulosquamous", "***"), "levels.1.name"),
        ("", "has no answer"),
    ],
)
def test_what_is_no_chain_is_refused_with_its_line(text, complaint):
    with pytest.raises(DataError) as error:
        read_chain(text)
    assert complaint in str(error.value)
