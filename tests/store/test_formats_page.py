"""docs/formats.md describes every field there is, and its examples are real."""

import re
from pathlib import Path
from typing import get_args

import pytest

from dermatrust.records import (
    DIMENSIONS,
    AnswerRow,
    Case,
    Certificate,
    ClinicalContext,
    DatasetCard,
    DifferentialItem,
    JudgeCard,
    Manifest,
    ModelCard,
    Narrative,
    NarrativeFlag,
    Rating,
    Rationale,
    RationaleFlag,
    ScoreRow,
    Stream,
    Unscored,
)
from dermatrust.records.cards import KNOWN_LICENCES
from dermatrust.records.rating import Flag, Reason
from dermatrust.store.answers import FORMAT as ANSWERS
from dermatrust.store.card import read_card
from dermatrust.store.scores import FORMAT

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
RECORDS = (
    Case, Certificate, ClinicalContext, DatasetCard, DifferentialItem, JudgeCard, Manifest, ModelCard, Narrative,
    Rating, Rationale, Unscored,
)  # fmt: skip


def examples(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_is_described(record):
    assert [name for name in record.model_fields if f"`{name}`" not in PAGE] == []


def test_every_column_and_every_fixed_word_is_described():
    words = [
        *ScoreRow._fields,
        *AnswerRow._fields,
        *get_args(Reason),
        *get_args(Flag),
        *get_args(Stream),
        *get_args(NarrativeFlag),
        *get_args(RationaleFlag),
        *KNOWN_LICENCES,
    ]
    assert [word for word in [*words, *DIMENSIONS, FORMAT, ANSWERS] if f"`{word}`" not in PAGE] == []


def test_the_example_lines_are_valid():
    for line, record in zip(examples("json"), (Case, Narrative, Rating), strict=True):
        assert record.from_line(line, where="formats.md").model_dump()


def test_the_example_card_is_valid(tmp_path):
    (card,) = examples("yaml")
    (tmp_path / "card.yaml").write_text(card, encoding="utf-8")
    assert read_card(tmp_path / "card.yaml").version == "2025-03"
