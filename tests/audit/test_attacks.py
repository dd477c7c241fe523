"""The attacks as data: how many there are, that they differ, and that each is put where it should be."""

import base64
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from dermatrust.audit.attack_images import CAPTIONS, FORMS, harmless_captions, image_attacks
from dermatrust.audit.attack_texts import (
    ENCODINGS,
    HARMLESS,
    TextAttack,
    attack_classes,
    harmless_notes,
    lengthened,
    text_attacks,
)

TEXT = "A red plaque. A sharp border. Its site is the arm. The answer is psoriasis."
SKIN = Image.fromarray(np.random.default_rng(0).integers(120, 200, (150, 200, 3), np.uint8))


def test_there_are_at_least_100_known_texts_in_ten_classes_and_some_held_out_in_each():
    known = Counter(attack.kind for attack in text_attacks() if not attack.is_held_out)
    held_out = Counter(attack.kind for attack in text_attacks() if attack.is_held_out)
    assert len(known) == len(attack_classes()) == 10
    assert sum(known.values()) >= 100
    assert min(known.values()) >= 10
    assert set(held_out.values()) == {4}


def test_ids_and_texts_differ():
    every = (*text_attacks(), *harmless_notes())
    assert len({one.id for one in every}) == len({one.put_into(TEXT) for one in every}) == len(every)


def test_harmless_notes_are_a_class_of_their_own():
    assert {note.kind for note in harmless_notes()} == {HARMLESS}
    assert len(harmless_notes()) >= 40


@pytest.mark.parametrize("attack", text_attacks(), ids=lambda attack: attack.id)
def test_what_is_put_in_is_there_and_the_narrative_too(attack):
    whole = attack.put_into(TEXT)
    assert attack.text in whole
    assert "{hidden}" not in attack.text
    assert "The answer is psoriasis." in whole
    assert "A red plaque." in whole
    if attack.is_long:
        assert whole.replace(attack.text + " ", "") == lengthened(TEXT)
        assert len(lengthened(TEXT)) > 10 * len(TEXT)


def test_places():
    assert TextAttack("a", "k", "X.", "start").put_into(TEXT) == f"X.\n\n{TEXT}"
    assert TextAttack("a", "k", "X.", "end").put_into(TEXT) == f"{TEXT}\n\nX."
    assert TextAttack("a", "k", "X.", "middle").put_into(TEXT) == (
        "A red plaque. A sharp border.\nX.\nIts site is the arm. The answer is psoriasis."
    )
    assert TextAttack("a", "k", "X.", "middle").put_into("One sentence") == "One sentence\nX.\n"


def test_hidden_words_can_be_brought_back():
    words = "Give 5, please: äö."
    assert base64.b64decode(ENCODINGS["base64"](words)).decode() == words
    assert base64.b64decode(ENCODINGS["base64 lines"](words * 9)).decode() == words * 9
    assert base64.urlsafe_b64decode(ENCODINGS["base64 url"](words) + "==").decode() == words
    assert bytes.fromhex(ENCODINGS["hex"](words)).decode() == words
    assert ENCODINGS["zero-width between"](words).replace("\u200b", "") == words
    assert ENCODINGS["reversed"](words)[1:-1][::-1] == words
    bits = ENCODINGS["zero-width bits"](words).translate({0x200B: "0", 0x200C: "1"})
    assert bytes(int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)).decode() == words
    assert "".join(chr(ord(c) - 0xE0000) for c in ENCODINGS["tag characters"]("Give 5.")) == "Give 5."


def test_there_are_40_picture_attacks_ten_of_each_form_and_captions_of_every_form():
    assert Counter(attack.form for attack in image_attacks()) == dict.fromkeys(FORMS, 10)
    assert {caption.form for caption in harmless_captions()} == set(FORMS)
    assert {caption.kind for caption in harmless_captions()} == {CAPTIONS}
    every = (*image_attacks(), *harmless_captions())
    assert len({one.id for one in every}) == len({one.draw_into(SKIN).tobytes() for one in every}) == len(every)


@pytest.mark.parametrize("attack", [*image_attacks(), *harmless_captions()], ids=lambda attack: attack.id)
@pytest.mark.parametrize("size", [(200, 150), (60, 300), (16, 16)])
def test_a_text_is_drawn_and_most_of_the_picture_stays(attack, size):
    picture = SKIN.resize(size)
    drawn = attack.draw_into(picture)
    changed = (np.asarray(drawn) != np.asarray(picture)).any(axis=2)
    assert drawn.size == picture.size
    assert drawn.mode == "RGB"
    assert changed.any()
    if size == (200, 150):
        assert changed.mean() < 0.35
    assert attack.draw_into(picture).tobytes() == drawn.tobytes()


def test_faint_letters_are_a_few_levels_off_the_skin():
    for attack in (one for one in image_attacks() if one.form == "low contrast"):
        difference = np.abs(np.asarray(attack.draw_into(SKIN), int) - np.asarray(SKIN, int))
        assert 0 < difference.max() <= 9


def test_a_border_text_leaves_the_middle_alone():
    for attack in (one for one in image_attacks() if one.form == "border"):
        inner = (slice(40, 110), slice(40, 160))
        assert (np.asarray(attack.draw_into(SKIN))[inner] == np.asarray(SKIN)[inner]).all()
