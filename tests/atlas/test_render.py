"""Drawn photographs: the same bytes everywhere, nothing out of frame, everything to be seen on every skin."""

import dataclasses
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.atlas import Findings, View, draw_facts
from dermatrust.atlas import render as renderer
from dermatrust.atlas.body import body_of
from dermatrust.atlas.colours import LEAST_CONTRAST, lesion_rgb
from dermatrust.atlas.places import _points
from dermatrust.atlas.render import SIDE_PX, _places, lesions_in, render
from dermatrust.atlas.skin import monk_rgb
from dermatrust.atlas.stamps import RULER_PX
from dermatrust.atlas.vocabulary import VALUES, Angle

ANGLES: tuple[Angle, ...] = ("near", "far", "oblique")
PLAIN = draw_facts(0, "render", 0)
LEAST_VISIBLE = 10.0
"""Least difference, grey levels, that something drawn makes at the place where it shows most."""
LEAST_SEEN = 16.0
"""Least mean difference, grey levels, between a lesion and the same skin without it."""

PINNED = {
    0: "ca5f24d4dc10941797a968658dd4e08710794a9a3a7a51e3a015add75a2e2a91",
    1: "81771dd15330a74d9e339ec4042efab5f4c3dbe6ca82b19913bbd05861942ed3",
    2: "768c3b407dead8480403fa7985aff494d13084fa313d84ad6fe9ab10abf1e978",
    3: "c951ac81c9bdc7755a469658958f1f0d76d6407981380d3a668744904a88b8ae",
}
"""SHA-256 of the pixels of the first photographs of four cases: they must come out on any machine."""


@st.composite
def pictures(draw):
    """Return facts and a view from anywhere in the parameter space, sensible or not."""
    one_of = {name: st.sampled_from(values) for name, values in VALUES.items() if name != "features"}
    n = draw(st.integers(1, 24))
    found = {name: draw(values) for name, values in one_of.items()}
    found |= {"count": "Solitary" if n == 1 else "Multiple", "n_lesions": n, "size_mm": draw(st.floats(1, 300))}
    features = tuple(draw(st.lists(st.sampled_from(VALUES["features"]), max_size=4, unique=True)))
    view = View(
        draw(st.sampled_from(ANGLES)), draw(st.integers(0, 2**32 - 1)), draw(st.booleans()), draw(st.booleans())
    )
    findings = Findings(**found, features=features)
    return dataclasses.replace(PLAIN, findings=findings, monk=draw(st.integers(1, 10))), view


@pytest.mark.parametrize("number", PINNED)
def test_the_pixels_are_the_same_on_every_machine(number):
    facts = draw_facts(0, "pinned", number)
    assert hashlib.sha256(render(facts, facts.views[0]).tobytes()).hexdigest() == PINNED[number]


@settings(max_examples=60)
@given(pictures())
def test_every_picture_of_the_space_can_be_drawn_twice_alike(picture):
    facts, view = picture
    pixels = render(facts, view)
    assert pixels.shape == (SIDE_PX, SIDE_PX, 3)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, render(facts, view))


@settings(max_examples=300)
@given(pictures())
def test_no_lesion_is_out_of_frame(picture):
    facts, view = picture
    places = lesions_in(facts, view)
    assert 1 <= len(places) <= facts.findings.n_lesions
    for place in places:
        assert place.reach <= place.x <= SIDE_PX - 1 - place.reach
        assert place.reach <= place.y <= SIDE_PX - 1 - place.reach - (RULER_PX if view.has_ruler else 0)


def test_a_far_view_shows_every_lesion_and_a_near_view_at_most_six():
    findings = dataclasses.replace(PLAIN.findings, n_lesions=24, count="Multiple", distribution="Scattered")
    facts = dataclasses.replace(PLAIN, findings=findings)
    assert len(lesions_in(facts, View("far", 1, False, False))) == 24
    assert len(lesions_in(facts, View("near", 1, False, False))) == 6


