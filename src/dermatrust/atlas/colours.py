"""The colours of lesions on every skin tone, with the contrast they are guaranteed to have."""

from functools import lru_cache

from dermatrust.atlas.skin import monk_rgb

Rgb = tuple[float, float, float]

PIGMENTS: dict[str, Rgb] = {
    "Erythema": (196, 48, 42), "Pink": (238, 138, 152), "Salmon": (242, 132, 98), "Purple": (116, 52, 122),
    "Brown": (112, 68, 34), "Black": (24, 19, 22), "White": (246, 242, 238), "Yellow": (228, 190, 62),
    "Gray": (128, 132, 136), "Blue": (58, 84, 156), "Variegated colour": (104, 60, 36),
}  # fmt: skip
"""What is mixed into the skin, red, green, blue. Ours: chosen to look like the word, not measured on patients."""
LEAST_CONTRAST = 30.0
"""Least distance in red, green, blue (0-255 each) between a lesion's colour and the skin around it. White on the
lightest Monk tone can be no more than 34 away."""
_SHARE = 0.72


@lru_cache(maxsize=256)
def lesion_rgb(colour: str, tone: int) -> Rgb:
    """Return the colour of a lesion on a skin tone.

    Args:
        colour: A value of `vocabulary.COLOURS`. "Skin-coloured" lesions have the skin's own colour and show by their
            relief alone.
        tone: Monk tone, 1-10.

    Returns:
        Red, green and blue from 0 to 255, at least LEAST_CONTRAST from the skin's.

    Example:
        >>> lesion_rgb("Skin-coloured", 3)
        (247.0, 234.0, 208.0)
    """
    skin = monk_rgb(tone)
    if colour == "Skin-coloured":
        return float(skin[0]), float(skin[1]), float(skin[2])
    mixed = [(1 - _SHARE) * s + _SHARE * p for s, p in zip(skin, PIGMENTS[colour], strict=True)]
    away = [m - s for m, s in zip(mixed, skin, strict=True)]
    if sum(a * a for a in away) < 8.0**2:  # the pigment is the skin's own colour: go darker, or lighter on the darkest
        away = [-0.3 * s for s in skin] if sum(skin) > 240 else [60.0 - s * 0.5 for s in skin]
    for _ in range(40):
        found = [min(max(s + a, 0.0), 255.0) for s, a in zip(skin, away, strict=True)]
        if sum((f - s) * (f - s) for f, s in zip(found, skin, strict=True)) >= LEAST_CONTRAST**2:
            break
        away = [1.12 * a for a in away]
    return found[0], found[1], found[2]
