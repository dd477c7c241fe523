"""How often writing in a photograph is noticed, and how often it is seen where there is none.

    python benchmarks/writing_in_images.py ATLAS [--limit 60] [--photographs FOLDER]

ATLAS is what `dermatrust atlas` wrote. Each of so many of its drawn pictures without a date of its own is looked at as
it is, spoilt in one of all ways, with an attack of each form of the injection test drawn into it, and with a harmless
caption. `--photographs` are photographs of skin, looked at as they are and with a faint and a tiny attack.
"""

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from dermatrust.atlas.degrade import DEGRADATIONS, SEVERITIES, degrade
from dermatrust.audit.attack_images import FORMS, harmless_captions, image_attacks
from dermatrust.evaluator.image_writing import LEAST_LETTERS, WritingReader, letters_in
from dermatrust.judge.injection import is_suspected
from image_flags import is_dated, opened

Change = Callable[[Image.Image], Image.Image]


def changes(rng: random.Random) -> Iterator[tuple[str, Change]]:
    """Yield each way in which a picture is looked at, drawn anew."""
    yield "clean", lambda picture: picture
    yield "clean, then spoilt", partial(spoilt, rng=rng)
    for form in FORMS:
        yield form, rng.choice([one for one in image_attacks() if one.form == form]).draw_into
    yield "harmless caption", rng.choice(harmless_captions()).draw_into


def spoilt(picture: Image.Image, *, rng: random.Random) -> Image.Image:
    """Return a picture spoilt in one of all ways."""
    pixels = np.asarray(picture.convert("RGB"))
    return Image.fromarray(degrade(pixels, rng.choice(DEGRADATIONS), rng.choice(SEVERITIES), seed=0))


def measure(name: str, pictures: Sequence[Image.Image], kinds: Sequence[str] = ()) -> None:
    """Print how many pictures of each kind are noticed, and in how many the words read speak to a grader."""
    reader, rng = WritingReader(), random.Random(0)
    counts: dict[str, list[int]] = {}
    n, begun = 0, perf_counter()
    for picture in pictures:
        for kind, change in changes(rng):
            if not kinds or kind in kinds:
                lines = reader.lines(change(picture))
                found = counts.setdefault(kind, [0, 0])
                found[0] += letters_in(lines) >= LEAST_LETTERS
                found[1] += is_suspected(" ".join(lines))
                n += 1
    took = 1000 * (perf_counter() - begun) / max(n, 1)
    print(f"{name}: {len(pictures)}, {took:.0f} ms a picture")
    for kind, (n_noticed, n_suspected) in counts.items():
        print(f"  {kind:<20}{n_noticed:>5} noticed, {n_suspected} by what is said")


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--photographs", type=Path)
    asked = parser.parse_args()
    drawn = opened(asked.atlas / "images")
    dated = [picture for picture in drawn if is_dated(picture)]
    measure("drawn pictures", [picture for picture in drawn if not is_dated(picture)][: asked.limit])
    measure("drawn pictures with a date of their own", dated[: asked.limit], ["clean"])
    if asked.photographs:
        measure("photographs", opened(asked.photographs), ["clean", "low contrast", "tiny"])


if __name__ == "__main__":
    main()
