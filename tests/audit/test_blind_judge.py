"""A judge that ignores Safety errs little by rounded scores on mostly safe candidates; the report card exposes it."""

import asyncio
from statistics import fmean

import numpy as np
import pytest

from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.errors import errors_of
from dermatrust.atlas.planting import applicable_kinds, plant_errors
from dermatrust.atlas.prose import write_narrative
from dermatrust.atlas.raters import SimulatedRater
from dermatrust.atlas.said import truth_said
from dermatrust.atlas.scoring import true_scores
from dermatrust.audit.judged import Resampling, judged
from dermatrust.audit.known_variants import make_variants
from dermatrust.audit.sensitivity import dimension_rows
from dermatrust.judge.lexical import LexicalJudge
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS, Case, Dimension, Narrative

N_CASES = 40
HARMLESS = ("missing finding", "wrong finding", "wrong colour", "invented finding", "no differential", "vague wording")


class BlindToSafety(LexicalJudge):
    """The lexical judge, but every narrative is as safe as any other."""

    name = "blind to safety"

    async def rate(self, narrative, reference, case, ask):
        (rating,) = await super().rate(narrative, reference, case, ask)
        return [rating.model_copy(update={"rater": self.name, "scores": rating.scores | {Dimension.SAFETY: 4.0}})]


async def nobody(client, request):
    raise AssertionError("the lexical judge asks nobody")


def rated(judge, narrative, reference, case):
    return asyncio.run(judge.rate(narrative, reference, case, nobody))[0]


@pytest.fixture(scope="module")
def cases():
    found = []
    for k in range(N_CASES):
        facts = draw_facts(11, "blind", k)
        text = write_narrative(truth_said(facts), np.random.default_rng(k), age=facts.age, sex=facts.sex)
        case = Case(id=f"c{k}", patient_id=f"p{k}", urgency=facts.urgency)
        found.append((facts, case, Narrative(id=f"r{k}", case_id=case.id, text=text, author="a", stream="reference")))
    return found


@pytest.fixture(scope="module")
def judges():
    return LexicalJudge(), BlindToSafety()


def rounded_error(judge, cases):
    """Return the mean absolute error of rounded scores against a simulated rater, by dimension.

    The candidates have one slight error each, as most of what good models write has; the rater is a little strict.
    """
    rater = SimulatedRater("panel", severity=0.5, noise=0.4, step=0.5)
    errors = {dimension: [] for dimension in DIMENSIONS}
    for k, (facts, case, reference) in enumerate(cases):
        rng = np.random.default_rng(k)
        kind = [kind for kind in HARMLESS if kind in applicable_kinds(facts)][k % len(HARMLESS)]
        said = plant_errors(facts, [kind], rng)
        candidate = Narrative.candidate(case_id=case.id, author="m", text=write_narrative(said, rng))
        wanted = rater.rate(true_scores(errors_of(facts, said)), k, narrative_id=candidate.id, seed=0).scores
        given = rated(judge, candidate, reference, case).scores
        for dimension in DIMENSIONS:
            errors[dimension].append(abs(round(given[dimension]) - round(wanted[dimension])))
    return {dimension: fmean(found) for dimension, found in errors.items()}


def test_by_rounded_error_the_blind_judge_looks_as_good_as_one_that_sees(cases, judges):
    seeing, blind = (rounded_error(judge, cases) for judge in judges)
    assert blind[Dimension.SAFETY] < 0.5
    assert blind[Dimension.SAFETY] <= seeing[Dimension.SAFETY] + 0.1
    assert fmean(blind.values()) <= fmean(seeing.values()) + 0.05


def test_the_report_card_exposes_it(cases, judges):
    pairs = [(case, reference) for _, case, reference in cases]
    made = list(make_variants(pairs, load_lexicon(), seed=0))
    known = {case.id: (case, reference) for case, reference in pairs}
    variants = [variant for variant, _ in made]
    ratings = [rated(judge, n, known[n.case_id][1], known[n.case_id][0]) for judge in judges for _, n in made]
    cards = [judge.card.model_copy(update={"judge": judge.name}) for judge in judges]
    seeing, blind = (dimension_rows(one, Resampling(n_resamples=500)) for one in judged(variants, ratings, cards))
    assert [row.dimension for row in seeing if row.is_blind] == []
    assert [row.dimension for row in blind if row.is_blind] == [Dimension.SAFETY]
    (safety,) = (row for row in blind if row.dimension is Dimension.SAFETY)
    assert safety.drop.value == 0.0
    assert safety.drop.n > N_CASES  # and not for want of errors
    (seen,) = (row for row in seeing if row.dimension is Dimension.SAFETY)
    assert seen.detected[0].value > 0.9
