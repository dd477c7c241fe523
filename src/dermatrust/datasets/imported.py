"""What reading a source gives, before it is written as a dataset folder."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dermatrust.datasets.counted import counted
from dermatrust.datasets.labels import unknown_labels
from dermatrust.datasets.source_images import images_under, of_cases
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative, Rating
from dermatrust.records.record import Name, Record, Text

MissingImages = Literal["error", "skip", "keep"]
"""What to do where images that the source names are not there.

error  stop, and say how many are missing and which is the first
skip   keep the cases with at least one image, and of each only the images that are there
keep   keep every case and take no image at all: metadata and texts only
"""


class LeftOut(Record):
    """One line of `left_out.jsonl`: what a list says should not be used, and why."""

    id: Name
    """A case, or an image of one."""
    reason: Text = ""
    """In the words of the list."""
    list: Name
    """Name of the list's file."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A source in our own records. `remarks` are what the user should know and would not see otherwise."""

    card: DatasetCard
    cases: tuple[Case, ...]
    references: tuple[Narrative, ...] = ()
    images: tuple[tuple[str, Path], ...] = ()
    """Name inside the dataset folder, and where the image is now."""
    narratives: tuple[Narrative, ...] = ()
    ratings: tuple[Rating, ...] = ()
    remarks: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class SettledImages:
    """Cases that name only images which are there."""

    cases: tuple[Case, ...]
    images: tuple[tuple[str, Path], ...]
    remarks: tuple[str, ...]


def check_image_root(root: Path | None) -> None:
    """Check that the folder of the images, if one was given, is there.

    Raises:
        DataError: There is no such folder.
    """
    if root is not None and not root.is_dir():
        what = "is a file" if root.exists() else "there is no such folder"
        raise DataError(str(root), what, "the folder of the images")


def with_images(
    card: DatasetCard,
    cases: Sequence[Case],
    facts: Iterable[Narrative],
    *,
    root: Path,
    missing: MissingImages,
    where: Path,
    remarks: Iterable[str] = (),
) -> Imported:
    """Return a published dataset with the images that lie anywhere under `root`.

    Args:
        card: Its card.
        cases: Its cases with every image the source names.
        facts: What it records about them, as narratives; those of cases that are left out are left out.
        root: Where to look for images.
        missing: What to do about those that are not there.
        where: The table that names them, for an error.
        remarks: What else the user should know.

    Raises:
        DataError: Images are missing and `missing` is "error".
    """
    settled = settle_images(
        cases,
        {} if missing == "keep" else of_cases(cases, images_under(root)),
        missing,
        sought=lambda name: f"{name.removeprefix('images/')}, looked for in {root} and below",
        where=str(where),
        do="Say where they are with --images FOLDER, or choose --missing-images skip (only cases with an image) or "
        "keep.",
    )
    kept = {case.id for case in settled.cases}
    references = tuple(fact for fact in facts if fact.case_id in kept)
    remarks = (*remarks, *settled.remarks, *unknown_labels(settled.cases))
    return Imported(card, settled.cases, references, settled.images, remarks=remarks)


def settle_images(
    cases: Sequence[Case],
    found: Mapping[str, Path],
    missing: MissingImages,
    *,
    sought: Callable[[str], str],
    where: str,
    do: str,
) -> SettledImages:
    """Match the images that cases name with those that are there.

    Args:
        cases: Cases with every image the source names.
        found: Image name to its file, for the images that are there.
        missing: What to do about the others.
        sought: Image name to where its file was looked for, in words.
        where: What to name in an error.
        do: What the user can do about missing images.

    Raises:
        DataError: Images are missing and `missing` is "error".
    """
    if missing == "keep":
        bare = tuple(case.model_copy(update={"file_names": ()}) for case in cases)
        return SettledImages(bare, (), (_none_taken(len(cases)),))
    named = [name for case in cases for name in case.file_names]
    lacking = [name for name in named if name not in found]
    if lacking and missing == "error":
        count = f"{len(lacking)} of {counted(len(named), 'image')} {'is' if len(named) == 1 else 'are'} missing"
        raise DataError(where, f"{count}, the first is {sought(lacking[0])}", do=do)
    kept = tuple(_with_images_at_hand(cases, found))
    images = tuple({name: found[name] for case in kept for name in case.file_names}.items())
    remarks: tuple[str, ...] = ()
    if lacking:
        left_out = len(cases) - len(kept)
        remarks = (
            f"{len(lacking)} of {counted(len(named), 'image')} missing: left out {left_out} of "
            f"{counted(len(cases), 'case')}, none of whose images is there; kept {counted(len(kept), 'case')} with "
            f"{counted(len(images), 'image')}.",
        )
    return SettledImages(kept, images, remarks)


def _none_taken(n_cases: int) -> str:
    return f"No image was taken: kept {counted(n_cases, 'case')} as metadata and texts."


def _with_images_at_hand(cases: Iterable[Case], found: Mapping[str, Path]) -> Iterable[Case]:
    """Yield cases with only the images that are there; a case that never named one is kept."""
    for case in cases:
        names = tuple(name for name in case.file_names if name in found)
        if names or not case.file_names:
            yield case if len(names) == len(case.file_names) else case.model_copy(update={"file_names": names})
