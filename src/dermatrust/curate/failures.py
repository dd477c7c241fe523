"""What the log says of a failure: where it happened, not its message, which might quote a narrative."""

import traceback


def places_of(error: BaseException) -> str:
    """Return the functions a failure went through, innermost first, six at most.

    Example:
        >>> try:
        ...     int("a narrative")
        ... except ValueError as error:
        ...     "narrative" in places_of(error)
        False
    """
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{f.name} {f.filename.rpartition('/')[2]}:{f.lineno}" for f in reversed(frames))
