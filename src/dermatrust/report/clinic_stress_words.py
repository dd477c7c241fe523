"""What a stress test found, in words that need no statistics to be read: of either task."""

from dataclasses import dataclass

from dermatrust.clinic.stress_measures import THREE_LEVELS, TWO_LEVELS
from dermatrust.clinic.stress_table import StressRow
from dermatrust.report.percent import whole

SEVERITIES = {"1": "mild", "2": "marked", "3": "severe"}
CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class StressWords:
    """How the page speaks of one task.

    Attributes:
        right: The measure of being right.
        rights: What a case is, in a sentence, that is right.
        charts: Measures of which changes are drawn, each with its title and what the ends of the axis mean.
        tables: Each with what it is about and the title of every measure it shows.
    """

    right: str
    rights: str
    charts: dict[str, tuple[str, tuple[str, str]]]
    tables: tuple[tuple[str, dict[str, str]], ...]


_SURENESS = {
    "confidence": "Stated confidence",
    "overconfidence": "Confidence less being right, points",
    "cannot tell": "Says that it cannot tell",
}
_SURER = {"overconfidence": ("Confidence less being right: change", ("less sure", "too sure"))}
_MISSED = {"under-triage": "Under-triage", "over-triage": "Over-triage", "unanswered": "No level"}
_OF_LEVEL = {name: f"Of {name.removeprefix('recall ')} cases" for name in THREE_LEVELS}
_OF_TWO = dict(zip(TWO_LEVELS, ("Sensitivity: of urgent cases", "Specificity: of routine cases"), strict=True))
_TRIAGE_CHARTS = {
    "right": ("Right level: change", ("fewer right", "more right")),
    "under-triage": ("Under-triage: change", ("fewer missed", "more missed")),
}


def stress_words(n_levels: int) -> StressWords:
    """Return how the page speaks of a differential (0 levels) or of triage (2 or 3)."""
    if not n_levels:
        charts = {"top-1": ("Right disease first: change", ("fewer right", "more right"))}
        shown = {"top-1": "Right first", "top-3": "Among the first 3"} | _SURENESS
        return StressWords("top-1", "have the right disease first", charts | _SURER, (("", shown),))
    by_level = _OF_TWO if n_levels == 2 else _OF_LEVEL | _OF_TWO
    tables = ("", {"right": "Right level"} | _MISSED | _SURENESS), ("right, by true level", by_level)
    return StressWords("right", "have the right level", _TRIAGE_CHARTS | _SURER, tables)


def parts_of(condition: str) -> tuple[str, str]:
    """Return kind and severity of a condition in words.

    Example:
        >>> parts_of("colour cast 2"), parts_of("all")
        (('colour cast', 'marked'), ('clean', ''))
    """
    kind, _, severity = condition.rpartition(" ")
    return (kind, SEVERITIES[severity]) if severity in SEVERITIES else (CLEAN, "")


def fall_sentence(rows: list[StressRow], n_levels: int = 0) -> str:
    """Return which way to spoil photographs costs a model most, and whether it notices."""
    words = stress_words(n_levels)
    spoilt = [row for row in rows if row.changes and row.changes[words.right].value < 0]
    if not spoilt:
        return f"No way to spoil the photographs made fewer cases {words.rights}."
    worst = min(spoilt, key=lambda row: row.changes[words.right].value)
    kind, severity = parts_of(worst.condition)
    fall, sure = worst.changes[words.right], worst.changes["overconfidence"]
    text = f"Worst is {severity} {kind}: of 100 cases {whole(-fall.value)} fewer {words.rights}"
    text += " (may be chance)." if not fall.high < 0 else "."
    missed = worst.changes.get("under-triage")
    if missed and missed.low > 0:
        text += f" It misses urgency: {whole(missed.value)} more are called less pressing than they are."
    if sure.low > 0:
        text += f" It does not notice: it becomes too sure by {whole(sure.value)} points more."
    told = worst.changes["cannot tell"]
    if told.low > 0:
        text += f" In {whole(told.value)} more of 100 it says that it cannot tell."
    return text
