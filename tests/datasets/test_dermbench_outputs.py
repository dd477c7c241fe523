import json

import pytest

from dermatrust.datasets.dermbench import read_dermbench
from dermatrust.datasets.dermbench_outputs import read_candidates, read_judged, with_outputs
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension

CANDIDATE = {"id": "dermbench_0001", "model": "m", "candidate_text": "A plaque."}
SCORES = {dimension.title: float(number) for number, dimension in enumerate(DIMENSIONS)}
JUDGED = {"id": "dermbench_0001", "candidate_model": "m", "judge_model": "j", "scores": SCORES}


@pytest.fixture
def rows(tmp_path):
    def write(*rows, name="rows.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def test_candidate_rows_become_narratives(rows):
    silent = CANDIDATE | {"id": "dermbench_0002", "candidate_text": ""}
    first, second = read_candidates(rows(CANDIDATE, silent))
    assert (first.case_id, first.author, first.text, first.stream) == ("dermbench_0001", "m", "A plaque.", "candidate")
    assert second.text == ""  # a model that does not answer is kept


def test_a_judged_row_becomes_a_rating_of_the_same_narrative(rows):
    (rating,) = read_judged(rows(JUDGED | {"missing_metrics": [], "judge_text": "why"}))
    (narrative,) = read_candidates(rows(CANDIDATE, name="c.jsonl"))
    assert rating.narrative_id == narrative.id
    assert [rating.scores[d] for d in DIMENSIONS] == [0, 1, 2, 3, 4, 5]
    assert (rating.rater, rating.critique) == ("j", "why")


def test_a_missing_metric_is_unscored_with_the_judges_words_never_zero(rows):
    scores = {title: score for title, score in SCORES.items() if title != "Safety"} | {"Accuracy": None}
    row = JUDGED | {"scores": scores, "missing_metrics": ["Safety"], "judge_text": "No word on safety."}
    (rating,) = read_judged(rows(row))
    assert set(rating.unscored) == {Dimension.SAFETY, Dimension.ACCURACY}
    assert rating.unscored[Dimension.SAFETY].reason == "missing"
    assert rating.unscored[Dimension.SAFETY].raw == "No word on safety."


def test_the_six_names_are_read_in_either_spelling(rows):
    scores = {dimension.value: 3 for dimension in DIMENSIONS}
    (rating,) = read_judged(rows(JUDGED | {"scores": scores}))
    assert set(rating.scores.values()) == {3.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"scores": SCORES | {"Safety Harmfulness": 1}},
            "no dimension 'Safety Harmfulness'; expected Accuracy, ",
        ),
        ({"missing_metrics": ["Fun"]}, "there is no dimension 'Fun'"),
        ({"scores": SCORES | {"Safety": 5.5}}, r"scores.safety is 5.5"),
        ({"scores": SCORES | {"Safety": "high"}}, "safety is 'high'; expected a number from 0 to 5"),
        ({"scores": SCORES | {"Safety": True}}, "safety is True; expected a number from 0 to 5"),
        ({"scores": SCORES | {"safety": 1}}, "Safety is scored twice"),
        ({"scores": {"Safety": 5}}, "says nothing about accuracy"),
        ({"missing_metrics": ["Safety"]}, "safety is both scored and unscored"),
        ({"candidate_model": ""}, "candidate_model is ''"),
        ({"score": 1}, "has a field 'score'"),
    ],
)
def test_a_malformed_verdict_is_one_clear_error(rows, change, message):
    with pytest.raises(DataError, match=message) as caught:
        list(read_judged(rows(JUDGED | change)))
    assert "rows.jsonl line 1" in str(caught.value)


def test_two_texts_or_two_verdicts_for_one_place_are_an_error(rows):
    with pytest.raises(DataError, match=r"line 2: m has already a text for dermbench_0001, in .* line 1"):
        list(read_candidates(rows(CANDIDATE, CANDIDATE)))
    with pytest.raises(DataError, match="line 2: j has already judged m on dermbench_0001"):
        list(read_judged(rows(JUDGED, JUDGED)))


def test_outputs_must_belong_to_the_release(rows, release):
    imported = read_dermbench(release({"A/a-1.jpg": "text"}))
    together = with_outputs(imported, rows(CANDIDATE, name="c.jsonl"), rows(JUDGED, name="j.jsonl"))
    assert (len(together.narratives), len(together.ratings)) == (1, 1)
    with pytest.raises(DataError, match="holds a text for 'other'"):
        with_outputs(imported, rows(CANDIDATE | {"id": "other"}), None)
    with pytest.raises(DataError, match="Give their file with --candidates"):
        with_outputs(imported, None, rows(JUDGED))
