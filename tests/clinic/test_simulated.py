import json
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from dermatrust.clinic.simulated import PLANTED, SimulatedModel, strangers
from dermatrust.clinic.simulated_truth import (
    true_accuracy,
    true_adopted,
    true_auroc,
    true_first_changes,
    true_flips,
    true_level_flips,
    true_levels,
    true_named,
    true_newly,
    true_operating_point,
    true_risk_area,
    true_roc_points,
)
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case

ALL = {None: 1.0}
N = 2000
MODEL = SimulatedModel(
    "synthetic/test",
    {"image only": (0.3, 0.5, 0.6), "image + context": (0.5, 0.7, 0.75), PLANTED: (0.5, 0.7, 0.75)},
    gaps={"V-VI": 0.1}, steadiness=0.8, together=0.4, synonyms=0.5, anchoring=0.4,
    triage={"image only": (0.85, 0.7)}, spread=0.1, overconfidence=0.15, abstention=0.1,
)  # fmt: skip


def cases(n=N, **fields):
    return [Case(id=f"c{k}", patient_id=f"p{k // 2}", label="psoriasis", **fields) for k in range(n)]


@cache
def replies(arm, *, planted="", **fields):
    return [json.loads(MODEL.differential_reply(case, arm, planted=planted)) for case in cases(**fields)]


def rank(reply):
    """The place of the truth by our own reading of the reply, 0 where it is absent."""
    truth = load_lexicon().diagnosis("psoriasis")
    named = [load_lexicon().diagnosis(one["name"]) for one in reply["diagnoses"]]
    return next((place for place, one in enumerate(named, 1) if one and one.id == truth.id), 0)


def near(observed, expected, n=N):
    """Within four standard errors, twice as wide for the pairs of cases that share a patient."""
    assert abs(observed - expected) < 4 * np.sqrt(2 * max(expected * (1 - expected), 0.01) / n), (observed, expected)


def share_within(ranks, k):
    return np.mean([0 < place <= k for place in ranks])


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("arm", "planted"), [("image only", ""), ("image + context", ""), (PLANTED, "scabies")])
def test_accuracy_is_what_the_parameters_say(arm, planted, k):
    near(share_within([rank(reply) for reply in replies(arm, planted=planted)], k), true_accuracy(MODEL, arm, k, ALL))


def test_a_skin_group_with_a_gap_is_that_much_worse():
    ranks = [rank(reply) for reply in replies("image only", fitzpatrick=6)]
    near(share_within(ranks, 3), 0.9 * 0.4)
    assert true_accuracy(MODEL, "image only", 3, {"V-VI": 0.5, "I-II": 0.5}) == pytest.approx(0.9 * 0.45)


def test_the_planted_diagnosis_comes_first_as_often_as_the_model_anchors():
    found = replies(PLANTED, planted="scabies")
    near(np.mean([[one["name"] for one in reply["diagnoses"][:1]] == ["scabies"] for reply in found]), 0.9 * 0.4)
    assert all([one["name"] for one in reply["diagnoses"]].count("scabies") <= 1 for reply in found)


def test_flips_between_arms_are_what_the_parameters_say():
    before, after = ([rank(reply) == 1 for reply in replies(arm)] for arm in ("image only", "image + context"))
    lost, gained = true_flips(MODEL, "image only", "image + context", ALL)
    near(np.mean(np.array(before) & ~np.array(after)), lost)
    near(np.mean(~np.array(before) & np.array(after)), gained)
    assert gained - lost == pytest.approx(0.9 * 0.2)


def test_each_stated_confidence_is_too_high_by_the_overconfidence():
    answered = [reply for reply in replies("image only") if not reply["cannot_tell"]]
    stated = Counter(reply["diagnoses"][0]["confidence"] for reply in answered)
    assert set(stated) == {0.35, 0.55}
    for confidence, n in stated.items():
        right = np.mean([rank(reply) == 1 for reply in answered if reply["diagnoses"][0]["confidence"] == confidence])
        near(right, confidence - 0.15, n)


