"""ADRD-Bench, unified part: what seven benchmarks ask about Alzheimer's disease and related dementias.

Paper     ADRD-Bench (2026), https://arxiv.org/abs/2602.11460
Data      ADRD_Unified.json: numbers of 1,438 rows of PubMedQA, HEAD-QA, MedBullets, MedMCQA, MedQA, MEDEC and MedHallu
          (the abstract says 1,352). The rows themselves lie in folders beside it: {benchmark}/{split}.jsonl, or .json,
          .csv, .parquet, as each benchmark has them.
Measures  Exam and literature knowledge about dementia, and whether errors and made-up answers about it are noticed.
Not for   Caregiving (adrd-bench), and anything about skin. Seven tasks under one figure: read it by benchmark.
Deviates  Rows are numbered from 0, which was not stated but shows in MEDEC: of its validation rows only 33 and 77 speak
          of dementia, and the index names them; `from-one` counts from 1. How MEDEC and MedHallu are asked was not
          found: whether a note has an error, and whether an answer is made up, each row of MedHallu giving its true and
          its made-up answer as a pair.
Verified  Partly: counts of the index by benchmark, 1,438 in all, and the numbers of MEDEC's validation rows. The rows
          of the other six were not at hand.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.choice_rows import choice_item
from dermatrust.protocols.indexed_rows import read_indexed
from dermatrust.protocols.metrics import answered_rate, macro_mean, mean_score
from dermatrust.protocols.scorers.choice import answer_word, choice_score, stated_or_first

CHOICE = """Answer this question. One option is right.

{question}

{options}

Finish with one line "Answer: X", where X is the letter of the right option."""
NOTE = """Below is a clinical note. Does it contain a medical error?

{question}

Finish with one line "Answer: Yes" or "Answer: No"."""
MADE_UP = """Below are a question, what is known about it, and an answer. Is anything in the answer made up?

{question}

Finish with one line "Answer: Yes" or "Answer: No"."""
_choice = choice_score(stated_or_first)
_yes_no = choice_score(answer_word(("Yes", "No")))


def to_item(row: Row) -> tuple[Item, ...]:
    """Ask a row's question in its benchmark's way; two items for one of MedHallu."""
    name = f"{row['benchmark']} {row['split']} {row['number']}"
    made = {"MEDEC": _note, "MedHallu": _made_up}.get(row["benchmark"], _asked)(row["row"])
    ids = [name] if len(made) == 1 else [f"{name} {k}" for k in range(len(made))]
    return tuple(
        replace(item, id=one, group=name, tags={"benchmark": row["benchmark"]})
        for one, item in zip(ids, made, strict=True)
    )


def _asked(row: Mapping[str, Any]) -> list[Item]:
    return [replace(choice_item(row), template=CHOICE)]


def _note(row: Mapping[str, Any]) -> list[Item]:
    target = "Yes" if int(float(row["Error Flag"])) else "No"
    return [Item(id="", question=row["Text"], target=target, template=NOTE)]


def _made_up(row: Mapping[str, Any]) -> list[Item]:
    known = row["Knowledge"] if isinstance(row["Knowledge"], str) else "\n".join(row["Knowledge"])
    answers = {"No": row["Ground Truth"], "Yes": row["Hallucinated Answer"]}
    return [
        Item(
            id="", question=f"Question: {row['Question']}\n\nKnown: {known}\n\nAnswer given: {answer}", target=target,
            template=MADE_UP,
        )
        for target, answer in answers.items()
    ]  # fmt: skip


def score(item: Item, played: Played) -> Score:
    """Grade the letter, or Yes or No."""
    return _choice(item, played) if item.options else _yes_no(item, played)


_PLACE = {"benchmark": "MedQA", "split": "test", "number": 53}
PROTOCOL = Protocol(
    name="adrd-bench-unified",
    version=1,
    about=__doc__,
    kind="multiple choice; yes or no",
    source=Source(
        dataset="https://arxiv.org/abs/2602.11460", files=("ADRD_Unified.json",), size=1438,
        licence="BSD-3-Clause, for research; the rows under the licences of their benchmarks",
    ),
    read=read_indexed,
    to_item=to_item,
    score=score,
    metrics={"accuracy": mean_score, "mean of benchmarks": macro_mean("benchmark"), "answered": answered_rate},
    gold_reply=lambda item: f"Answer: {item.target}",
    by=("benchmark",),
    variants={"from-one": {"read": partial(read_indexed, first=1)}},
    examples=(
        Example(
            row={**_PLACE, "row": {"question": "Made up?", "options": {"A": "this", "B": "that"}, "answer_idx": "B"}},
            target="B",
            wrong_reply="Answer: A",
            other={"row": {"question": "Made up?", "options": {"A": "this", "B": "that"}, "answer_idx": "A"}},
        ),
        Example(
            row={**_PLACE, "benchmark": "MEDEC", "row": {"Text": "A made-up note.", "Error Flag": "1"}},
            target="Yes",
            wrong_reply="No.",
            other={"row": {"Text": "A made-up note.", "Error Flag": "0"}},
        ),
    ),
)  # fmt: skip
