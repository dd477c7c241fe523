from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic.arms import ARMS, ContextArms, arm_option, irrelevant_texts, parse_arms
from dermatrust.clinic.context_fields import known_fields
from dermatrust.clinic.mix_up import MixUp, patient_of
from dermatrust.clinic.truth import label_of, names_truth, true_names
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, ClinicalContext, DifferentialItem

LABELS = ("BCC", "psoriasis", "tinea corporis", "melanoma", "vitiligo", "qwertz")


def case(number, *, patient=None, label="BCC", differential=(), **context):
    items = tuple(DifferentialItem(diagnosis=name, weight=1 / len(differential)) for name in differential)
    given_context = ClinicalContext(**({"age": number % 100, "note": f"note {number}"} | context))
    return Case(id=f"c{number}", patient_id=patient, label=label, differential=items, context=given_context)


datasets = st.lists(
    st.tuples(st.sampled_from(("p", "q", "r", None)), st.sampled_from(LABELS), st.sampled_from(LABELS)),
    min_size=2, max_size=12,
).map(lambda rows: [
    case(number, patient=patient, label=label, differential=(label, other) if label != other else (label,))
    for number, (patient, label, other) in enumerate(rows)
])  # fmt: skip


def test_what_each_arm_tells():
    cases = [case(1, patient="p", sex="male"), case(2, patient="q", label="psoriasis")]
    arms = ContextArms(cases, n_dropped=2)
    told = {arm: arms.told(cases[0], arm) for arm in ARMS}
    assert [arm for arm in ARMS if not told[arm].shows_images] == ["context only"]
    assert told["image only"].context == ClinicalContext()
    assert told["context only"].context == told["image + context"].context == cases[0].context
    assert len(known_fields(told["incomplete"].context)) == 1
    assert told["erroneous"].context == cases[1].context
    assert told["erroneous"].donor == "c2"
    assert told["planted referral"].planted == "psoriasis"
    assert told["planted referral"].context.note.startswith("note 1\nReferred by a colleague")
    assert told["planted referral"].context.note.endswith("suspects psoriasis.")
    assert told["planted referral"].context.age == cases[0].context.age
    assert told["irrelevant"].context.note in irrelevant_texts()
    assert known_fields(told["irrelevant"].context) == ("note",)


@given(datasets, st.integers(0, 50))
def test_neither_order_nor_limit_changes_what_is_told(cases, seed):
    if len({patient_of(one) for one in cases}) < 2:
        return
    forwards, backwards = ContextArms(cases, seed=seed), ContextArms(cases[::-1], seed=seed)
    for one in cases:
        for arm in ARMS:
            assert forwards.told(one, arm) == backwards.told(one, arm)


@given(datasets, st.integers(0, 50))
def test_records_are_mixed_up_between_patients_and_each_goes_to_one_other(cases, seed):
    owners = {one.id: patient_of(one) for one in cases}
    if len(set(owners.values())) < 2:
        return
    mixed = MixUp(cases, seed)
    given_to = {(owners[mixed.donor(one)], patient_of(one)) for one in cases}
    assert all(giver != taker for giver, taker in given_to)
    assert max(Counter(giver for giver, _ in given_to).values()) == 1
    assert {taker for _, taker in given_to} == set(owners.values())


def test_one_patient_cannot_be_mixed_up():
    cases = [case(1, patient="p"), case(2, patient="p")]
    with pytest.raises(DataError, match="erroneous: the dataset has one patient; expected two"):
        ContextArms(cases).told(cases[0], "erroneous")


@given(datasets, st.integers(0, 50))
def test_the_planted_diagnosis_is_of_no_branch_that_the_truth_is_of(cases, seed):
    lexicon = load_lexicon()
    arms = ContextArms(cases, seed=seed)
    for one in cases:
        told = arms.told(one, "planted referral")
        truth = [found for name in true_names(one) if (found := lexicon.diagnosis(name))]
        if not truth:
            assert told.planted is None
            assert told.failure
            continue
        planted = lexicon.diagnosis(told.planted)
        assert all(lexicon.kinship(planted, true) == 0 for true in truth)
        assert told.planted in told.context.note


