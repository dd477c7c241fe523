"""Each kind of known error lowers, by the lexical judge, the dimension that the rule of true scores names for it."""

import numpy as np
import pytest

from dermatrust.atlas import draw_facts, truth_said
from dermatrust.atlas.planting import applicable_kinds, plant_errors
from dermatrust.atlas.prose import write_narrative, write_reference
from dermatrust.atlas.said import ERROR_KINDS
from dermatrust.atlas.scoring import main_dimension
from dermatrust.judge.lexical import judge_lexically
from dermatrust.lexicon import load_lexicon

N_CASES = 15


def judged(facts, said):
    """Scores of one wording of a content; the same seed gives truth and error their words."""
    text = write_narrative(said, np.random.default_rng(facts.seed))
    label = load_lexicon().diagnoses[facts.diagnosis].name
    return judge_lexically(text, write_reference(facts), label=label, urgency=facts.urgency).scores


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_a_planted_error_lowers_its_dimension(kind):
    dimension, changes = main_dimension(kind), []
    for number in range(300):
        facts = draw_facts(41, "planted", number)
        if kind in applicable_kinds(facts):
            planted = plant_errors(facts, [kind], np.random.default_rng(number))
            changes.append(judged(facts, planted)[dimension] - judged(facts, truth_said(facts))[dimension])
        if len(changes) == N_CASES:
            break
    assert len(changes) == N_CASES
    assert np.mean(changes) < -0.1
