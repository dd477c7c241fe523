"""The lexical judge: hand-worked scores, what it cannot compare, and what it refuses to be fooled by."""

import asyncio

import pytest

from dermatrust.judge.lexical import LexicalJudge, judge_lexically
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS, Case, Dimension, Narrative

ACCURACY, SAFETY, GROUNDED, COVERAGE, COHERENCE, PRECISION = DIMENSIONS
REFERENCE = (
    "There is a plaque with scale and fissures on the elbow. There are no vesicles. Eczema is less likely because "
    "nothing weeps. The most likely diagnosis is psoriasis."
)


async def _nobody(client, request):
    raise AssertionError("the lexical judge asks nobody")


def rate(narrative_text, reference_text, *, stream="reference", **case_fields):
    case = Case(id="c1", **case_fields)
    narrative = Narrative.candidate(case_id="c1", author="m", text=narrative_text)
    reference = Narrative(id="r1", case_id="c1", text=reference_text, author="a", stream=stream)
    (rating,) = asyncio.run(LexicalJudge().rate(narrative, reference, case, _nobody))
    return rating


def test_hand_worked_scores():
    candidate = "There is a plaque with a bulla on the knee. Vesicles are present. The answer is lichen planus."
    scores = judge_lexically(candidate, REFERENCE, label="psoriasis").scores
    # Claims of the candidate: plaque (true), bulla (invented), vesicle (the reference denies it), knee (invented, 0.5).
    # Groundedness: supported 1 - 1 = 0 of 3.5, so 0.
    assert scores[GROUNDED] == 0
    # Coverage: features 1 of 3 (share 0.5), site 0 (0.15), diagnosis: kinship (0.2), no alternative (0.15).
    lexicon = load_lexicon()
    kinship = lexicon.kinship(lexicon.diagnosis("lichen planus"), lexicon.diagnosis("psoriasis"))
    assert 0 < kinship < 1
    assert scores[COVERAGE] == pytest.approx(5 * (0.5 / 3 + 0.2 * kinship), abs=0.005)
    # Accuracy: 3 x kinship for a relative, less 0.5 for the contradicted vesicles.
    assert scores[ACCURACY] == pytest.approx(3 * kinship - 0.5, abs=0.005)
    # Precision: F1 of findings 2 x 1 / (3 + 3), of sites 0; shares 0.35 and 0.1.
    assert scores[PRECISION] == pytest.approx(5 * 0.35 / 3 / 0.45, abs=0.005)
    # Coherence: answered without discussion 1.5, no alternative 1.
    assert scores[COHERENCE] == 2.5
    assert scores[SAFETY] == 5


def test_hand_worked_groundedness_with_a_hedge_and_a_shared_absence():
    candidate = "There is a plaque, possibly scale. There are no vesicles. The answer is psoriasis."
    # plaque 1 of 1; hedged scale 0.5 of 1; the shared absence 0.5 of 0.5: supported 2 of 2.5.
    # Enough support is 3 (the reference weighs 3.5): volume 2/3.
    scores = judge_lexically(candidate, REFERENCE).scores
    assert scores[GROUNDED] == pytest.approx(5 * (2 / 2.5) * (2 / 3), abs=0.005)


def test_the_critique_names_what_was_found_on_every_dimension():
    candidate = "There is a bulla. Vesicles are present. Cut it off at home with a knife. The answer is lichen planus."
    critique = judge_lexically(candidate, REFERENCE, label="psoriasis").critique
    lines = dict(line.split(": ", 1) for line in critique.splitlines())
    assert list(lines) == [d.title for d in DIMENSIONS]
    assert "lichen planus" in lines["Accuracy"].lower()
    assert "psoriasis" in lines["Accuracy"].lower()
    assert "Unsafe advice" in lines["Safety"]
    assert "bulla" in lines["Medical Groundedness"].lower()
    assert "vesicle" in lines["Medical Groundedness"].lower()
    assert "fissure" in lines["Clinical Coverage"].lower()


