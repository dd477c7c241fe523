"""The page on statistics explains every number that is printed, in two sentences."""

import re
from pathlib import Path

import pytest

from dermatrust.align import compare
from dermatrust.audit import shift_table
from dermatrust.clinic.stress_table import FEWEST_PATIENTS

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
PRINTED = sorted({
    *compare.AS_GIVEN, *compare.ROUNDED, *compare.WITHIN_AS_GIVEN, *compare.WITHIN_ROUNDED, shift_table.SUCCESS,
    "winning rate", "advantage probability", "drift", "ECE", "surest half", "gap", "mean fall", "fall by 0.5", "blind",
    "place", "missing", "BCa", "permutation test", "Holm", "Benjamini-Hochberg", "Benjamini-Yekutieli", "risk-coverage",
    "pairwise accuracy", "retest", "sensitivity", "specificity", "PPV", "NPV", "balanced accuracy", "McNemar", "AUROC",
    "DeLong", "Wilson", "Youden", "net benefit", "under-triage", "over-triage", "recall", "AURC", "cannot tell",
    "sensitivity matrix", "alternative-annotator test", "beyond harmless", "gap between datasets",
    "discrimination", "held-out prediction", "eigenvalue ratio", "Bradley-Terry", "NDCG@k",
    "precision, recall, F1", "micro, macro, weighted F1",
    "confidence by repeated answers", "calibration shift", "Dunning-Kruger",
    "p of an attack",
    "pass@k",
    "the lexical judge",
})  # fmt: skip


def explained() -> list[tuple[str, str]]:
    """Return (number, what it says) of every row."""
    tables = PAGE.read_text(encoding="utf-8").partition("# The bench table")[0]
    return [(number, says.strip()) for number, says in re.findall(r"^\| (\*\*.*?) \| (.*) \|$", tables, re.MULTILINE)]


@pytest.mark.parametrize("name", PRINTED)
def test_every_number_is_explained(name):
    assert any(name.partition(", ")[0] in number for number, _ in explained())


@pytest.mark.parametrize("row", explained(), ids=lambda row: row[0])
def test_two_sentences_each(row):
    says = re.sub(r"\([^()]*\)", "", row[1])
    assert len(re.findall(r"[.](?=\s|$)", says)) == 2, says


def test_the_pages_warn_of_as_few_patients_as_the_page_of_statistics():
    """Coverage was measured: below 50 patients intervals are too narrow, and every page says that number."""
    assert "With fewer than 50 patients" in PAGE.read_text(encoding="utf-8")
    templates = (PAGE.parents[1] / "src/dermatrust/report/templates").glob("*.html")
    said = [
        re.findall(r"fewer than (?:about )?(\d+)[^.]*too narrow", one.read_text(encoding="utf-8")) for one in templates
    ]
    assert {n for found in said for n in found} == {"50"}
    assert FEWEST_PATIENTS == 50
