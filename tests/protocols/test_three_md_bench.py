"""3MDBench with a scripted doctor, patient, extractor and assessor."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from dermatrust.errors import DataError
from dermatrust.protocols import Played, ScoreTable, Turn
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.interaction.consultation import EXCHANGES
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.consultation import DIAGNOSES, read_assessment, read_diagnoses
from dermatrust.protocols.scripted import play_item

PROTOCOL = find_protocol("three-md-bench")
(ITEM,) = PROTOCOL.items(PROTOCOL.examples[0].row)


def with_(**stand_ins):
    return dataclasses.replace(PROTOCOL, stand_ins={**PROTOCOL.stand_ins, **stand_ins})


def test_there_are_34_diagnoses():
    assert len(set(DIAGNOSES)) == len(DIAGNOSES) == 34


def test_another_temperament_is_told():
    with pytest.raises(DataError, match="its personality is 'cheerful'; expected sanguine"):
        PROTOCOL.items(PROTOCOL.examples[0].row | {"personality": "cheerful"})


def test_a_consultation_that_the_patient_ends():
    played, score = play_item(PROTOCOL, ITEM, "It is psoriasis.")
    assert [turn.text for turn in played.turns] == ["My elbows scale.", "It is psoriasis."]
    assert (played.ending, played.verdicts["diagnosis"], score.value) == ("patient ended it", "psoriasis", 1)
    assert {score.parts[name] for name in ("point 1.1", "point 2.1")} == {1}
    assert (score.parts["point 3.2"], score.parts["point 4.1"], score.parts["failed"]) == (0, 2, 0)


def test_a_patient_who_never_ends_it_leaves_no_diagnosis_and_no_assessment():
    def ask_on(item, turns):
        return "And then?"

    played, score = play_item(with_(patient=ask_on), ITEM, "It is psoriasis.")
    assert played.ending == "exchange limit"
    assert sum(turn.role == "assistant" for turn in played.turns) == EXCHANGES
    assert (score.value, score.answered, score.parts) == (0, False, {"failed": 1.0})
    released = dataclasses.replace(PROTOCOL.variant("released-code"), stand_ins=with_(patient=ask_on).stand_ins)
    played, score = play_item(released, ITEM, "It is psoriasis.")
    assert (played.verdicts, score.value) == ({"diagnosis": "psoriasis"}, 1)


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
    assert "failed" not in score.parts


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("cold sore", "herpes"), ("herpes zoster", "herpes"), ("HSV-1", "herpes"), ("ingrown toenail", "ingrown nail"),
        ("chronic urticaria", "hives"), ("dental cavities", "caries"), ("solar keratosis", "actinic keratosis"),
        ("plantar wart", "warts"), ("atopic dermatitis", "eczema"), ("gum disease", "gingivitis"),
        ("fungal nail infection", "onychomycosis"), ("fungal infection", "mycosis"),
        ("onychodystrophy", "nail dystrophy"), ("dandruff", "seborrheic dermatitis"),
        ("varicella", "chickenpox"), ("hordeolum", "stye"),
        ("tinea versicolor", "mycosis"), ("ringworm", "mycosis"), ("tartar buildup", "dental calculus"),
        ("plaque buildup", "dental calculus"), ("aphthous ulcers", "stomatitis"), ("psoriasis", "psoriasis"),
        ("hives, urticaria", "hives, hives"), ("sunburn", "sunburn"), ("None", "none"),
    ],
)  # fmt: skip
def test_synonyms_of_the_34(said, named):
    assert read_diagnoses(said) == named


def test_one_diagnosis_by_two_names_is_right_and_counts_twice():
    hives = dataclasses.replace(ITEM, target="hives")
    score = PROTOCOL.score(hives, Played(reply="x", verdicts={"diagnosis": "hives, hives"}))
    assert (score.value, score.said) == (1, "hives, hives")


def test_a_diagnosis_in_parting_is_heard_by_the_assessor():
    heard = []

    def assessor(item, turns):
        heard.append(turns[-1].text)
        return "none of it"

    def patient(item, turns):
        return item.question if len(turns) == 2 else "Thanks a lot! BREAK"

    played, _ = play_item(with_(patient=patient, assessor=assessor), ITEM, "It is psoriasis.")
    assert [turn.text for turn in played.turns][-1] == "Thanks a lot!"
    assert "Patient: Thanks a lot!" in heard[0]
    assert len(heard) == 4  # as often as released
    assert played.verdicts["assessment"] is None


RELEASED = "```json\n{'Doctor assessment': {'Medical Interviewing Skills': {'1.1': 1, '1.2': \"Yes\", '1.3': 0}, " \
    "'Humanistic Care': {'2.1': 1, '2.2': 'no.'}, 'Abilities': {'3.1': 1, '3.2': 1}, " \
    "'Overall Clinical Competence': {'4.1': 'Satisfactory'}}}\n``` I hope it helps."  # fmt: skip


def test_an_assessment_may_be_a_dictionary_of_python():
    assert read_assessment(RELEASED) == "1.1=1 1.2=1 1.3=0 2.1=1 2.2=0 3.1=1 3.2=1 4.1=1"
    assert read_assessment(RELEASED.replace("'1.1': 1", "'1.1': 2")) is None
    assert read_assessment("{" * 5_000) is None


CASES = {
    "dialogues/case_0.json": {"0": {"dialogue": "Patient: It itches.\nDoctor: Hives.\nPatient: BREAK\n",
                                    "dialogue_ended": True, "diagnosis": "hives"}},
    "dialogues/case_1.json": {"1": {"dialogue": "Patient: Oh.\nDoctor: Acne?\n", "dialogue_ended": False,
                                    "diagnosis": "acne"}},
    "dialogues/case_2.json": {"2": {"error": "out of memory"}},
    "dialogues/case_10.json": {"10": {"dialogue": "", "dialogue_ended": True, "diagnosis": "warts"}},
    "assessment/case_0.json": {"0": {"assessment": RELEASED}},
    "assessment/case_1.json": {"1": {"assessment": RELEASED}},
    "assessment/diags/case_0.json": {"0": {"diags": "urticaria,\n`eczema`"}},
    "assessment/diags/case_1.json": {"1": {"assessment": "dialogue_unfinished"}},
    "assessment/diags/case_10.json": {"10": {"diags": "none"}},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name, case in CASES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(case))
    return tmp_path


def figures_of(protocol, path, items=()):
    table = tabulate(score_all(protocol.score, protocol.recorded(path, items)))
    result = protocol_result(protocol, table, model="", others={})
    return {row.metric: row for row in result.rows if not row.tag}, table


def test_the_case_files_of_the_authors(folder):
    # Case 0 names hives and eczema, case 1 has no end, case 2 failed, case 10 none.
    figures, table = figures_of(PROTOCOL, folder)
    assert table.ids == ["0", "1", "2", "10"]
    assert table.said == ["hives, eczema", "", "", ""]
    assert (figures["failed"].value, figures["failed"].n) == (pytest.approx(2 / 3), 3)
    assert (figures["point 1.1"].value, figures["point 1.1"].n) == (1, 1)  # of case 1 it is not counted
    # Hives: 2 true, 1 said and right, F1 2 / 3; acne and warts 0; weights 2, 1, 1.
    assert figures["weighted F1"].value == pytest.approx(2 / 3 * 2 / 4)
    released, _ = figures_of(PROTOCOL.variant("released-code"), folder)
    assert released["weighted F1"].value == pytest.approx(2 / 3)


LABELS = st.sampled_from(["hives", "acne", "warts"])
NAMED = st.one_of(st.just(["none"]), st.lists(st.sampled_from(["hives", "urticaria", "acne", "sunburn"]), min_size=1))


@given(st.lists(st.tuples(LABELS, NAMED), min_size=1, max_size=8))
def test_the_released_f1_is_that_of_scikit_learn_with_the_truth_repeated(cases):
    released = PROTOCOL.variant("released-code")
    table, pairs = ScoreTable(), []
    for k, (target, named) in enumerate(cases):
        verdict = read_diagnoses(", ".join(named))
        item = dataclasses.replace(ITEM, id=str(k), target=target)
        table.add(item, released.score(item, Played(reply="x", verdicts={"diagnosis": verdict})))
        if named != ["none"]:
            pairs += [(target, one) for one in verdict.split(", ")]
    found = released.metrics["weighted F1"](table, np.random.default_rng(0))
    if pairs:
        theirs = f1_score(*zip(*pairs, strict=True), average="weighted", labels=DIAGNOSES, zero_division=0)
        assert found.value == pytest.approx(theirs)
    failed = released.metrics["failed"](table, np.random.default_rng(0)).value
    assert failed == pytest.approx(sum(named == ["none"] for _, named in cases) / len(cases))


def test_case_files_find_their_items_by_number(folder):
    items = [dataclasses.replace(ITEM, id=str(k), target=target) for k, target in enumerate(("hives", "acne"))]
    _, table = figures_of(PROTOCOL, folder / "assessment" / "diags", items)
    assert (table.ids, table.said) == (["0", "1"], ["hives, eczema", ""])
    assert math.isnan(table.values[1])
    with pytest.raises(DataError, match="right diagnosis of case 0"):
        figures_of(PROTOCOL, folder / "assessment" / "diags")


def test_dialogues_whose_diagnoses_were_not_extracted_have_no_score(folder):
    _, table = figures_of(PROTOCOL, folder / "dialogues")
    assert np.isnan(table.values).tolist() == [True, False, True, True]


def test_other_folders_hold_no_cases(tmp_path):
    with pytest.raises(DataError, match="holds no consultation"):
        figures_of(PROTOCOL, tmp_path)
    (tmp_path / "x.json").write_text("[1]")
    with pytest.raises(DataError, match="no record of consultations"):
        figures_of(PROTOCOL, tmp_path)


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
