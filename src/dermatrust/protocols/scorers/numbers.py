"""Numbers, dates and durations in replies, and arithmetic that is safe to work out."""

import ast
import math
import operator
import re
from collections.abc import Callable

_LONGEST = 200
"""Characters of a formula that is worked out; longer ones are prose."""
_LARGEST_POWER = 1000.0
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d+(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|(?<![\w.])[-+−]?\.\d+")
_DATE = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)")
_PER_SURFACE = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*mL/min/1\.73", re.IGNORECASE)
"""A filtration rate: the last number is that of its unit."""
_PAIR = re.compile(r"\D*(\d+)\W+(\d+)\D*")
_WEEKS = re.compile(r"(\d+)\s*weeks?", re.IGNORECASE)
_DAYS = re.compile(r"(\d+)\s*days?", re.IGNORECASE)
_STATED = re.compile(r"""["']?\banswer["']?\s*(?::|\bis\b)\s*""", re.IGNORECASE)


def stated_answer(reply: str) -> str:
    """Return what follows the last "answer:" or "answer is", to the end of its line or JSON value; else the reply.

    Example:
        >>> stated_answer('{"thinking": "60/2", "answer": "30 mg"}'), stated_answer("Thirty")
        ('30 mg', 'Thirty')
    """
    *_, last = None, *_STATED.finditer(reply)
    if last is None:
        return reply.strip()
    line = reply[last.end() :].partition("\n")[0]
    return line.strip().rstrip("}").strip().strip("\"',.* ")


def numbers_in(text: str) -> list[float]:
    """Return all numbers of a text, in order; "1,234.5" is one, and so is "-.5". What is too large to hold is none.

    Example:
        >>> numbers_in("from 1,234.5 to -3")
        [1234.5, -3.0]
    """
    found = (float(match.replace(",", "").replace("−", "-")) for match in _NUMBER.findall(text))
    return [number for number in found if math.isfinite(number)]


def work_out(formula: str) -> float | None:
    """Return what a formula of numbers, + - * / ^ and brackets comes to; None where it is no such formula.

    Nothing is run: the formula is taken apart, and powers are bounded.

    Example:
        >>> work_out("(140 - 40) * 70 / (72 * 1.0)"), work_out("__import__('os')"), work_out("9**9**9")
        (97.22222222222223, None, None)
    """
    if len(formula) > _LONGEST:
        return None
    plain = formula.replace("^", "**").replace("×", "*").replace("÷", "/").replace("−", "-").strip().rstrip(".=")
    try:
        return _value(ast.parse(plain, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]  # checked in the line above
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow) and abs(right) <= _LARGEST_POWER and left >= 0:
            return float(left**right)
        if type(node.op) in _BINARY:
            return _BINARY[type(node.op)](left, right)
    raise ValueError(f"{type(node).__name__} is no arithmetic")


def decimal_in(text: str) -> float | None:
    """Return the number a text states: a formula worked out, a percentage as a share, else the last number.

    Of a rate per 1.73 m² of body surface it is the rate.

    Example:
        >>> decimal_in("12.5%"), decimal_in("3 + 4"), decimal_in("about 7 mg"), decimal_in("none")
        (0.125, 7.0, 7.0, None)
        >>> decimal_in("8.1 mL/min/1.73 m²")
        8.1
    """
    rate = _PER_SURFACE.search(text)
    if rate:
        return float(rate[1])
    percents = re.findall(r"([-+]?\d+(?:\.\d+)?)\s*%", text)
    if percents:
        return float(percents[-1]) / 100
    worked = work_out(text)
    if worked is not None:
        return worked
    found = numbers_in(text)
    return found[-1] if found else None


def integer_in(text: str) -> int | None:
    """Return the whole number a text states: k of "k out of n", how many a list of numbers has, else the last, rounded.

    Example:
        >>> integer_in("3 out of 9"), integer_in("1, 1, 2"), integer_in("a score of 5"), integer_in("none")
        (3, 3, 5, None)
    """
    share = re.search(r"(-?\d+)\s+out of", text)
    if share:
        return int(share[1])
    listed = re.search(r"-?\d+(?:,\s+-?\d+)+", text)
    if listed:
        return len(listed[0].split(","))
    found = numbers_in(text)
    return round(found[-1]) if found else None


def date_in(text: str) -> tuple[int, int, int] | None:
    """Return the last date of the form MM/DD/YYYY as (year, month, day); None where there is none.

    Example:
        >>> date_in("due on 9/3/2014")
        (2014, 9, 3)
    """
    found = _DATE.findall(text)
    return (int(found[-1][2]), int(found[-1][0]), int(found[-1][1])) if found else None


def weeks_and_days_in(text: str) -> tuple[int, int] | None:
    """Return a duration as (weeks, days); what is not stated is 0, and None where neither is.

    Two bare numbers are weeks and days.

    Example:
        >>> weeks_and_days_in("('17 weeks', '4 days')"), weeks_and_days_in("6 days"), weeks_and_days_in("soon")
        ((17, 4), (0, 6), None)
    """
    weeks, days = _WEEKS.findall(text), _DAYS.findall(text)
    if not weeks and not days:
        pair = _PAIR.fullmatch(text)
        return (int(pair[1]), int(pair[2])) if pair else None
    return int(weeks[-1]) if weeks else 0, int(days[-1]) if days else 0
