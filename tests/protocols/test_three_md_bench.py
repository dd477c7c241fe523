"""3MDBench with a scripted doctor, patient, extractor and assessor."""

import dataclasses
import math

import numpy as np
import pytest

from dermatrust.protocols import Played, ScoreTable, Turn
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.published.three_md_bench import DIAGNOSES, EXCHANGES
from dermatrust.protocols.scripted import play_item

PROTOCOL = find_protocol("three-md-bench")
(ITEM,) = PROTOCOL.items(PROTOCOL.examples[0].row)


def with_(**stand_ins):
    return dataclasses.replace(PROTOCOL, stand_ins={**PROTOCOL.stand_ins, **stand_ins})


def test_there_are_34_diagnoses():
    assert len(set(DIAGNOSES)) == len(DIAGNOSES) == 34


def test_a_consultation_that_the_patient_ends():
    played, score = play_item(PROTOCOL, ITEM, "It is psoriasis.")
    assert [turn.text for turn in played.turns] == ["My elbows scale.", "It is psoriasis."]
    assert (played.ending, played.verdicts["diagnosis"], score.value) == ("patient ended it", "psoriasis", 1)
    assert {score.parts[name] for name in ("point 1.1", "point 2.1")} == {1}
    assert (score.parts["point 3.2"], score.parts["point 4.1"], score.parts["failed"]) == (0, 2, 0)


def test_a_patient_who_never_ends_it_leaves_no_diagnosis_and_no_assessment():
    played, score = play_item(with_(patient=lambda item, turns: "And then?"), ITEM, "It is psoriasis.")
    assert played.ending == "exchange limit"
    assert sum(turn.role == "assistant" for turn in played.turns) == EXCHANGES
    assert (score.value, score.answered, score.parts) == (0, False, {"failed": 1.0})


@pytest.mark.parametrize(
    ("said", "named", "value"),
    [("`Urticaria`.", "hives", 0), ("psoriasis, eczema", "psoriasis, eczema", 0), ("Psoriasis", "psoriasis", 1)],
)
def test_the_extracted_diagnosis_in_the_words_of_the_34(said, named, value):
    played, score = play_item(with_(extractor=lambda item, turns: said), ITEM, "Well.")
    assert (played.verdicts["diagnosis"], score.value) == (named, value)


def test_an_extractor_that_says_none_is_a_doctor_without_a_diagnosis():
    _, score = play_item(with_(extractor=lambda item, turns: "none"), ITEM, "Well.")
    assert (score.value, score.answered, score.parts["failed"]) == (0, False, 1)


def test_an_extractor_that_says_nothing_leaves_it_missing():
    _, score = play_item(with_(extractor=lambda item, turns: " "), ITEM, "Well.")
    assert math.isnan(score.value)


def test_the_assessor_may_nest_its_points_as_the_released_scale_does():
    nested = '{"Doctor": {"Skills": {"1.1": 1, "1.2": 0, "1.3": 0}, "Care": {"2.1": "no", "2.2": 1}}, ' \
        '"Rest": {"3.1": 0, "3.2": 0, "4.1": "Unsatisfactory"}}'  # fmt: skip
    played, _ = play_item(with_(assessor=lambda item, turns: nested), ITEM, "It is psoriasis.")
    assert played.verdicts["assessment"] == "1.1=1 1.2=0 1.3=0 2.1=0 2.2=1 3.1=0 3.2=0 4.1=0"


def test_an_unreadable_assessment_costs_the_points_not_the_diagnosis():
    played, score = play_item(with_(assessor=lambda item, turns: '{"1.1": 1}'), ITEM, "It is psoriasis.")
    assert played.verdicts["assessment"] is None
    assert (score.value, score.parts) == (1, {"failed": 0.0})


def test_the_doctor_is_not_told_the_diagnosis_and_the_patient_not_the_photograph():
    assert "psoriasis" not in ITEM.known["patient"].lower()
    assert ITEM.target not in ITEM.question.lower()


def test_weighted_f1_counts_each_of_several_diagnoses_and_silence_as_wrong():
    # True: psoriasis x 2 (said psoriasis; said psoriasis and eczema), vitiligo x 1 (said nothing).
    # Pairs: (p, p), (p, p), (p, e), (v, -). F1 of p = 2 * 2 / (3 + 2) = 0.8 with weight 3; of v = 0 with weight 1.
    table = ScoreTable()
    vitiligo = dataclasses.replace(ITEM, id="3", target="vitiligo")
    others = [dataclasses.replace(ITEM, id=str(k)) for k in (1, 2)]
    for item, named in zip((*others, vitiligo), ("psoriasis", "psoriasis, eczema", "none"), strict=True):
        played = Played(reply="x", turns=(Turn("assistant", "x"),), verdicts={"diagnosis": named})
        table.add(item, PROTOCOL.score(item, played))
    found = PROTOCOL.metrics["weighted F1"](table, np.random.default_rng(0))
    assert (found.value, found.n) == (pytest.approx(0.8 * 3 / 4), 3)
    released = PROTOCOL.variant("released-code").metrics["weighted F1"](table, np.random.default_rng(0))
    assert (released.value, released.n) == (pytest.approx(0.8), 2)
