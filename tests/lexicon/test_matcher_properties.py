"""What holds of the mentions of any text whatsoever."""

import random

from hypothesis import given
from hypothesis import strategies as st

from dermatrust.lexicon import load_lexicon

PIECES = (
    "no",
    "without",
    "possible",
    "history of",
    "but",
    "and",
    "or",
    "is absent",
    "scale",
    "Crust",
    "melanoma",
    "BCC",
    "red",
    "papules",
    "basal cell carcinoma",
    "apply bleach",
    "rapid growth",
    "differential diagnosis",
    "consider",
    "if",
    "the",
    "not only",
    "unlikely",
    "Bowen’s disease",
    "naevi",
    "face",
    ",",
    ". ",
    ";",
    ":",
    "\n\n",
    "\n- ",
    "1.",
    "(",
    ")",
    "-",
    "**",
    "İ",
    "ß",
    "\ud800",
    "\x00",
    "é",
    "—",
    "…",
    "3",
    "x" * 40,
)
MIXED = st.lists(st.sampled_from(PIECES), max_size=40).flatmap(
    lambda pieces: st.sampled_from([" ", ""]).map(lambda glue: glue.join(pieces))
)


def check(text):
    lexicon = load_lexicon()
    reached = 0
    for mention in lexicon.mentions(text):
        assert reached <= mention.start < mention.end <= len(text)
        assert lexicon.knows(text[mention.start : mention.end])
        assert lexicon.concepts[mention.concept.id] == mention.concept
        assert mention.status in ("affirmed", "negated", "hedged", "historical")
        reached = mention.end


@given(st.text())
def test_any_text_is_read_and_mentions_lie_inside_it_in_order_without_overlap(text):
    check(text)


@given(MIXED)
def test_the_same_of_clinical_words_in_any_order(text):
    check(text)


@given(MIXED)
def test_reading_twice_gives_the_same(text):
    lexicon = load_lexicon()
    assert lexicon.mentions(text) == lexicon.mentions(text)


@given(MIXED)
def test_a_following_paragraph_changes_nothing_before_it(text):
    lexicon = load_lexicon()
    before = lexicon.mentions(text)
    assert lexicon.mentions(f"{text}\n\nA plain sentence.")[: len(before)] == before


def test_letters_that_grow_in_lower_case_do_not_shift_the_places():
    text = "İİİ a scaly plaque"
    assert [text[m.start : m.end] for m in load_lexicon().mentions(text)] == ["scaly", "plaque"]


def test_time_grows_with_the_text_and_not_faster():
    words = random.Random(0).choices(
        ("no", "scale", "possible", "melanoma", ",", "and", "crust", "is absent"), k=60_000
    )
    assert len(load_lexicon().mentions(" ".join(words))) > 20_000