def test_abstaining_and_synonyms_are_as_frequent_as_told():
    found = replies("image + context")
    near(np.mean([reply["cannot_tell"] for reply in found]), 0.1)
    truths = [reply["diagnoses"][rank(reply) - 1]["name"] for reply in found if rank(reply)]
    near(np.mean([name != "psoriasis" for name in truths]), 0.5, len(truths))


def test_triage_has_the_known_sensitivity_specificity_levels_and_area():
    said = {
        urgency: [json.loads(MODEL.triage_reply(case, "image only")) for case in cases(urgency=urgency)]
        for urgency in ("emergent", "urgent", "routine")
    }
    for urgency, levels in true_levels(MODEL, "image only").items():
        assert sum(levels.values()) == pytest.approx(1)
        for level, chance in levels.items():
            near(np.mean([reply["urgency"] == level for reply in said[urgency]]), chance)
    truth, stated = [], []
    for urgency in ("urgent", "routine"):
        known = [reply["urgent_probability"] for reply in said[urgency] if not reply["cannot_tell"]]
        truth += [urgency != "routine"] * len(known)
        stated += known
    assert roc_auc_score(truth, stated) == pytest.approx(true_auroc(MODEL, "image only"), abs=0.03)


def test_cases_of_one_patient_share_their_luck():
    right = np.array([rank(reply) == 1 for reply in replies("image only")], dtype=float).reshape(-1, 2)
    assert np.corrcoef(right.T)[0, 1] > 0.05
    loner = SimulatedModel("synthetic/loner", MODEL.accuracy)
    alone = [rank(json.loads(loner.differential_reply(case, "image only"))) == 1 for case in cases()]
    assert abs(np.corrcoef(np.array(alone, dtype=float).reshape(-1, 2).T)[0, 1]) < 0.1


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(MODEL.accuracy)))
def test_replies_follow_from_seed_case_and_arm(seed, arm):
    case = Case(id="é", label="melanoma")
    assert MODEL.differential_reply(case, arm, seed=seed) == MODEL.differential_reply(case, arm, seed=seed)
    reply = json.loads(MODEL.differential_reply(case, arm, planted="scabies", seed=seed))
    names = [one["name"] for one in reply["diagnoses"]]
    assert len(names) == len(set(names)) == (0 if reply["cannot_tell"] else 5)
    stated = [one["confidence"] for one in reply["diagnoses"]]
    assert stated == sorted(stated, reverse=True)
    assert sum(stated) <= 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "gpt"}, "a name that begins with synthetic/"),
        ({"accuracy": {"a": (0.5, 0.4, 0.6)}}, "accuracies in 'a' fall with k"),
        ({"accuracy": {"a": (0.1, 0.4, 0.6)}, "gaps": {"I-II": 0.2}}, "an accuracy in 'a' is -0.1"),
        ({"accuracy": {"a": (0.9, 0.9, 0.9)}, "overconfidence": 0.2}, "a confidence in 'a' is 1.2"),
        ({"triage": {"a": (1.0, 0.5)}}, "its triage in 'a' is"),
        ({"emergent": (1.2, 0.5)}, "a chance of its triage is 1.2"),
        ({"abstention": float("nan")}, "abstention is nan"),
        ({"together": 1.0}, "together is 1.0"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(fields, message):
    with pytest.raises(DataError, match=message):
        SimulatedModel(**({"name": "synthetic/a"} | fields))


def test_a_case_without_truth_is_refused():
    with pytest.raises(DataError, match="has the label 'qwertz', which the lexicon does not know"):
        MODEL.differential_reply(Case(id="a", label="qwertz"), "image only")
    with pytest.raises(DataError, match="has no urgency"):
        MODEL.triage_reply(Case(id="a"), "image only")


def test_the_first_diagnosis_changes_between_arms_as_often_as_the_parameters_say():
    def first(arm, planted=""):
        return np.array([(reply["diagnoses"] or [{"name": ""}])[0]["name"] for reply in replies(arm, planted=planted)])

    def called(names):
        known = (load_lexicon().diagnosis(name) for name in names)
        return np.array([one.id if one else "" for one in known])

    stranger = 1 / len(strangers(cases(1)[0]))
    before = called(first("image only"))
    for arm, planted in (("image + context", ""), (PLANTED, "melanoma")):
        changed = called(first(arm, planted)) != before
        near(np.mean(changed), true_first_changes(MODEL, "image only", arm, ALL, stranger))
    near(np.mean(called(first(PLANTED, "melanoma")) == "melanoma"), true_adopted(MODEL, ALL, stranger))


def test_the_chance_of_naming_a_given_wrong_diagnosis_is_its_share_of_the_wrong_ones_named():
    # of the first 3 diagnoses 0.5 are right, so 2.5 are wrong, each of them the given one with chance 0.01
    assert true_named(MODEL, "image only", 3, ALL, 0.01) == pytest.approx(0.9 * 0.025)
    found = replies("image only")
    named = [[one["name"] for one in reply["diagnoses"][:5]].count(strangers(cases(1)[0])[0]) for reply in found]
    near(np.mean(named), true_named(MODEL, "image only", 5, ALL, 1 / len(strangers(cases(1)[0]))))


def test_newly_adopting_leaves_out_the_cases_that_name_the_planted_diagnosis_without_it():
    model = SimulatedModel("synthetic/a", {PLANTED: (0.4,) * 3, "a": (0.4,) * 3}, anchoring=0.5)
    # by accident first: 0.6 x 0.1; named among five: (5 - 0.4) x 0.1; with the same luck the first is among the five
    expected = (0.5 + 0.5 * 0.06 - 0.5 * 0.46 - 0.5 * 0.06) / (1 - 0.46)
    assert true_newly(model, "a", ALL, 0.1) == pytest.approx(expected)
    with pytest.raises(ValueError, match="accuracies in 'image only' are not those"):
        true_newly(MODEL, "image only", ALL)


def test_the_risk_coverage_area_puts_the_surest_of_all_groups_first():
    model = SimulatedModel("synthetic/a", {"a": (0.6,) * 3}, gaps={"V-VI": 0.2}, spread=0.1)
    # confidences 0.7 and 0.5 of the one half, 0.5 and 0.3 of the other: a quarter, a half and a quarter of the answers
    risks = (0.3, (0.25 * 0.3 + 0.5 * 0.5) / 0.75, 0.5)
    expected = 0.25 * risks[0] + 0.5 * risks[1] + 0.25 * risks[2]
    assert true_risk_area(model, "a", {"V-VI": 0.5, "I-II": 0.5}) == pytest.approx(expected)


def test_levels_flip_between_arms_as_often_as_the_parameters_say():
    arms = {"image only": (0.85, 0.7), "image + context": (0.6, 0.8)}
    model = SimulatedModel("synthetic/flips", triage=arms, emergent=(0.7, 0.2), steadiness=0.8, abstention=0.1)
    for urgency in ("emergent", "routine"):
        asked = cases(1000, urgency=urgency)
        said = [[json.loads(model.triage_reply(case, arm))["urgency"] for case in asked] for arm in arms]
        flips = np.mean([a != b for a, b in zip(*said, strict=True)])
        near(flips, true_level_flips(model, *arms, {urgency: 1.0}), 1000)
    sure = SimulatedModel("synthetic/sure", triage={"a": (0.6, 0.7), "b": (0.8, 0.6)}, emergent=(0.5, 0.0))
    # emergent: both pressing 0.6, alike half the time; neither 0.2
    assert true_level_flips(sure, "a", "b", {"emergent": 1.0}) == pytest.approx(1 - 0.3 - 0.2)
    assert true_level_flips(sure, "a", "b", {"routine": 1.0}) == pytest.approx(0.1)


def test_operating_points_are_those_of_two_normal_distributions():
    model = SimulatedModel("synthetic/a", triage={"a": (0.8413447461, 0.9772498681)})
    assert true_operating_point(model, "a", 0.8413447461) == pytest.approx((0.5, 0.9986501020))
    sensitivity, youden = true_roc_points(model, "a", 0.9986501020)
    assert (sensitivity, youden) == (pytest.approx(0.5), pytest.approx(0.8663855975))
