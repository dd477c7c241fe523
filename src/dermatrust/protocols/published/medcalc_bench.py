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

from dataclasses import replace

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.interaction.code_rounds import PROMPT as CODE
from dermatrust.protocols.interaction.code_rounds import play_code
from dermatrust.protocols.metrics import answered_rate, mean_score, spread
from dermatrust.protocols.recorded.medcalc_bench import read_with_exemplars, recorded_answers
from dermatrust.protocols.scorers.calculations import is_gradable, score_as_released, score_calculation
from dermatrust.protocols.scorers.choice import UNANSWERED

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


def to_item(row: Row) -> Item:
    """Ask the question about the note; the target is the row's answer with the limits its file gives."""
    calculator = int(row["Calculator ID"])
    answer, low, high = (str(row[name]) for name in ("Ground Truth Answer", "Lower Limit", "Upper Limit"))
    if not is_gradable(calculator, answer, low, high):
        raise ValueError(f"calculator {calculator} cannot come to {row['Ground Truth Answer']!r}")
    category = str(row["Category"]).removesuffix(" test")  # later versions renamed "lab" so
    return Item(
        id=str(row.get("Row Number") or row["Unique ID"]),
        question=row["Question"],
        fields={"note": row["Patient Note"], "example": str(row.get("example", ""))},
        target=answer,
        tags={"category": category, "output": str(row["Output Type"])},
        known={"calculator": calculator, "low": low, "high": high},
    )


def score_code(item: Item, played: Played) -> Score:
    """Grade the answer that came of a model's code."""
    return score_calculation(item, replace(played, reply=f"Answer: {played.reply}")) if played.reply else UNANSWERED


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
    score=score_calculation,
    metrics={"accuracy": mean_score, "std of accuracy": spread, "answered": answered_rate},
    by=("category", "output"),
    gold_reply=gold_in('{"answer": "{target}"}'),
    recorded=recorded_answers,
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
