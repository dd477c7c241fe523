"""Which column of a table of ratings is what: names of ours, printed titles, columns renamed and left out."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dermatrust.errors import DataError, UserError
from dermatrust.records import DIMENSIONS

SCORED = tuple(dimension.value for dimension in DIMENSIONS)
KNOWN = (
    "narrative_id", "case_id", "author", "rater", *SCORED, "dimension", "score", "critique", "draw", "qualification",
    "years",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RatingColumns:
    """What the columns of a table are.

    Attributes:
        places: Our name to the number of the column.
        headers: Our name to what the table calls it.
        width: How many columns there are, those left out among them.
    """

    places: Mapping[str, int]
    headers: Mapping[str, str]
    width: int

    @property
    def is_long(self) -> bool:
        """Whether a row holds a single score; otherwise a row holds all of a rating."""
        return "score" in self.places

    @property
    def never_rated(self) -> tuple[str, ...]:
        """The dimensions for which a table with a rating a row has no column."""
        return () if self.is_long else tuple(name for name in SCORED if name not in self.places)


def read_columns(
    header: Sequence[str], where: str, *, renamed: Mapping[str, str], ignored: Iterable[str], has_rater: bool
) -> RatingColumns:
    """Return what the columns are.

    Args:
        header: What the table calls them. Capitals, and spaces for underscores, do not matter.
        where: To name in errors.
        renamed: Our name to the table's, where they differ.
        ignored: The table's names of columns to leave out.
        has_rater: Whether the rater is known without a column.

    Raises:
        DataError: A column is unknown or there twice, or one that is needed is not there.
        UserError: A renamed or ignored column is not there, or no such column is known.

    Example:
        >>> found = read_columns(
        ...     ["Item", "Safety", "Medical Groundedness", "Sex"], "line 1", renamed={"narrative_id": "Item"},
        ...     ignored=["Sex"], has_rater=True,
        ... )
        >>> found.places
        {'narrative_id': 0, 'safety': 1, 'medical_groundedness': 2}
    """
    names = [name.strip() for name in header]
    ours_of = {_present(theirs, names, "--column"): _known(ours) for ours, theirs in renamed.items()}
    left_out = {_present(theirs, names, "--ignore") for theirs in ignored}
    ours = {k: ours_of.get(name, _plain(name)) for k, name in enumerate(names) if name and name not in left_out}
    for k, name in ours.items():
        if name not in KNOWN:
            raise _unknown(names[k], where)
    doubled = [name for name, n in Counter(ours.values()).items() if n > 1]
    if doubled:
        raise DataError(where, f"has the column {doubled[0]!r} twice", "every column once", "Leave one out (--ignore).")
    found = RatingColumns(
        places={name: k for k, name in ours.items()}, headers={name: names[k] for k, name in ours.items()},
        width=len(names),
    )  # fmt: skip
    _check_needed(set(found.places), where, has_rater)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def _known(ours: str) -> str:
    if _plain(ours) not in KNOWN:
        raise UserError("--column", f"{ours!r} is no column of ours", f"one of {', '.join(KNOWN)}")
    return _plain(ours)


def _present(theirs: str, names: Sequence[str], option: str) -> str:
    if theirs.strip() not in names:
        raise UserError(option, f"the table has no column {theirs!r}", f"one of {', '.join(filter(None, names))}")
    return theirs.strip()


def _unknown(name: str, where: str) -> DataError:
    near = difflib.get_close_matches(_plain(name), KNOWN, n=1, cutoff=0.5)
    meant = f"If it is {near[0]!r} say --column '{near[0]}={name}'; if" if near else "If"
    do = f"{meant} it does not matter, --ignore '{name}'."
    return DataError(where, f"the column {name!r} is unknown", f"columns out of {', '.join(KNOWN)}", do)


def _check_needed(names: set[str], where: str, has_rater: bool) -> None:
    if "narrative_id" not in names and not {"case_id", "author"} <= names:
        do = "If it has another name, say --column narrative_id=NAME."
        raise DataError(where, "does not say which narrative is rated", "narrative_id, or case_id and author", do)
    if ("rater" in names) == has_rater:
        what = "has a column 'rater' beside --rater" if has_rater else "has no column 'rater'"
        do = "Use one of the two." if has_rater else "Say --rater NAME if all ratings are one person's."
        raise DataError(where, what, do=do)
    scored, long = names & set(SCORED), names & {"dimension", "score"}
    if scored and long:
        raise DataError(
            where, f"has the columns {min(scored)!r} and {min(long)!r}", "a rating a row, or a score a row, not both"
        )
    if not scored and len(long) < 2:
        expected = f"a column for each of {', '.join(SCORED)}; or dimension and score"
        raise DataError(where, "has no scores", expected, "If they have other names, say --column OURS=THEIRS.")
