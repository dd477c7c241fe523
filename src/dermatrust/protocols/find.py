"""Protocols by name: ours by their files, others by an entry point of whatever package brings them. No central list.

A file of the user's own will do as well: one that ends in `.py` and has a `PROTOCOL`.
"""

import difflib
import importlib
import pkgutil
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

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
    """Return a protocol by its name, or the `PROTOCOL` of a Python file of the user's own, which is run.

    Raises:
        DataError: There is none of this name, or what a package or file names is no protocol.

    Example:
        >>> find_protocol("medqa").title
        'MedQA (USMLE, four options): single-best-answer questions from US licensing exams'
    """
    if name.endswith(".py"):
        return _of_file(Path(name))
    names = protocol_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
        hint = f"Did you mean {close[0]}? " if close else ""
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
    return _checked(found, where)


def _of_file(path: Path) -> Protocol:
    """Return the protocol of a file."""
    if not path.is_file():
        raise DataError(str(path), "there is no such file", "a Python file with a PROTOCOL")
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise DataError(str(path), "cannot be imported")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's module raises
        raise DataError(str(path), f"cannot be imported ({type(error).__name__}: {error})") from error
    return _checked(getattr(module, "PROTOCOL", None), f"PROTOCOL of {path}")


def _checked(found: object, where: str) -> Protocol:
    if not isinstance(found, Protocol):
        raise DataError(where, f"is a {type(found).__name__}", "a dermatrust.protocols.Protocol")
    return found
