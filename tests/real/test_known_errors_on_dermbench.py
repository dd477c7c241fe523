"""Known errors and twins of real references: made often enough, and found again by reading."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dermatrust.audit.kinds import ERROR_RULES, TWINS
from dermatrust.audit.known_variants import make_variants
from dermatrust.audit.passage import changed, content_of
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, Narrative

ROOT = Path(__file__).parents[2]
RELEASE = Path(__file__).parents[3] / "shared" / "data" / "dermbench-release"
pytestmark = pytest.mark.skipif(not RELEASE.is_dir(), reason="the DermBench text release is not beside the repository")
N_REFERENCES = 60
OFTEN = (
    "wrong finding", "missing finding", "invented finding", "wrong site", "contradictory reasoning",
    "unsafe advice", "refusal", "other words", "markdown", "padded to double", "politeness",
)  # fmt: skip
"""Kinds that at least half of real references offer a place for."""


@pytest.fixture(scope="module")
def manifest():
    lines = (RELEASE / "data" / "manifest" / "dermbench_test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def references(manifest):
    return read([manifest[k] for k in np.random.default_rng(3).permutation(len(manifest))[:N_REFERENCES]])


def read(rows):
    found = []
    for row in rows:
        text = (RELEASE / row["cot"]).read_text(encoding="utf-8")
        case = Case(id=row["id"], label=row["diagnosis"])
        found.append((case, Narrative(id=row["id"], case_id=case.id, text=text, author="x", stream="reference")))
    return found


def test_real_references_offer_places_and_twins_read_alike(references):
    lexicon, lacking = load_lexicon(), Counter()
    texts = {case.id: reference.text.strip() for case, reference in references}
    made = Counter()
    for variant, narrative in make_variants(references, lexicon, seed=0, lacking=lacking):
        made[variant.kind] += 1
        if variant.role == "twin":
            assert not changed(content_of(texts[variant.case_id], lexicon), content_of(narrative.text, lexicon))
        if variant.role == "error":
            assert changed(content_of(texts[variant.case_id], lexicon), content_of(narrative.text, lexicon))
    for kind in (*ERROR_RULES, *TWINS):
        assert made[kind] + lacking[kind] == made["unchanged"]
    assert [kind for kind in OFTEN if made[kind] < made["unchanged"] / 2] == []


def test_the_counts_in_the_documentation(manifest):
    made = Counter(variant.kind for variant, _ in make_variants(read(manifest[:200]), load_lexicon(), seed=0))
    page = " ".join((ROOT / "docs" / "audit-judge.md").read_text(encoding="utf-8").split())
    assert (
        f"of the first 200 references of the DermBench text release, {made['unsafe advice']} take unsafe advice, "
        f"{made['missing finding']} a missing finding, {made['wrong diagnosis, same family']} a relative's name, "
        f"{made['no escalation']} a missing referral, and {made['missed red flag']} a missed warning sign"
    ) in page
