"""The texts written by hand, on which judges are tested: 24 synthetic cases, three candidates of known quality."""

import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from dermatrust.lexicon import load_lexicon
from dermatrust.narrate import closing_diagnosis, is_refusal
from dermatrust.records import Case, Narrative, iter_records
from dermatrust.store.card import read_card

HANDWRITTEN = Path(__file__).parent / "handwritten"
MODELS = ("synthetic-strong", "synthetic-middling", "synthetic-weak")


@pytest.fixture(scope="module")
def cases():
    return list(iter_records(HANDWRITTEN / "metadata.jsonl", Case))


@pytest.fixture(scope="module")
def references():
    return list(iter_records(HANDWRITTEN / "references.jsonl", Narrative))


@pytest.fixture(scope="module")
def replies():
    lines = (HANDWRITTEN / "candidates.jsonl").read_text(encoding="utf-8").splitlines()
    return {(row["model"], row["id"]): row["candidate_text"] for row in map(json.loads, lines)}


def test_the_card_says_synthetic_and_may_leave_the_machine():
    card = read_card(HANDWRITTEN / "card.yaml")
    assert card.synthetic
    assert card.may_leave_machine
    assert card.licence == "Apache-2.0"
    assert "synthetic" in card.notes.lower()


def test_there_are_24_cases_spread_over_patients_categories_and_skin_types(cases):
    assert [case.id for case in cases] == [f"demo-{n:02}" for n in range(1, 25)]
    assert len({case.patient_id for case in cases}) == 18
    assert len({case.category for case in cases}) >= 10
    assert 16 <= len({case.label for case in cases}) <= 20
    assert Counter(case.fitzpatrick for case in cases)[None] == 3
    assert {case.fitzpatrick for case in cases} == {None, 1, 2, 3, 4, 5, 6}
    assert {case.urgency for case in cases} == {"emergent", "urgent", "routine"}


def test_the_differential_of_a_case_starts_with_its_label_and_adds_up_to_one(cases):
    for case in cases:
        assert case.differential[0].diagnosis == case.label
        assert sum(item.weight for item in case.differential) == pytest.approx(1.0)


def test_one_patient_has_one_skin_type_age_and_sex(cases):
    seen = {(case.patient_id, case.fitzpatrick, case.context.age, case.context.sex) for case in cases}
    assert len(seen) == 18


def test_every_image_named_is_there_small_and_no_other(cases):
    folder = HANDWRITTEN
    named = sorted(name for case in cases for name in case.file_names)
    assert named == sorted(f"images/{file.name}" for file in (folder / "images").iterdir())
    for name in named:
        with Image.open(folder / name) as image:
            assert max(image.size) <= 336
            assert not image.getexif()
    assert sum((folder / name).stat().st_size for name in named) < 700_000


def test_each_case_has_one_reference_that_nobody_has_certified(cases, references):
    assert [reference.case_id for reference in references] == [case.id for case in cases]
    for case, reference in zip(cases, references, strict=True):
        assert reference.stream == "reference"
        assert reference.certificate is None
        assert "synthetic" in reference.author
        assert 120 <= len(reference.text.split()) <= 220
        assert case.label.lower() in reference.text.rsplit(". ", 1)[-1].lower()


def test_every_candidate_replies_to_every_case(cases, replies):
    assert set(replies) == {(model, case.id) for model in MODELS for case in cases}
    assert [text for text in replies.values() if not text] == [""]
    assert sum(is_refusal(text) for text in replies.values()) == 1
    assert len(set(replies.values())) == len(replies)


def test_no_reply_gives_its_model_away(replies):
    for text in replies.values():
        assert not any(word in text.lower() for word in ("synthetic", "middling", "candidate", "language model"))


def test_the_candidates_close_with_the_right_disease_as_often_as_they_are_meant_to(cases, replies):
    lexicon = load_lexicon()
    right = Counter()
    for case in cases:
        for model in MODELS:
            closing = closing_diagnosis(replies[model, case.id])
            right[model] += closing is not None and lexicon.diagnosis(closing) == lexicon.diagnosis(case.label)
    assert right == {"synthetic-strong": 20, "synthetic-middling": 11, "synthetic-weak": 3}


def test_the_lexicon_knows_every_label_differential_and_closing_diagnosis(cases, replies):
    lexicon = load_lexicon()
    names = {item.diagnosis for case in cases for item in case.differential}
    names |= {closing for text in replies.values() if (closing := closing_diagnosis(text))}
    assert sorted(name for name in names if lexicon.diagnosis(name) is None) == []
