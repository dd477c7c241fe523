"""Psychometrics of runs: what is read, what is found of simulated models, and what is refused."""

import dataclasses
import json
import math
import sys

import numpy as np
import pytest
from scipy.stats import spearmanr

from dermatrust.cli.main import main
from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.psychometrics import PsychometricResult, psychometric_result
from dermatrust.protocols.responses import Responses, read_responses
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.table import ScoreTable
from dermatrust.store.result import read_result, write_result


def run_folder(folder, model, values, *, variant="", topics=None):
    folder.mkdir()
    table = ScoreTable()
    result = protocol_result(find_protocol("medirt"), table, model=model, others={}, variant=variant)
    write_result(folder / "result.json", result)
    rows = [
        {"id": f"q{k}", "reply": "x", "value": value, **({"tags": {"topic": topics[k]}} if topics else {})}
        for k, value in enumerate(values)
    ]
    (folder / "scored.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def simulated(n_models=60, n_items=150, seed=0):
    rng = np.random.default_rng(seed)
    abilities, difficulties = rng.normal(size=n_models), rng.normal(scale=1.2, size=n_items)
    slopes = rng.lognormal(0.2, 0.3, size=n_items)
    slopes[0] = -1.5  # a wrong key
    chances = 1 / (1 + np.exp(-slopes * (abilities[:, None] - difficulties)))
    return abilities, difficulties, (rng.random(chances.shape) < chances).astype(float)


def responses_of(right, topics=None):
    n_models, n_items = right.shape
    return Responses(
        tuple(f"m{k}" for k in range(n_models)), tuple(f"q{k}" for k in range(n_items)),
        tuple(topics or [""] * n_items), right,
    )  # fmt: skip


def test_an_item_that_stands_twice_in_a_table_is_refused(tmp_path):
    (tmp_path / "answers.csv").write_text("model,q1,q1\none,1,0\n")
    with pytest.raises(DataError, match="has the column 'q1' twice"):
        read_responses([tmp_path / "answers.csv"])


def test_simulated_abilities_difficulties_and_a_wrong_key_are_found():
    abilities, difficulties, right = simulated()
    found = psychometric_result(responses_of(right))
    assert spearmanr([one.ability for one in found.abilities], abilities).statistic > 0.95
    assert spearmanr([one.difficulty for one in found.items[1:]], difficulties[1:]).statistic > 0.9
    assert found.items[0].flag == "negative"
    (fit,) = found.fits
    assert fit.predicted > fit.majority
    by_rank = sorted(found.abilities, key=lambda one: one.rank)
    assert [one.rank for one in by_rank][:3] == [1, 2, 3]
    assert by_rank[0].ability == max(one.ability for one in found.abilities)


def test_topics_have_a_fit_each_and_their_items_stand_in_them():
    _, _, right = simulated(n_items=40)
    topics = ["skin" if k < 20 else "heart" for k in range(40)]
    found = psychometric_result(responses_of(right, topics))
    assert [fit.topic for fit in found.fits] == ["", "heart", "skin"]
    assert [fit.n_items for fit in found.fits] == [40, 20, 20]
    assert {one.topic for one in found.items} == {"heart", "skin"}
    assert len(found.items) == 40
    assert len(found.abilities) == 3 * 60


def test_items_that_all_got_right_or_wrong_are_told_of():
    _, _, right = simulated(n_items=30)
    right[:, 3], right[:, 4] = 1, 0
    found = {one.item: one for one in psychometric_result(responses_of(right)).items}
    assert (found["q3"].flag, found["q4"].flag) == ("all right", "all wrong")
    assert (found["q3"].tier, found["q4"].tier) == ("easy", "hard")


def test_runs_are_put_side_by_side_and_what_one_was_not_asked_is_missing(tmp_path):
    runs = [
        run_folder(tmp_path / "a", "one", [1, 0, 1], topics=["x", "x", "y"]),
        run_folder(tmp_path / "b", "two", [0, 1], topics=["x", "x"]),
        run_folder(tmp_path / "c", "three", [1, None, 0.5], topics=["x", "x", "y"]),
    ]
    found = read_responses(runs, tag="topic")
    assert found.models == ("one", "two", "three")
    assert (found.items, found.topics) == (("q0", "q1", "q2"), ("x", "x", "y"))
    assert np.array_equal(found.right, [[1, 0, 1], [0, 1, np.nan], [1, np.nan, np.nan]], equal_nan=True)
    assert found.n_partial == 1


def test_runs_of_one_model_on_different_items_come_together(tmp_path):
    for name, row in (("a", {"id": "1-none", "value": 1}), ("b", {"id": "1-recency", "value": 0})):
        folder = run_folder(tmp_path / name, "one", [])
        (folder / "scored.jsonl").write_text(json.dumps(row | {"reply": "x"}))
    found = read_responses([tmp_path / "a", tmp_path / "b"])
    assert (found.models, found.items, found.right.tolist()) == (("one",), ("1-none", "1-recency"), [[1, 0]])


def test_a_part_of_a_score_may_say_what_is_right(tmp_path):
    rows = [
        {"id": "a", "reply": "x", "value": 0.6, "answered": True, "parts": {"at 0.5": 1, "at 0.7": 0}},
        {"id": "b", "reply": "x", "value": 0.0, "answered": False},
        {"id": "c", "reply": None, "value": None},
    ]
    path = tmp_path / "one.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for part, right in (("at 0.5", [1, 0, None]), ("at 0.7", [0, 0, None]), ("", [None, 0, None])):
        (given,) = read_responses([path], part=part).right.tolist()
        assert [None if math.isnan(one) else one for one in given] == right
    path.write_text(json.dumps(rows[0]))
    with pytest.raises(DataError, match="no item with the part 'at 5'"):
        read_responses([path], part="at 5")


def test_a_table_and_bare_files(tmp_path):
    (tmp_path / "t.csv").write_text("model,a,b\none,1,0\ntwo,,1\n")
    (tmp_path / "three.jsonl").write_text('{"id": "a", "value": 1.0}\n{"id": "c", "value": 0.0}\n')
    found = read_responses([tmp_path / "t.csv", tmp_path / "three.jsonl"])
    assert found.models == ("one", "two", "three")
    assert found.items == ("a", "b", "c")
    assert np.array_equal(found.right, [[1, 0, np.nan], [np.nan, 1, np.nan], [1, np.nan, 0]], equal_nan=True)


def test_what_cannot_be_compared_is_refused(tmp_path):
    plain = run_folder(tmp_path / "a", "one", [1, 0])
    other = run_folder(tmp_path / "b", "two", [1, 0], variant="released-code")
    with pytest.raises(DataError, match=r"is of medirt 1 \(released-code\), and .* of medirt 1; expected runs of one"):
        read_responses([plain, other])
    again = run_folder(tmp_path / "c", "one", [0, 0])
    with pytest.raises(DataError, match="is a second run of 'one'"):
        read_responses([plain, again])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,0\n", "has no column 'model'"),
        ("model,a\none,2\n", "line 2: item 'a' is '2'; expected 0, 1 or nothing"),
        ("model,a,b\none,1\n", "line 2: has more or fewer cells"),
        ("model,a\none,1\none,0\n", "is a second run of 'one'"),
    ],
)
def test_a_bad_table_is_one_line(tmp_path, content, said):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(DataError) as error:
        read_responses([tmp_path / "t.csv"])
    assert said in str(error.value)


