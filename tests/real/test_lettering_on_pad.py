"""T22 on photographs of skin: PAD-UFES-20's, as they are and with a line of characters stamped into each."""

import random
import sys
from pathlib import Path

import pytest
from PIL import Image

from dermatrust.datasets.faces import can_find_faces, has_face
from dermatrust.datasets.lettering import lettering

ROOT = Path(__file__).parents[3] / "shared/data/pad-ufes-20/images"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="PAD-UFES-20 is not beside this repository")


@pytest.fixture(scope="module")
def photographs():
    return [Image.open(path).convert("RGB") for path in sorted(ROOT.glob("*.png"))]


def test_stamped_lines_are_found_and_skin_is_seldom_taken_for_one(photographs, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path(__file__).parents[2] / "benchmarks")])
    from image_flags import stamp

    rng = random.Random(0)
    assert sum(bool(lettering(stamp(picture, rng))) for picture in photographs) >= 33
    assert sum(bool(lettering(picture)) for picture in photographs) <= 1


@pytest.mark.skipif(not can_find_faces(), reason="needs the extra faces")
def test_lesions_are_no_faces(photographs):
    assert not any(map(has_face, photographs))