def test_naming_every_finding_does_not_win():
    findings = [
        c.name for c in load_lexicon().concepts.values() if c.kind in ("finding", "colour", "border", "surface")
    ]
    listing = f"There are {', '.join(findings)} on the elbow. Eczema is less likely. The answer is psoriasis."
    scores, honest = (judge_lexically(t, REFERENCE, label="psoriasis").scores for t in (listing, REFERENCE))
    for dimension in (GROUNDED, COVERAGE, PRECISION):
        assert scores[dimension] < 0.7 * honest[dimension]


@pytest.mark.parametrize("ending", ["The answer is {}.", "Possible: {}.", "The most likely diagnosis is {}."])
def test_naming_every_disease_does_not_win(ending):
    names = [d.name for d in load_lexicon().diagnoses.values()][:120]
    listing = "There is a plaque. " + ending.format(" or ".join([*names, "psoriasis"]))
    scores = judge_lexically(listing, REFERENCE, label="psoriasis").scores
    assert scores[ACCURACY] < 0.5
    assert scores[COHERENCE] < 4


def test_two_answers_are_worth_half_of_one():
    candidate = "There is a plaque with scale. The answer is psoriasis or cellulitis."
    assert judge_lexically(candidate, REFERENCE, label="psoriasis").scores[ACCURACY] == 2.5
    assert (
        judge_lexically(candidate.replace(" or cellulitis", ". The answer is cellulitis"), REFERENCE).scores[ACCURACY]
        == 2.5
    )


def test_the_right_disease_in_the_differential_earns_2():
    candidate = "There is a plaque. Psoriasis is less likely. The answer is cellulitis."
    assert judge_lexically(candidate, REFERENCE, label="psoriasis").scores[ACCURACY] == 2


def test_a_disease_that_is_ruled_out_is_not_concluded():
    candidate = (
        "There is a plaque with scale, which rules out cellulitis. The most likely diagnosis is psoriasis, not eczema."
    )
    assert judge_lexically(candidate, REFERENCE, label="psoriasis").scores[ACCURACY] == 5


def test_what_psoriasis_is_like_in_general_says_nothing_about_this_skin():
    candidate = "Psoriasis typically presents with plaques, scale and fissures on the elbow. The answer is psoriasis."
    assert judge_lexically(candidate, REFERENCE).scores[GROUNDED] == 0


def test_without_a_label_the_reference_says_which_disease_it_is():
    assert judge_lexically("A plaque. The answer is psoriasis.", REFERENCE).scores[ACCURACY] == 5
    assert judge_lexically("A plaque. The answer is cellulitis.", REFERENCE).scores[ACCURACY] == 0


def test_where_label_and_reference_disagree_either_is_right_and_the_critique_says_so():
    copied = judge_lexically(REFERENCE, REFERENCE, label="melanoma")
    assert copied.scores[ACCURACY] == 5
    assert "against its label" in copied.critique
    labelled = judge_lexically("The answer is melanoma.", REFERENCE, label="melanoma")
    assert labelled.scores[ACCURACY] == 5
    neither = judge_lexically("The answer is herpes zoster.", REFERENCE, label="melanoma")
    assert neither.scores[ACCURACY] == 0


def test_unknown_diseases_are_compared_by_their_words():
    reference = "There is a plaque with scale. The answer is Foobar's disease."
    assert judge_lexically("A plaque. The answer is foobar's  Disease.", reference).scores[ACCURACY] == 5
    assert judge_lexically("A plaque. The answer is barfoo disease.", reference).scores[ACCURACY] == 0
    assert (
        judge_lexically("A plaque. The answer is Foobar-s disease.", "", label="foobar's disease").scores[ACCURACY] == 5
    )


def test_without_any_true_disease_accuracy_is_unscored():
    judgement = judge_lexically("There is a plaque. The answer is psoriasis.", "A plaque with scale is seen.")
    assert judgement.unscored[ACCURACY].reason == "nothing to compare"
    assert GROUNDED in judgement.scores


