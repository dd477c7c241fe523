"""Results also before and after the month up to which a model was trained: what it may have read, and what not."""

import re
from dataclasses import replace
from datetime import datetime

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Row
from dermatrust.protocols.protocol import Protocol

MONTH, CUTOFF = "month", "cutoff"
"""The tags: "YYYY-MM"; "before", "after" or "unknown"."""
UNKNOWN = "unknown"
_FORM = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def month_of(time: object) -> str:
    """Return "YYYY-MM" of a date or time as ISO 8601 has it; "unknown" for anything else.

    Example:
        >>> month_of("2025-04-08T00:00:00"), month_of("2025-04-08T00:00:00Z"), month_of("last April")
        ('2025-04', '2025-04', 'unknown')
    """
    try:
        return f"{datetime.fromisoformat(str(time).strip()):%Y-%m}"
    except ValueError:
        return UNKNOWN


def with_cutoff(protocol: Protocol, month: str) -> Protocol:
    """Return a protocol with results also before and after a month ("2024-06"); the month itself counts as before.

    Raises:
        DataError: It is no month, or the protocol's items have none.
    """
    if not _FORM.fullmatch(month):
        raise DataError("--cutoff", f"is {month!r}", "a month, YYYY-MM")
    if MONTH not in protocol.by:
        raise DataError("--cutoff", f"{protocol.name} does not say from which month its items are")

    def split(row: Row) -> tuple[Item, ...]:
        return tuple(
            replace(item, tags={**item.tags, CUTOFF: _period(item.tags[MONTH])}) for item in protocol.items(row)
        )

    def _period(own: str) -> str:
        return UNKNOWN if own == UNKNOWN else "after" if own > month else "before"

    return replace(protocol, to_item=split, by=(*protocol.by, CUTOFF))
