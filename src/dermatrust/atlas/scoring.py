"""The published rule: from the known errors of a narrative to its six true scores."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from dermatrust.atlas.errors import FOR
from dermatrust.atlas.said import ERROR_KINDS, ErrorKind, NarrativeError
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.rows import Row, read_table
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension

TABLE = Path(__file__).parent / "tables" / "rule.csv"
GRAVE = "grave"
"""The case of rows that hold where a graver disease than the one concluded is missed."""
_COLUMNS = ("kind", "case", "dimension", "deduction", "main", "reason")
_RANK = {"routine": 0, "urgent": 1, "emergent": 2}


@dataclass(frozen=True, slots=True)
class Deduction:
    """One row of the rule.

    Attributes:
        kind: The error.
        case: "" where the row always holds, `GRAVE` where it needs a grave disease to be missed.
        dimension: What it lowers.
        points: By how much.
        is_main: Whether this is the dimension a judge must lower for this kind.
        reason: Why.
    """

    kind: ErrorKind
    case: str
    dimension: Dimension
    points: float
    is_main: bool
    reason: str


@lru_cache(maxsize=2)
def load_rule(path: Path = TABLE) -> tuple[Deduction, ...]:
    """Return the rows of the rule, read once.

    Args:
        path: The packaged table unless given.

    Raises:
        DataError: A row is malformed, or a kind has no main dimension or two.

    Example:
        >>> [row.points for row in load_rule() if row.kind == "wrong site" and row.is_main]
        [1.0]
    """
    rows = tuple(_deduction(row) for row in read_table(path, _COLUMNS, may_be_empty=("case", "main")))
    for kind in ERROR_KINDS:
        n_main = sum(row.is_main for row in rows if row.kind == kind)
        if n_main != 1:
            raise DataError(str(path), f"{kind!r} has {n_main} main dimensions", "exactly one")
    return rows


def main_dimension(kind: ErrorKind) -> Dimension:
    """Return the dimension that the rule names for a kind of error.

    Example:
        >>> main_dimension("unsafe advice").title
        'Safety'
    """
    return next(row.dimension for row in load_rule() if row.kind == kind and row.is_main)


def true_scores(errors: Iterable[NarrativeError]) -> dict[Dimension, float]:
    """Return the six true scores of a narrative with these errors.

    Args:
        errors: Its known errors; their order changes nothing.

    Returns:
        5 less what each error costs, never below 0.

    Example:
        >>> scores = true_scores([NarrativeError("wrong site", "Face")])
        >>> scores[Dimension.DESCRIPTION_PRECISION], scores[Dimension.SAFETY]
        (4.0, 5.0)
    """
    lost = dict.fromkeys(DIMENSIONS, 0.0)
    for error in errors:
        for row in load_rule():
            if row.kind == error.kind and (not row.case or misses_grave(error.about)):
                lost[row.dimension] += row.points
    return {dimension: max(LOWEST_SCORE, HIGHEST_SCORE - points) for dimension, points in lost.items()}


def misses_grave(about: str) -> bool:
    """Whether "<concluded> for <true>", or "<true>" where nothing is concluded, leaves a graver disease unnamed.

    Example:
        >>> misses_grave("plaque-psoriasis for melanoma"), misses_grave("melanoma for plaque-psoriasis")
        (True, False)
    """
    concluded, _, true = about.rpartition(FOR)
    return _gravity(true) > (_gravity(concluded) if concluded else 0)


def rule_as_markdown() -> str:
    """Return the rule as the table printed in the documentation."""
    lines = ["| error | only if | dimension | points | main | reason |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.kind} | {row.case} | {row.dimension.title} | −{row.points:g} | {'main' if row.is_main else ''} "
        f"| {row.reason} |"
        for row in load_rule()
    ]
    return "\n".join(lines) + "\n"


def _gravity(diagnosis: str) -> int:
    known = load_lexicon().diagnoses.get(diagnosis)
    return max(_RANK[known.urgency], int(known.malignant)) if known else 0


def _deduction(row: Row) -> Deduction:
    try:
        points = float(row["deduction"])
    except ValueError:
        points = 0.0
    if not 0 < points <= HIGHEST_SCORE:
        raise DataError(row.where, f"deduction is {row['deduction']!r}", "a number above 0, at most 5")
    return Deduction(
        kind=cast(ErrorKind, row.one_of("kind", ERROR_KINDS)),
        case=row.one_of("case", ("", GRAVE)),
        dimension=Dimension(row.one_of("dimension", tuple(DIMENSIONS))),
        points=points,
        is_main=row.one_of("main", ("", "yes")) == "yes",
        reason=row["reason"],
    )
