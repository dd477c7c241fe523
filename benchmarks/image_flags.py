"""T22: how many faces and stamped lines are flagged on photographs, and how many photographs without them.

    python benchmarks/image_flags.py ATLAS [--photographs FOLDER] [--faces lfw_subset.npy]

ATLAS is what `dermatrust atlas` wrote; every one of its drawn pictures is looked at twice: as it is, and with a line
of characters of a random text, colour, size (2 to 5 % of the longest side) and corner. Some drawn pictures carry a
camera's date already, known by its colour. `--photographs` are photographs of skin, looked at in the same way.
`--faces` is the file `skimage/data/lfw_subset.npy` of scikit-image: 100 faces and 100 pieces without one, 25 x 25
grey pixels each, which are enlarged to 90 to 240 pixels and laid on drawn pictures of 640.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dermatrust.datasets.faces import has_face
from dermatrust.datasets.lettering import lettering

TEXTS = ("2019-03-12", "12/03/2019", "ID 47110815", "Ward 4, bed 2", "J. MILLER 1957", "14:07:33", "2021.11.30")
FILLS = ((255, 255, 255), (0, 0, 0), (250, 150, 30), (255, 230, 0), (220, 20, 20), (20, 200, 60))
CAMERA = (240, 150, 40)
"""Colour of the date that the atlas draws."""


def stamp(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Return a picture with a line of characters in one of its corners."""
    picture = picture.copy()
    width, height = picture.size
    font = ImageFont.load_default(max(9, int(max(width, height) * rng.uniform(0.02, 0.05))))
    text, pen = rng.choice(TEXTS), ImageDraw.Draw(picture)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    x = rng.choice([8, max(8, int(width - (right - left) - 12))])
    y = rng.choice([6, int(height - (bottom - top) - 16)])
    pen.text((x, y), text, fill=rng.choice(FILLS), font=font)
    return picture


def is_dated(picture: Image.Image) -> bool:
    """Return whether the atlas drew a date."""
    return bool((np.abs(np.asarray(picture, dtype=int) - CAMERA).sum(axis=-1) < 60).sum() > 150)


def measure_lettering(name: str, pictures: Sequence[Image.Image], *, are_drawn: bool) -> None:
    """Print what is found of lines stamped on pictures, and how often something is found on those without."""
    rng, begun = random.Random(0), perf_counter()
    found = [bool(lettering(picture)) for picture in pictures]
    took = 1000 * (perf_counter() - begun) / len(pictures)
    dated = [are_drawn and is_dated(picture) for picture in pictures]
    plain = [was for was, has_date in zip(found, dated, strict=True) if not has_date]
    n_stamped = sum(bool(lettering(stamp(picture, rng))) for picture in pictures)
    print(
        f"{name}: stamped lines found {n_stamped} of {len(pictures)}; flagged without one {sum(plain)} of {len(plain)}"
    )
    if any(dated):
        n_dates = sum(was for was, has_date in zip(found, dated, strict=True) if has_date)
        print(f"{name}: dates of its own found {n_dates} of {sum(dated)}")
    print(f"{name}: {took:.0f} ms a picture")


def measure_faces(
    pieces: Sequence[Image.Image], grounds: Sequence[Image.Image], photographs: Sequence[Image.Image]
) -> None:
    """Print how many of 100 faces are found, and where one is found that is none."""
    rng = random.Random(0)
    found = []
    for piece, ground in zip(pieces, grounds, strict=False):
        side, picture = rng.randint(90, 240), ground.resize((640, 640))
        place = rng.randint(0, 640 - side), rng.randint(0, 640 - side)
        picture.paste(piece.resize((side, side), Image.Resampling.BICUBIC), place)
        found.append(has_face(picture))
    print(f"faces found {sum(found[:100])} of 100; in pieces without one {sum(found[100:])} of {len(found) - 100}")
    for name, pictures in (("drawn pictures", grounds), ("photographs of skin", photographs)):
        if pictures:
            print(f"a face in {name}: {sum(map(has_face, pictures))} of {len(pictures)}")


def opened(folder: Path | None) -> list[Image.Image]:
    """Return the pictures of a folder."""
    paths = sorted(folder.iterdir()) if folder else []
    return [Image.open(path).convert("RGB") for path in paths if path.suffix in (".jpg", ".png")]


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--faces", type=Path)
    asked = parser.parse_args()
    drawn, photographs = opened(asked.atlas / "images"), opened(asked.photographs)
    measure_lettering("drawn pictures", drawn, are_drawn=True)
    if photographs:
        measure_lettering("photographs", photographs, are_drawn=False)
    if asked.faces:
        grey = np.load(asked.faces)
        pieces = [Image.fromarray((255 * piece).astype(np.uint8)).convert("RGB") for piece in grey]
        measure_faces(pieces, drawn, photographs)


if __name__ == "__main__":
    main()
