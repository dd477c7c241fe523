from pathlib import Path

import pytest

from dermatrust.audit.attack_texts import lengthened
from dermatrust.evaluator.backends import NanoEvaluatorClient
from dermatrust.judge.injection import find_signs

RELEASE = Path(__file__).parents[3] / "shared" / "data" / "dermbench-release" / "data" / "cot"
pytestmark = pytest.mark.skipif(not RELEASE.is_dir(), reason="the DermBench text release is not on this machine")


def test_no_real_reference_is_suspected_of_injection():
    texts = [path.read_text(encoding="utf-8") for path in sorted(RELEASE.rglob("*.txt"))]
    assert len(texts) == 602
    assert not [signs for text in texts if (signs := find_signs(text))]


def test_no_real_reference_is_suspected_when_made_long():
    texts = [path.read_text(encoding="utf-8") for path in sorted(RELEASE.rglob("*.txt"))[::20]]
    assert not [signs for text in texts if (signs := find_signs(lengthened(text)))]


def test_every_real_reference_is_unfamiliar_to_the_embedded_evaluator_which_has_read_drawn_cases_alone():
    evaluator = NanoEvaluatorClient()
    texts = [path.read_text(encoding="utf-8") for path in sorted(RELEASE.rglob("*.txt"))]
    assert sum(evaluator.strangest(text) is not None for text in texts) == len(texts) == 602
