"""The lexicon on the DermBench text release: how many of its raw labels resolve, and to the right part of the tree."""

import json
from pathlib import Path

import pytest

from dermatrust.lexicon import load_lexicon

RELEASE = Path(__file__).resolve().parents[3] / "shared" / "data" / "dermbench-release" / "data"
MANIFEST = RELEASE / "manifest" / "dermbench_test.jsonl"

pytestmark = pytest.mark.skipif(not MANIFEST.is_file(), reason=f"the DermBench text release is not at {MANIFEST}")

UNNAMED = {"VascularFace", "patch testing", "melanoma mimic", "trauma", "sebKerm"}
"""File stems that name no single disease; resolving one would be a guess."""


def rows():
    return [json.loads(line) for line in MANIFEST.read_text(encoding="utf-8").splitlines()]


def test_97_percent_of_the_labels_resolve_and_none_that_names_no_disease():
    lexicon = load_lexicon()
    known = [row for row in rows() if lexicon.diagnosis(row["diagnosis"])]
    assert len(known) / len(rows()) >= 0.97
    unknown = {row["diagnosis"] for row in rows()} - {row["diagnosis"] for row in known}
    assert {name for name in unknown if not name.startswith("IMG")} == UNNAMED


def test_labels_resolve_into_their_own_category_but_for_the_ones_filed_under_two():
    lexicon = load_lexicon()
    elsewhere = {
        row["diagnosis"]
        for row in rows()
        if (found := lexicon.diagnosis(row["diagnosis"])) and found.category != row["category"]
    }
    assert elsewhere <= {
        "alopecia areata", "lichen planus", "psoriasis",  # of the nail
        "molluscum contagiosum", "eczema areola", "dermatitis", "id reaction", "hand foot mouth",
    }  # fmt: skip


def test_most_references_name_their_own_label_or_a_relative():
    lexicon = load_lexicon()
    named = total = 0
    for row in rows():
        label = lexicon.diagnosis(row["diagnosis"])
        if label is None:
            continue
        total += 1
        text = (RELEASE.parent / row["cot"]).read_text(encoding="utf-8")
        found = {m.concept.id for m in lexicon.mentions(text) if m.concept.kind == "diagnosis"}
        diagnoses = [lexicon.diagnoses[concept.removeprefix("diagnosis/")] for concept in found]
        named += any(lexicon.kinship(label, diagnosis) >= 0.75 for diagnosis in diagnoses)
    # 7.6 % of the release's references hold no trace of their own label; the rest should be seen
    assert named / total >= 0.85
