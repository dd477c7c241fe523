"""Making a dataset folder: all of it or none of it."""

import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath

from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative
from dermatrust.store.atomic import replacing, sync_folder
from dermatrust.store.card import write_card
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import CARD, CASES, REFERENCES, check_reference
from dermatrust.store.pixels import read_pixels
from dermatrust.store.workers import ctrl_c_kept

_IMAGES_AT_ONCE = 16
_ENCODINGS: dict[str, tuple[str, dict[str, int]]] = {
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".png": ("PNG", {"compress_level": 3}),  # the default level takes four times as long to save a tenth of the bytes
}
_SPLIT_WORD = re.compile(
    r"(?:(?<=[/._ 0-9-])|(?<=^))"
    r"(?:train|training|validation|valid|dev|val|test|testing|eval|evaluation)"
    r"(?=[/._ 0-9-]|$)"
)


def image_name(name: str) -> str:
    """Return the name under which `write_dataset` keeps an image.

    Hugging Face's loaders take a file or folder with a word such as "test" in its name for a split of the dataset,
    and then silently leave out all other images and the metadata. Such a word gets a capital, which they do not
    look for. Every other name stays as it is.

    Example:
        >>> image_name("images/patch-test-1.jpg"), image_name("images/contest.jpg")
        ('images/patch-Test-1.jpg', 'images/contest.jpg')
    """
    return _SPLIT_WORD.sub(lambda word: word.group().capitalize(), name)


def write_dataset(
    path: Path,
    card: DatasetCard,
    cases: Iterable[Case],
    references: Iterable[Narrative] = (),
    images: Iterable[tuple[str, Path]] = (),
) -> int:
    """Make a dataset folder and return its number of cases.

    Everything is written to a temporary folder beside `path`, which is renamed at the end: when anything fails,
    nothing is left behind. All arguments are taken item by item, so iterators of any length will do.

    Args:
        path: The folder to make; if it exists, it must be empty.
        card: What the dataset says about itself.
        cases: The cases. Their `file_names` go through `image_name`.
        references: Certified narratives, and label facts, of these cases.
        images: Pairs of a name that is in some case's `file_names` and the file to read. Names end in .jpg, .jpeg or
            .png. Images are re-encoded upright, in sRGB and without metadata: PNG without loss, JPEG at quality 95.

    Raises:
        DataError: The folder is not empty; an id is repeated; a reference or an image belongs to no case; an image
            cannot be read.
    """
    with new_folder(path) as building:
        writer = _Writer(building)
        write_card(building / CARD, card)
        n_cases = write_records(building / CASES, writer.checked_cases(cases))
        if not write_records(building / REFERENCES, writer.checked_references(references)):
            (building / REFERENCES).unlink()
        writer.write_images(images)
    return n_cases


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that takes its place when the block ends without an exception.

    When the block raises, the temporary folder is removed and nothing is left behind.

    Args:
        path: The folder to make; if it exists, it must be empty.

    Raises:
        DataError: The folder is not empty, or cannot be made.
    """
    path = Path(path)
    _check_free(path)
    building = path.absolute().parent / f".{path.name}.{secrets.token_hex(6)}.tmp"
    try:
        _make(building, path)
        yield building
        _put_in_place(building, path)
    except BaseException:
        with ctrl_c_kept():  # the impatient press it twice
            shutil.rmtree(building, ignore_errors=True)
        raise


def _check_free(path: Path) -> None:
    try:
        if path.is_symlink():
            raise DataError(str(path), "is a symbolic link", "a folder to make", "Name the folder itself.")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise DataError(str(path), "exists and is not empty", do="Choose another folder, or remove this one first.")
    except OSError as error:
        raise DataError(str(path), f"cannot be made ({error.strerror})") from None


def _put_in_place(building: Path, path: Path) -> None:
    try:
        if path.exists():
            path.rmdir()  # empty; some systems do not rename over an existing folder
        building.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise DataError(str(path), f"cannot be made ({error.strerror})") from None


def _make(building: Path, path: Path) -> None:
    try:
        building.mkdir(parents=True)
    except OSError as error:
        raise DataError(str(path), f"cannot be made ({error.strerror})") from None


class _Writer:
    """Writes one dataset; remembers ids and image names, and no texts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._case_ids: set[str] = set()
        self._awaited: set[str] = set()

    def checked_cases(self, cases: Iterable[Case]) -> Iterator[Case]:
        for case in cases:
            if case.id in self._case_ids:
                raise DataError(f"case {case.id}", "is there twice", "ids that differ")
            self._case_ids.add(case.id)
            names = tuple(map(image_name, case.file_names))
            self._awaited.update(names)
            yield case if names == case.file_names else case.model_copy(update={"file_names": names})

    def checked_references(self, references: Iterable[Narrative]) -> Iterator[Narrative]:
        for reference in references:
            where = f"reference {reference.id}"
            if reference.case_id not in self._case_ids:
                raise DataError(where, f"is about case {reference.case_id!r}", "a case of this dataset")
            check_reference(reference, where)
            yield reference

    def write_images(self, images: Iterable[tuple[str, Path]]) -> None:
        remaining = iter(images)
        with ThreadPoolExecutor() as pool:  # Pillow lets other threads run while it decodes and encodes
            while batch := list(islice(remaining, _IMAGES_AT_ONCE)):
                targets = [self._target(name) for name, _ in batch]
                list(pool.map(rewrite_image, [source for _, source in batch], targets))

    def _target(self, name: str) -> Path:
        """Return where the image goes; only names that a case holds are known to lie inside the folder."""
        name = image_name(name)
        if name not in self._awaited:
            raise DataError(
                f"image {name}", "belongs to no case, or is there twice", "a name in some case's file_names"
            )
        if PurePosixPath(name).suffix.lower() not in _ENCODINGS:
            raise DataError(f"image {name}", "cannot be written", f"a name that ends in {', '.join(_ENCODINGS)}")
        self._awaited.remove(name)
        return self._folder / name


def rewrite_image(source: Path, target: Path) -> None:
    """Write an image anew as datasets keep them: upright, in sRGB, without metadata; by the ending of `target`.

    Raises:
        DataError: It cannot be read.
    """
    encoding, settings = _ENCODINGS[target.suffix.lower()]
    pixels = read_pixels(source, where=f"image {target.name}")
    with replacing(target) as file:
        pixels.save(file, encoding, **settings)
