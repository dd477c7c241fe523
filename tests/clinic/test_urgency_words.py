"""Sentences written for this test, none taken from a model's reply."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic.urgency_words import TABLE, URGENCIES, claimed, claims_in

ONE_LEVEL = [
    ("emergent", "This needs same-day assessment."),
    ("emergent", "Refer to A&E immediately"),
    ("emergent", "Hospital admission today"),
    ("emergent", "Call an ambulance."),
    ("emergent", "This is an emergency and needs urgent admission."),
    ("emergent", "urgent, indeed an emergency"),
    ("emergent", "急诊"),
    ("urgent", "URGENT"),
    ("urgent", "two-week wait"),
    ("urgent", "refer on the 2-week-wait pathway"),
    ("urgent", "2WW"),
    ("urgent", "to be seen within 2 weeks"),
    ("urgent", "see a dermatologist soon"),
    ("urgent", "Urgent (same day)"),
    ("urgent", "semi-urgent"),
    ("urgent", "urgent but not emergent"),
    ("urgent", "The lesion is not an emergency, but should be seen urgently."),
    ("urgent", "It may be urgent."),
    ("urgent", "needs urgent review, as melanoma cannot be excluded"),
    ("urgent", "Urgent review is needed, biopsy is not required"),
    ("routine", "Level: routine"),
    ("routine", "Non-urgent"),
    ("routine", "nonurgent"),
    ("routine", "not urgent"),
    ("routine", "This isn't urgent."),
    ("routine", "Neither urgent nor emergent."),
    ("routine", "No urgent referral is needed."),
    ("routine", "Urgent referral is not needed; routine follow-up is fine."),
    ("routine", "Urgent referral isn’t necessary."),
    ("routine", "Urgent review does not seem warranted."),
    ("routine", "An urgent review is unnecessary."),
    ("routine", "does not require urgent care"),
    ("routine", "I would not consider this urgent"),
    ("routine", "rather than urgent, routine"),
    ("routine", "elective"),
    ("routine", "self-care"),
    ("routine", "If it bleeds, seek urgent care. Routine."),
    ("routine", "Seek urgent care if fever develops; otherwise routine."),
    ("routine", "Should it grow, go to the emergency department; until then self-care."),
    ("routine", "Routine follow-up; return urgently if it changes"),
    ("routine", "likely routine"),
    ("routine", "不紧急"),
]
NO_LEVEL = [
    "", "A red scaly plaque.", "not routine", "This is not an emergency.", "less urgent than a melanoma", "how urgent?",
    "an immediate family member has psoriasis", "If it bleeds, seek urgent care.", "urgently if it changes",
]  # fmt: skip
SEVERAL = [
    "Routine. Urgent!", "urgent or emergent", "emergent/urgent", "It is routine and an emergency.", "urgent, routine",
]  # fmt: skip


@pytest.mark.parametrize(("level", "passage"), ONE_LEVEL)
def test_passages_that_claim_one_level(level, passage):
    found = claimed(passage)
    assert (found.level, found.is_contradictory) == (level, False)


@pytest.mark.parametrize("passage", NO_LEVEL)
def test_passages_that_claim_none(passage):
    found = claimed(passage)
    assert (found.level, found.is_contradictory) == (None, False)


@pytest.mark.parametrize("passage", SEVERAL)
def test_passages_that_claim_several(passage):
    found = claimed(passage)
    assert (found.level, found.is_contradictory) == (None, True)


def rows():
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return [(level, row) for level in URGENCIES for kind in ("names", "times") for row in table[level][kind]]


@pytest.mark.parametrize(("level", "phrase"), [(level, p) for level, row in rows() for p in row["phrases"]])
def test_every_phrase_of_the_table_means_its_level_alone_and_in_a_sentence(level, phrase):
    assert claimed(phrase).level == level
    assert claimed(f"Plan: {phrase.upper()}, with photographs.").level == level


def test_every_row_has_a_source_and_no_phrase_two_levels():
    assert all(row["source"] for _, row in rows())
    phrases = [phrase for _, row in rows() for phrase in row["phrases"]]
    assert len(phrases) == len(set(phrases))


@given(st.text(alphabet=st.sampled_from(list("abu rgentoif,.;!紧急\n'’")), max_size=60) | st.text(max_size=60))
def test_any_text_is_read_and_positions_are_of_words(passage):
    found = claimed(passage)
    assert found.level is None or not found.is_contradictory
    for claim in claims_in(passage):
        assert 0 <= claim.start < claim.end


@given(st.sampled_from(ONE_LEVEL), st.sampled_from(["", "A scaly plaque on the shin. ", "We see no scale.\n\n"]))
def test_what_stands_before_a_claim_does_not_change_it(example, before):
    level, passage = example
    assert claimed(before + passage).level == level
