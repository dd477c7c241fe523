"""Answers to medical calculations, graded by the kind of number that a calculator comes to, as MedCalc-Bench does.

Items have as target the right answer, and in `known` the number of the "calculator" and a decimal's limits, "low" and
"high".

Reference: Khandekar et al. (2024), https://arxiv.org/abs/2406.12036.
"""

import math

from dermatrust.protocols.item import Item, Played, Score
from dermatrust.protocols.scorers.calculator_answers import (
    released_date,
    released_decimal,
    released_duration,
    released_integer,
    released_text,
)
from dermatrust.protocols.scorers.choice import UNANSWERED
from dermatrust.protocols.scorers.numbers import date_in, decimal_in, integer_in, stated_answer, weeks_and_days_in

DATES = {13, 68}
WEEKS = {69}
INTEGERS = {4, 15, 16, 17, 18, 20, 21, 25, 27, 28, 29, 32, 33, 36, 43, 45, 48, 51}
"""Calculators by what they come to, as the released grader has them; all others come to decimals."""


def is_gradable(calculator: int, answer: str, low: str, high: str) -> bool:
    """Return whether the right answer, or for decimals its limits, are of the calculator's kind.

    Example:
        >>> is_gradable(13, "09/03/2014", "", ""), is_gradable(2, "25.2", "23.9", "nan")
        (True, False)
    """
    if calculator in DATES | WEEKS:
        return (date_in if calculator in DATES else weeks_and_days_in)(answer) is not None
    numbers = [answer] if calculator in INTEGERS else [low, high]
    try:
        return all(math.isfinite(float(number)) for number in numbers)
    except ValueError:
        return False


def score_calculation(item: Item, played: Played) -> Score:
    """Grade a date or duration by equality, an integer rounded, and a decimal by the file's limits.

    Example:
        >>> known = {"calculator": 2, "low": "23.9761", "high": "26.4999"}
        >>> item = Item(id="1", question="What is it?", target="25.238", known=known)
        >>> score_calculation(item, Played(reply="Answer: 25 mL/min")).value
        1.0
    """
    calculator, stated = item.known["calculator"], stated_answer(played.reply)
    if calculator in DATES:
        return _equal(date_in(stated), date_in(item.target))
    if calculator in WEEKS:
        return _equal(weeks_and_days_in(stated), weeks_and_days_in(item.target))
    if calculator in INTEGERS:
        return _equal(integer_in(stated), round(float(item.target)))
    return _within(item, decimal_in(stated))


def score_as_released(item: Item, played: Played) -> Score:
    """Grade by the released extractor and checker; whatever would be an error there is no answer.

    Example:
        >>> known = {"calculator": 2, "low": "23.9761", "high": "26.4999"}
        >>> item = Item(id="1", question="What is it?", target="25.238", known=known)
        >>> score_as_released(item, Played(reply="Answer: 25 mL/min")).answered
        False
    """
    calculator, text = item.known["calculator"], released_text(played.reply)
    if calculator in DATES:
        return _equal(released_date(text), date_in(item.target))
    if calculator in WEEKS:
        return _equal(released_duration(text), released_duration(item.target))
    if calculator in INTEGERS:
        return _equal(released_integer(text), float(item.target))
    return _within(item, released_decimal(text))


def _within(item: Item, number: float | None) -> Score:
    if number is None:
        return UNANSWERED
    low, high = float(item.known["low"]), float(item.known["high"])
    return Score(value=float(low <= number <= high), said=repr(number))


def _equal(said: object, target: object) -> Score:
    return UNANSWERED if said is None else Score(value=float(said == target), said=str(said))