@pytest.mark.parametrize("tone", range(1, 11))
@pytest.mark.parametrize("colour", [c for c in VALUES["colour"] if c != "Skin-coloured"])
def test_every_colour_stands_out_from_every_skin(colour, tone):
    distance = np.linalg.norm(np.subtract(lesion_rgb(colour, tone), monk_rgb(tone)))
    assert distance >= LEAST_CONTRAST - 1e-9


def test_colours_differ_from_each_other_on_every_skin():
    for tone in range(1, 11):
        found = {colour: lesion_rgb(colour, tone) for colour in VALUES["colour"] if colour != "Variegated colour"}
        for a in found:
            for b in found:
                if a < b:
                    assert np.linalg.norm(np.subtract(found[a], found[b])) > 12, (tone, a, b)


def drawn_difference(facts, view, monkeypatch):
    """Mean difference, grey levels, between a solitary lesion's pixels and the same skin without it."""
    (place,) = lesions_in(facts, view)
    drawn = render(facts, view).astype(float)
    with monkeypatch.context() as patched:
        patched.setattr(renderer, "_places", lambda facts, view, rng: _places(facts, view, rng)[:0])
        bare = render(facts, view).astype(float)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    inside = (x - place.x) ** 2 + (y - place.y) ** 2 < (0.8 * place.reach) ** 2
    return np.abs(drawn - bare).max(axis=2)[inside].mean()


@pytest.mark.parametrize("tone", range(1, 11))
@pytest.mark.parametrize("primary", VALUES["primary"])
def test_every_drawn_lesion_stands_out_from_every_skin(primary, tone, monkeypatch):
    for colour in VALUES["colour"]:
        if colour != "Skin-coloured":
            findings = dataclasses.replace(
                PLAIN.findings, primary=primary, colour=colour, features=(), surface="Smooth", shape="Round",
                border="Well-defined border", site="Back", n_lesions=1, count="Solitary", distribution="Localised",
            )  # fmt: skip
            facts = dataclasses.replace(PLAIN, findings=findings, monk=tone)
            view = View("near", 3, has_ruler=False, has_text=False)
            assert drawn_difference(facts, view, monkeypatch) >= LEAST_SEEN, (colour, primary, tone)


def largest_difference(facts, view):
    """Largest difference, grey levels, that the lesion makes against a flat one of the skin's own colour."""
    bare = dataclasses.replace(facts.findings, colour="Skin-coloured", primary="Macule", features=(), surface="Smooth")
    bare = dataclasses.replace(bare, border="Ill-defined border", shape=facts.findings.shape)
    drawn = render(facts, view).astype(float)
    blank = render(dataclasses.replace(facts, findings=bare), view).astype(float)
    return np.abs(drawn - blank).max()


@pytest.mark.parametrize("tone", [1, 4, 7, 10])
@pytest.mark.parametrize("primary", [p for p in VALUES["primary"] if p not in ("Macule", "Patch")])
def test_raised_lesions_of_the_skin_s_own_colour_show_by_their_relief(primary, tone):
    findings = dataclasses.replace(
        PLAIN.findings, primary=primary, colour="Skin-coloured", features=(), surface="Smooth", shape="Round",
        border="Well-defined border", site="Back", n_lesions=1, count="Solitary", distribution="Localised",
    )  # fmt: skip
    facts = dataclasses.replace(PLAIN, findings=findings, monk=tone)
    assert largest_difference(facts, View("near", 3, False, False)) >= LEAST_VISIBLE


def changed(findings, **values):
    view = View("near", 5, False, False)
    before = render(dataclasses.replace(PLAIN, findings=findings), view).astype(float)
    after = render(dataclasses.replace(PLAIN, findings=dataclasses.replace(findings, **values)), view).astype(float)
    return np.abs(after - before).max()


