"""Who is held to whom: panel, adjudicators, automatic raters, and what is settled."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.align.results import Adjudication
from dermatrust.align.target import adjudication_of, rounded, study_of
from dermatrust.errors import DataError
from dermatrust.records import Rater

NAN = math.nan


def raters(*rows):
    return tuple(Rater(id=name, kind=kind, adjudicates=adjudicates) for name, kind, adjudicates in rows)


def named(study):
    """Return the names of panel, adjudicators and automatic raters."""
    return [[study.table.names[k] for k in role] for role in (study.panel, study.adjudicators, study.automatic)]


@pytest.fixture
def mixed(table_of):
    """Two people, one of whom adjudicates, a simulated person, a judge and an evaluator."""
    scores = {"Dr A": [1, 4], "sim": [3, 5], "judge": [0, 0], "Dr B": [5, None], "eye": [2, 2]}
    kinds = [("Dr A", "human", False), ("sim", "simulated", False), ("judge", "lexical", False)]
    kinds += [("Dr B", "human", True), ("eye", "evaluator", False)]
    return table_of(scores, raters=raters(*kinds))


def test_people_are_the_panel_and_the_registered_adjudicator_settles(mixed):
    study = study_of(mixed)
    assert named(study) == [["Dr A", "sim"], ["Dr B"], ["judge", "eye"]]
    assert study.target[:, 0].tolist() == [5, 4.5]  # settled; then (4 + 5) / 2
    assert study.others[:, :, 0].tolist() == [[3, 5], [1, 4]]
    assert study.members[:, 0, 0].tolist() == [1, 3]


def test_a_named_panel_comes_before_the_registry_and_people_not_named_are_compared(mixed):
    study = study_of(mixed, ["sim", "judge"])
    assert named(study) == [["sim", "judge"], ["Dr B"], ["Dr A", "eye"]]
    assert study.target[:, 0].tolist() == [5, 2.5]


def test_a_registered_adjudicator_named_as_one_of_the_panel_is_one_of_the_panel(mixed):
    study = study_of(mixed, ["Dr A", "Dr B"])
    assert named(study) == [["Dr A", "Dr B"], [], ["sim", "judge", "eye"]]
    assert study.target[:, 0].tolist() == [3, 4]


def test_named_adjudicators_come_before_the_registered(mixed):
    study = study_of(mixed, adjudicators=["judge", "eye"])
    assert named(study) == [["Dr A", "sim", "Dr B"], ["judge", "eye"], []]
    assert study.target[:, 0].tolist() == [1, 1]  # the mean of both


def test_adjudicators_alone_are_a_target(mixed):
    study = study_of(mixed, ["Dr B"], ["Dr A", "sim"])
    assert named(study) == [["Dr B"], ["Dr A", "sim"], ["judge", "eye"]]
    alone = study_of(table_without_panel(mixed))
    assert named(alone) == [[], ["Dr B"], ["judge"]]
    assert alone.target[0, 0] == 5
    assert math.isnan(alone.target[1, 0])
    assert alone.others.shape == alone.members.shape == (0, 2, 6)


def table_without_panel(mixed):
    return replace(mixed, raters=(mixed.raters[2], mixed.raters[3]), scores=mixed.scores[[2, 3]])


def test_the_target_is_settled_dimension_by_dimension(table_of):
    settled = [None, 5, None, 0, None, None]
    table = table_of({"Dr A": [1], "Dr B": [[2, 2, 2, 2, None, 2]], "Dr C": [settled]})
    study = study_of(table, adjudicators=["Dr C"])
    assert study.target[0].tolist() == [1.5, 5, 1.5, 0, 1, 1.5]


def test_without_anybody_to_compare_with_the_raters_are_listed(table_of):
    with pytest.raises(DataError) as caught:
        study_of(table_of({"judge": [1], "eye": [2]}))
    assert str(caught.value) == (
        "the ratings: have nobody to compare with; the raters are judge, eye. Name those who are taken for the truth "
        "with --panel, or register them in raters.jsonl."
    )


@pytest.mark.parametrize(
    ("panel", "adjudicators", "said"),
    [
        (["Dr X"], [], "--panel: 'Dr X' rated no narrative with text; expected one of Dr A, "),
        ([], ["Dr X"], "--adjudicator: 'Dr X' rated no narrative with text"),
        (["sim"], ["sim"], "--adjudicator: 'sim' is named with --panel too."),
    ],
)
def test_names_that_cannot_be_are_refused(mixed, panel, adjudicators, said):
    with pytest.raises(DataError) as caught:
        study_of(mixed, panel, adjudicators)
    assert said in str(caught.value)


def test_a_panel_of_one_has_nobody_else(table_of):
    study = study_of(table_of({"Dr A": [1, 2], "j": [3, 4]}))
    assert np.isnan(study.others).all()
    assert study.target[:, 0].tolist() == [1, 2]


def test_patients_are_repeated_member_by_member(table_of):
    study = study_of(table_of({"Dr A": [1, 2, 3], "Dr B": [1, 2, 3]}, patients=[0, 1, 0]))
    assert study.tiled(2).tolist() == [0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("score", "point"),
    [(0, 0), (0.5, 1), (1.5, 2), (2.5, 3), (4.5, 5), (0.49, 0), (4.999, 5), (5, 5), (7 / 3, 2), (8 / 3, 3)],
)
def test_halves_are_rounded_upwards(score, point):
    assert rounded(np.array([float(score)])).tolist() == [point]


def test_a_half_that_was_added_up_badly_is_a_half():
    badly = sum([0.1] * 25)  # 2.5000000000000004, and 0.1 * 3 + 0.2 is a little less than a half
    assert rounded(np.array([badly, 0.7 + 0.1 + 0.7 - 1e-16, 2.5 - 1e-12])).tolist() == [3, 2, 3]
    assert np.isnan(rounded(np.array([NAN]))).all()


@given(st.lists(st.floats(0, 5), max_size=20))
def test_rounded_scores_are_levels_at_most_half_a_point_away(scores):
    found = rounded(np.array(scores))
    assert set(found.tolist()) <= {0, 1, 2, 3, 4, 5}
    assert (np.abs(found - scores) <= 0.5 + 1e-8).all()


@pytest.mark.parametrize(
    ("a", "b", "settled", "counts"),
    [
        (3, 3, None, (0, 1, 0, 0)),  # agreed
        (3, [3, 3.9, 4.9, 3, 1.1, 3], None, (0, 1, 0, 0)),  # near enough: below 1 on Safety, below 2 elsewhere
        (3, [3, 4, 3, 3, 3, 3], None, (0, 0, 1, 0)),  # a point apart on Safety
        (3, [5, 3, 3, 3, 3, 3], None, (0, 0, 1, 0)),  # two points apart elsewhere
        ([0.3] * 6, [2.3, 0.3, 0.3, 0.3, 0.3, 0.3], None, (0, 0, 1, 0)),  # 2.3 - 0.3 is a little less than 2
        (3, None, None, (1, 0, 0, 0)),  # one member
        (None, None, None, (1, 0, 0, 0)),
        (3, None, 4, (0, 0, 0, 1)),  # one member and an adjudicator
        (1, 5, 4, (0, 0, 0, 1)),  # settled throughout
        (3, [5, 3, 3, 3, 3, 3], [4, None, None, None, None, None], (0, 0, 0, 1)),  # settled where they disagree
        (3, [5, 3, 3, 5, 3, 3], [4, None, None, None, None, None], (0, 0, 1, 0)),  # but not on Coverage
        (3, 3, 5, (0, 0, 0, 1)),
        ([1, None, 1, None, 1, None], [None, 1, None, 1, None, 1], None, (0, 1, 0, 0)),  # nothing in common
    ],
)
def test_what_is_agreed_open_and_settled(table_of, a, b, settled, counts):
    table = table_of({"Dr A": [a], "Dr B": [b], "judge": [settled]})
    found = adjudication_of(study_of(table, adjudicators=["judge"]))
    assert found == Adjudication(*counts)


def test_every_narrative_is_counted_once(table_of):
    rng = np.random.default_rng(0)
    draw = [[None if s > 5 else int(s) for s in rng.integers(0, 8, 6)] for _ in range(160)]
    scores = {"Dr A": draw[:40], "Dr B": draw[40:80], "Dr C": draw[80:120], "Dr D": draw[120:]}
    found = adjudication_of(study_of(table_of(scores), adjudicators=["Dr D"]))
    assert found.n_single + found.n_agreed + found.n_open + found.n_adjudicated == 40
