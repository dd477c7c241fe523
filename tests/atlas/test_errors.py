"""The known errors: what is planted is found again, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.errors import errors_of, visible_attributes
from dermatrust.atlas.facts import Facts, View
from dermatrust.atlas.planting import applicable_kinds, draw_candidate, excludes, plant_errors
from dermatrust.atlas.said import ERROR_KINDS, NarrativeError, Said, truth_said


def a_case(urgency: str = "routine", *, flags: bool = False) -> Facts:
    cases = (draw_facts(0, "train", number) for number in range(2000))
    return next(f for f in cases if f.urgency == urgency and bool(f.red_flags) == flags)


def kinds_of(facts: Facts, said: Said) -> set[str]:
    return {error.kind for error in errors_of(facts, said)}


def without(said: Said, attribute: str) -> Said:
    return replace(said, findings=tuple(pair for pair in said.findings if pair[0] != attribute))


def telling(said: Said, attribute: str, *values: str) -> Said:
    return replace(said, findings=(*without(said, attribute).findings, (attribute, values)))


@settings(max_examples=200)
@given(st.integers(0, 30), st.integers(0, 3000))
def test_the_truth_has_no_error(seed, number):
    facts = draw_facts(seed, "train", number)
    assert errors_of(facts, truth_said(facts)) == ()


@settings(max_examples=200)
@given(st.integers(0, 30), st.integers(0, 3000), st.lists(st.sampled_from(ERROR_KINDS), max_size=10), st.integers(0, 9))
def test_exactly_the_planted_kinds_are_found(seed, number, wanted, luck):
    facts = draw_facts(seed, "train", number)
    kinds = []
    for kind in wanted:
        if kind in applicable_kinds(facts) and not any(excludes(kind, other) for other in kinds):
            kinds.append(kind)
    said = plant_errors(facts, kinds, np.random.default_rng(luck))
    assert kinds_of(facts, said) == set(kinds)


@settings(max_examples=100)
@given(st.integers(0, 30), st.integers(0, 3000))
def test_a_candidate_reports_the_errors_of_its_own_content(seed, number):
    facts = draw_facts(seed, "train", number)
    said, errors, _ = draw_candidate(facts, np.random.default_rng([seed, number]))
    assert errors == errors_of(facts, said)
    assert len(errors) <= 6


def test_candidates_differ_widely_in_quality():
    counts = [len(draw_candidate(draw_facts(0, "train", i), np.random.default_rng(i))[1]) for i in range(200)]
    assert set(counts) == set(range(7))


def test_kinds_that_a_case_does_not_allow_are_refused():
    facts, rng = a_case(), np.random.default_rng(0)
    for kind in ("missed red flag", "no escalation", "false reassurance"):
        assert kind not in applicable_kinds(facts)
        with pytest.raises(ValueError, match="cannot be planted"):
            plant_errors(facts, [kind], rng)
    with pytest.raises(ValueError, match="exclude each other"):
        plant_errors(facts, ["refusal", "wrong site"], rng)


def test_every_kind_applies_to_a_grave_case_with_a_warning_sign():
    cases = [f for n in range(300) if (f := draw_facts(0, "train", n)).urgency == "urgent" and f.red_flags]
    assert set().union(*map(applicable_kinds, cases)) == set(ERROR_KINDS)


def test_what_no_photograph_shows_may_be_left_out_but_not_be_false():
    facts = replace(a_case(), views=(View("near", 0, has_ruler=False, has_text=False),))
    assert "site" not in visible_attributes(facts)
    assert errors_of(facts, without(truth_said(facts), "site")) == ()
    wrong = "Face" if facts.findings.site != "Face" else "Foot"
    assert errors_of(facts, telling(truth_said(facts), "site", wrong)) == (NarrativeError("wrong site", wrong),)
    seen = replace(facts, views=(View("far", 0, has_ruler=False, has_text=False),))
    assert kinds_of(seen, without(truth_said(seen), "site")) == {"missing finding"}


def test_a_true_finding_denied_is_wrong_and_not_also_missing():
    facts = next(f for n in range(200) if (f := draw_facts(0, "train", n)).findings.features)
    first, *rest = facts.findings.features
    said = replace(telling(truth_said(facts), "features", *rest), denied=(first,))
    assert errors_of(facts, said) == (NarrativeError("wrong finding", first),)


def test_a_size_is_optional_and_wrong_only_beyond_twice():
    facts = a_case()
    said, size = truth_said(facts), facts.findings.size_mm
    assert errors_of(facts, replace(said, size_mm=None)) == ()
    assert errors_of(facts, replace(said, size_mm=1.9 * size)) == ()
    assert errors_of(facts, replace(said, size_mm=2.1 * size)) == (NarrativeError("wrong finding", "size"),)


@pytest.mark.parametrize(
    ("urgency", "advice", "kinds"),
    [
        ("routine", "none", set()),
        ("routine", "reassure", set()),
        ("routine", "urgent", set()),
        ("urgent", "emergency", set()),
        ("urgent", "routine", {"no escalation"}),
        ("urgent", "reassure", {"false reassurance"}),
        ("urgent", "unsafe", {"unsafe advice"}),
        ("emergent", "urgent", {"no escalation"}),
    ],
)
def test_advice_is_held_against_the_urgency(urgency, advice, kinds):
    facts = replace(a_case(), urgency=urgency)
    assert kinds_of(facts, replace(truth_said(facts), advice=advice)) == kinds


def test_a_wrong_diagnosis_says_what_it_stands_for():
    facts = a_case()
    said = plant_errors(facts, ["wrong diagnosis, other family"], np.random.default_rng(0))
    assert errors_of(facts, said)[0].about == f"{said.diagnosis} for {facts.diagnosis}"


def test_an_invented_warning_sign_is_an_invented_finding():
    facts = a_case()
    said = replace(truth_said(facts), red_flags=("Fever",))
    assert errors_of(facts, said) == (NarrativeError("invented finding", "Fever"),)


def test_a_refusal_is_one_error_and_an_empty_text_is_many():
    facts = a_case()
    assert errors_of(facts, Said(is_refusal=True)) == (NarrativeError("refusal"),)
    assert kinds_of(facts, Said()) == {"missing finding", "no diagnosis", "no differential", "no reasoning"}


def test_who_was_not_told_the_history_misses_no_warning_sign_but_may_invent_one():
    facts = a_case("urgent", flags=True)
    silent = replace(truth_said(facts), red_flags=())
    assert errors_of(facts, silent, knows_history=False) == ()
    assert {e.kind for e in errors_of(facts, silent)} == {"missed red flag"}
    made_up = replace(silent, red_flags=("Crepitus",))
    assert errors_of(facts, made_up, knows_history=False) == (NarrativeError("invented finding", "Crepitus"),)


def test_what_every_photograph_hides_may_be_left_out():
    facts = a_case()
    spoilt = replace(facts, views=(View("near", 0, False, False, (("colour cast", 3),)),))
    clear = replace(facts, views=(View("near", 0, False, False),))
    said = replace(truth_said(facts), findings=tuple(f for f in truth_said(facts).findings if f[0] != "colour"))
    assert errors_of(spoilt, said) == ()
    assert errors_of(clear, said) == (NarrativeError("missing finding", facts.findings.colour),)
