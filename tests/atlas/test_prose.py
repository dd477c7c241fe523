"""Text and truth never disagree: what the lexicon reads is what the data says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.atlas.disease import load_diseases
from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.errors import HIDDEN_WHEN_VAGUE
from dermatrust.atlas.phrases import disease_names, load_phrases
from dermatrust.atlas.planting import draw_candidate
from dermatrust.atlas.prose import write_narrative, write_reference
from dermatrust.atlas.said import Said, truth_said
from dermatrust.atlas.vocabulary import VALUES
from dermatrust.errors import DataError
from dermatrust.judge.lexical_profile import Profile, read_profile
from dermatrust.lexicon import load_lexicon
from dermatrust.narrate import closing_diagnosis
from dermatrust.narrate.refusal import is_refusal

LEXICON = load_lexicon()
CONCEPT = {concept.name: concept for concept in LEXICON.concepts.values()}
CASES = st.tuples(st.integers(0, 50), st.integers(0, 3000))


def read(text: str) -> Profile:
    return read_profile(text, LEXICON)


def claimed(said: Said) -> dict[str, float]:
    hidden = HIDDEN_WHEN_VAGUE if said.is_vague else ()
    return {value: 1.0 for name, values in said.findings if name not in hidden for value in values}


def check_text_says(said: Said, text: str) -> None:
    profile = read(text)
    assert {concept.name: strength for concept, strength in profile.claims.items()} == claimed(said), text
    assert {concept.name for concept in profile.red_flags} == set(said.red_flags), text
    assert not profile.torn, text
    if said.diagnosis:
        assert [d.id for d in profile.conclusion.diagnoses] == [said.diagnosis], text
    else:
        assert closing_diagnosis(text) is None, text
        assert not profile.favoured.exists, text
    if said.diagnosis and said.favours:
        assert [d.id for d in profile.favoured.diagnoses] == [said.favours], text
    named = {one.diagnosis.id for one in profile.named}
    argued = {said.diagnosis, said.favours} - {None} if said.diagnosis else set()
    assert named == set(said.differential) | argued, text
    assert bool(profile.advice.unsafe) == (said.advice == "unsafe" or said.is_overconfident), text
    assert bool(profile.advice.unsafe_if_urgent) == (said.advice == "reassure"), text
    assert profile.advice.at_once == (said.advice in ("urgent", "emergency")), text
    assert profile.advice.escalates == (said.advice in ("urgent", "emergency", "routine")), text


@settings(max_examples=150)
@given(CASES)
def test_the_lexicon_reads_from_a_reference_exactly_the_truth(case):
    facts = draw_facts(case[0], "train", case[1])
    text = write_reference(facts)
    check_text_says(truth_said(facts), text)
    denied = {concept.name for concept in read(text).denied}
    assert denied
    assert not denied & set(facts.findings.features)


@settings(max_examples=200)
@given(CASES)
def test_the_lexicon_reads_from_a_candidate_exactly_what_it_says(case):
    facts = draw_facts(case[0], "test", case[1])
    said, _, text = draw_candidate(facts, np.random.default_rng(case))
    assert is_refusal(text) == said.is_refusal
    if not said.is_refusal:
        check_text_says(said, text)
        assert {concept.name for concept in read(text).denied} == set(said.denied)


def test_a_reference_depends_on_nothing_but_the_facts():
    facts = draw_facts(3, "train", 11)
    assert write_reference(facts) == write_reference(draw_facts(3, "train", 11))
    assert write_reference(facts) != write_reference(draw_facts(3, "train", 12))


WORDS = [
    (value, word)
    for attribute, by_value in load_phrases()["words"].items()
    for value, words in by_value.items()
    for forms in words
    for word in (forms if isinstance(forms, list) else [forms])
    if attribute != "border"
]


@pytest.mark.parametrize(("value", "word"), WORDS)
def test_every_word_is_read_as_its_concept_and_nothing_else(value, word):
    found = LEXICON.mentions(f"Seen here: {word}.")
    assert {(m.concept.name, m.status) for m in found} == {(value, "affirmed")}


def test_every_value_of_the_atlas_has_words_and_most_have_several():
    words = load_phrases()["words"]
    for attribute, values in VALUES.items():
        assert set(words[attribute]) == set(values)
    flags = {name for disease in load_diseases() for name, _ in disease.red_flags}
    assert flags <= set(words["red_flags"])
    counts = [
        len(w) * len(load_phrases()["sentences"][a])
        for a in VALUES
        for v, w in words[a].items()
        if v not in load_phrases()["borders"]
    ]
    assert min(counts) >= 4


@pytest.mark.parametrize("aside", load_phrases()["distractors"])
def test_an_aside_says_nothing_about_the_skin(aside):
    assert LEXICON.mentions(f"{aside}.") == []


@pytest.mark.parametrize("text", load_phrases()["refusal"])
def test_every_refusal_is_recognised(text):
    assert is_refusal(text)


@pytest.mark.parametrize(("advice", "group"), [("unsafe", False), ("reassure", True)])
def test_harmful_advice_is_known_to_the_lexicon(advice, group):
    for phrase in load_phrases()["advice"][advice]:
        found = [m for m in LEXICON.mentions(f"{phrase}.") if m.concept.kind == "unsafe_advice"]
        assert len(found) == 1, phrase
        assert (LEXICON.groups[found[0].concept.id] == "unsafe if urgent") is group


def test_every_disease_of_the_atlas_has_a_name_the_lexicon_reads_as_that_disease():
    for disease in load_diseases():
        for name in disease_names(disease.diagnosis.id):
            assert LEXICON.mentions(name)[0].concept == disease.diagnosis.concept


def test_texts_differ_in_length_and_wording():
    facts = draw_facts(0, "train", 5)
    texts = {write_narrative(truth_said(facts), np.random.default_rng(i)) for i in range(40)}
    lengths = [len(text.split()) for text in texts]
    assert len(texts) == 40
    assert max(lengths) > 1.3 * min(lengths)


def test_the_disease_is_named_only_after_the_skin_is_described():
    facts = draw_facts(0, "train", 8)
    for i in range(20):
        profile = read(write_narrative(truth_said(facts), np.random.default_rng(i)))
        first = next(one.start for one in profile.named if one.diagnosis.id == facts.diagnosis)
        assert 0 <= profile.first_feature < first


def test_a_text_that_says_nothing_is_nearly_empty():
    text = write_narrative(Said(), np.random.default_rng(0))
    assert read(text).claims == {}
    assert closing_diagnosis(text) is None


def test_a_missing_table_of_phrases_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_phrases(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- a\n", encoding="utf-8")
    with pytest.raises(DataError, match="no mapping"):
        load_phrases(tmp_path / "list.yaml")


@pytest.mark.parametrize("primary", VALUES["primary"])
def test_a_text_without_a_number_claims_none(primary):
    said = Said(findings=(("primary", (primary,)), ("distribution", ("Grouped",))))
    names = load_phrases()["words"]["primary"][primary]
    for seed in range(20):
        text = write_narrative(said, np.random.default_rng(seed)).lower()
        assert primary in {concept.name for concept in read(text).claims}, text
        assert " change" in text
        assert not any(f"{word}s" in text or f"a {word} " in text for word, _ in names), text


def test_a_size_below_ten_is_never_rounded_to_ten():
    for seed in range(30):
        text = write_narrative(Said(size_mm=9.9), np.random.default_rng(seed))
        assert "9.9 mm" in text
