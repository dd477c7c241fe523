"""The widest gap between the levels of one factor, as text: of a model's scores, or of a rater's errors."""

from dataclasses import dataclass

from dermatrust.report.headline import Cell


@dataclass(frozen=True, slots=True)
class GapLine:
    """The level where a rater's scores, or its errors, are lowest beside the one where they are highest."""

    rater: str
    factor: str
    lowest: str
    at_lowest: str
    highest: str
    at_highest: str
    gap: Cell
    chance: str
    finding: str


def finding_text(*, is_beyond_chance: bool) -> str:
    """Return whether a gap is wider than what two levels picked for being farthest apart give by chance."""
    return "beyond chance" if is_beyond_chance else "may be chance"
