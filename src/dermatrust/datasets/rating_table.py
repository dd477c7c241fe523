"""People's ratings in a table of their own, CSV or TSV: read, held against a dataset folder, and appended to it.

One row holds a whole rating, or a single score; `rating_columns` says which columns there are. An empty cell is a
missing score, never 0. A row without any score and critique is no rating: it was not filled in yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dermatrust.datasets.faults import Faults
from dermatrust.datasets.own_tables import csv_fields, csv_separator
from dermatrust.datasets.rated_narratives import RatedNarratives
from dermatrust.datasets.rating_columns import read_columns
from dermatrust.datasets.rating_registry import Registry
from dermatrust.datasets.rating_rows import RatedRow, rated_rows
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension, Rating, Unscored
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import RATERS, RATINGS
from dermatrust.store.lock import only_writer

Key = tuple[str, str, int]
"""Narrative, rater, draw."""


@dataclass(frozen=True, slots=True)
class TakenRatings:
    """What a table brought.

    Attributes:
        n_new: Ratings appended.
        n_known: Ratings that were there already, and the same.
        n_missing: Scores that the new ones lack.
        n_empty: Rows without any score and critique, which were left out.
        new_raters: Names appended to the registry.
        never_rated: Dimensions the table has no column for.
    """

    n_new: int
    n_known: int
    n_missing: int
    n_empty: int
    new_raters: tuple[str, ...]
    never_rated: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    """A rating while its rows are put together."""

    line: int
    lines: dict[Dimension, int] = field(default_factory=dict)
    scores: dict[Dimension, float] = field(default_factory=dict)
    critiques: list[str] = field(default_factory=list)


def take_ratings(
    dataset: DatasetFolder, path: Path, *, rater: str | None = None, renamed: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
) -> TakenRatings:  # fmt: skip
    """Append the ratings of a table to a dataset folder's, and raters it does not know to its registry.

    Args:
        dataset: The folder. Its narratives are what can be rated.
        path: CSV with "," ";" or tabs between columns, UTF-8. Where ";" or tabs separate, numbers may have commas.
        rater: Whose ratings they are, where no column says so.
        renamed: Our name of a column to the table's, where they differ.
        ignored: The table's names of columns to leave out.

    Raises:
        DataError: Something is wrong with the table, or it contradicts the folder. All bad cells are told at once, and
            nothing is written. Or another process is taking in ratings.
        UserError: A renamed or ignored column is not there.
    """
    with only_writer(dataset.path):  # what is there already must still be all when the new ones are appended
        return _take(dataset, path, rater, renamed or {}, ignored)


def _take(
    dataset: DatasetFolder, path: Path, rater: str | None, renamed: Mapping[str, str], ignored: Iterable[str]
) -> TakenRatings:
    separator = csv_separator(path)
    rows = csv_fields(path, separator)
    where, header = next(rows, (f"{path} line 1", []))
    columns = read_columns(header, where, renamed=renamed, ignored=ignored, has_rater=rater is not None)
    faults = Faults(path)
    registry = Registry(dataset, faults)
    read = rated_rows(rows, columns, faults, has_commas=separator != ",")
    found = read_ratings(dataset, read, registry, faults, rater=rater)
    faults.raise_if_any()
    if not found.n_ratings:
        raise DataError(str(path), "holds no rating", "a row with a score below the header")
    return found.append(dataset, columns.never_rated)


@dataclass(frozen=True, slots=True)
class FoundRatings:
    """Ratings read from somebody's file and held against a dataset folder, not yet appended to it.

    Attributes:
        new: Those that the folder lacks.
        n_ratings: How many there are in all.
        n_empty: Rows without any score and critique.
        registry: Who the raters are.
    """

    new: tuple[Rating, ...]
    n_ratings: int
    n_empty: int
    registry: Registry

    def append(self, dataset: DatasetFolder, never_rated: tuple[str, ...] = ()) -> TakenRatings:
        """Append what is new, raters first."""
        append_records(dataset.path / RATERS, self.registry.new)
        append_records(dataset.path / RATINGS, self.new)
        return TakenRatings(
            n_new=len(self.new), n_known=self.n_ratings - len(self.new),
            n_missing=sum(len(one.unscored) for one in self.new), n_empty=self.n_empty,
            new_raters=tuple(one.id for one in self.registry.new), never_rated=never_rated,
        )  # fmt: skip


def read_ratings(
    dataset: DatasetFolder, rows: Iterable[RatedRow], registry: Registry, faults: Faults, *, rater: str | None = None
) -> FoundRatings:
    """Return the ratings that rows make; whoever appends them must look at the faults first.

    Args:
        dataset: The folder whose narratives are rated.
        rows: What the file says.
        registry: The folder's raters; takes those that rows add.
        faults: Takes what is wrong.
        rater: Whose ratings they are, where no row says so.
    """
    drafts, n_empty = _drafts(rows, RatedNarratives(dataset, faults), registry, faults, rater)
    ratings = [_rating(key, draft) for key, draft in drafts.items()]
    new = _new(dataset, ratings, [draft.line for draft in drafts.values()], faults)
    return FoundRatings(tuple(new), len(ratings), n_empty, registry)


def _drafts(
    rows: Iterable[RatedRow], narratives: RatedNarratives, registry: Registry, faults: Faults, rater: str | None
) -> tuple[dict[Key, _Draft], int]:
    """Return the ratings that the rows make, and how many rows say nothing."""
    drafts: dict[Key, _Draft] = {}
    n_empty = 0
    for row in rows:
        narrative, name = narratives.find(row), rater or row.cells.get("rater", "")
        if not name:
            faults.add(row.line, "names no rater", "who rated")
        if not narrative or not name:
            continue
        if not row.scores and "critique" not in row.cells:
            n_empty += 1
            continue
        registry.add(name, row)
        key = narrative, name, row.draw
        _add(drafts.setdefault(key, _Draft(row.line)), key, row, faults)
    return drafts, n_empty


def _add(draft: _Draft, key: Key, row: RatedRow, faults: Faults) -> None:
    """Add a row to the rating it belongs to. A row that gives the whole rating shares no rating with another."""
    is_long = "dimension" in row.cells
    twice = [d for d in row.scores if d in draft.scores] if is_long else []
    if twice or (not is_long and draft.line != row.line):
        line, of = (draft.lines[twice[0]], f"{twice[0].value} of ") if twice else (draft.line, "")
        what = f"rates {of}{key[0]!r} by {key[1]!r} again, after line {line}"
        faults.add(row.line, what, "one rating for each draw", "Remove one, or number repeats in a column `draw`.")
        return
    draft.scores.update(row.scores)
    draft.lines.update(dict.fromkeys(row.scores, row.line))
    critique = row.cells.get("critique")
    if critique and critique not in draft.critiques:
        draft.critiques.append(critique)


def _rating(key: Key, draft: _Draft) -> Rating:
    return Rating(
        narrative_id=key[0],
        rater=key[1],
        draw=key[2],
        scores={d: draft.scores[d] for d in DIMENSIONS if d in draft.scores},
        unscored={d: Unscored(reason="not rated") for d in DIMENSIONS if d not in draft.scores},
        critique="\n".join(draft.critiques),
    )


def _new(dataset: DatasetFolder, ratings: list[Rating], lines: list[int], faults: Faults) -> list[Rating]:
    """Return the ratings the folder lacks; those it has otherwise are faults."""
    wanted = {(one.narrative_id, one.rater, one.draw) for one in ratings}
    known = {key: one for one in dataset.iter_ratings() if (key := (one.narrative_id, one.rater, one.draw)) in wanted}
    new = []
    for line, rating in zip(lines, ratings, strict=True):
        other = known.get((rating.narrative_id, rating.rater, rating.draw))
        if other is None:
            new.append(rating)
        elif what := _difference(rating, other):
            do = f"Correct one of the two, or number a second rating in a column `draw` ({rating.draw} is taken)."
            who = f"{rating.rater!r} rated {rating.narrative_id!r} differently in {RATINGS}"
            faults.add(line, f"{who}: {what}", do=do)
    return new


def _difference(here: Rating, there: Rating) -> str:
    """Return in what two ratings differ, "" where they are the same; scores first."""
    for d in DIMENSIONS:
        one, other = here.scores.get(d), there.scores.get(d)
        if one != other:
            return f"{d.value} is {_shown(other)} there and {_shown(one)} here"
    return "the critique is another" if here.critique != there.critique else ""


def _shown(score: float | None) -> str:
    return "missing" if score is None else f"{score:g}"
