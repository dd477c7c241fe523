"""A simulated rater beside the judges: the rule's true score, moved by what the rater is known to do."""

import asyncio
from dataclasses import replace

from dermatrust.atlas import draw_facts, truth_said
from dermatrust.atlas.raters import SimulatedRater
from dermatrust.judge.simulated import SimulatedJudge
from dermatrust.records import DIMENSIONS, Case, Dimension, Narrative

FACTS = draw_facts(0, "simulated", 3)
CASE = Case(id=FACTS.case_id)
REFERENCE = Narrative(id="r", case_id=CASE.id, text="A plaque.", author="a", stream="reference")
NARRATIVE = Narrative.candidate(case_id=CASE.id, author="m", text="A plaque.")


async def nobody(client, request):
    raise AssertionError("a simulated rater asks nobody")


def rate(said, **rater):
    judge = SimulatedJudge(
        SimulatedRater("r", **rater),
        facts_of=lambda case: FACTS,
        said_of=lambda n, case: said,
        place_of=lambda n, case: 3,
    )
    (rating,) = asyncio.run(judge.rate(NARRATIVE, REFERENCE, CASE, nobody))
    return rating


def test_the_truth_told_by_a_rater_without_faults_is_five_on_every_dimension():
    assert rate(truth_said(FACTS)).scores == dict.fromkeys(DIMENSIONS, 5.0)


def test_a_known_bias_moves_its_dimension_and_a_missing_score_stays_missing():
    rating = rate(truth_said(FACTS), severity=1, bias={Dimension.SAFETY: -1})
    assert rating.scores == dict.fromkeys(DIMENSIONS, 4.0) | {Dimension.SAFETY: 3.0}
    assert {one.reason for one in rate(truth_said(FACTS), missing=1).unscored.values()} == {"not rated"}


def test_drift_follows_the_number_of_narratives_rated():
    # It drifts by a point a narrative, so after three of them it is three points up from a severity of four.
    assert rate(truth_said(FACTS), severity=4, drift=100).scores[Dimension.ACCURACY] == 4.0


def test_no_conclusion_costs_accuracy_what_the_rule_says():
    rating = rate(replace(truth_said(FACTS), diagnosis=None))
    assert rating.scores[Dimension.ACCURACY] == 1.0


def test_the_card_says_simulated():
    judge = SimulatedJudge(
        SimulatedRater("r"),
        facts_of=lambda case: FACTS,
        said_of=lambda n, case: truth_said(FACTS),
        place_of=lambda n, case: 3,
    )
    assert judge.card.kind == "simulated"
    assert judge.client is None
