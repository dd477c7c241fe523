"""Critiques and checks against the known errors, over whatever candidates are drawn."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.atlas.critique import CHECKS, COMPARED, FEATURES, NOTHING, OTHER, VAGUELY, checks_of, write_critique
from dermatrust.atlas.disease import load_diseases
from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.errors import HIDDEN_WHEN_VAGUE, SINGLE, errors_of, visible_attributes
from dermatrust.atlas.planting import applicable_kinds, draw_candidate, draw_hybrid, plant_errors
from dermatrust.atlas.said import ERROR_KINDS, NarrativeError, Said, truth_said
from dermatrust.atlas.scoring import misses_grave, true_scores
from dermatrust.atlas.vocabulary import VALUES
from dermatrust.lexicon import load_lexicon

POSSIBLE = dict(CHECKS)
POSSIBLE_FEATURES = VALUES["features"]
NAMES = {
    "site": "site", "primary": "lesion", "colour": "colour", "shape": "shape", "border": "border",
    "surface": "surface", "count": "number", "distribution": "spread",
}  # fmt: skip
KIND_OF_CHECK = {
    ("reasons", "none"): "no reasoning", ("reasons", "wrong"): "contradictory reasoning",
    ("rivals", "none"): "no differential", ("care", "low"): "no escalation", ("care", "false"): "false reassurance",
    ("care", "harmful"): "unsafe advice", ("wording", "vague"): "vague wording",
    ("certainty", "high"): "overconfidence",
    ("diagnosis", "near"): "wrong diagnosis, same family", ("diagnosis", "far"): "wrong diagnosis, other family",
    ("diagnosis", "none"): "no diagnosis", ("text", "refused"): "refusal",
}  # fmt: skip
LINE = re.compile(
    r"(Text: declines to describe the case\.|"
    r"(Site|Lesion|Colour|Shape|Border|Surface|Number|Spread): said [^.]+?"
    r"(, out of sight|, seen [^,.]+(, (right|wrong|missing))?)\.|"
    r"Features: said [^.]+\.|"
    r"Diagnosis: said [^.]+?, seen [^.]+?, (right|missing|wrong but near|wrong and far)\.|"
    r"Argument: (alternatives weighed|no alternatives), (no reasons|reasons for [^,.]+, (?:right|wrong))\.|"
    r"Care: said [^,.]+, needed [^,.]+\.|"
    r"Wording: (vague|precise), (too sure|not too sure)\.)"
)
candidates = st.tuples(st.integers(0, 50), st.integers(0, 40), st.integers(0, 10**6))


def drawn(numbers):
    """Return facts, content, known errors, critique and checks of a drawn candidate."""
    seed, number, chance = numbers
    facts = draw_facts(seed, "train", number)
    said, errors, _ = draw_candidate(facts, np.random.default_rng(chance))
    critique = write_critique(facts, said)
    return facts, said, errors, critique, checks_of(errors, critique)


@given(candidates)
def test_every_answer_is_among_the_possible_and_what_is_left_out_is_out_of_sight(numbers):
    facts, said, _, critique, answers = drawn(numbers)
    assert all(answer in POSSIBLE[name] for name, answer in answers.items())
    left_out = set(POSSIBLE) - set(answers)
    if said.is_refusal:
        assert left_out == {name for name in POSSIBLE if "-" in name or name in FEATURES}
        return
    visible = visible_attributes(facts)
    hidden = {f"{NAMES[a]}-seen" for a in SINGLE if a not in visible and not (said.is_vague and a in HIDDEN_WHEN_VAGUE)}
    told = {name.lower().replace(" ", "-") for name in dict(said.findings).get("features", ())}
    assert left_out == hidden | (set() if "features" in visible else set(FEATURES) - told), critique


@given(candidates)
def test_checks_agree_with_the_known_errors(numbers):
    _, said, errors, _, answers = drawn(numbers)
    kinds = {error.kind for error in errors}
    found = {KIND_OF_CHECK[pair] for pair in answers.items() if pair in KIND_OF_CHECK}
    assert found == kinds & set(KIND_OF_CHECK.values())
    missed = sum(error.kind == "missed red flag" for error in errors)
    assert answers["signs"] == ("none", "one", "more")[min(missed, 2)]
    assert said.is_refusal == (answers["text"] == "refused")
    concluded = [e for e in errors if "diagnosis" in e.kind]
    assert (answers["danger"] == "missed") == any(misses_grave(error.about) for error in concluded)


@given(candidates)
def test_the_check_of_each_finding_agrees_with_its_errors(numbers):
    facts, said, errors, critique, answers = drawn(numbers)
    if said.is_refusal:
        return
    told, visible = dict(said.findings), visible_attributes(facts)
    for attribute in SINGLE:
        name, truth = NAMES[attribute], getattr(facts.findings, attribute)
        if said.is_vague and attribute in HIDDEN_WHEN_VAGUE:
            expected, words = "vague", VAGUELY
        elif attribute in told:
            expected = "right" if told[attribute] == (truth,) else "wrong"
            words = told[attribute][0].lower().replace(" ", "-")
        else:
            expected, words = "missing" if attribute in visible else "right", NOTHING
        assert (answers[name], answers[f"{name}-said"]) == (expected, words), critique
        if f"{name}-seen" in answers:
            assert answers[f"{name}-seen"] == truth.lower().replace(" ", "-")
    lost = [e for e in errors if e.kind in ("missing finding", "wrong finding") and e.about in facts.findings.features]
    told_wrongly = [name for name in told.get("features", ()) if name not in facts.findings.features]
    assert answers["lost"] == ("none", "one", "more")[min(len(lost), 2)]
    assert answers["added"] == ("none", "one", "more")[min(len(told_wrongly), 2)]
    for name in POSSIBLE_FEATURES:
        is_told, is_true = name in told.get("features", ()), name in facts.findings.features
        check = name.lower().replace(" ", "-")
        expected = ("wrong" if is_told else "none", "right" if is_told else "missing")[is_true]
        assert answers.get(check) == (expected if is_told or "features" in visible else None), critique


@given(candidates)
def test_the_disease_that_reasons_speak_for_decides_whether_they_fit(numbers):
    _, said, _, critique, answers = drawn(numbers)
    if said.is_refusal:
        return
    if said.favours is None:
        assert (answers["reasons-said"], answers["reasons"]) == (NOTHING, "none"), critique
        return
    favoured = load_lexicon().diagnoses[said.favours].name.lower().replace(" ", "-")
    assert answers["reasons-said"] == (favoured if favoured in dict(CHECKS)["reasons-said"] else OTHER)
    fits = said.diagnosis in (None, said.favours)
    assert answers["reasons"] == ("right" if fits else "wrong"), critique


@given(candidates)
def test_what_is_said_and_needed_is_what_the_text_says_and_the_case_needs(numbers):
    facts, said, _, critique, answers = drawn(numbers)
    if said.is_refusal:
        return
    verdicts = {"right": "right", "near": "wrong but near", "far": "wrong and far", "none": "missing"}
    line = next(line for line in critique.splitlines() if line.startswith("Diagnosis:"))
    assert line.endswith(f", {verdicts[answers['diagnosis']]}.")
    names = load_lexicon().diagnoses
    assert answers["diagnosis-seen"] == names[facts.diagnosis].name.lower().replace(" ", "-")
    if said.diagnosis is None:
        assert answers["diagnosis-said"] == NOTHING
    else:
        word = names[said.diagnosis].name.lower().replace(" ", "-")
        assert answers["diagnosis-said"] == (word if word in POSSIBLE["diagnosis-said"] else OTHER)
    care = {"emergent": "emergency-care", "urgent": "prompt-care", "routine": "ordinary-care"}
    assert answers["care-needed"] == care[facts.urgency]
    assert (answers["care-said"] == care[facts.urgency]) == (answers["care"] == "right" and _is_exact(facts, said))


def _is_exact(facts, said):
    """Whether a text advises just what is needed, no more; more care than needed is right too."""
    return {"emergent": "emergency", "urgent": "urgent", "routine": "routine"}[facts.urgency] == said.advice


@given(candidates)
def test_every_line_of_a_critique_can_be_read(numbers):
    _, said, _, critique, _ = drawn(numbers)
    lines = critique.splitlines()
    assert all(LINE.fullmatch(line) for line in lines), [line for line in lines if not LINE.fullmatch(line)]
    titles = [line.partition(":")[0] for line in lines]
    assert len(set(titles)) == len(titles)
    assert titles == (["Text"] if said.is_refusal else [
        "Site", "Lesion", "Colour", "Shape", "Border", "Surface", "Number", "Spread", "Features", "Diagnosis",
        "Argument", "Care", "Wording",
    ])  # fmt: skip


@given(candidates)
def test_a_perfect_text_is_right_in_everything(numbers):
    facts = draw_facts(numbers[0], "train", numbers[1])
    critique = write_critique(facts, truth_said(facts))
    answers = checks_of((), critique)
    general = [(name, possible) for name, possible in CHECKS if "-" not in name and name not in FEATURES]
    assert {name: answers[name] for name, _ in general} == {name: possible[0] for name, possible in general}
    assert {answers.get(name) for name in FEATURES} <= {None, "none", "right"}
    assert not re.search(r"wrong|missing|invented|no reasons|another|vague|, too sure", critique)


@given(candidates)
def test_a_perfect_text_answers_alike_what_is_compared(numbers):
    facts = draw_facts(numbers[0], "train", numbers[1])
    answers = checks_of((), write_critique(facts, truth_said(facts)))
    known = [(one, other) for one, other in COMPARED if one in answers and other in answers]
    assert {("diagnosis-said", "diagnosis-seen"), ("diagnosis-said", "reasons-said")} <= set(known)
    assert all(answers[one] == answers[other] for one, other in known)
    assert all(set(POSSIBLE[one]) & set(POSSIBLE[other]) for one, other in COMPARED)


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_each_kind_of_error_shows_in_the_critique_or_the_checks(kind):
    """Were one to show in neither, an evaluator could not learn why the scores fell."""
    n = 0
    for number in range(40):
        facts = draw_facts(1, "train", number)
        if kind not in applicable_kinds(facts):
            continue
        said = plant_errors(facts, [kind], np.random.default_rng(number))
        errors = errors_of(facts, said)
        before = checks_of((), write_critique(facts, truth_said(facts)))
        after = checks_of(errors, write_critique(facts, said))
        if errors:
            n += 1
            assert after != before
            assert min(true_scores(errors).values()) < 5
    assert n > 3


def test_a_mixed_text_takes_conclusion_reasons_and_advice_from_either_case_by_themselves():
    """Whoever could tell one from another would not need to compare them."""
    rng = np.random.default_rng(0)
    pairs = [(draw_facts(2, "train", k), draw_facts(2, "train", k + 1)) for k in range(0, 400, 2)]
    texts = [(mine, other, draw_hybrid(mine, other, rng)) for mine, other in pairs if mine.diagnosis != other.diagnosis]
    sources = []
    for mine, _, (said, errors, text) in texts:
        assert errors == errors_of(mine, said)
        assert text
        if said.diagnosis is not None and said.favours is not None:
            sources.append((said.diagnosis == mine.diagnosis, said.favours == mine.diagnosis))
    both = [sources.count(pair) / len(sources) for pair in itertools.product((True, False), repeat=2)]
    assert min(both) > 0.12, both
    contradictory = [any(e.kind == "contradictory reasoning" for e in errors) for _, _, (_, errors, _) in texts]
    assert np.mean(contradictory) > 0.3


def test_a_critique_worked_by_hand():
    drawn_facts = (draw_facts(0, "train", number) for number in range(99))
    facts = next(one for one in drawn_facts if visible_attributes(one) >= {"site", "colour", "features"})
    facts = replace(facts, findings=replace(facts.findings, site="Back", features=("Scale", "Erosion")))
    said = truth_said(facts)
    told = {**dict(said.findings), "site": ("Face",), "features": ("Scale", "Necrosis")}
    del told["colour"]
    said = replace(
        said, findings=tuple(told.items()), favours=None, differential=(), advice="unsafe", is_overconfident=True
    )
    lines = write_critique(facts, said).splitlines()
    assert "Site: said face, seen back, wrong." in lines
    assert f"Colour: said nothing, seen {facts.findings.colour.lower()}, missing." in lines
    assert "Features: said scale and necrosis, seen scale and erosion, missing erosion, invented necrosis." in lines
    assert lines[-3] == "Argument: no alternatives, no reasons."
    assert lines[-2].startswith("Care: said something harmful, needed ")
    assert lines[-1] == "Wording: precise, too sure."


def test_checks_worked_by_hand():
    errors = [
        NarrativeError("missing finding", "Scale"), NarrativeError("wrong finding", "Crust"),
        NarrativeError("invented finding", "Necrosis"), NarrativeError("wrong finding", "size"),
        NarrativeError("missed red flag", "bleeding"), NarrativeError("missed red flag", "growth"),
        NarrativeError("wrong diagnosis, other family", "plaque-psoriasis for melanoma"),
    ]  # fmt: skip
    answers = checks_of(errors, "Care: said ordinary care, needed prompt care.")
    assert (answers["lost"], answers["added"], answers["signs"]) == ("more", "one", "more")
    assert (answers["diagnosis"], answers["danger"]) == ("far", "missed")
    assert (answers["care-said"], answers["care-needed"]) == ("ordinary-care", "prompt-care")
    assert "site-said" not in answers


def test_checks_of_secondary_findings_worked_by_hand():
    seen = checks_of((), "Features: said scale and crust, seen scale and erosion, missing erosion, invented crust.")
    assert [seen[name] for name in ("scale", "crust", "erosion", "fissure")] == ["right", "wrong", "missing", "none"]
    errors = [NarrativeError("invented finding", "Crust")]
    hidden = checks_of(errors, "Features: said scale and crust, out of sight.")
    assert {name: hidden[name] for name in FEATURES if name in hidden} == {"scale": "right", "crust": "wrong"}
    assert not set(FEATURES) & set(checks_of((), "Text: declines to describe the case."))


def test_a_refusal_is_one_line_and_one_check():
    facts = draw_facts(0, "train", 0)
    critique = write_critique(facts, Said(is_refusal=True))
    assert critique == "Text: declines to describe the case."
    assert checks_of([NarrativeError("refusal")], critique)["text"] == "refused"


def test_checks_have_names_and_answers_of_one_word_each():
    assert len(POSSIBLE) == len(CHECKS)
    for name, answers in CHECKS:
        assert len(set(answers)) == len(answers) >= 2
        assert all(re.fullmatch(r"\S+", word) for word in (name, *answers))
    diseases = {disease.diagnosis.name.lower().replace(" ", "-") for disease in load_diseases()}
    assert set(POSSIBLE["diagnosis-seen"]) == diseases
