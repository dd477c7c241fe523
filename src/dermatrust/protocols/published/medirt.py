"""MedIRT: multiple-choice questions in eleven medical topics, for the study of many models at once.

Paper     MedIRT (2025), https://arxiv.org/abs/2509.24186
Data      1,100 questions, 100 in each of eleven topics; not released. Any questions of that form will do.
Measures  By itself an accuracy by topic. `dermatrust psychometrics` then fits item response theory to the runs of many
          models: abilities that allow for how hard and how telling each question is, and questions that may be flawed.
Not for   A few models: the paper has 80 (71 in its second version), and fewer than twenty say little of a question.
Deviates  The paper's estimator and priors were not found; ours are stated in `dermatrust.agreement.item_response`. How
          answers were read was not found either: the last letter stated here.
Verified  Nothing: neither questions nor answers were at hand. The fit recovers simulated abilities and difficulties.
"""

from dermatrust.protocols import Example, Item, Protocol, Row, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import answered_rate, macro_mean, mean_score
from dermatrust.protocols.scorers.choice import choice_score, option_letters, options_of, stated_or_first

PROMPT = """{question}

{options}

Choose the one best option, and finish with one line "Answer: X", where X is its letter."""


def to_item(row: Row) -> Item:
    """Ask a question; the target is the letter of the right option."""
    options = options_of(row["options"])
    return Item(
        id=str(row["id"]) if "id" in row else id_of(row["question"]), question=row["question"],
        options=options, target=option_letters(row["answer"], options), tags={"topic": row["topic"]},
    )  # fmt: skip


PROTOCOL = Protocol(
    name="medirt",
    version=1,
    about=__doc__,
    kind="multiple choice, for item response theory",
    source=Source(dataset="not released", files=("medirt.jsonl",), size=1100),
    prompt=PROMPT,
    to_item=to_item,
    score=choice_score(stated_or_first),
    metrics={"accuracy": mean_score, "mean of topics": macro_mean("topic"), "answered": answered_rate},
    by=("topic",),
    gold_reply=gold_in("Answer: {target}"),
    examples=(
        Example(
            row={"id": "e1", "question": "A made-up question?", "options": {"A": "this", "B": "that"}, "answer": "B",
                 "topic": "made up"},
            target="B", wrong_reply="Answer: A", other={"answer": "A"},
        ),
    ),
)  # fmt: skip
