"""From chances to what a narrator says: sure findings only, runners-up as differential, care by the chance of harm."""

import numpy as np
import pytest

from dermatrust.atlas import draw_facts, truth_said
from dermatrust.atlas.perception import DIAGNOSIS_HEAD, Heads, said_of
from dermatrust.lexicon import load_lexicon

HEADS = Heads.of_atlas()


def certain(facts):
    """Chances of somebody who sees everything."""
    logits = np.where(HEADS.targets(facts) > 0, 20.0, -20.0).astype(np.float32)
    return HEADS.chances(logits)


@pytest.mark.parametrize("number", range(12))
def test_whoever_sees_everything_says_the_truth(number):
    facts = draw_facts(5, "x", number)
    said, truth = said_of(certain(facts), HEADS), truth_said(facts)
    assert dict(said.findings) == dict(truth.findings)
    assert said.diagnosis == truth.diagnosis
    assert said.advice == truth.advice
    assert not set(said.denied) & set(facts.findings.features)


def test_chances_of_one_head_add_up_and_features_stand_alone():
    chances = HEADS.chances(np.zeros(HEADS.n_outputs, np.float32))
    assert chances["site"].sum() == pytest.approx(1)
    assert chances["features"].tolist() == [0.5] * 16


def test_heads_survive_json():
    assert Heads.from_json(HEADS.as_json()) == HEADS


def test_what_is_uncertain_is_left_out():
    chances = HEADS.chances(np.zeros(HEADS.n_outputs, np.float32))
    said = said_of(chances, HEADS)
    spoken = {name for name, _ in said.findings}
    assert "site" not in spoken  # twenty sites, each with 5 %
    assert "count" in spoken  # two values, each with 50 %


def test_a_likely_grave_disease_behind_a_harmless_one_asks_for_urgent_care():
    urgency = {name: load_lexicon().diagnoses[name].urgency for name in HEADS.values[DIAGNOSIS_HEAD]}
    routine = next(i for i, name in enumerate(urgency) if urgency[name] == "routine")
    grave = [i for i, name in enumerate(urgency) if urgency[name] != "routine"]
    chances = HEADS.chances(np.zeros(HEADS.n_outputs, np.float32))
    diagnosis = np.zeros(len(urgency), np.float32)
    diagnosis[routine], diagnosis[grave[0]], diagnosis[grave[1]] = 0.6, 0.2, 0.2
    assert said_of(chances | {DIAGNOSIS_HEAD: diagnosis}, HEADS).advice == "urgent"
    diagnosis[routine], diagnosis[grave[0]], diagnosis[grave[1]] = 0.9, 0.05, 0.05
    assert said_of(chances | {DIAGNOSIS_HEAD: diagnosis}, HEADS).advice == "routine"


def test_whoever_is_certain_weighs_the_usual_alternatives():
    facts = draw_facts(5, "x", 3)
    usual = [name for name, _ in facts.differential[1:]]
    assert said_of(certain(facts), HEADS).differential == tuple(usual[:2])


def test_likely_diseases_come_before_usual_ones():
    names = HEADS.values[DIAGNOSIS_HEAD]
    diagnosis = np.zeros(len(names), np.float32)
    diagnosis[0], diagnosis[1], diagnosis[2], diagnosis[3] = 0.5, 0.3, 0.15, 0.05
    chances = HEADS.chances(np.zeros(HEADS.n_outputs, np.float32)) | {DIAGNOSIS_HEAD: diagnosis}
    assert said_of(chances, HEADS).diagnosis == names[0]
    assert said_of(chances, HEADS).differential == (names[1], names[2], names[3])
