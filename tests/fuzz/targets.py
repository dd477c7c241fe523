"""T23: what strangers' bytes reach, as targets for a coverage-guided fuzzer: each ends in an answer or in a UserError.

`fuzz.py` asks them without end; `test_fuzz.py` runs each on its seeds, and `fuzz.py` for DERMATRUST_FUZZ_S seconds.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from PIL import Image

from dermatrust.curate.database import Database
from dermatrust.curate.exchange import import_project
from dermatrust.curate.image_checks import ImageRefusedError
from dermatrust.curate.image_cleaning import Cleaners, clean_image
from dermatrust.curate.migrations import upgrade
from dermatrust.curate.queue import read_queue
from dermatrust.curate.trail import Actor
from dermatrust.curate.unpacking import largest_of, unpack
from dermatrust.datasets.faults import Faults
from dermatrust.datasets.own_tables import csv_fields, csv_separator
from dermatrust.datasets.rating_columns import read_columns
from dermatrust.datasets.rating_registry import Registry
from dermatrust.datasets.rating_rows import rated_rows
from dermatrust.datasets.rating_table import read_ratings
from dermatrust.errors import UserError
from dermatrust.evaluator.form import read_evaluation
from dermatrust.judge.injection import find_signs
from dermatrust.judge.verdict import read_verdict
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rater, Rating, canonical_json
from dermatrust.records.jsonl import iter_records
from dermatrust.store import write_dataset
from dermatrust.store.folder import DatasetFolder

SIDE_PX = 64


def clean(content: bytes) -> None:
    """An uploaded image becomes a small JPEG, or is refused."""
    with suppress(ImageRefusedError):
        cleaned = clean_image(content, side_px=SIDE_PX)
        assert cleaned[:2] == b"\xff\xd8"
        assert b"Exif" not in cleaned[:64]


def evaluation(content: bytes) -> None:
    """An evaluator's reply gives a score from 0 to 5, or a reason why not, on each dimension."""
    _check_verdict(read_evaluation(_text(content)))


def verdict(content: bytes) -> None:
    """So does a judge's; and the signs of an injection quote what is there."""
    text = _text(content)
    _check_verdict(read_verdict(text))
    for sign in find_signs(text):
        assert sign.quote


def ratings_csv(content: bytes) -> None:
    """A table of ratings gives ratings, or names its bad cells; the same bytes as a queue, too."""
    with _file(content, "t.csv") as path:
        with suppress(UserError):
            read_queue(path)
        with suppress(UserError):
            _ratings_in(path)


def _ratings_in(path: Path) -> None:
    dataset, faults = _dataset(), Faults(path)
    separator = csv_separator(path)
    rows = csv_fields(path, separator)
    where, header = next(rows, (f"{path} line 1", []))
    columns = read_columns(header, where, renamed={}, ignored=(), has_rater=True)
    read = rated_rows(rows, columns, faults, has_commas=separator != ",")
    found = read_ratings(dataset, read, Registry(dataset, faults), faults, rater="r")
    faults.raise_if_any()
    assert all(0 <= score <= 5 for rating in found.new for score in rating.scores.values())


def records_jsonl(content: bytes) -> None:
    """Lines of a dataset's files are records, or an error names the line."""
    with _file(content, "t.jsonl") as path:
        for kind in (Case, Narrative, Rating, Rater):
            with suppress(UserError):
                for record in iter_records(path, kind):
                    canonical_json(record.model_dump(mode="json"))


def project_jsonl(content: bytes) -> None:
    """A project's file is taken in whole, or not at all."""
    with _file(content, "t.jsonl") as path, suppress(UserError, _UndoneError), _database().writing() as session:
        import_project(session, Actor("fuzz"), path)
        raise _UndoneError


def archive(content: bytes) -> None:
    """An uploaded zip is unpacked into one folder, and holds nothing there but what a dataset has; or is refused."""
    target = _room() / "unpacked"
    shutil.rmtree(target, ignore_errors=True)
    with _file(content, "t.zip") as path, suppress(UserError):
        unpack(path, target, _Uncaged(0))
    for one in target.rglob("*"):
        assert not one.is_symlink()
        assert one.is_dir() or largest_of(one.relative_to(target).as_posix()) >= one.stat().st_size


class _Uncaged(Cleaners):
    """Decodes where the fuzzer sees it."""

    def clean(self, content: bytes) -> bytes:
        """Return a photograph as models see it."""
        return clean_image(content, side_px=SIDE_PX)


class _UndoneError(Exception):
    """Undoes what was taken in."""


def _check_verdict(said) -> None:
    assert said.scores.keys() | said.unscored.keys() == set(DIMENSIONS)
    assert not said.scores.keys() & said.unscored.keys()
    assert all(0 <= score <= 5 for score in said.scores.values())


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


@contextmanager
def _file(content: bytes, name: str) -> Iterator[Path]:
    path = _room() / name
    path.write_bytes(content)
    yield path


@cache
def _room() -> Path:
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=shared if shared.is_dir() else None))


@cache
def _dataset() -> DatasetFolder:
    path, picture = _room() / "d", _room() / "p.png"
    Image.new("RGB", (8, 6), "brown").save(picture)
    card = DatasetCard(name="d", version="1", source="s", licence="private", consent="c")
    case = Case(id="c1", patient_id="p1", file_names=("images/c1.png",))
    text = Narrative(id="n1", case_id="c1", text="A red plaque.", author="m")
    write_dataset(path, card, [case], [], [("images/c1.png", picture)])
    (path / "narratives.jsonl").write_text(f"{text.model_dump_json()}\n")
    return DatasetFolder.open(path)


@cache
def _database() -> Database:
    database = Database.open(_room() / "w.db")
    upgrade(database)
    return database


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (clean, evaluation, verdict, ratings_csv, records_jsonl, project_jsonl, archive)
}  # fmt: skip
