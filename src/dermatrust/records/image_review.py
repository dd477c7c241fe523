"""What was found on an image that may identify a patient, and what a person who looked at it said."""

from typing import Literal

from dermatrust.records.record import Name, Record

ImageFlag = Literal["face", "lettering"]
"""What a program thinks it sees; it reads and recognises nothing.

face       a face from the front
lettering  characters laid over the photograph: a date, a name, a number
"""
ImageVerdict = Literal["to be looked at", "cleared", "withheld"]
"""What a person, or nobody yet, said of an image."""


class ImageReview(Record):
    """One line of `image_reviews.jsonl`; the last about an image counts, while the image is the same."""

    file_name: Name
    sha256: Name
    """Of the image's bytes: a changed file has to be looked at again."""
    verdict: ImageVerdict
    """Whether it identifies nobody ("cleared"), must not be shown ("withheld"), or nobody has looked yet."""
    found: tuple[ImageFlag, ...] = ()
    reviewer: Name | None = None
    """Who looked; None where nobody has."""
    reviewed_at: Name | None = None
    """When, in UTC, as ISO 8601 writes it."""