@pytest.mark.parametrize("feature", VALUES["features"])
def test_every_secondary_finding_is_drawn(feature):
    site = "Scalp" if feature == "Hair loss" else "Back"
    plain = dataclasses.replace(
        PLAIN.findings, site=site, primary="Plaque", colour="Pink", features=(), shape="Round", surface="Smooth",
        border="Well-defined border", n_lesions=1, count="Solitary", distribution="Localised",
    )  # fmt: skip
    assert changed(plain, features=(feature,)) >= LEAST_VISIBLE


@pytest.mark.parametrize("attribute", ["surface", "border", "shape", "primary", "colour", "site"])
def test_every_value_of_an_attribute_looks_different(attribute):
    plain = dataclasses.replace(
        PLAIN.findings, site="Back", primary="Plaque", colour="Erythema", features=(), shape="Round", surface="Smooth",
        border="Well-defined border", n_lesions=1, count="Solitary", distribution="Localised",
    )  # fmt: skip
    angle = "far" if attribute == "site" else "near"
    view = View(angle, 5, False, False)
    drawn = [
        render(dataclasses.replace(PLAIN, findings=dataclasses.replace(plain, **{attribute: value})), view)
        for value in VALUES[attribute]
    ]
    assert len({hashlib.sha256(pixels.tobytes()).digest() for pixels in drawn}) == len(drawn)


def test_extras_are_drawn_and_another_seed_is_another_photograph():
    view = View("near", 8, False, False)
    plain = render(PLAIN, view)
    for other in (dataclasses.replace(view, seed=9), dataclasses.replace(view, has_ruler=True)):
        assert not np.array_equal(plain, render(PLAIN, other))
    dated = render(PLAIN, dataclasses.replace(view, has_text=True))
    assert (np.abs(dated.astype(int) - plain).max(axis=2) > 0).mean() < 0.05


@pytest.mark.parametrize("site", VALUES["site"])
@pytest.mark.parametrize("angle", ANGLES)
def test_lesions_lie_on_skin_at_every_site(site, angle):
    body = body_of(site, angle)
    x, y, half_width, half_height = body.region
    for dx, dy in ((0, 0), (-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5)):
        assert body.skin[int(y + dy * half_height), int(x + dx * half_width)] > 0.9


def test_the_centres_of_lesions_lie_on_the_body():
    off = total = 0
    for number in range(300):
        facts = draw_facts(2, "bodies", number)
        for view in facts.views:
            skin = body_of(facts.findings.site, view.angle).skin
            for place in lesions_in(facts, view):
                total += 1
                off += skin[int(place.y), int(place.x)] < 0.5
    assert total > 2000
    assert off <= total / 500  # beside a knee or a shin, now and then


def test_symmetrical_lesions_have_a_partner_or_lie_on_the_midline():
    points = _points("Symmetrical", 7, 0.2, np.random.default_rng(1))
    mirrored = {(round(-x, 9), round(y, 9)) for x, y in points}
    assert mirrored == {(round(x, 9), round(y, 9)) for x, y in points}


@pytest.mark.parametrize("tone", range(1, 11))
def test_a_bald_patch_shows_on_every_skin(tone):
    findings = dataclasses.replace(
        PLAIN.findings, primary="Patch", colour="Skin-coloured", features=("Hair loss",), surface="Smooth",
        shape="Round", border="Well-defined border", site="Scalp", n_lesions=1, count="Solitary",
        distribution="Localised",
    )  # fmt: skip
    facts = dataclasses.replace(PLAIN, findings=findings, monk=tone)
    for angle in ANGLES:
        view = View(angle, 3, has_ruler=False, has_text=False)
        (place,) = lesions_in(facts, view)
        y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
        away = (x - place.x) ** 2 + (y - place.y) ** 2
        pixels = render(facts, view).astype(float)
        bald = pixels[away < (0.7 * place.reach) ** 2].mean(axis=0)
        around = pixels[(away > (1.5 * place.reach) ** 2) & (away < (1.8 * place.reach) ** 2)].mean(axis=0)
        assert np.abs(bald - around).max() >= LEAST_SEEN, angle
