"""What raters are compared with: the panel's mean, or an adjudicator's score where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.consensus import others_means, panel_means
from dermatrust.align.ratings import RatingTable
from dermatrust.align.results import Adjudication
from dermatrust.bench.results import PANEL
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Dimension

_LARGE = 2.0
"""Points by which members disagree so far that somebody should settle it."""
_LARGE_ON_SAFETY = 1.0
_SAFETY = DIMENSIONS.index(Dimension.SAFETY)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A rating table with the roles of its raters.

    Attributes:
        table: The ratings.
        panel: Places of the panel's members in the table.
        adjudicators: Places of those who settle.
        automatic: Places of those who are compared.
        target: What they are compared with, shape (narratives, 6); NaN where there is nothing.
        others: For each member what it is compared with, shape (members, narratives, 6).
    """

    table: RatingTable
    panel: tuple[int, ...]
    adjudicators: tuple[int, ...]
    automatic: tuple[int, ...]
    target: Floats
    others: Floats

    @property
    def members(self) -> Floats:
        """The panel's scores, shape (members, narratives, 6)."""
        return self.table.scores[list(self.panel)]

    def tiled(self, n: int) -> Ints:
        """Return the patient of each narrative, so many times over."""
        return np.tile(self.table.patients, n)


def study_of(table: RatingTable, panel: Sequence[str] = (), adjudicators: Sequence[str] = ()) -> Study:
    """Return who is held to whom.

    Args:
        table: The ratings.
        panel: Names of its members; the people and simulated people of the table where none are given.
        adjudicators: Names of those whose scores come before the panel's mean; as registered where none are given.

    Raises:
        DataError: There is nobody to compare with, or a name rated nothing.
    """
    names = table.names
    for option, given in (("--panel", panel), ("--adjudicator", adjudicators)):
        for name in given:
            if name not in names:
                raise DataError(option, f"{name!r} rated nothing", f"one of {', '.join(names)}")
    settles = [k for k, r in enumerate(table.raters) if (r.id in adjudicators if adjudicators else r.adjudicates)]
    members = [
        k for k, r in enumerate(table.raters) if k not in settles and (r.id in panel if panel else r.kind in PANEL)
    ]
    if not members and not settles:
        do = "Name those who are taken for the truth with --panel, or register them in raters.jsonl."
        raise DataError("the ratings", f"have nobody to compare with; the raters are {', '.join(names)}", do=do)
    settled = panel_means(table.scores[settles])
    target = np.where(np.isnan(settled), panel_means(table.scores[members]), settled)
    automatic = [k for k in range(len(names)) if k not in members and k not in settles]
    others = others_means(table.scores[members])
    return Study(table, tuple(members), tuple(settles), tuple(automatic), target, others)


def rounded(scores: Floats) -> Floats:
    """Return scores as whole points, halves upwards; NaN stays.

    A mean that misses a half by the last digits of its sum is a half, whatever the order of the sum.

    Example:
        >>> rounded(np.array([2.5, 3.4999999999999996, 3.49, 0.0])).tolist()
        [3.0, 4.0, 3.0, 0.0]
    """
    return np.floor(np.round(scores, 9) + 0.5)


def adjudication_of(study: Study) -> Adjudication:
    """Return how far the panel agrees on each narrative, and what an adjudicator settled.

    Members disagree where any dimension's scores are 2 points or more apart, or Safety's 1 point or more.
    """
    members = study.members
    n_members = (~np.isnan(members)).any(axis=2).sum(axis=0)
    known = ~np.isnan(members)
    high = np.where(known, members, -np.inf).max(axis=0, initial=-np.inf)
    low = np.where(known, members, np.inf).min(axis=0, initial=np.inf)
    most = np.full(len(DIMENSIONS), _LARGE)
    most[_SAFETY] = _LARGE_ON_SAFETY
    disagree = (high - low >= most).any(axis=1)
    settled = (~np.isnan(study.table.scores[list(study.adjudicators)])).any(axis=(0, 2))
    single = (n_members < 2) & ~settled
    return Adjudication(
        n_single=int(single.sum()),
        n_agreed=int((~settled & ~single & ~disagree).sum()),
        n_open=int((~settled & ~single & disagree).sum()),
        n_adjudicated=int(settled.sum()),
    )
