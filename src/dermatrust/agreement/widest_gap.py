"""The widest gap between parts of a sample: what is said of it alike, whatever was measured in the parts."""

from dataclasses import dataclass
from typing import Protocol


class HasValue(Protocol):
    """A value, whatever else is known of it."""

    @property
    def value(self) -> float:
        """The value."""


@dataclass(frozen=True, slots=True)
class WidestGap:
    """The parts with the lowest and the highest value, and how far these are apart.

    Attributes:
        lowest: The part where the value is lowest.
        highest: The part where it is highest.
        at_lowest: The value there.
        at_highest: The value there.
        gap: Highest less lowest, of these two parts, with its interval.
        chance: The gap that parts without any difference would exceed in one of twenty studies (at 95 % confidence):
            the most and the least of several numbers are always apart.
    """

    lowest: str
    highest: str
    at_lowest: float
    at_highest: float
    gap: HasValue
    chance: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the gap is larger than parts without any difference would have by chance.

        Example:
            >>> from dermatrust.agreement.interval import Estimate
            >>> WidestGap("male", "female", 0.5, 0.9, Estimate(0.4, 0.1, 0.6, 20, 20, 0), 0.3).is_beyond_chance
            True
        """
        return self.gap.value > self.chance
