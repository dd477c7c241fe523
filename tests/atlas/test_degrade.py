"""Degradations: worse by degree, the same for a seed, and telling what they refuse."""

import hashlib

import numpy as np
import pytest

from dermatrust.atlas import draw_facts
from dermatrust.atlas.degrade import DEGRADATIONS, HIDES, SEVERITIES, degrade
from dermatrust.atlas.render import render
from dermatrust.atlas.vocabulary import ATTRIBUTES

FACTS = draw_facts(0, "pinned", 0)
PICTURE = render(FACTS, FACTS.views[0])
PINNED = "c0e3841ddc63efe6cb6c6913ee10942ec26e51ce4f18ab7f259f22aaec7a60c0"
"""SHA-256 of all degradations one after the other, but for "jpeg", which depends on the encoder's version."""


def damage(kind, severity, seed=1):
    return np.abs(degrade(PICTURE, kind, severity, seed).astype(float) - PICTURE).mean()


def test_the_pixels_are_the_same_on_every_machine():
    digest = hashlib.sha256()
    for kind in DEGRADATIONS:
        if kind != "jpeg":
            for severity in SEVERITIES:
                digest.update(degrade(PICTURE, kind, severity, 4).tobytes())
    assert digest.hexdigest() == PINNED


@pytest.mark.parametrize("kind", [kind for kind in DEGRADATIONS if kind != "crop"])
def test_each_severity_is_worse_than_the_one_before(kind):
    assert 0 < damage(kind, 1) < damage(kind, 2) < damage(kind, 3)


def test_a_crop_keeps_less_by_degree():
    # a frame whose value is its column: the range of columns kept is what is left of it
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0).repeat(3, axis=2)
    kept = [int(np.ptp(degrade(ramp, "crop", severity, 2))) for severity in SEVERITIES]
    assert kept == [159, 123, 89]


@pytest.mark.parametrize("kind", DEGRADATIONS)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_shape_stays_the_original_is_untouched_and_a_seed_decides(kind, severity):
    before = PICTURE.copy()
    spoilt = degrade(PICTURE, kind, severity, 7)
    assert spoilt.shape == PICTURE.shape
    assert spoilt.dtype == np.uint8
    assert np.array_equal(PICTURE, before)
    assert np.array_equal(spoilt, degrade(PICTURE, kind, severity, 7))
    others = [degrade(PICTURE, kind, severity, seed) for seed in range(4)]
    by_chance = kind not in ("blur", "jpeg")
    assert any(not np.array_equal(spoilt, other) for other in others) == by_chance


def test_gauze_covers_the_share_it_should():
    dark = np.zeros((100, 100, 3), np.uint8)
    assert [(degrade(dark, "occlusion", severity, 0) > 200).mean().round(2) for severity in SEVERITIES] == [
        0.2,
        0.34,
        0.5,
    ]


def test_what_is_hidden_is_named_by_the_atlas():
    assert {attribute for hidden in HIDES.values() for attribute in hidden} <= set(ATTRIBUTES)
    for (kind, severity), hidden in HIDES.items():
        assert set(HIDES.get((kind, severity - 1), ())) <= set(hidden)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((PICTURE, "fog", 1, 0), "kind is 'fog'; expected one of blur"),
        ((PICTURE, "blur", 4, 0), "severity is 4; expected 1, 2 or 3"),
        ((PICTURE[:, :, 0], "blur", 1, 0), "expected uint8 of shape"),
        ((PICTURE.astype(float), "blur", 1, 0), "pixels are float64"),
    ],
)
def test_what_is_no_picture_or_no_degradation_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        degrade(*arguments)
