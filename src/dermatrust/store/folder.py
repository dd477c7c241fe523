"""A dataset folder: its card, cases, images, references, narratives and ratings, read one record at a time."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

from dermatrust.errors import DataError
from dermatrust.records import (
    Case,
    DatasetCard,
    ImageReview,
    Narrative,
    Rater,
    Rating,
    Rationale,
    Record,
    iter_lines,
    iter_placed_lines,
)
from dermatrust.store.card import read_card
from dermatrust.store.layout import (
    CARD,
    CASES,
    DRAFTS,
    IMAGE_REVIEWS,
    NARRATIVES,
    RATERS,
    RATINGS,
    RATIONALES,
    REFERENCES,
    check_reference,
)
from dermatrust.store.new_dataset import write_dataset

__all__ = ["DatasetFolder", "write_dataset"]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one walk through the cases finds out."""

    case_ids: frozenset[str]
    image_digest: bytes
    """Hash of every image's name and size."""
    missing_images: tuple[tuple[str, str], ...]


class DatasetFolder:
    """A dataset on disk. Open one with `DatasetFolder.open`.

    Every iterator reads its file line by line: memory grows by one id per case, never by its texts.

    Attributes:
        path: The folder.
        card: What `card.yaml` says.
    """

    def __init__(self, path: Path, card: DatasetCard) -> None:
        self.path = path
        self.card = card
        self._stamp: tuple[int, int] | None = None
        self._places: dict[str, tuple[int, int]] = {}
        self._reference_path = os.fspath(path / REFERENCES)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the dataset in this folder, having read its card.

        Raises:
            DataError: The folder, its card or its `metadata.jsonl` is missing, or the card is not valid.
        """
        path = Path(path)
        if not path.is_dir():
            what = "is a file" if path.exists() else "there is no such folder"
            raise DataError(str(path), what, "a dataset folder")
        card = read_card(path / CARD)
        if not (path / CASES).is_file():
            raise DataError(str(path), f"has no {CASES}", "one case a line")
        return cls(path, card)

    @property
    def n_cases(self) -> int:
        """Number of cases.

        Raises:
            DataError: As `iter_cases`.
        """
        return len(self._survey.case_ids)

    def iter_cases(self) -> Iterator[Case]:
        """Yield the cases in the order of the file.

        Raises:
            DataError: A line is not a case, or repeats the id of another; the message names both lines.
        """
        for _, case in _unique(self.path / CASES, Case, lambda case: case.id):
            yield case

    def image_path(self, file_name: str) -> Path:
        """Return where an image named by a case's `file_names` lies."""
        return self.path / file_name

    def missing_images(self) -> Iterator[tuple[str, str]]:
        """Yield ("metadata.jsonl line N", file name) for every image a case names and the folder lacks."""
        yield from self._survey.missing_images

    def reference(self, case_id: str) -> Narrative | None:
        """Return the reference of a case, or None if it has none.

        Where `references.jsonl` has several for one case, the last line wins: a revised reference is appended. The
        first call reads the file once to learn where each reference starts, and so does the first call after the
        file has changed; the texts stay on disk.

        Raises:
            DataError: As `iter_references`.
        """
        place = self._reference_places().get(case_id)
        if place is None:
            return None
        line = _read_place(self._reference_path, *place)
        return Narrative.from_line(line, where=f"{self._reference_path}, reference of case {case_id}")

    def iter_references(self) -> Iterator[Narrative]:
        """Yield the reference of every case that has one, in the order of the file; see `reference`.

        Raises:
            DataError: A line is not a narrative, is about an unknown case, is empty, or is not of a stream that
                can be read as the truth.
        """
        places = self._reference_places()
        for place, reference in self._placed_references():
            if places.get(reference.case_id) == place:
                yield reference

    def iter_narratives(self) -> Iterator[Narrative]:
        """Yield the candidate narratives in the order of the file.

        Raises:
            DataError: A line is not a narrative, is about an unknown case, or repeats the id of another.
        """
        yield from self._narratives_of(NARRATIVES)

    def iter_drafts(self) -> Iterator[Narrative]:
        """Yield the captions and reasonings that references and narratives were made from, in the order of the file.

        Raises:
            DataError: As `iter_narratives`.
        """
        yield from self._narratives_of(DRAFTS)

    def rationales(self) -> dict[str, Rationale]:
        """Return narrative id to its rationale; of several the last line counts.

        Raises:
            DataError: A line is not a rationale.
        """
        path = self.path / RATIONALES
        if not path.is_file():
            return {}
        lines = (Rationale.from_line(line, where=where) for where, line in iter_lines(path))
        return {rationale.narrative_id: rationale for rationale in lines}

    def image_reviews(self) -> dict[str, ImageReview]:
        """Return image to what was found on it and what people said of it; of several lines the last counts.

        Raises:
            DataError: A line is not a review of an image.
        """
        path = self.path / IMAGE_REVIEWS
        if not path.is_file():
            return {}
        lines = (ImageReview.from_line(line, where=where) for where, line in iter_lines(path))
        return {review.file_name: review for review in lines}

    def _narratives_of(self, name: str) -> Iterator[Narrative]:
        path = self.path / name
        if path.is_file():
            for where, narrative in _unique(path, Narrative, lambda narrative: narrative.id):
                self._check_case(narrative, where)
                yield narrative

    def iter_ratings(self) -> Iterator[Rating]:
        """Yield the ratings in the order of the file.

        Raises:
            DataError: A line is not a rating.
        """
        for _, rating in self.iter_placed_ratings():
            yield rating

    def iter_placed_ratings(self) -> Iterator[tuple[str, Rating]]:
        """Yield ("ratings.jsonl line N", rating) in the order of the file, for those who find fault with one.

        Raises:
            DataError: As `iter_ratings`.
        """
        path = self.path / RATINGS
        if path.is_file():
            for where, line in iter_lines(path):
                yield where, Rating.from_line(line, where=where)

    def iter_raters(self) -> Iterator[Rater]:
        """Yield what is known of the raters, in the order of the file; nothing where there is none.

        Raises:
            DataError: A line is not a rater, or repeats the id of another.
        """
        path = self.path / RATERS
        if path.is_file():
            for _, rater in _unique(path, Rater, lambda rater: rater.id):
                yield rater

    def content_hash(self) -> str:
        """Return the SHA-256 (hex) of what a run depends on.

        That is the bytes of card, cases and references, and the name and size of every image; reading every image would
        take minutes where this takes milliseconds, and a run records the hash of each image it sends anyway.
        """
        digest = hashlib.sha256(b"dataset 1\0")
        for name in (CARD, CASES, REFERENCES):
            path = self.path / name
            content = _digest(path) if path.is_file() else b""
            digest.update(f"{name} {len(content)}\0".encode() + content)
        digest.update(self._survey.image_digest)
        return digest.hexdigest()

    @cached_property
    def _survey(self) -> _Survey:
        """Walk once through all cases for what several questions need; the cases themselves are not kept."""
        ids: list[str] = []
        digest = hashlib.sha256()
        missing: list[tuple[str, str]] = []
        folder = os.fspath(self.path)
        for where, case in _unique(self.path / CASES, Case, lambda case: case.id):
            ids.append(case.id)
            for name in case.file_names:
                size = _size(os.path.join(folder, name))  # noqa: PTH118  # a Path for each of a million images is slow
                digest.update(f"{size} {name}\0".encode())
                if size < 0:
                    missing.append((where, name))
        return _Survey(frozenset(ids), digest.digest(), tuple(missing))

    def _reference_places(self) -> dict[str, tuple[int, int]]:
        """Return case id to the place of its reference's line: first byte and length."""
        try:
            status = os.stat(self._reference_path)  # noqa: PTH116  # asked for every narrative; a Path is slow
        except FileNotFoundError:
            return {}
        stamp = (status.st_mtime_ns, status.st_size)
        if self._stamp != stamp:
            self._places = {reference.case_id: place for place, reference in self._placed_references()}
            self._stamp = stamp
        return self._places

    def _placed_references(self) -> Iterator[tuple[tuple[int, int], Narrative]]:
        path = self.path / REFERENCES
        if not path.is_file():
            return
        for where, start, line in iter_placed_lines(path):
            reference = Narrative.from_line(line, where=where)
            check_reference(reference, where)
            self._check_case(reference, where)
            yield (start, len(line)), reference

    def _check_case(self, narrative: Narrative, where: str) -> None:
        if narrative.case_id not in self._survey.case_ids:
            raise DataError(where, f"is about case {narrative.case_id!r}", f"a case of {CASES}")


def _unique(path: Path, kind: type[R], id_of: Callable[[R], str]) -> Iterator[tuple[str, R]]:
    """Yield ("file line N", record), refusing an id that was there before."""
    first: dict[str, int] = {}
    for where, line in iter_lines(path):
        record = kind.from_line(line, where=where)
        number = int(where.rpartition(" ")[2])
        earlier = first.setdefault(id_of(record), number)
        if earlier != number:
            raise DataError(where, f"has the id {id_of(record)!r} of line {earlier}", "ids that differ")
        yield where, record


def _read_place(path: str, start: int, length: int) -> bytes:
    """Return `length` bytes of a file from `start` on."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.lseek(number, start, os.SEEK_SET)
        return os.read(number, length)
    finally:
        os.close(number)


def _size(path: str) -> int:
    """Return a file's size in bytes, or -1 if there is no such file."""
    try:
        status = os.stat(path)  # noqa: PTH116  # see _survey
    except OSError:
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
