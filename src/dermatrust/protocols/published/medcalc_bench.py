"""MedCalc-Bench: medical calculations from patient notes, graded by the kind of number asked for.

Paper     Khandekar et al. (2024), https://arxiv.org/abs/2406.12036
Data      ncbi/MedCalc-Bench, test: 1,047 rows in v1.0, 1,100 in v1.2 and Verified; 55 calculators.
Measures  Recalling a formula or score, finding its inputs in a note, and calculating.
Not for   Choosing the calculator, or judging whether a calculation helps the patient.
Deviates  Arithmetic in a reply is taken apart, never run as the released code does; a number with thousands
          commas is one number. One-shot prompting is `--method few-shot` with a pool; no mode runs a model's code.
Verified  Every row's own answer scores right in v1.0: 1,047 of 1,047; 627 decimal, 380 integer, 40 date rows.
"""

import math

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.metrics import answered_rate, mean_score
from dermatrust.protocols.scorers.choice import UNANSWERED
from dermatrust.protocols.scorers.numbers import (
    date_in,
    decimal_in,
    integer_in,
    stated_answer,
    weeks_and_days_in,
)

PROMPT = """A patient note and a question that asks for a calculation follow. Work out the answer.

Patient note:
{note}

Question:
{question}

Think step by step, then finish with one JSON object in this form, its answer the result alone:
{"step_by_step_thinking": "your steps", "answer": "the result"}"""
DIRECT = """A patient note and a question that asks for a calculation follow.

Patient note:
{note}

Question:
{question}

Reply with nothing but one JSON object in this form, its answer the result alone: {"answer": "the result"}"""

DATES = {13, 68}
WEEKS = {69}
INTEGERS = {4, 15, 16, 17, 18, 20, 21, 25, 27, 28, 29, 32, 33, 36, 43, 45, 48, 51}
"""Calculators by what they come to, as the released grader has them; all others come to decimals."""


def to_item(row: Row) -> Item:
    """Ask the question about the note; the target is the row's answer with the limits its file gives."""
    calculator = int(row["Calculator ID"])
    if not _is_gradable(calculator, row):
        raise ValueError(f"calculator {calculator} cannot come to {row['Ground Truth Answer']!r}")
    category = str(row["Category"]).removesuffix(" test")  # later versions renamed "lab" so
    return Item(
        id=str(row.get("Row Number") or row["Unique ID"]),
        question=row["Question"],
        fields={"note": row["Patient Note"]},
        target=str(row["Ground Truth Answer"]),
        tags={"category": category, "output": str(row["Output Type"])},
        known={"calculator": calculator, "low": str(row["Lower Limit"]), "high": str(row["Upper Limit"])},
    )


def _is_gradable(calculator: int, row: Row) -> bool:
    """Return whether the answer, or for decimals its limits, are of the calculator's kind."""
    answer = str(row["Ground Truth Answer"])
    if calculator in DATES | WEEKS:
        return (date_in if calculator in DATES else weeks_and_days_in)(answer) is not None
    numbers = [answer] if calculator in INTEGERS else [str(row["Lower Limit"]), str(row["Upper Limit"])]
    try:
        return all(math.isfinite(float(number)) for number in numbers)
    except ValueError:
        return False


def score(item: Item, played: Played) -> Score:
    """Grade a date or duration by equality, an integer rounded, and a decimal by the file's limits."""
    calculator, stated = item.known["calculator"], stated_answer(played.reply)
    if calculator in DATES:
        return _graded(date_in(stated), date_in(item.target))
    if calculator in WEEKS:
        return _graded(weeks_and_days_in(stated), weeks_and_days_in(item.target))
    if calculator in INTEGERS:
        return _graded(integer_in(stated), round(float(item.target)))
    number = decimal_in(stated)
    if number is None:
        return UNANSWERED
    low, high = float(item.known["low"]), float(item.known["high"])
    return Score(value=float(low <= number <= high), said=repr(number))


def _graded(said: object, target: object) -> Score:
    return UNANSWERED if said is None else Score(value=float(said == target), said=str(said))


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f'{{"answer": "{item.target}"}}'


def _example(number: str, calculator: int, kind: str, answer: str, limits: tuple[str, str]) -> Row:
    return {
        "Row Number": number, "Calculator ID": calculator, "Category": "lab test", "Output Type": kind,
        "Patient Note": "A made-up patient.", "Question": f"What is made-up calculation {number}?",
        "Ground Truth Answer": answer, "Lower Limit": limits[0], "Upper Limit": limits[1],
    }  # fmt: skip


PROTOCOL = Protocol(
    name="medcalc-bench",
    version=1,
    about=__doc__,
    kind="numbers with tolerance",
    source=Source(
        dataset="ncbi/MedCalc-Bench", files=("test_data.csv", "test.csv"), split="test", size=1047,
        licence="CC-BY-SA-4.0", is_on_hub=True,
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics={"accuracy": mean_score, "answered": answered_rate},
    by=("category", "output"),
    gold_reply=gold_reply,
    variants={"direct": {"prompt": DIRECT}},
    examples=(
        Example(
            row=_example("1", 2, "decimal", "25.238", ("23.9761", "26.4999")), target="25.238",
            wrong_reply="So 25.238 / 2.\nAnswer: 12.6", other={"Ground Truth Answer": "30"},
        ),
        Example(
            row=_example("2", 4, "integer", "3", ("3", "3")), target="3", wrong_reply="The answer is 4 out of 9",
            other={"Ground Truth Answer": "4"},
        ),
        Example(
            row=_example("3", 13, "date", "09/03/2014", ("09/03/2014", "09/03/2014")), target="09/03/2014",
            wrong_reply='{"answer": "03/09/2014"}', other={"Ground Truth Answer": "09/04/2014"},
        ),
        Example(
            row=_example("4", 69, "integer", "('17 weeks', '4 days')", ("", "")), target="('17 weeks', '4 days')",
            wrong_reply="Answer: 17 weeks", other={"Ground Truth Answer": "('17 weeks', '5 days')"},
        ),
    ),
)  # fmt: skip
