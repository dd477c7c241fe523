"""A whole study: of whatever ratings there are it makes tables, and never a warning."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.align.compare import Bootstrap
from dermatrust.align.flat import study_csv, worst_csv
from dermatrust.align.study import align
from dermatrust.align.text import study_text
from dermatrust.records import DIMENSIONS


@pytest.mark.parametrize(
    "scores",
    [
        {"Dr A": [3]},
        {"Dr A": [3], "judge": [3]},
        {"Dr A": [None, None], "judge": [3, 3]},
        {"Dr A": [3, 3], "judge": [None, None]},
        {"Dr A": [3, 3], "Dr B": [None, None], "judge": [3, 2]},
        {"Dr A": [3, None], "Dr B": [None, 2], "judge": [None, None]},
        {"Dr A": [3] * 5, "Dr B": [3] * 5, "judge": [3] * 5, "eye": [3] * 5},
        {"Dr A": [0, 5] * 9, "Dr B": [5, 0] * 9, "judge": [0, 5] * 9},
    ],
)
@pytest.mark.parametrize("n_patients", [1, 2, 5])
def test_poor_ratings_make_a_study_all_the_same(table_of, scores, n_patients):
    n = len(scores["Dr A"])
    patients = np.unique([k % n_patients for k in range(n)], return_inverse=True)[1]
    authors = ["mn"[k // n_patients % 2] for k in range(n)]
    study = align(table_of(scores, patients=patients, authors=authors), Bootstrap(n_resamples=20))
    assert study_text(study)
    assert study_csv(study).count("\r\n") > 50
    assert worst_csv(study)


def test_the_same_seed_gives_the_same_study_and_another_another(table_of):
    rng = np.random.default_rng(0)
    table = table_of({name: rng.integers(0, 6, 30).tolist() for name in ("Dr A", "Dr B", "judge", "eye")})
    texts = [study_csv(align(table, Bootstrap(seed, 50))) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    narrow = align(table, Bootstrap(1, 50, 0.5))
    wide = align(table, Bootstrap(1, 50, 0.99))
    assert narrow.confidence == 0.5
    for a, b in zip(narrow.agreement, wide.agreement, strict=True):
        assert a.estimate.value == b.estimate.value
        assert b.estimate.low <= a.estimate.low <= a.estimate.high <= b.estimate.high


def test_settings_reach_their_tables(table_of, quick):
    scores = {"Dr A": [3] * 40, "Dr B": [3] * 40, "judge": [2] * 4 + [3] * 36}
    strict, lax = (align(table_of(scores), quick, epsilon=e, n_worst=2) for e in (0.1, 0.2))
    assert [strict.replacements[0].outcome.passes, lax.replacements[0].outcome.passes] == [False, True]
    assert (strict.epsilon, lax.epsilon) == (0.1, 0.2)
    assert len(strict.worst) == 2
    named = align(table_of(scores), quick, panel=["judge"], adjudicators=["Dr B"])
    assert [rater.id for rater in (*named.panel, *named.adjudicators, *named.automatic)] == ["judge", "Dr B", "Dr A"]
    assert (named.n_narratives, named.n_empty, named.n_patients, named.n_cases_without_patient) == (40, 0, 40, 0)


def test_what_the_registry_does_not_tell_the_study_does_not_guess(table_of, quick):
    study = align(table_of({"Dr A": [1, 2], "judge": [1, 2]}, n_cases_without_patient=2, n_empty=3), quick)
    assert (study.n_cases_without_patient, study.n_empty) == (2, 3)


six = st.lists(st.integers(0, 10).map(lambda k: k / 2) | st.none(), min_size=6, max_size=6)


@settings(max_examples=15)
@given(st.lists(st.tuples(six, six, six), min_size=1, max_size=12), st.integers(1, 4), st.booleans())
def test_any_ratings_make_a_study(table_of, rows, n_patients, is_settled):
    scores = {name: [row[k] for row in rows] for k, name in enumerate(("Dr A", "Dr B", "judge"))}
    places = range(len(rows))
    table = table_of(
        scores, patients=np.unique([k % n_patients for k in places], return_inverse=True)[1],
        cases=[f"c{k % n_patients}" for k in places], authors=["mn"[k % 2] for k in places],
    )  # fmt: skip
    study = align(table, Bootstrap(n_resamples=10), adjudicators=["Dr B"] if is_settled else ())
    assert study_text(study)
    assert study_csv(study)
    for row in study.agreement:
        members = len(study.panel) if row.role == "panel" else 1
        assert row.estimate.n + row.estimate.n_missing == len(rows) * members
        assert row.estimate.n > 0 or math.isnan(row.estimate.value)
    for row in study.rankings:
        assert row.tau.n + row.tau.n_missing == len(rows)
    assert {row.measure for row in study.stability} == {*DIMENSIONS, "macro"}
