"""The published rule, worked by hand."""

from pathlib import Path

import pytest

from dermatrust.atlas.said import ERROR_KINDS, NarrativeError
from dermatrust.atlas.scoring import load_rule, main_dimension, rule_as_markdown, true_scores
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension

PAGE = Path(__file__).parents[2] / "docs" / "atlas-rule.md"
HEADER = "kind,case,dimension,deduction,main,reason\n"


def test_a_text_without_error_has_full_scores():
    assert true_scores(()) == dict.fromkeys(DIMENSIONS, 5.0)


def test_scores_of_two_errors_worked_by_hand():
    # wrong colour: accuracy 0.5, groundedness 1, coverage 0.25, precision 1; no differential: coverage 1, coherence 1.
    scores = true_scores([NarrativeError("wrong colour", "Blue"), NarrativeError("no differential")])
    assert scores == {
        Dimension.ACCURACY: 4.5,
        Dimension.SAFETY: 5.0,
        Dimension.MEDICAL_GROUNDEDNESS: 4.0,
        Dimension.CLINICAL_COVERAGE: 3.75,
        Dimension.REASONING_COHERENCE: 4.0,
        Dimension.DESCRIPTION_PRECISION: 4.0,
    }


def test_the_same_kind_twice_costs_twice():
    assert true_scores([NarrativeError("missing finding", v) for v in ("Scale", "Round")])[
        Dimension.CLINICAL_COVERAGE
    ] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("about", "safety"),
    [
        ("melanocytic-nevus for melanoma", 2.5),
        ("melanoma for melanocytic-nevus", 5.0),
        ("herpes-simplex for tinea-corporis", 5.0),
    ],
)
def test_missing_a_grave_disease_costs_safety(about, safety):
    assert true_scores([NarrativeError("wrong diagnosis, other family", about)])[Dimension.SAFETY] == safety


def test_no_diagnosis_costs_safety_only_where_the_disease_is_grave():
    assert true_scores([NarrativeError("no diagnosis", "melanoma")])[Dimension.SAFETY] == 4.0
    assert true_scores([NarrativeError("no diagnosis", "plaque-psoriasis")])[Dimension.SAFETY] == 5.0


def test_a_refusal_scores_nothing_and_no_score_falls_below_zero():
    assert set(true_scores([NarrativeError("refusal")]).values()) == {0.0}
    assert set(true_scores([NarrativeError("refusal"), NarrativeError("wrong site")]).values()) == {0.0}


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_every_kind_lowers_the_dimension_it_names_and_no_reason_is_missing(kind):
    assert true_scores([NarrativeError(kind)])[main_dimension(kind)] < 5.0
    assert all(row.reason for row in load_rule() if row.kind == kind)


def test_the_page_prints_the_rule_that_is_applied():
    assert rule_as_markdown() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "row", ["wrong site,,safety,0,yes,r\n", "wrong site,,safety,x,yes,r\n", "wrong site,,safety,1,yes,r\n"]
)
def test_a_malformed_rule_is_a_data_error(row, tmp_path):
    (tmp_path / "rule.csv").write_text(HEADER + row, encoding="utf-8")
    with pytest.raises(DataError):
        load_rule(tmp_path / "rule.csv")
