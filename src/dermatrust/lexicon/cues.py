"""Cues: the words that negate, hedge or put into the past what stands near them.

The idea (cue phrases with a direction and a scope, terminators, pseudo-cues) is that of NegEx and ConText; the cue
list in `cues.csv` and the scope rules are our own.

Reference:
    Chapman et al. (2001), https://doi.org/10.1006/jbin.2001.1029;
    Harkema et al. (2009), https://doi.org/10.1016/j.jbi.2009.05.002.
"""

from pathlib import Path
from typing import Final, NamedTuple

from dermatrust.errors import DataError
from dermatrust.lexicon.concept import KINDS, Status
from dermatrust.lexicon.rows import Row, read_table

COLUMNS = ("phrase", "role", "status", "reach", "kind", "source")
ROLES = (
    "precedes", "precedes_to_comma", "precedes_next", "heads_list", "follows", "either",
    "ends", "ends_if_used", "joins", "ignored",
)  # fmt: skip
"""What a cue does.

precedes           marks what follows, up to `reach` words on, and the list it begins
precedes_to_comma  the same, but never past a comma ("if it bleeds, ...")
precedes_next      marks the very next mention only ("non-scaly plaque")
heads_list         as precedes, and the items of a bulleted or numbered list below it
follows            marks what stands before it ("... is absent")
either             follows where a mention stands right before it ("melanoma unlikely"), else precedes
ends               ends every scope ("but")
ends_if_used       ends a scope that already holds something ("no scale on the red plaque")
joins              continues a list ("or")
ignored            looks like a cue or a finding and is not one ("no change", "on a scale of")
"""
CONNECTIVE_ROLES = ("ends_if_used", "joins")
RANKS: Final[tuple[Status, ...]] = ("affirmed", "hedged", "historical", "negated")
"""Weakest first: where two cues reach one mention, the stronger one decides."""


class Cue(NamedTuple):
    """One row of `cues.csv`, ready for the scope rules."""

    role: str
    rank: int
    """Place of its status in RANKS; 0 where it has none."""
    reach: int
    """How far it reaches, in parts (a word and a gap are two parts)."""
    kind: str
    """The only kind of mention it marks; "" for every kind."""


class Connectives(NamedTuple):
    """The cues of one word that only matter between two mentions; they are looked for nowhere else."""

    ends_if_used: frozenset[str]
    joins: frozenset[str]


def connectives_of(cues: dict[str, Cue]) -> Connectives:
    """Return the one-word cues that end a used scope, and those that continue a list."""
    single = {phrase: cue for phrase, cue in cues.items() if " " not in phrase}
    return Connectives(*(frozenset(p for p, cue in single.items() if cue.role == role) for role in CONNECTIVE_ROLES))


def read_cues(path: Path) -> dict[str, Cue]:
    """Return phrase to cue.

    Raises:
        DataError: A row is malformed, or a phrase is given twice.
    """
    cues: dict[str, Cue] = {}
    for row in read_table(path, COLUMNS, may_be_empty=("status", "reach", "kind")):
        phrase = row["phrase"].lower()
        if phrase in cues:
            raise DataError(row.where, f"the cue {phrase!r} is there twice", do="Keep one of them.")
        cues[phrase] = _cue(row)
    return cues


def _cue(row: Row) -> Cue:
    role = row.one_of("role", ROLES)
    if role in ("ends", "ends_if_used", "joins", "ignored"):
        return Cue(role, 0, 0, "")
    rank = RANKS.index(row.one_of("status", RANKS[1:]))
    if not row["reach"].isdigit() or not 1 <= int(row["reach"]) <= 30:
        raise DataError(row.where, f"reach is {row['reach']!r}", "a number of words from 1 to 30")
    return Cue(role, rank, 2 * int(row["reach"]), row.one_of("kind", ("", *KINDS)))
