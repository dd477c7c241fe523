"""Captions name no disease, references name theirs last: every check with its fault planted."""

import pytest

from dermatrust.lexicon import load_lexicon
from dermatrust.narrate.checks import (
    caption_faults,
    is_same_disease,
    last_sentence,
    names_label,
    reference_faults,
    regular_faults,
)

LEXICON = load_lexicon()
CAPTION = "This image shows well-demarcated red plaques with silvery scale on the elbow. The number is two."
REASONING = "The plaques are inflammatory. Scale narrows it to papulosquamous disease.\nThe answer is plaque psoriasis."


def whys(faults):
    return [fault.why for fault in faults]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda text: text, []),
        (lambda text: text.replace("This image", "These photographs").replace("shows", "show"), []),
        (lambda text: f"**{text}**", []),
        (lambda text: text.replace("This image shows", "One sees"), ["no opening"]),
        (lambda text: f"{text} This is psoriasis.", ["names a disease"]),
        (lambda text: f"{text} Tinea corporis is unlikely.", ["names a disease"]),
        (lambda text: f"{text} There is no sign of **melanoma**.", ["names a disease"]),
        (lambda text: f"{text} The answer is Foo syndrome.", ["names a disease"]),
    ],
)
def test_a_caption_names_no_disease_however_it_is_said(change, found):
    assert whys(caption_faults(change(CAPTION), LEXICON)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (REASONING, []),
        (REASONING.replace("The plaques", "Psoriasis: the plaques"), ["named early"]),
        (REASONING.replace("disease.", "disease, and eczema was weighed."), []),
        (REASONING.replace("plaque psoriasis.", "eczema."), ["label missing"]),
        (REASONING.replace("plaque psoriasis.", "nail psoriasis."), ["label missing"]),
        (REASONING + "\nThe patient should be seen.", ["named early", "label missing"]),
        (REASONING.replace("\nThe answer", "\n\n**The answer") + "**", []),
        ("", ["label missing"]),
    ],
)
def test_a_reference_names_its_label_in_the_last_sentence_only(text, found):
    assert whys(reference_faults(text, "plaque psoriasis", LEXICON)) == found


def test_a_label_the_lexicon_does_not_know_is_found_by_its_words():
    assert LEXICON.diagnosis("Foo-Bar syndrome") is None
    assert names_label("It is FOO bar syndrome, surely.", "Foo-Bar syndrome", LEXICON)
    assert not names_label("It is foo bars syndrome.", "Foo-Bar syndrome", LEXICON)
    assert whys(reference_faults("A lump. The answer is Foo-Bar syndrome.", "Foo-Bar syndrome", LEXICON)) == []


def test_a_regular_text_commits_itself_right_or_wrong():
    assert regular_faults("A plaque. The answer is Foo syndrome.", LEXICON) == []
    assert regular_faults("A plaque. This is psoriasis.", LEXICON) == []
    assert whys(regular_faults("Psoriasis comes to mind. It remains open.", LEXICON)) == ["no diagnosis"]
    assert whys(regular_faults("A plaque. The answer is {DISEASE NAME}.", LEXICON)) == ["no diagnosis"]


def test_the_last_sentence_of_hostile_texts():
    for text in ("", " \n ", "one", "a.\n\n\n", "." * 3000, "x" * 5000, "a. b. c"):
        assert 0 <= last_sentence(text) <= len(text)


def test_diseases_are_the_same_by_meaning():
    assert is_same_disease("nevus", "melanocytic naevus", LEXICON)
    assert not is_same_disease("nevus", "melanoma", LEXICON)
    assert is_same_disease("Foo syndrome", "foo SYNDROME", LEXICON)
    assert not is_same_disease("Foo syndrome", None, LEXICON)
