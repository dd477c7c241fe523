"""Training examples out of dataset folders: images, a narrative, and the evaluation it is to get."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.critique import checks_of
from dermatrust.atlas.said import NarrativeError
from dermatrust.clients.nano import shrunk
from dermatrust.datasets.atlas_truth import ERRORS, read_errors
from dermatrust.errors import DataError
from dermatrust.evaluator.form import Evaluation
from dermatrust.records import DIMENSIONS, Case, Rating
from dermatrust.store.atomic import replacing
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.layout import NARRATIVES, RATINGS
from dermatrust.store.pixels import read_pixels

MEAN = "mean"
"""Instead of a rater's name: the mean of all raters, with the first critique there is."""


@dataclass(frozen=True, slots=True)
class Example:
    """One narrative with the evaluation it is to get.

    Attributes:
        case_id: The case.
        patient_id: Its patient; the case where nobody recorded one.
        images: Numbers of its images in a list that all examples share.
        narrative: The text.
        evaluation: Scores, critique and checks.
        author: Who wrote the text.
        until: The share of a stage's steps after which it is no longer used.
    """

    case_id: str
    patient_id: str
    images: tuple[int, ...]
    narrative: str
    evaluation: Evaluation
    author: str = ""
    until: float = 1.0


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples and the photographs they share.

    Attributes:
        rows: The examples.
        pictures: Files of the photographs.
    """

    rows: tuple[Example, ...]
    pictures: tuple[Path, ...]

    def joined(self, other: "Examples") -> "Examples":
        """Return both, the other's photographs numbered behind these."""
        n = len(self.pictures)
        moved = (replace(e, images=tuple(n + k for k in e.images)) for e in other.rows)
        return Examples((*self.rows, *moved), (*self.pictures, *other.pictures))


def read_examples(path: Path, *, rater: str = MEAN, with_checks: bool = False, limit: int | None = None) -> Examples:
    """Return the rated narratives of a dataset folder.

    Args:
        path: The folder.
        rater: Whose ratings are to be agreed with, or "mean".
        with_checks: Answer the atlas's checks too, from the known errors in `errors.jsonl`.
        limit: Only narratives of the first so many cases.

    Returns:
        One example per narrative with at least one score. A dimension without a score is left out of its evaluation.

    Raises:
        DataError: A record cannot be read, a case has no photograph, or the rater rated nothing.
    """
    folder = DatasetFolder.open(path)
    cases = {case.id: case for _, case in zip(range(limit or 10**9), folder.iter_cases(), strict=False)}
    ratings = _ratings(folder, rater)
    known = _known_errors(path) if with_checks else {}
    numbers: dict[str, int] = {}
    rows = []
    for narrative in folder.iter_narratives():
        case, rating = cases.get(narrative.case_id), ratings.get(narrative.id)
        if case is None or rating is None or not rating.scores or not narrative.text.strip():
            continue
        images = tuple(numbers.setdefault(name, len(numbers)) for name in _photographs(case))
        answers = checks_of(known.get(narrative.id, ()), rating.critique) if with_checks else {}
        evaluation = Evaluation(rating.scores, rating.critique, answers)
        rows.append(Example(case.id, case.patient_id or case.id, images, narrative.text, evaluation, narrative.author))
    if not rows:
        do = f"Give another rater, or add {NARRATIVES} and {RATINGS}."
        raise DataError(str(path), f"holds no narrative rated by {rater!r}", do=do)
    return Examples(tuple(rows), tuple(folder.image_path(name) for name in numbers))


def _photographs(case: Case) -> Sequence[str]:
    if not case.file_names:
        raise DataError(f"case {case.id!r}", "has no photograph", "one or more", "The evaluator looks at images.")
    return case.file_names


def _ratings(folder: DatasetFolder, rater: str) -> Mapping[str, Rating]:
    found: dict[str, list[Rating]] = defaultdict(list)
    for rating in folder.iter_ratings():
        if rater in (MEAN, rating.rater):
            found[rating.narrative_id].append(rating)
    return {name: _mean(ratings) for name, ratings in found.items()}


def _mean(ratings: Sequence[Rating]) -> Rating:
    """Return the mean of the ratings of one narrative; a dimension nobody scored stays without a score."""
    if len(ratings) == 1:
        return ratings[0]
    scores = {
        d: float(np.mean([r.scores[d] for r in ratings if d in r.scores]))
        for d in DIMENSIONS
        if any(d in r.scores for r in ratings)
    }
    critique = next((r.critique for r in ratings if r.critique), "")
    return ratings[0].model_copy(update={"scores": scores, "critique": critique, "rater": MEAN})


def _known_errors(path: Path) -> dict[str, list[NarrativeError]]:
    if not (path / ERRORS).exists():
        raise DataError(str(path / ERRORS), "there is no such file", "the known errors that the checks are about")
    return {
        known.narrative_id: [NarrativeError(error.kind, error.about) for error in known.errors]
        for known in read_errors(path)
    }


def read_photographs(paths: Sequence[Path], side_px: int, *, workers: int = 2) -> NDArray[np.uint8]:
    """Return photographs shrunk to squares, shape (n, side_px, side_px, 3).

    Raises:
        DataError: One is missing or cannot be read.
    """
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(partial(_photograph, side_px=side_px), paths))
    return np.stack(found)


def kept_photographs(paths: Sequence[Path], side_px: int, path: Path) -> NDArray[np.uint8]:
    """Return what `read_photographs` does from a file, memory-mapped, which is written first where it is missing.

    Raises:
        DataError: A photograph cannot be read, or the disk is full.
    """
    if not path.exists():
        found = read_photographs(paths, side_px)
        with replacing(path, durable=False) as file:
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(found))
            file.write(found.data)  # unlike NumPy's own writing it says when the disk is full
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def _photograph(path: Path, *, side_px: int) -> NDArray[np.uint8]:
    return shrunk(read_pixels(path, where=str(path)), side_px)


def batches(lengths: Sequence[int], size: int, rng: np.random.Generator, *, window: int = 16) -> Iterator[list[int]]:
    """Yield the numbers of all examples once, in batches of like length, in an order drawn anew.

    Within a window of `window` batches examples are sorted by length, so that little is padded and the order stays
    nearly random.

    Args:
        lengths: Length of each example.
        size: Examples in a batch; the last may be smaller.
        rng: Decides the order.
        window: Batches that are sorted together.
    """
    order = rng.permutation(len(lengths))
    found: list[list[int]] = []
    for start in range(0, len(order), size * window):
        near = sorted(order[start : start + size * window].tolist(), key=lambda k: lengths[k])
        found += [near[k : k + size] for k in range(0, len(near), size)]
    for place in rng.permutation(len(found)):
        yield found[place]
