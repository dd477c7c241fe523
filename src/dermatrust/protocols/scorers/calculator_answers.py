"""Answers to medical calculations, read and graded as the released code of MedCalc-Bench does, without running a reply.

Its quirks: only a JSON-like `"answer": ...}` counts; a date stands at the beginning; a whole number with a leading zero
is an error; a list counts its entries, with or without blanks; only a formula within `str(...)` is worked out.

Reference: Khandekar et al. (2024), https://arxiv.org/abs/2406.12036.
"""

import re

from dermatrust.protocols.interaction.small_python import value_of

NOT_FOUND = "Not Found"
_ANSWER = re.compile(r'[Aa]nswer":\s*(.*?)\}')
_PLACEHOLDERS = {
    "str(short_and_direct_answer_of_the_question)", "str(value which is the answer to the question)", "X.XX",
}  # fmt: skip
_DATE = re.compile(r"(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/(\d{4})")
_DURATION = re.compile(r"(\d+)\s*(?:weeks?)?[\"']?,?\s*[\"']?(\d+)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LIST = re.compile(r"-?\d+(?:, ?-?\d+)+")
_RATE = re.compile(r"(-?\d+(?:\.\d+)?)\s*mL/min/1.73")
_PERCENT = re.compile(r"(-?\d+(?:\.\d+)?)%")
_FORMULA = re.compile(r"str\((.*)\)")
_LEFT_OUT = "weight", "height", "mg/dl", "g/dl", "mmol/L", "kg", "g", "mEq/L"
"""Taken out of a formula, in this order."""
_MODULES = "math", "np", "numpy"
_FUNCTIONS = "min", "pow", "round", "abs", "int", "float"
"""What a formula may use; there is no `max`."""


def released_text(reply: str) -> str:
    """Return what stands in the last `"answer": ...}` of a reply, without quotation marks around it.

    Example:
        >>> released_text('{"step_by_step_thinking": "...", "answer": "30 mg"}'), released_text("The answer is 30.")
        ('30 mg', 'Not Found')
    """
    found = _ANSWER.findall(reply)
    text = str(found[-1]).strip().strip('"') if found else NOT_FOUND
    return NOT_FOUND if text in _PLACEHOLDERS else text


def released_date(text: str) -> tuple[int, int, int] | None:
    """Return the date at the beginning of a text as (year, month, day).

    Example:
        >>> released_date("9/3/2014, a Wednesday"), released_date("on 9/3/2014")
        ((2014, 9, 3), None)
    """
    found = _DATE.match(text)
    return (int(found[3]), int(found[1]), int(found[2])) if found else None


def released_duration(text: str) -> tuple[int, int] | None:
    """Return weeks and days: the first two numbers that nothing but these words, a comma and blanks stands between.

    Example:
        >>> released_duration("('17 weeks', '4 days')"), released_duration("(17, 4)"), released_duration("17 weeks")
        ((17, 4), (17, 4), (1, 7))
    """
    found = _DURATION.search(re.sub(r"[\[\]'\"]", "", text))
    return (int(found[1]), int(found[2])) if found else None


def released_integer(text: str) -> int | None:
    """Return k of "k out of n", the number of entries of a list, or the last number, rounded.

    Example:
        >>> released_integer("3 out of 9"), released_integer("1,160"), released_integer("2.5"), released_integer("07")
        (3, 2, 2, None)
    """
    share = re.search(r"(\d+) out of", text)
    if share:
        number = _literal(share[1])
    elif listed := _LIST.search(text):
        return listed[0].count(",") + 1
    else:
        number = _literal(([*_NUMBER.findall(text)] or [""])[-1])
    return None if number is None else round(number)


def released_decimal(text: str) -> float | None:
    """Return what a formula in `str(...)` comes to, else a filtration rate, else a share, else a number.

    Of several percentages or numbers it is the last.

    Example:
        >>> released_decimal("str(round(60 / 7, 2))"), released_decimal("8.1 mL/min/1.73 m²"), released_decimal("5%")
        (8.57, 8.1, 0.05)
        >>> released_decimal("3 + 4"), released_decimal("1,234"), released_decimal("none")
        (4.0, 234.0, None)
    """
    if formula := _FORMULA.search(text):
        return _worked_out(formula[1])
    if rate := _RATE.search(text):
        return _literal(rate[1])
    if percents := _PERCENT.findall(text):
        share = _literal(percents[-1])
        return None if share is None else share / 100
    return _literal(([*_NUMBER.findall(text)] or [""])[-1])


def _literal(text: str) -> float | None:
    """Return a number as Python reads it, to which 07 is an error; None for none."""
    if not text or re.fullmatch(r"-?0+[1-9]\d*", text):
        return None
    return float(text)


def _worked_out(formula: str) -> float | None:
    """Return what a formula comes to once it is cleaned of units, its brackets made even; None where it is none."""
    plain = formula.replace("^", "**").replace("is odd", "% 2 == 1").replace("is even", "% 2 == 0")
    plain = plain.replace("sqrt", "math.sqrt").replace(".math", "")
    for word in _LEFT_OUT:
        plain = plain.replace(word, "")
    plain = plain.split("#")[0]
    open_ones = plain.count("(") - plain.count(")")
    plain = "(" * -open_ones + plain + ")" * open_ones
    try:
        value = value_of(plain, _MODULES, _FUNCTIONS)
    except Exception:  # whatever a stranger's formula raises: it is no answer
        return None
    return float(value) if isinstance(value, int | float) else None
