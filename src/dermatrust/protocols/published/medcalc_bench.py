"""MedCalc-Bench: medical calculations from patient notes, graded by the kind of number asked for.

Paper     Khandekar et al. (2024), https://arxiv.org/abs/2406.12036
Data      ncbi/MedCalc-Bench, test: 1,047 rows in v1.0, 1,100 in v1.2 and Verified; 55 calculators.
Measures  Recalling a formula or score, finding its inputs in a note, and calculating.
Not for   Choosing the calculator, or judging whether a calculation helps the patient.
Deviates  Arithmetic in a reply is taken apart, never run as the released code does. By default an answer is read from
          any statement of one, and a number with thousands commas is one number; `released-code` reads the JSON alone,
          with the extractor's quirks. `one-shot` takes the exemplar of each calculator from the authors' file
          one_shot_finalized_explanation.json beside the data. In `code` a model computes by code in up to 20 rounds:
          an interpreter of ours walks through a small part of Python (arithmetic, functions, loops, math, datetime)
          and says so where code goes beyond it. The spread over all items is divided by their number, not by 1,047
          whatever the version. Models whose context is short were shown cut notes; ours are whole.
Verified  Every row's own answer scores right in v1.0, by default and as released: 1,047 of 1,047; 627 decimal, 380
          integer, 40 date rows.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.errors import DataError
from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, ScoreTable, Source
from dermatrust.protocols.interaction.code_rounds import PROMPT as CODE
from dermatrust.protocols.interaction.code_rounds import play_code
from dermatrust.protocols.metrics import answered_rate, mean_score
from dermatrust.protocols.read_rows import read_json, read_rows
from dermatrust.protocols.recorded_rows import first_of_each, matched
from dermatrust.protocols.scorers.calculator_answers import (
    released_date,
    released_decimal,
    released_duration,
    released_integer,
    released_text,
)
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
ONE_SHOT = """A patient note and a question that asks for a calculation follow, after a solved example.

{example}

Now the note that is asked about:
{note}

Question:
{question}

Think step by step, then finish with one JSON object in this form, its answer the result alone:
{"step_by_step_thinking": "your steps", "answer": "the result"}"""
EXEMPLARS = "one_shot_finalized_explanation.json"

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
        fields={"note": row["Patient Note"], "example": str(row.get("example", ""))},
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
    return _within(item, decimal_in(stated))


def score_as_released(item: Item, played: Played) -> Score:
    """Grade by the released extractor and checker; whatever would be an error there is no answer."""
    calculator, text = item.known["calculator"], released_text(played.reply)
    if calculator in DATES:
        return _graded(released_date(text), date_in(item.target))
    if calculator in WEEKS:
        return _graded(released_duration(text), released_duration(item.target))
    if calculator in INTEGERS:
        return _graded(released_integer(text), float(item.target))
    return _within(item, released_decimal(text))


def score_code(item: Item, played: Played) -> Score:
    """Grade the answer that came of a model's code."""
    return score(item, replace(played, reply=f"Answer: {played.reply}")) if played.reply else UNANSWERED


def _within(item: Item, number: float | None) -> Score:
    if number is None:
        return UNANSWERED
    low, high = float(item.known["low"]), float(item.known["high"])
    return Score(value=float(low <= number <= high), said=repr(number))


def _graded(said: object, target: object) -> Score:
    return UNANSWERED if said is None else Score(value=float(said == target), said=str(said))


def spread(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """The authors' "std" of an accuracy p: the root of p (1 - p) / n."""
    found = mean_score(table, rng)
    value = math.sqrt(found.value * (1 - found.value) / found.n) if found.n else math.nan
    return Estimate(value, math.nan, math.nan, found.n, found.n_clusters, 0)


def read_with_exemplars(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield rows with the solved example of their calculator, from the authors' file beside them."""
    beside = path.parent / EXEMPLARS
    solved = read_json(beside)
    for where, row in read_rows(path):
        try:
            one = solved[str(int(row["Calculator ID"]))]
            steps, answer = (one["Response"][name] for name in ("step_by_step_thinking", "answer"))
            note = one["Patient Note"]
        except (KeyError, TypeError, ValueError):
            raise DataError(where, f"its calculator has no solved example in {beside}") from None
        reply = json.dumps({"step_by_step_thinking": steps, "answer": answer}, ensure_ascii=False)
        example = f"Patient note:\n{note}\n\nQuestion:\n{row['Question']}\n\nReply:\n{reply}"
        yield where, {**row, "example": example}


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read the authors' outputs, one row each with its "Row Number" and the extracted "LLM Answer".

    An answer that is the message of an error in reading it is none.
    """

    def item_of(row: Row) -> Item:
        raise DataError(str(path), "holds no limits", "the rows of the data with --data")

    def played_of(row: Row) -> Played:
        answer = str(row["LLM Answer"])
        return Played(reply="" if "<string>" in answer else f'{{"answer": "{answer}"}}')

    yield from matched(
        items, first_of_each(read_rows(path), lambda row: str(int(row["Row Number"]))), item_of, played_of
    )


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f'{{"answer": "{item.target}"}}'


def gold_of_code(item: Item) -> tuple[str, str]:
    """Return what a perfect model would say in two rounds."""
    return f"```python\nprint({item.target!r})\n```", f"<answer> {item.target} </answer>"


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
    metrics={"accuracy": mean_score, "std of accuracy": spread, "answered": answered_rate},
    by=("category", "output"),
    gold_reply=gold_reply,
    recorded=recorded,
    variants={
        "direct": {"prompt": DIRECT},
        "one-shot": {"prompt": ONE_SHOT, "read": read_with_exemplars},
        "code": {"prompt": CODE, "play": play_code, "score": score_code, "gold_reply": gold_of_code},
        "released-code": {"score": score_as_released},
    },
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
