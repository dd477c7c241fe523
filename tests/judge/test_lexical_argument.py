"""An argument as the paper prescribes it (the disease named only at its end), and one that contradicts itself."""

import json
from pathlib import Path

import pytest

from dermatrust.judge.lexical import judge_lexically
from dermatrust.judge.lexical_profile import read_profile
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Dimension
from dermatrust.store.folder import DatasetFolder

HANDWRITTEN = Path(__file__).parents[1] / "handwritten"
BODY = "There is a plaque with scale on the elbow. {} {}\n\nThe answer is psoriasis."


def coherence(text):
    judgement = judge_lexically(text, text, label="psoriasis")
    return judgement.scores[Dimension.REASONING_COHERENCE], judgement.critique


def read(text):
    return read_profile(text, load_lexicon())


def names(concepts):
    return {c.name for c in concepts}


def test_every_reference_written_by_hand_is_coherent_against_itself():
    folder = DatasetFolder.open(HANDWRITTEN)
    found = {}
    for case in folder.iter_cases():
        text = folder.reference(case.id).text
        scores = judge_lexically(text, text, label=case.label, urgency=case.urgency).scores
        found[case.id] = scores[Dimension.REASONING_COHERENCE]
    assert len(found) == 24
    assert {case: score for case, score in found.items() if score < 4.5} == {}


@pytest.mark.parametrize(
    "weighing",
    [
        "Nummular eczema was weighed; its plaques usually ooze. Tinea corporis would show a clearer middle.",
        "Nummular eczema is the nearest alternative, but it oozes.",
        "Lichen planus is possible, though it favours the wrists.",
        "Tinea corporis is considered because of the scale, but nothing clears in the middle.",
        "Differential: tinea corporis (clear in its middle), eczema (weeping).",
        "Eczema and scabies form the differential diagnosis; scabies would itch more.",
        "A pearly border would suggest basal cell carcinoma.",
        "Eczema was diagnosed at first, but it did not weep.",
        "Sebaceous hyperplasia is small, yellow and umbilicated.",
    ],
)
def test_an_alternative_that_is_weighed_is_not_argued_for(weighing):
    score, critique = coherence(BODY.format(weighing, ""))
    assert "argues for" not in critique
    assert score >= 4.5


@pytest.mark.parametrize(
    "announcement",
    [
        "This is most consistent with lichen planus.",
        "This is lichen planus.",
        "The findings favour lichen planus.",
        "Lichen planus is the best explanation.",
        "Lichen planus is the most likely diagnosis.",
        "The diagnosis is lichen planus.",
        "All of this points strongly to lichen planus.",
        "The colour speaks for lichen planus.",
        "Lichen planus leads.",
        "It must be lichen planus.",
        "The rash is characteristic of lichen planus.",
        "Lichen planus (most likely) explains the colour.",
    ],
)
def test_a_disease_announced_and_another_answered_is_a_contradiction(announcement):
    score, critique = coherence(BODY.format("Eczema is less likely because nothing weeps.", announcement))
    assert score == 2.5
    assert "It argues for lichen planus and answers psoriasis." in critique


@pytest.mark.parametrize(
    "announcement", ["This is psoriasis.", "Plaque psoriasis is the best explanation.", "It favours psoriasis."]
)
def test_announcing_the_answer_or_a_form_of_it_is_none(announcement):
    assert coherence(BODY.format("Eczema is less likely because nothing weeps.", announcement))[0] == 5


def test_answering_what_the_text_rules_out_is_a_contradiction():
    score, critique = coherence(BODY.format("Psoriasis is ruled out.", "Eczema may be considered because it is red."))
    assert score == 2.5
    assert "rules out psoriasis" in critique


def test_an_absence_in_the_same_sentence_does_not_rule_the_answer_out():
    text = "A smooth patch means absence of melanocytes: vitiligo. Leukoderma is less likely.\nThe answer is vitiligo."
    assert "rules out" not in judge_lexically(text, text).critique


def test_naming_the_answer_only_in_the_last_line_needs_an_argument():
    argued = "There is a plaque with scale. Eczema is less likely because nothing weeps.\nThe answer is psoriasis."
    listed = "There is a plaque with scale. Eczema, scabies.\nThe answer is psoriasis."
    assert coherence(argued)[0] == 5
    assert coherence(listed)[0] == 3


def test_a_broader_name_of_the_answer_counts_as_discussing_it():
    text = "There is a comedo. It looks like acne.\nThe answer is acne vulgaris."
    assert "without having discussed" not in judge_lexically(text, text).critique


def test_three_diseases_are_no_conclusion_but_a_form_of_one_is_the_same():
    text = "There is a plaque. Scabies is less likely because there is no burrow. The answer is {}."
    assert coherence(text.format("psoriasis or eczema"))[0] == 4
    assert coherence(text.format("psoriasis, eczema or lichen planus"))[0] == 2.5
    assert coherence(text.format("psoriasis or plaque psoriasis"))[0] == 5


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("A plaque. Basal cell carcinoma would be translucent with telangiectasia.", {"Plaque"}),
        ("A plaque. Basal cell carcinoma (pearly, telangiectatic) is an alternative.", {"Plaque"}),
        ("A plaque. Lichen planus has flat-topped papules.", {"Plaque"}),
        ("A plaque. Bullae would suggest bullous pemphigoid.", {"Plaque"}),
        ("A plaque. Eczema is less likely because it weeps and crusts.", {"Plaque"}),
        ("A plaque. Rosacea is unlikely because there are comedones.", {"Plaque", "Comedo"}),
        ("Unlike eczema, the plaque has scale.", {"Plaque", "Scale"}),
        ("In a child with eczema, there are vesicles.", {"Vesicle"}),
        ("Psoriasis has plaques. Scale is seen.", {"Scale"}),
    ],
)
def test_features_of_an_alternative_are_not_the_candidates_own(text, claimed):
    assert names(read(f"{text}\nThe answer is psoriasis.").claims) == claimed


def test_a_feature_named_only_for_what_replaces_it_is_neither_held_nor_denied():
    profile = read("The plaque is violet-brown instead of red.\nThe answer is psoriasis.")
    assert names(profile.claims) == {"Plaque", "Purple", "Brown"}
    assert not profile.denied


def test_nothing_denies():
    profile = read("The skin is scaly, with nothing blistered or eroded.\nThe answer is psoriasis.")
    assert names(profile.denied) == {"Blister", "Erosion"}
    assert not read("The colour does not argue against inflammation.").denied


def test_what_is_missing_for_an_alternative_does_not_deny_what_is_there():
    profile = read("There is fine scale. Psoriasis is unlikely since thick scale is missing.\nThe answer is eczema.")
    assert names(profile.claims) == {"Scale"}
    assert not profile.torn


@pytest.mark.parametrize("case_id", ["demo-02", "demo-16"])
def test_the_strong_candidates_do_not_contradict_the_references_written_by_hand(case_id):
    folder = DatasetFolder.open(HANDWRITTEN)
    rows = map(json.loads, (HANDWRITTEN / "candidates.jsonl").read_text(encoding="utf-8").splitlines())
    (text,) = [r["candidate_text"] for r in rows if r["id"] == case_id and r["model"] == "synthetic-strong"]
    judgement = judge_lexically(text, folder.reference(case_id).text)
    assert "ontradicts" not in judgement.critique
    assert judgement.scores[Dimension.ACCURACY] == 5
    assert judgement.scores[Dimension.MEDICAL_GROUNDEDNESS] > 4