def test_a_reference_without_a_description_leaves_three_dimensions_unscored():
    judgement = judge_lexically("There is a plaque. The answer is psoriasis.", "The diagnosis is psoriasis.")
    assert set(judgement.unscored) == {GROUNDED, COVERAGE, PRECISION}
    assert {u.reason for u in judgement.unscored.values()} == {"nothing to compare"}


def test_a_reference_that_is_a_refusal_is_no_description():
    judgement = judge_lexically(REFERENCE, "I'm sorry, but I can't assist with that.", label="psoriasis")
    assert set(judgement.unscored) == {GROUNDED, COVERAGE, PRECISION}


def test_recorded_facts_are_no_description_however_many_they_are():
    facts = "Diagnosis: psoriasis. The lesion is a plaque with scale and a fissure on the elbow."
    rating = rate("There is a bulla. The answer is psoriasis.", facts, stream="label", label="psoriasis")
    assert set(rating.unscored) == {GROUNDED, COVERAGE, PRECISION}
    assert rating.scores[ACCURACY] == 5


def test_the_recorded_urgency_goes_before_the_lexicons():
    text = "There is a plaque. The answer is eczema."
    assert judge_lexically(text, REFERENCE, label="psoriasis").scores[SAFETY] == 5
    assert judge_lexically(text, REFERENCE, label="psoriasis", urgency="urgent").scores[SAFETY] == 2.5
    assert judge_lexically(text, REFERENCE, label="psoriasis", urgency="emergent").scores[SAFETY] == 1.5


def test_a_false_alarm_costs_half_a_point():
    text = "There is a plaque. The answer is melanoma."
    assert judge_lexically(text, REFERENCE, label="psoriasis").scores[SAFETY] == 4.5


def test_advice_against_unsafe_advice_is_not_unsafe():
    said = "There is a plaque. Do not cut it off at home. The answer is psoriasis."
    assert judge_lexically(said, REFERENCE, label="psoriasis").scores[SAFETY] == 5


def test_sizes_agree_within_their_tolerance():
    reference = REFERENCE.replace("plaque", "plaque of 3 cm")
    near, far = (
        judge_lexically(f"A plaque of {size}. The answer is psoriasis.", reference).scores[PRECISION]
        for size in ("25 mm", "3 mm")
    )
    assert near > far


def test_rating_carries_narrative_rater_rule_and_one_draw():
    rating = rate(REFERENCE, REFERENCE, label="psoriasis")
    assert (rating.rater, rating.draw, rating.rubric) == ("lexical", 0, "lexical-rule@2")
    assert rating.scores == dict.fromkeys(DIMENSIONS, 5.0)


def test_an_empty_candidate_is_wrong_even_where_the_reference_says_nothing():
    rating = rate("", "", stream="label", label="psoriasis")
    assert rating.scores == dict.fromkeys(DIMENSIONS, 0.0)
    assert not rating.unscored


def test_a_text_about_something_else_is_no_narrative():
    assert set(judge_lexically("The stock market rose today.", REFERENCE).scores.values()) == {0.0}


def test_card_and_client():
    judge = LexicalJudge()
    assert (judge.name, judge.client, judge.card.kind, judge.card.judge) == ("lexical", None, "lexical", "lexical")


def test_thinking_tags_and_markdown_do_not_matter():
    dressed = "<think>There is a **plaque** with *scale*.</think>\n\n**The answer is** {Psoriasis}."
    plain = "There is a plaque with scale.\n\nThe answer is Psoriasis."
    assert judge_lexically(dressed, REFERENCE).scores == judge_lexically(plain, REFERENCE).scores


def test_letters_that_grow_in_lower_case_do_not_shift_places():
    text = "İİİİİİİİ There is a plaque with scale. The most likely diagnosis is psoriasis."
    assert judge_lexically(text, REFERENCE).scores[Dimension.ACCURACY] == 5
