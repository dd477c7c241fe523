"""Rungs above the lexicon's: shares by model and arm, over patients."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from dermatrust.clients.scripted import ScriptedClient
from dermatrust.clinic.adjudication_result import adjudication_result
from dermatrust.clinic.adjudicator import Adjudication, Adjudicator
from dermatrust.clinic.differential_table import differential_result
from dermatrust.clinic.embedding import EmbeddingScore
from dermatrust.clinic.embedding_result import embedding_result
from dermatrust.clinic.flat import result_records
from dermatrust.clinic.further_rungs import Resampling, rung_cells
from dermatrust.records import AnswerRow, DatasetCard
from dermatrust.store.answers import read_answers, write_answers

NAN = float("nan")
CARD = DatasetCard(name="t", version="1", source="s", licence="CC0-1.0", consent="c", synthetic=True)


def answers_of(tmp_path, *rows):
    """Rows of (case, patient, arm, label, rank by synonym, failure)."""
    kept = []
    for case, patient, arm, label, rank, failure in rows:
        fields = dict.fromkeys(AnswerRow._fields) | {"case_id": case, "patient_id": patient, "arm": arm, "label": label}
        about = {"model": "m", "image_arm": "all", "text": "", "said": "[]", "n_said": 1, "cannot_tell": False}
        known = {"gives_truth_away": False, "exact": rank, "synonym": rank, "family": rank, "failure": failure}
        kept.append(AnswerRow(**(fields | about | known)))
    write_answers(tmp_path / "answers.parquet", kept)
    return read_answers(tmp_path / "answers.parquet")


def test_shares_by_arm_with_what_is_not_decided(tmp_path):
    answers = answers_of(
        tmp_path,
        ("1", "a", "image only", "wart", 0, None), ("1", "a", "image + context", "wart", 0, None),
        ("2", "b", "image only", "wart", 0, None), ("2", "b", "image + context", "wart", None, "timeout"),
        ("3", "c", "image only", "wart", 0, None), ("3", "c", "image + context", "wart", 0, None),
        ("4", "d", "image only", None, None, None), ("4", "d", "image + context", None, None, None),
    )  # fmt: skip
    ranks = np.array([1, 2, 4, NAN, NAN, 0, NAN, NAN])
    alone, told = rung_cells(answers, ranks, Resampling("t"))
    assert (alone.arm, alone.n, alone.n_undecided, [hit.value for hit in alone.hits]) == (
        "image only",
        2,
        1,
        [0.5, 0.5, 1],
    )
    assert (told.arm, told.n, told.n_undecided, [hit.value for hit in told.hits]) == (
        "image + context",
        2,
        0,
        [0, 0.5, 0.5],
    )


def test_a_rung_that_says_what_the_lexicon_says_has_the_lexicons_interval(tmp_path):
    rng = np.random.default_rng(0)
    rows = [(str(k), str(k // 4), "image only", "wart", int(rng.integers(0, 6)), None) for k in range(80)]
    answers = answers_of(tmp_path, *rows)
    (cell,) = rung_cells(answers, answers.synonym, Resampling(CARD.name, seed=3, n_resamples=200))
    known = differential_result(answers, CARD, seed=3, n_resamples=200).cells[0].measures
    assert cell.hits == tuple(known[f"top-{k} synonym"] for k in (1, 3, 5))
    assert cell.hits[0].n_clusters == 20


def test_cases_of_one_patient_make_the_interval_wider_than_independent_ones(tmp_path):
    rows = [(str(k), str(k // 10), "image only", "wart", int(k // 10 % 2), None) for k in range(200)]
    of_patients = rung_cells(answers_of(tmp_path, *rows), np.array([row[4] for row in rows]), Resampling("t"))[0].hits[
        0
    ]
    alone = [(case, None, *rest) for case, _, *rest in rows]
    of_cases = rung_cells(answers_of(tmp_path, *alone), np.array([row[4] for row in rows]), Resampling("t"))[0].hits[0]
    assert of_patients.value == of_cases.value
    assert of_patients.high - of_patients.low > 2 * (of_cases.high - of_cases.low)


def test_an_arm_in_which_nothing_is_decided_is_shown_as_that_and_one_without_a_truth_not_at_all(tmp_path):
    answers = answers_of(tmp_path, ("1", "a", "x", "wart", 0, None), ("1", "a", "y", None, None, None))
    (cell,) = rung_cells(answers, np.array([NAN, NAN]), Resampling("t"))
    assert (cell.arm, cell.n, cell.n_undecided) == ("x", 0, 1)
    assert math.isnan(cell.hits[0].value)


def test_one_patient_has_no_interval(tmp_path):
    answers = answers_of(tmp_path, ("1", "a", "x", "wart", 1, None), ("2", "a", "x", "wart", 0, None))
    (cell,) = rung_cells(answers, np.array([1.0, 0.0]), Resampling("t"))
    assert cell.hits[0].value == pytest.approx(0.5)
    assert math.isnan(cell.hits[0].low)


def test_the_table_of_every_figure_has_the_rungs_that_were_tried(tmp_path):
    answers = answers_of(tmp_path, ("1", "a", "x", "wart", 1, None), ("2", "b", "x", "wart", 0, None))
    result = differential_result(answers, CARD, n_resamples=20)
    assert {record["measure"] for record in result_records(result)}.isdisjoint(("top-1 embedding", "top-1 adjudicator"))
    judge = Adjudicator(ScriptedClient("judge", lambda request: ""))
    found = [Adjudication(1, 1, 1, 1), Adjudication(None, 1, 0, 0)]
    resampling = Resampling(CARD.name, n_resamples=20)
    adjudication = adjudication_result(answers, found, judge, Counter(), resampling)
    scores = [EmbeddingScore(0, (0.1,) * 3, (0.1,) * 3), EmbeddingScore(2, (0.9,) * 3, (0.9,) * 3)]
    whole = replace(result, adjudication=adjudication, embedding=embedding_result(answers, scores, 0.8, resampling))
    records = {record["measure"]: record for record in result_records(whole) if record["kind"] == "arm"}
    assert (records["top-1 adjudicator"]["value"], records["top-1 adjudicator"]["n"]) == (1.0, 1)
    assert [records[f"top-{k} embedding"]["value"] for k in (1, 3, 5)] == [0, 0.5, 0.5]
    assert (records["top-3 embedding"]["model"], records["top-3 embedding"]["arm"]) == ("m", "x")
