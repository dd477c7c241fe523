"""The rules of a project: how many raters, how long a lease, what has to be adjudicated."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from dermatrust.records import Dimension, Record


class Rules(Record):
    """What a curator decides when a project is made. Points are on the scale from 0 to 5."""

    slots: Annotated[int, Field(ge=1, le=20)] = 2
    """Raters of each item. An anchor is rated by all."""
    lease_minutes: Annotated[float, Field(gt=0, le=10_080)] = 30
    """How long an item is kept for a rater who saves nothing."""
    anchor_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Share of the items that every rater gets, and gets again."""
    repeat_days: Annotated[float, Field(ge=0, le=365)] = 7
    """Days after which an anchor comes again, at the least."""
    differ_by: Annotated[float, Field(gt=0, le=6)] = 2
    """Points by which two raters differ so far that somebody has to decide."""
    differ_by_on_safety: Annotated[float, Field(gt=0, le=6)] = 1
    """The same for Safety."""
    settle_uncertain: bool = True
    """Whether somebody has to decide where a rater is uncertain."""
    settle_anchor_misses: bool = True
    """The same where a rater is too far from the expected scores of an anchor."""
    anchor_tolerance: Annotated[float, Field(ge=0, le=5)] = 1
    """Points by which a score may differ from the expected one."""
    fresh_minutes: Annotated[float, Field(gt=0, le=1_440)] = 5
    """How long after the password was given a text may be certified."""

    @property
    def lease(self) -> timedelta:
        """How long an item is kept for a rater who saves nothing."""
        return timedelta(minutes=self.lease_minutes)

    @property
    def repeat_after(self) -> timedelta:
        """After how long an anchor may come again."""
        return timedelta(days=self.repeat_days)

    @property
    def fresh(self) -> timedelta:
        """How long a password counts as just given."""
        return timedelta(minutes=self.fresh_minutes)

    def limit(self, dimension: Dimension) -> float:
        """Return by how many points two raters must differ on a dimension for somebody to decide."""
        return self.differ_by_on_safety if dimension is Dimension.SAFETY else self.differ_by
