"""The lexical judge orders the embedded narrators as the truth does, wherever they truly differ."""

import numpy as np
import PIL.Image
import pytest

from dermatrust.atlas import draw_facts
from dermatrust.atlas.errors import errors_of
from dermatrust.atlas.prose import write_narrative, write_reference
from dermatrust.atlas.render import render
from dermatrust.atlas.scoring import true_scores
from dermatrust.clients.nano import WEIGHTS, Network
from dermatrust.judge.lexical import judge_lexically
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS, Dimension

NARRATORS = ("strong", "middling", "weak")
TRULY = 0.3
"""Narrators whose mean true scores are nearer than this, in points, are alike on 80 cases."""


@pytest.fixture(scope="module")
def means():
    """Mean scores, shape (narrators, true and judged, dimensions)."""
    found = np.zeros((3, 2, len(DIMENSIONS)))
    cases = [draw_facts(31, "order", number) for number in range(80)]
    networks = [Network(WEIGHTS / f"narrator-{name}.onnx") for name in NARRATORS]
    for facts in cases:
        pictures = [PIL.Image.fromarray(render(facts, view)) for view in facts.views]
        reference, label = write_reference(facts), load_lexicon().diagnoses[facts.diagnosis].name
        for place, network in enumerate(networks):
            said = network.perceive(pictures)
            text = write_narrative(said, np.random.default_rng(facts.seed))
            judged = judge_lexically(text, reference, label=label, urgency=facts.urgency).scores
            true = true_scores(errors_of(facts, said, knows_history=False))
            found[place] += [[true[d] for d in DIMENSIONS], [judged[d] for d in DIMENSIONS]]
    return found / len(cases)


def test_every_true_difference_is_seen_in_the_same_direction(means):
    true, judged = means[:, 0], means[:, 1]
    n_differences = 0
    for a, b in ((0, 1), (0, 2), (1, 2)):
        for column, dimension in enumerate(DIMENSIONS):
            difference = true[a, column] - true[b, column]
            if abs(difference) >= TRULY:
                n_differences += 1
                assert (judged[a, column] - judged[b, column]) * difference > 0, (NARRATORS[a], NARRATORS[b], dimension)
    assert n_differences >= 12


def test_the_narrators_truly_differ_where_seeing_matters(means):
    for dimension in (Dimension.ACCURACY, Dimension.CLINICAL_COVERAGE, Dimension.DESCRIPTION_PRECISION):
        strong, middling, weak = means[:, 0, list(DIMENSIONS).index(dimension)]
        assert strong > middling > weak
