"""Rounded scores in a table, points of plots, and what raters said beside their scores."""

import csv
import io

import numpy as np
import pytest

from dermatrust.align.breakdown import worst_cases
from dermatrust.align.compare import Bootstrap
from dermatrust.align.confusion import confusion
from dermatrust.align.details import MOST_POINTS, details_of
from dermatrust.align.flat import COLUMNS, study_csv
from dermatrust.align.ratings import read_rating_table
from dermatrust.align.said import ABSENT, said_in
from dermatrust.align.study import align
from dermatrust.align.target import study_of
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rater, Rating, Unscored
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.jsonl import append_records

NAN = float("nan")
CARD = DatasetCard(name="d", version="1", source="s", licence="private", consent="c")
SAFETY = DIMENSIONS[1]


def rating(rater, narrative, score, *, probability=None, without=(), **more):
    scores = {d: score for d in DIMENSIONS if d not in without}
    unscored = {d: Unscored(reason="unreadable") for d in without}
    stated = {} if probability is None else dict.fromkeys(scores, probability)
    return Rating(narrative_id=narrative, rater=rater, scores=scores, unscored=unscored, probabilities=stated, **more)


def test_a_hand_worked_table_of_rounded_scores():
    given = np.array([5.0, 4.5, 2.49, 0.0, NAN, 3.0])
    wanted = np.array([4.4, 4.5, 2.5, 5.0, 1.0, NAN])
    table = confusion(given, wanted)
    cells = {(int(i), int(j)): int(table[i, j]) for i, j in np.argwhere(table)}
    assert cells == {(4, 5): 1, (5, 5): 1, (3, 2): 1, (5, 0): 1}  # (target, rater)
    assert confusion(np.array([NAN]), np.array([1.0])).sum() == 0
    with pytest.raises(ValueError, match="no level"):
        confusion(np.array([7.0]), np.array([1.0]))


def test_the_first_draw_that_states_a_probability_counts_with_its_own_score():
    ratings = [
        rating("j", "n", 5.0, probability=0.7, draw=2), rating("j", "n", 3.0, draw=0, critique=" "),
        rating("j", "n", 4.0, probability=0.6, draw=1, critique="Names the plaque.\n"),
    ]  # fmt: skip
    said = said_in(ratings, {"j": 0}, {"n": 0})
    assert said.probabilities[0, 0].tolist() == [0.6] * 6
    assert said.scores[0, 0].tolist() == [4.0] * 6
    assert said.critiques == {(0, 0): "Names the plaque."}


def test_every_missing_score_has_a_reason_and_one_given_in_another_draw_is_none():
    ratings = [
        rating("j", "n0", 3.0, without=DIMENSIONS[:2]), rating("j", "n1", 3.0, without=[SAFETY]),
        rating("j", "n1", 3.0, draw=1), Rating.all_unscored(narrative_id="n0", rater="k", reason="no answer"),
    ]  # fmt: skip
    said = said_in(ratings, {"j": 0, "k": 1}, {"n0": 0, "n1": 1, "n2": 2})
    assert [dict(one) for one in said.missing] == [{"unreadable": 2, ABSENT: 6}, {"no answer": 6, ABSENT: 12}]


@pytest.fixture
def folder(tmp_path):
    cases = [Case(id=f"c{k}", label="psoriasis", fitzpatrick=1 + k % 2, patient_id=f"p{k}") for k in range(24)]
    write_dataset(tmp_path / "d", CARD, cases)
    narratives = [Narrative(id=f"n{k}", case_id=f"c{k}", author=f"m{k % 2}", text="A plaque.") for k in range(24)]
    ratings = [rating("j", f"n{k}", float(k % 6), probability=0.5, critique=f"Because {k}.") for k in range(24)]
    ratings += [rating(dr, f"n{k}", float(min(5, k % 6 + k % 2))) for dr in ("Dr A", "Dr B") for k in range(23)]
    raters = [Rater(id=dr, kind="human") for dr in ("Dr A", "Dr B")]
    for name, records in (("narratives", narratives), ("ratings", ratings), ("raters", raters)):
        append_records(tmp_path / "d" / f"{name}.jsonl", records)
    return DatasetFolder.open(tmp_path / "d")


def test_details_of_a_folder(folder):
    table = read_rating_table(folder)
    details = details_of(study_of(table), Bootstrap(n_resamples=50))
    assert [(one.rater, one.dimension) for one in details.dimensions] == [("j", d) for d in DIMENSIONS]
    first = details.dimensions[0]
    assert (np.sum(first.confusion), np.trace(first.confusion)) == (23, 15)  # k % 2 is 0, or the score is 5 already
    assert sum(n for _, _, n in first.points) == 23
    assert details.missing == {"Dr A": {ABSENT: 6}, "Dr B": {ABSENT: 6}, "j": {}}
    (worst,) = worst_cases(study_of(table), 1)
    assert worst.critique == f"Because {worst.narrative.id.removeprefix('n')}."
    assert {row.excess.n for row in details.confidence} == {23}
    assert {(row.rater, row.factor) for row in details.gaps} >= {("j", "skin type"), ("j", "author")}
    assert [(row.level, row.beside) for row in details.within] == [("II", "I")]


def test_many_different_pairs_are_moved_to_a_grid_for_drawing_only(folder):
    table = read_rating_table(folder)
    n = MOST_POINTS + 50
    rng = np.random.default_rng(0)
    scores = np.round(rng.uniform(0, 5, (3, n, 6)), 6)
    copies = {"scores": scores, "narratives": table.narratives[:1] * n, "cases": table.cases[:1] * n}
    copies |= {
        "patients": np.arange(n),
        "n_patients": n,
        "factors": {f: ("x",) * n for f in table.factors},
        "said": None,
    }
    wide = type(table)(**{name: getattr(table, name) for name in table.__slots__} | copies)
    details = details_of(study_of(wide), Bootstrap(n_resamples=10))
    first = details.dimensions[0]
    assert first.is_grouped
    assert len(first.points) <= 21 * 21
    assert sum(n for _, _, n in first.points) == n
    assert all(difference * 4 % 1 == 0 for _, difference, _ in first.points)
    assert (details.confidence, details.missing) == ([], {})


def test_details_are_in_the_csv(folder):
    table = read_rating_table(folder)
    bootstrap = Bootstrap(n_resamples=50)
    study, details = align(table, bootstrap), details_of(study_of(table), bootstrap)
    rows = list(csv.DictReader(io.StringIO(study_csv(study, details))))
    assert set(rows[0]) == set(COLUMNS)
    counts = [int(row["value"]) for row in rows if row["table"] == "confusion" and row["measure"] == "safety"]
    assert (len(counts), sum(counts)) == (36, 23)
    tables = {row["table"] for row in rows}
    assert {"confidence", "gap", "gap within a label", "agreement"} <= tables
    assert "confusion" not in {row["table"] for row in csv.DictReader(io.StringIO(study_csv(study)))}
