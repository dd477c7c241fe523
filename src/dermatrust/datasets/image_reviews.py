"""Images that may identify a patient: a program flags them, and a person signs them off before they go anywhere."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from PIL import Image

from dermatrust.datasets.faces import can_find_faces, has_face
from dermatrust.datasets.fingerprint import THREADS
from dermatrust.datasets.lettering import lettering
from dermatrust.errors import DataError
from dermatrust.records.image_review import ImageFlag, ImageReview, ImageVerdict
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import IMAGE_REVIEWS
from dermatrust.store.pixels import read_pixels

_READ_AT_PX = 1600


class OpenImage(NamedTuple):
    """An image of a case that must not leave this machine as it is, and why."""

    file_name: str
    why: str


def flags_of(picture: Image.Image) -> tuple[ImageFlag, ...]:
    """Return what of a picture a person should look at; faces only where the extra `faces` is installed."""
    flags: list[ImageFlag] = ["face"] if can_find_faces() and has_face(picture) else []
    return (*flags, "lettering") if lettering(picture) else tuple(flags)


def look_at_images(dataset: DatasetFolder, names: Iterable[str] | None = None) -> Iterator[ImageReview]:
    """Yield what has to be looked at of the images that were not looked at as they are now. Nothing is stored.

    Images that cannot be read are left out: `check_images` names them. A synthetic dataset shows nobody.

    Args:
        dataset: The dataset.
        names: Its images; those of all cases where none are given.
    """
    if dataset.card.synthetic:
        return
    known = dataset.image_reviews()
    can_find_faces()  # imports OpenCV once, before threads would race for it
    with ThreadPoolExecutor(THREADS) as pool:  # decoding and most of looking are outside the interpreter lock
        for review in pool.map(lambda name: _looked(dataset, name, known.get(name)), _named(dataset, names)):
            if review is not None:
                yield review


def _looked(dataset: DatasetFolder, name: str, known: ImageReview | None) -> ImageReview | None:
    sha256 = sha256_of(dataset, name)
    if sha256 is None or (known is not None and known.sha256 == sha256):
        return None
    try:
        found = flags_of(read_pixels(dataset.image_path(name), where=name, side_px=_READ_AT_PX))
    except DataError:
        return None
    return ImageReview(file_name=name, sha256=sha256, verdict="to be looked at", found=found) if found else None


def sha256_of(dataset: DatasetFolder, name: str) -> str | None:
    """Return the hash of an image's bytes, or None where there is no such file."""
    try:
        return hashlib.sha256(dataset.image_path(name).read_bytes()).hexdigest()
    except OSError:
        return None


def note_images(dataset: DatasetFolder) -> list[ImageReview]:
    """Look at all images that were not looked at, and store in the dataset which ones a person has to look at.

    Raises:
        DataError: They cannot be stored.
    """
    found = list(look_at_images(dataset))
    if found:
        append_records(dataset.path / IMAGE_REVIEWS, found)
    return found


def sign_off(
    dataset: DatasetFolder, names: Iterable[str], verdict: ImageVerdict, reviewer: str, at: datetime
) -> list[ImageReview]:  # fmt: skip
    """Store that a person looked at these images; what was found on them stays noted.

    Args:
        dataset: The dataset.
        names: As cases name them.
        verdict: What the person says.
        reviewer: Who.
        at: When, with its zone.

    Raises:
        DataError: No case has such an image, its file is missing, or nothing can be stored.
    """
    known = dataset.image_reviews()
    of_cases = set(_named(dataset, None))
    reviews = []
    for name in names:
        sha256 = sha256_of(dataset, name) if name in of_cases else None
        if sha256 is None:
            raise DataError(name, "is no image of a case, or its file is missing", "a name as in metadata.jsonl")
        found = known[name].found if name in known else ()
        reviews.append(
            ImageReview(
                file_name=name, sha256=sha256, verdict=verdict, found=found, reviewer=reviewer,
                reviewed_at=at.isoformat(timespec="seconds"),
            )
        )  # fmt: skip
    append_records(dataset.path / IMAGE_REVIEWS, reviews)
    return reviews


def open_images(dataset: DatasetFolder, names: Iterable[str] | None = None) -> Iterator[OpenImage]:
    """Yield the images that were flagged and nobody cleared, were withheld, or have changed since somebody looked.

    Args:
        dataset: The dataset.
        names: Its images; those of all cases where none are given.
    """
    known = dataset.image_reviews()
    if not known:
        return
    for name in _named(dataset, names):
        if (review := known.get(name)) is None or (sha256 := sha256_of(dataset, name)) is None:
            continue
        if sha256 != review.sha256:
            yield OpenImage(name, "has changed since it was looked at")
        elif review.verdict == "withheld":
            yield OpenImage(name, f"was withheld by {review.reviewer}")
        elif review.verdict == "to be looked at":
            yield OpenImage(name, said_of(review))


def _named(dataset: DatasetFolder, names: Iterable[str] | None) -> Iterable[str]:
    """Return each image once, in order."""
    if names is None:
        names = chain.from_iterable(case.file_names for case in dataset.iter_cases())
    return dict.fromkeys(names)


def said_of(review: ImageReview) -> str:
    """Return what a flagged image may show, in words.

    Example:
        >>> said_of(ImageReview(file_name="a.jpg", sha256="0", verdict="to be looked at", found=("face",)))
        'may show a face, and nobody has looked at it'
    """
    words = {"face": "a face", "lettering": "a date, a name or a number"}
    shown = " and ".join(words[flag] for flag in review.found) or "somebody"
    return f"may show {shown}, and nobody has looked at it"
