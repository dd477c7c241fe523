"""MedQA (USMLE, four options): single-best-answer questions from US licensing exams.

Paper     Jin et al. (2021), https://arxiv.org/abs/2009.13081
Data      GBaker/MedQA-USMLE-4-options-hf, test, 1,273 rows; also the authors' JSON Lines.
Measures  Recall and application of exam-style medical knowledge. Text only.
Not for   Claims about imaging, safety or dermatology: few items concern the skin.
Deviates  Zero-shot with a free-text answer line; the paper trains readers that retrieve passages.
Verified  Nothing: no recorded outputs were at hand.
"""

from dataclasses import replace

from dermatrust.protocols import Example, Item, Protocol, Row, Source
from dermatrust.protocols.choice_rows import choice_item
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.metrics import ACCURACIES
from dermatrust.protocols.scorers.choice import choice_score, stated_or_first

PROMPT = """{question}

{options}

Think step by step, then finish with one line "Answer: X", where X is the letter of the one best option."""


def to_item(row: Row) -> Item:
    """Ask the question with lettered options; the target is the letter of the right one."""
    return replace(choice_item(row), tags={"step": row["meta_info"]} if row.get("meta_info") else {})


PROTOCOL = Protocol(
    name="medqa",
    version=1,
    about=__doc__,
    kind="multiple choice",
    source=Source(
        dataset="GBaker/MedQA-USMLE-4-options-hf", files=("test.json", "test.jsonl"), split="test", size=1273,
        is_on_hub=True,
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=choice_score(stated_or_first),
    metrics=ACCURACIES,
    gold_reply=gold_in("Answer: {target}"),
    examples=(
        Example(
            row={
                "id": "e1",
                "sent1": "A made-up question?",
                "label": 1,
                "ending0": "this",
                "ending1": "that",
                "ending2": "both",
                "ending3": "neither",
            },
            target="B",
            wrong_reply="Answer: B is tempting.\nAnswer: C",
            other={"label": 2},
        ),
        Example(
            row={"question": "Or?", "options": {"A": "this", "B": "that"}, "answer_idx": "A", "meta_info": "step1"},
            target="A",
            wrong_reply="B",
            other={"answer_idx": "B"},
        ),
    ),
)  # fmt: skip
