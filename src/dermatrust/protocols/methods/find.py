"""Methods by name: each file of this folder is one, found by its name."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from dermatrust.errors import DataError
from dermatrust.protocols import methods
from dermatrust.protocols.item import Item
from dermatrust.protocols.protocol import Protocol


@dataclass(frozen=True)
class Settings:
    """What a method may need to know.

    Attributes:
        k: How many (draws, shots, rounds, experts); None for the method's own default.
        pool: Items with known answers to take shots from; never those that are asked.
        temperature: At which several draws of one ask are made.
        seed: Of whatever is drawn.
    """

    k: int | None = None
    pool: tuple[Item, ...] = ()
    temperature: float = 0.7
    seed: int = 0


Method = Callable[[Protocol, Settings], Protocol]
"""From a protocol to the same protocol, asked in another way."""


def method_names() -> list[str]:
    """Return the names of all methods."""
    names = (module.name for module in pkgutil.iter_modules(methods.__path__))
    return sorted(name.replace("_", "-") for name in names if name != "find")


def apply_method(protocol: Protocol, spelled: str, settings: Settings) -> Protocol:
    """Return the protocol asked by a method, spelled NAME or NAME:K.

    Raises:
        DataError: There is no such method, K is no number, or the method does not fit the protocol.

    Example:
        >>> from dermatrust.protocols.find import find_protocol
        >>> apply_method(find_protocol("medqa"), "self-consistency:3", Settings()).name
        'medqa'
    """
    name, _, number = spelled.partition(":")
    if name not in method_names():
        raise DataError("--method", f"is {spelled!r}", f"NAME or NAME:K, with one of: {', '.join(method_names())}")
    if number and (not number.isdigit() or int(number) < 1):
        raise DataError("--method", f"is {spelled!r}", f"{name}:K with a number from 1 on")
    module = importlib.import_module(f"{methods.__name__}.{name.replace('-', '_')}")
    if number and not getattr(module, "TAKES_K", True):
        raise DataError("--method", f"is {spelled!r}", f"{name}, which takes no number")
    method: Method = module.METHOD
    chosen = Settings(int(number) if number else settings.k, settings.pool, settings.temperature, settings.seed)
    return method(protocol, chosen)
