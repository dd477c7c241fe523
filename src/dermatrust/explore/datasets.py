"""The dataset folder behind a run: looked for by its name, believed by its hash."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.explore.said import Places
from dermatrust.records import Case, Manifest, Rating
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.layout import CASES, RATINGS, REFERENCES


@dataclass(frozen=True)
class Behind:
    """A dataset folder whose cases and references are those of a run."""

    folder: DatasetFolder

    @cached_property
    def _cases(self) -> Places:
        return Places(self.folder.path / CASES, "id")

    def case(self, case_id: str) -> Case | None:
        """Return a case.

        Raises:
            DataError: It is damaged.
        """
        return next(iter(self._cases.records(case_id, Case)), None)

    def people(self, narrative_id: str, known: Sequence[str]) -> tuple[Rating, ...]:
        """Return the ratings of a narrative that the folder holds, by raters who are not among those known already.

        Raises:
            DataError: One is damaged.
        """
        ratings = Places(self.folder.path / RATINGS, "narrative_id")  # people rate while somebody looks on
        return tuple(one for one in ratings.records(narrative_id, Rating) if one.rater not in known)


class Datasets:
    """Dataset folders by what runs record of them.

    A manifest names no path, since that would name a machine: only what the folder was called, and its hash.

    Args:
        given: Folders somebody named.
        near: Folders in, beside and above which to look.
    """

    def __init__(self, given: Sequence[Path], near: Sequence[Path] = ()) -> None:
        self._given = tuple(given)
        self._near = tuple(near)
        self._known: dict[str, tuple[tuple[int, ...], Behind]] = {}

    def behind(self, manifest: Manifest, run: Path) -> Behind | None:
        """Return the dataset folder of a run, or nothing where none that was found has its hash."""
        known = self._known.get(manifest.dataset_hash)
        if known is not None and known[0] == _changed(known[1].folder.path):
            return known[1]
        for path in dict.fromkeys(self._candidates(manifest, run)):
            try:
                folder = DatasetFolder.open(path)
                if folder.content_hash() == manifest.dataset_hash:
                    found = Behind(folder)
                    self._known[manifest.dataset_hash] = _changed(path), found
                    return found
            except DataError:  # a folder that is none is not the one
                continue
        return None

    def _candidates(self, manifest: Manifest, run: Path) -> Iterator[Path]:
        yield from self._given
        name = str(manifest.config.get("dataset", ""))
        if name and Path(name).name == name and name not in (".", ".."):
            for folder in (run, run.parent, run.parent.parent, *self._near):
                if (folder / name).is_dir():
                    yield folder / name


def _changed(path: Path) -> tuple[int, ...]:
    """Return when the files that decide the hash were changed."""
    files = [path / name for name in ("card.yaml", CASES, REFERENCES)]
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
