"""The reader of differentials on long narratives by real models, whose files are named after the disease."""

from pathlib import Path

import pytest

from dermatrust.clinic.differential_reply import read_differential_reply
from dermatrust.clinic.ladder import match_names
from dermatrust.lexicon import load_lexicon

RELEASE = Path(__file__).parents[3] / "shared" / "data" / "dermbench-release" / "data" / "cot"
pytestmark = pytest.mark.skipif(not RELEASE.is_dir(), reason="the DermBench text release is not on this machine")


def test_the_first_diagnosis_is_mostly_the_one_the_file_is_named_after():
    lexicon = load_lexicon()
    first = n = silent = 0
    for path in sorted(RELEASE.rglob("*.txt")):
        truth = path.name.split(".")[0]
        if lexicon.diagnosis(truth) is None:
            continue
        said = read_differential_reply(path.read_text(encoding="utf-8")).diagnoses
        n += 1
        silent += not said
        first += bool(said) and bool(match_names(said[0], truth).synonym)
    # Measured: 303 of 553; 62 name none, nearly all since they say everything within <think>. Many argue otherwise.
    assert n > 500
    assert first / (n - silent) > 0.58
    assert silent / n < 0.13
