"""PMR-Bench, inboxes: an inbox sorted by urgency, by comparing every two of its messages.

Paper     Gatto et al. (2026), https://arxiv.org/abs/2601.13178
Data      PortalPal-AI/PMR-Synth-Inboxes, INBOX_A and INBOX_B, 30 messages each; one file is one inbox.
Measures  Whether what is urgent would be read first: NDCG of the ten messages on top.
Not for   Real inboxes: these messages are synthetic. One inbox is one item, so a figure of one has no interval.
Deviates  The prompt is ours. How the paper's T-NDCG@10 is computed was not found: here messages are ranked by Bradley
          and Terry's model of all comparisons, both orders of every two, n (n - 1) asks of an inbox of n, and weigh by
          their relevancy as it stands; in the variant `exponential` by 2 to its power, less 1. A reply without a letter
          counts as the wrong letter. Messages that are ranked alike count as the mean over their orders. Level, 1 for
          an emergency, is shown to nobody and not used.
Verified  Nothing: neither the data nor recorded outputs were at hand.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.protocols import Example, Item, Protocol, Row, Source
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.published.pmr_bench import PROMPT, QUESTION
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.tournament import gold_letters, play_tournament, score_tournament

_MESSAGES = (
    ("May I have the same cream again?", 5, 1), ("My mole bleeds and has doubled in a month.", 2, 4),
    ("My lips swell and I cannot breathe well.", 1, 5), ("The rash itches a little.", 4, 2),
)  # fmt: skip
_ROW: dict[str, Any] = {
    "id": "inbox",
    "messages": [
        {"text": f"A made-up message: {text}", "level": n, "relevancy": worth} for text, n, worth in _MESSAGES
    ],
}


def read_inbox(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield one row: all messages of a file."""
    yield str(path), {"id": path.stem, "messages": [row for _, row in read_rows(path)]}


def to_item(row: Row) -> Item:
    """Compare the messages of an inbox; the target is what each is worth."""
    messages = row["messages"]
    for number, message in enumerate(messages, 1):
        if not isinstance(message.get("text"), str) or not message["text"].strip():
            raise ValueError(f"message {number} has no text")
        if not _is_worth(message.get("relevancy")):
            raise ValueError(
                f"the relevancy of message {number} is {message.get('relevancy')!r}; expected 0 to {_MOST}"
            )
    if len(messages) < 2:
        raise ValueError("it has no two messages to compare")
    worth = tuple(float(message["relevancy"]) for message in messages)
    if len(set(worth)) < 2:
        raise ValueError(f"its {len(worth)} messages are of one relevancy, so any order is right")
    texts = tuple(message["text"] for message in messages)
    return Item(id=str(row["id"]), question=QUESTION, target=worth, known={"texts": texts})


_MOST = 1000
"""Relevancy; 2 to the power of more than 1,023 is no number any more."""


def _is_worth(value: object) -> bool:
    try:
        return 0 <= float(str(value)) <= _MOST
    except ValueError:
        return False


_SHARES = {
    "comparisons right": "right", "same in both orders": "same in both orders", "comparisons read": "read",
}  # fmt: skip
_EXAMPLE = Example(
    row=_ROW, target=(1.0, 4.0, 5.0, 2.0), wrong_reply="A",  # the first of every two: all are ranked alike
    wrong_value=0.8582174947303366,
    other={"messages": [one | {"relevancy": 6 - one["relevancy"]} for one in _ROW["messages"]]},
)  # fmt: skip
PROTOCOL = Protocol(
    name="pmr-bench-inbox",
    version=1,
    about=__doc__,
    kind="ranking by a tournament",
    source=Source(
        dataset="PortalPal-AI/PMR-Synth-Inboxes", split="INBOX_A, INBOX_B", size=60, licence="MIT", is_on_hub=True,
    ),
    prompt=PROMPT,
    read=read_inbox,
    to_item=to_item,
    play=play_tournament,
    score=score_tournament,
    metrics={
        "NDCG@10": mean_score,
        **{title: mean_part(name, is_share=False) for title, name in _SHARES.items()},  # of comparisons, not of inboxes
        "answered": answered_rate,
    },
    gold_reply=gold_letters,
    variants={
        "exponential": {
            "score": partial(score_tournament, gain="exponential"),
            "examples": (replace(_EXAMPLE, wrong_value=0.7552863248732765),),
        }
    },
    examples=(_EXAMPLE,),
)  # fmt: skip