@pytest.mark.parametrize("line", ["not json", "[]", '{"reply": "x"}', '{"id": "a", "value": "1"}'])
def test_a_bad_record_is_one_line(tmp_path, line):
    (tmp_path / "m.jsonl").write_text(f'{{"id": "z", "value": 1}}\n{line}\n')
    with pytest.raises(DataError, match=r"m\.jsonl line 2"):
        read_responses([tmp_path / "m.jsonl"])


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (np.ones((2, 5)), "has the answers of 2 models; expected at least 3"),
        (np.full((3, 5), np.nan), "has no answer"),
        (np.ones((3, 0)), "has no answer"),
    ],
)
def test_too_little_is_refused(right, said):
    with pytest.raises(DataError) as error:
        psychometric_result(responses_of(right))
    assert said in str(error.value)


def test_a_model_without_answers_has_no_ability_and_no_rank():
    _, _, right = simulated(n_models=10, n_items=30)
    right[4] = np.nan
    found = psychometric_result(responses_of(right))
    silent = found.abilities[4]
    assert (math.isnan(silent.ability), silent.rank, silent.accuracy_rank, silent.n) == (True, 0, 0, 0)


def test_the_command_prints_and_writes_what_can_be_read_again(tmp_path, monkeypatch, capsys):
    _, _, right = simulated(n_models=8, n_items=12)
    rows = [",".join([f"m{k}", *(f"{one:.0f}" for one in row)]) for k, row in enumerate(right)]
    (tmp_path / "t.csv").write_text("\n".join([",".join(["model", *(f"q{k}" for k in range(12))]), *rows]) + "\n")
    monkeypatch.setattr(
        sys, "argv", ["dermatrust", "psychometrics", str(tmp_path / "t.csv"), "--out", str(tmp_path / "o")]
    )
    with pytest.raises(SystemExit) as caught:
        main()
    said = capsys.readouterr().out
    assert caught.value.code == 0
    assert said.startswith("8 models, 12 items, 0 answers missing\nWith fewer than 20 models")
    found = read_result(tmp_path / "o" / "result.json", PsychometricResult)
    again = psychometric_result(read_responses([tmp_path / "t.csv"]))
    assert dataclasses.asdict(found)["items"] == dataclasses.asdict(again)["items"]
    table = (tmp_path / "o" / "abilities.csv").read_text().splitlines()
    assert table[0] == "topic,model,ability,error,rank,accuracy,accuracy_rank,n"
    assert len(table) == 1 + 8
    assert len((tmp_path / "o" / "items.csv").read_text().splitlines()) == 1 + 12
