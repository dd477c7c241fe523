"""What small Python knows besides its syntax: operators, functions, methods and modules, each bounded in what it costs.

Nothing here reaches a file, a process, the network or the insides of this program: what is not listed does not exist.
"""

import datetime
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

LARGEST_BITS = 4_096
"""Of a whole number."""
LONGEST = 10_000
"""Characters of a text, entries of a list, and nodes of nested ones that are printed or compared."""
_MOST_DIGITS = 300
_MODULES: Mapping[str, Mapping[str, Any]] = {
    "math": {
        name: getattr(math, name)
        for name in ("sqrt", "exp", "log", "log10", "log2", "log1p", "fabs", "floor", "ceil", "trunc", "sin", "cos",
                     "tan", "isnan", "isinf", "isclose", "pi", "e", "inf", "nan")
    } | {"pow": lambda base, exponent: math.pow(base, exponent)},
    "datetime": {
        "datetime": datetime.datetime, "date": datetime.date, "timedelta": datetime.timedelta,
    },
}  # fmt: skip
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(("upper", "lower", "strip", "title", "split", "startswith", "endswith", "isdigit")),
    list: frozenset(("append", "copy", "reverse")),
    dict: frozenset(("get",)),
    datetime.timedelta: frozenset(("days", "seconds", "total_seconds")),
    datetime.datetime: frozenset(("year", "month", "day", "hour", "minute", "date", "weekday")),
    datetime.date: frozenset(("year", "month", "day", "weekday")),
}
_OF_CLASSES: Mapping[type, frozenset[str]] = {
    datetime.datetime: frozenset(("strptime",)), datetime.date: frozenset(), datetime.timedelta: frozenset(),
}  # fmt: skip
_PLAIN = (
    int, float, complex, str, list, tuple, dict, range, slice, type(None), datetime.date, datetime.timedelta,
)  # fmt: skip
_FORMAT = re.compile(r"[<>^=]?[-+ ]?0?\d{0,2},?(?:\.\d{1,2})?[dfeg%s]?")
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Div": operator.truediv, "FloorDiv": operator.floordiv,
}  # fmt: skip
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt,
    "GtE": operator.ge, "Is": operator.is_, "IsNot": operator.is_not, "In": lambda a, b: a in b,
    "NotIn": lambda a, b: a not in b,
}  # fmt: skip


class NotThereError(Exception):
    """A part of Python that small Python has not."""


class TooLargeError(Exception):
    """A number, text or list would grow beyond its bound."""


def module(name: str) -> Mapping[str, Any]:
    """Return what a module offers.

    Raises:
        ModuleNotFoundError: It is none of those that may be used.
    """
    if name not in _MODULES:
        raise ModuleNotFoundError(f"No module named {name!r} here; there are {' and '.join(_MODULES)}")
    return _MODULES[name]


def operate(kind: str, left: Any, right: Any) -> Any:
    """Return what a binary operator makes of two values, within the bounds."""
    if kind == "Pow":
        if isinstance(left, int) and isinstance(right, int) and abs(left).bit_length() * abs(right) > LARGEST_BITS:
            raise TooLargeError("the power is too large")
        return left**right
    if kind == "Mult":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, str | list | tuple) and isinstance(other, int) and len(one) * other > LONGEST:
                raise TooLargeError("the repeated text or list is too long")
        return bounded(left * right)
    if kind == "Mod":
        if isinstance(left, str):
            raise TypeError("texts are formatted by f-strings here")
        return left % right
    if kind not in _OPERATORS:
        raise NotThereError(f"the operator {kind} is not there")
    return bounded(_OPERATORS[kind](left, right))


def compare(kind: str, left: Any, right: Any) -> bool:
    """Return whether a comparison holds."""
    nodes(left)
    nodes(right)
    if isinstance(right, range) and kind in ("In", "NotIn"):  # Python looks through all of it for anything but an int
        return (isinstance(left, int | float) and left == int(left) and int(left) in right) is (kind == "In")
    return bool(_COMPARISONS[kind](left, right))


def bounded(value: Any) -> Any:
    """Return a value as it is.

    Raises:
        TooLargeError: It is over its bound.
    """
    if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
        raise TooLargeError("the number is too large")
    if isinstance(value, str | list | tuple | dict) and len(value) > LONGEST:
        raise TooLargeError("the text or list is too long")
    return value


