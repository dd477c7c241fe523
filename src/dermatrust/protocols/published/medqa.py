"""MedQA (USMLE, four options): single-best-answer questions from US licensing exams.

Paper     Jin et al. (2021), https://arxiv.org/abs/2009.13081
Data      GBaker/MedQA-USMLE-4-options-hf, test, 1,273 rows; also the authors' JSON Lines.
Measures  Recall and application of exam-style medical knowledge. Text only.
Not for   Claims about imaging, safety or dermatology: few items concern the skin.
Deviates  Zero-shot with a free-text answer line; the paper trains readers that retrieve passages.
Verified  Nothing: no recorded outputs were at hand.
"""

from dermatrust.protocols import Example, Item, Protocol, Row, Source
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import accuracy_of_answered, answered_rate, mean_score
from dermatrust.protocols.scorers.choice import answer_line, choice_score, first_letter, first_of, options_of

PROMPT = """{question}

{options}

Think step by step, then finish with one line "Answer: X", where X is the letter of the one best option."""


def to_item(row: Row) -> Item:
    """Ask the question with lettered options; the target is the letter of the right one."""
    if "ending0" in row:  # the hub's form
        options = options_of([row[f"ending{k}"] for k in range(4)])
        return Item(id=str(row["id"]), question=row["sent1"], options=options, target="ABCD"[int(row["label"])])
    name = str(row["realidx"]) if "realidx" in row else id_of(row["question"])
    step = {"step": row["meta_info"]} if row.get("meta_info") else {}
    options = options_of(row["options"])
    return Item(id=name, question=row["question"], options=options, target=row["answer_idx"], tags=step)


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"Answer: {item.target}"


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
    score=choice_score(first_of(answer_line, first_letter)),
    metrics={"accuracy": mean_score, "answered": answered_rate, "accuracy of answered": accuracy_of_answered},
    gold_reply=gold_reply,
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
