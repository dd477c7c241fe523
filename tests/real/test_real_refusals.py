from pathlib import Path

import pytest

from dermatrust.narrate import closing_diagnosis, is_refusal

RELEASE = Path(__file__).parents[3] / "shared" / "data" / "dermbench-release" / "data" / "cot"
pytestmark = pytest.mark.skipif(not RELEASE.is_dir(), reason="the DermBench text release is not on this machine")


def test_references_are_narratives_and_not_refusals():
    texts = [path.read_text(encoding="utf-8") for path in sorted(RELEASE.rglob("*.txt"))]
    assert len(texts) > 500
    refused = [text for text in texts if is_refusal(text)]
    # One reference of the slice ends, after its reasoning, in nothing but an apology: it may be called a refusal.
    assert len(refused) <= 1
    assert not any("psoriasis inversus" in text.lower() for text in refused)


def test_references_do_not_use_the_candidates_closing_line():
    assert all(closing_diagnosis(path.read_text(encoding="utf-8")) is None for path in RELEASE.rglob("*.txt"))