def nodes(value: Any, left: int = LONGEST) -> int:
    """Return how much of a bound of nodes nested lists leave, for what looks at all of them.

    Raises:
        TooLargeError: They hold more.
        TypeError: One is no plain value, but a function.
    """
    if left <= 0:
        raise TooLargeError("the lists are too deep or too long")
    if not isinstance(value, _PLAIN):
        raise TypeError(f"a {type(value).__name__} is no value here")
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for one in value:
            left = nodes(one, left - 1)
    return left


def entries(value: Any) -> list[Any]:
    """Return what a value holds, as a list within the bound."""
    if not isinstance(value, str | list | tuple | dict | range):
        raise TypeError(f"{type(value).__name__!r} object is not iterable")
    found = list(islice(iter(value), LONGEST + 1))
    return bounded(found)  # type: ignore[no-any-return]  # it is returned as it is


def attribute(value: Any, name: str) -> Any:
    """Return a listed method or part of a value.

    Raises:
        AttributeError: It is not listed.
    """
    listed = _OF_CLASSES.get(value, frozenset()) if isinstance(value, type) else _METHODS.get(type(value), frozenset())
    own: Mapping[str, Any] = {}
    if isinstance(value, str):
        own = {"join": lambda parts: _joined(value, parts), "replace": lambda old, new: _replaced(value, old, new)}
    elif isinstance(value, dict):
        own = {
            "items": lambda: list(value.items()),
            "keys": lambda: list(value),
            "values": lambda: list(value.values()),
        }
    elif isinstance(value, datetime.date):
        own = {"strftime": lambda spec: _date_text(value, spec)}
    if name in own:
        return own[name]
    if name not in listed:
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r} here")
    return getattr(value, name)


def text_of(value: Any, spec: str = "") -> str:
    """Return a value as print or an f-string writes it."""
    nodes(value)
    if spec and isinstance(value, datetime.date):
        return _date_text(value, spec)
    if not _FORMAT.fullmatch(spec):
        raise ValueError(f"Invalid format specifier {spec!r}")
    return str(bounded(format(value, spec) if spec else str(value)))


def _date_text(value: datetime.date, spec: str) -> str:
    if re.search(r"%[^A-Za-z%]", spec) or len(spec) > _MOST_DIGITS:
        raise ValueError(f"Invalid format {spec!r}")
    return value.strftime(spec)


def _joined(separator: str, parts: Any) -> str:
    texts = entries(parts)
    if sum(map(len, texts)) + len(separator) * len(texts) > LONGEST:
        raise TooLargeError("the joined text is too long")
    return separator.join(texts)


def _replaced(text: str, old: str, new: str) -> str:
    if (len(text) + 1) * (len(new) + 1) > 100 * LONGEST:
        raise TooLargeError("the replaced text is too long")
    return str(bounded(text.replace(old, new)))


def _rounded(value: Any, digits: Any = None) -> Any:
    if digits is not None and abs(digits) > _MOST_DIGITS:
        raise TooLargeError("so many digits cannot be rounded to")
    return round(value, digits)


def _over(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of one iterable, or of several values, that looks at a bounded list."""

    def bound(*values: Any, **named: Any) -> Any:
        found = entries(values[0]) if len(values) == 1 else list(values)
        return function(found, **named)

    return bound


def _dict(pairs: Iterable[Any] = (), **named: Any) -> dict[Any, Any]:
    return dict(pairs if isinstance(pairs, dict) else entries(pairs), **named)


def _sum(values: list[Any]) -> Any:
    total: Any = 0
    for one in values:
        total = operate("Add", total, one)
    return total


FUNCTIONS: Mapping[str, Any] = {
    "abs": abs, "round": _rounded, "pow": lambda base, exponent: operate("Pow", base, exponent),
    "int": lambda value=0: bounded(int(value)), "float": lambda value=0: float(value), "bool": bool,
    "str": lambda value="": text_of(value), "len": lambda value: len(entries(value)), "min": _over(min),
    "max": _over(max), "sum": _over(_sum), "sorted": _over(sorted), "any": _over(any), "all": _over(all),
    "list": lambda value=(): entries(value), "tuple": lambda value=(): tuple(entries(value)), "dict": _dict,
    "range": range, "enumerate": lambda value, start=0: list(enumerate(entries(value), start)),
    "zip": lambda *values: list(zip(*map(entries, values), strict=False)),
    "divmod": lambda a, b: (operate("FloorDiv", a, b), operate("Mod", a, b)),
}  # fmt: skip
"""Functions that are there without an import. `print` is the interpreter's."""