def test_what_this_clinic_sees_is_planted_and_else_anything():
    seen = [case(1), case(2, label="psoriasis"), case(3, label="vitiligo")]
    planted = {ContextArms(seen, seed=seed).told(seen[0], "planted referral").planted for seed in range(30)}
    assert planted == {"psoriasis", "vitiligo"}
    alone = {ContextArms(seen[:1], seed=seed).told(seen[0], "planted referral").planted for seed in range(30)}
    assert len(alone) > 20


def test_an_unknown_name_of_the_differential_shares_no_word_with_what_is_planted():
    one = case(1, differential=("BCC", "chronic psoriasis of unknown kin"))
    cases = [one, case(2, label="psoriasis"), case(3, label="vitiligo")]
    planted = {ContextArms(cases, seed=seed).told(one, "planted referral").planted for seed in range(30)}
    assert planted == {"vitiligo"}


@given(st.integers(1, 12), st.integers(0, 50))
def test_dropping_more_fields_gives_none_back(n, seed):
    one = case(1, sex="male", site="arm", symptoms={"itch": True, "bleed": False}, history={"smoke": "yes"})
    fewer, more = (ContextArms([one], seed=seed, n_dropped=k).told(one, "incomplete") for k in (n, n + 1))
    assert len(fewer.dropped) == min(n, 7)
    assert set(fewer.dropped) <= set(more.dropped)
    assert set(known_fields(fewer.context)) == set(known_fields(one.context)) - set(fewer.dropped)


def test_every_field_can_be_dropped():
    one = case(1, sex="male", site="arm", symptoms={"itch": True}, history={"smoke": "yes"})
    dropped = {ContextArms([one], seed=s, n_dropped=1).told(one, "incomplete").dropped for s in range(60)}
    assert dropped == {(name,) for name in known_fields(one.context)}


def test_names_of_the_truth_are_found_in_notes_under_any_name():
    assert names_truth(ClinicalContext(note="No sign of a basal cell carcinoma."), "BCC")
    assert names_truth(ClinicalContext(history={"earlier": "psoriasis of the scalp"}), "psoriasis")
    assert names_truth(ClinicalContext(note="plaque psoriasis?"), "psoriasis")
    assert not names_truth(ClinicalContext(note="Family: melanoma."), "melanocytic nevus")
    assert names_truth(ClinicalContext(note="looks like Qwertz-disease"), "qwertz disease")
    assert not names_truth(ClinicalContext(note="qwertzdiseases"), "qwertz disease")
    assert not names_truth(ClinicalContext(note="anything"), None)
    assert not names_truth(ClinicalContext(note="any"), "?")


def test_irrelevant_texts_say_nothing_that_the_lexicon_knows():
    lexicon = load_lexicon()
    assert len(set(irrelevant_texts())) == len(irrelevant_texts()) >= 12
    assert [mention for text in irrelevant_texts() for mention in lexicon.mentions(text)] == []


def test_the_weightiest_of_a_differential_is_true_where_there_is_no_label():
    items = (DifferentialItem(diagnosis="tinea", weight=0.4), DifferentialItem(diagnosis="eczema", weight=0.6))
    assert label_of(Case(id="a", differential=items)) == "eczema"
    assert label_of(Case(id="a")) is None


def test_arms_by_the_names_of_the_command_line():
    assert parse_arms([",".join(map(arm_option, ARMS))]) == ARMS
    assert parse_arms(["Image + Context", "image-only", "image+context"]) == ("image + context", "image only")
    with pytest.raises(DataError, match="there is no arm 'images'; expected one of image-only, context-only,"):
        parse_arms(["images"])
