"""ADRD-Bench, caregiving part: questions on living with Alzheimer's disease and related dementias.

Paper     ADRD-Bench (2026), https://arxiv.org/abs/2602.11460
Data      ADRD_Caregiving_Multiple_Choice.json (29 questions of five options) or ADRD_Caregiving_True_or_False.json (120
          statements, answered Yes or No), each by itself, of the paper's repository.
Measures  What a model could tell those who care for somebody with dementia. Text only.
Not for   Diagnosis of dementia, and anything about skin. 149 items: differences of a few points are chance.
Deviates  Prompts are ours. The unified part, drawn from seven other benchmarks, is the protocol adrd-bench-unified.
Verified  Partly: counts (29 with answers C13 B6 E5 D4 A1; 120 with Yes 73, No 47). No recorded outputs were at hand.
"""

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.metrics import accuracy_of_answered, answered_rate, mean_score
from dermatrust.protocols.scorers.choice import answer_word, choice_score, option_letters, options_of, stated_or_first

CHOICE = """Answer this question about caring for people with dementia. One option is right.

{question}

{options}

Finish with one line "Answer: X", where X is the letter of the right option."""
STATEMENT = """Is this statement about caring for people with dementia right?

{question}

Finish with one line "Answer: Yes" or "Answer: No"."""
_choice = choice_score(stated_or_first)
_statement = choice_score(answer_word(("Yes", "No")))


def to_item(row: Row) -> Item:
    """Ask a question with its options, or whether a statement is right."""
    if "Options" in row:
        options = options_of(row["Options"])
        return Item(
            id=f"choice {row['ID']}", question=row["Question"], options=options,
            target=option_letters(row["Answer"], options), template=CHOICE, tags={"part": "multiple choice"},
        )  # fmt: skip
    target, tags = row["Answer"], {"part": "true or false"}
    return Item(id=f"statement {row['ID']}", question=row["Question"], target=target, template=STATEMENT, tags=tags)


def score(item: Item, played: Played) -> Score:
    """Grade the letter, or Yes or No."""
    return _choice(item, played) if item.options else _statement(item, played)


PROTOCOL = Protocol(
    name="adrd-bench",
    version=1,
    about=__doc__,
    kind="multiple choice; true or false",
    source=Source(
        dataset="https://arxiv.org/abs/2602.11460",
        files=("ADRD_Caregiving_Multiple_Choice.json", "ADRD_Caregiving_True_or_False.json"),
        size=149, licence="BSD-3-Clause, for research; commercial use by the authors' leave",
    ),
    to_item=to_item,
    score=score,
    metrics={"accuracy": mean_score, "answered": answered_rate, "accuracy of answered": accuracy_of_answered},
    gold_reply=lambda item: f"Answer: {item.target}",
    by=("part",),
    examples=(
        Example(
            row={"ID": 1, "Question": "A made-up question?", "Options": {"A": "this", "B": "that"}, "Answer": "B"},
            target="B",
            wrong_reply="Answer: A",
            other={"Answer": "A"},
        ),
        Example(
            row={"ID": 2, "Question": "A made-up statement.", "Answer": "No"},
            target="No",
            wrong_reply="Not so fast.\nAnswer: Yes",
            other={"Answer": "Yes"},
        ),
    ),
)  # fmt: skip
