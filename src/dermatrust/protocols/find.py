"""Protocols by name: ours by their files, others by an entry point of whatever package brings them. No central list."""

import difflib
import importlib
import pkgutil
from importlib.metadata import entry_points

from dermatrust.errors import DataError
from dermatrust.protocols import published
from dermatrust.protocols.protocol import Protocol

GROUP = "dermatrust.protocols"
"""Entry points of this group name an object of kind Protocol each."""


def protocol_names() -> list[str]:
    """Return the names of all protocols there are, ours first; imports none of them."""
    ours = sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(published.__path__))
    return [*ours, *sorted({point.name for point in entry_points(group=GROUP)} - set(ours))]


def find_protocol(name: str) -> Protocol:
    """Return a protocol by its name.

    Raises:
        DataError: There is none of this name, or an installed package names something else than a protocol.

    Example:
        >>> find_protocol("medqa").title
        'MedQA (USMLE, four options): single-best-answer questions from US licensing exams'
    """
    names = protocol_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        raise DataError("PROTOCOL", f"no protocol is called {name!r}", do=f"{hint}`dermatrust protocols` lists all.")
    module = name.replace("-", "_")
    if module in {found.name for found in pkgutil.iter_modules(published.__path__)}:
        ours: Protocol = importlib.import_module(f"{published.__name__}.{module}").PROTOCOL
        return ours
    return _of_others(name)


def all_protocols() -> dict[str, Protocol]:
    """Return every protocol by its name. One that cannot be imported is an error, never left out."""
    return {name: find_protocol(name) for name in protocol_names()}


def _of_others(name: str) -> Protocol:
    """Return the protocol that another package brings."""
    (point, *_) = entry_points(group=GROUP, name=name)
    where = f"entry point {name!r} of {point.dist.name if point.dist else 'an installed package'}"
    try:
        found = point.load()
    except Exception as error:  # whatever a stranger's module raises when it is imported
        raise DataError(where, f"cannot be imported ({type(error).__name__}: {error})") from error
    if not isinstance(found, Protocol):
        raise DataError(where, f"is a {type(found).__name__}", "a dermatrust.protocols.Protocol")
    return found
