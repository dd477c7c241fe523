"""PMR-Bench, pairs: which of two messages of patients is more urgent.

Paper     Gatto et al. (2026), https://arxiv.org/abs/2601.13178
Data      PortalPal-AI/PMR-Reddit-Test-Pairs, test, 1,502 pairs with levels and a difficulty.
Measures  Whether a model puts the more urgent message first, whichever is shown first.
Not for   How urgent a message is by itself. Levels of these messages are a model's reading of clinicians' answers.
Deviates  The prompt is ours. Every pair is shown in both orders, so there are two items of each; "both orders" is the
          share of pairs that are right both times.
Verified  Nothing: neither the data nor recorded outputs were at hand.
"""

from dermatrust.protocols import Example, Item, Protocol, Row, Source
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import ACCURACIES, all_right_of
from dermatrust.protocols.scorers.choice import choice_score
from dermatrust.protocols.scorers.tournament import FIRST, SECOND, which

PROMPT = """{question}

Message A:
{first}

Message B:
{second}

Answer with the letter A or B alone."""
QUESTION = "Two patients have written to their clinic. Which message is medically more urgent?"
_ROW = {
    "chosen": "A made-up message: my mole bleeds and has doubled in a month.", "chosen_level": 2.0,
    "chosen_comments": "", "rejected": "A made-up message: may I have the same cream again?", "rejected_level": 5.0,
    "rejected_comments": "", "difficulty": "easy",
}  # fmt: skip


def to_item(row: Row) -> tuple[Item, ...]:
    """Show two messages in both orders; what is shown first does not depend on which is right."""
    texts = {"chosen": row["chosen"], "rejected": row["rejected"]}
    lacking = next((name for name, text in texts.items() if not isinstance(text, str) or not text.strip()), None)
    if lacking:
        raise ValueError(f"its {lacking} is {texts[lacking]!r}; expected a message")
    pair = sorted(texts.values())
    if pair[0] == pair[1]:
        raise ValueError("its two messages are one")
    name = str(row.get("id") or id_of(*pair))
    difficulty = row.get("difficulty")
    return tuple(
        Item(
            id=f"{name}/{order}", question=QUESTION, fields={"first": first, "second": second}, group=name,
            target=FIRST if first == row["chosen"] else SECOND, options={FIRST: "message A", SECOND: "message B"},
            tags={"difficulty": "" if difficulty is None else str(difficulty)},
        )
        for order, (first, second) in enumerate((pair, pair[::-1]), 1)
    )  # fmt: skip


PROTOCOL = Protocol(
    name="pmr-bench",
    version=1,
    about=__doc__,
    kind="more urgent of two, in both orders",
    source=Source(
        dataset="PortalPal-AI/PMR-Reddit-Test-Pairs", split="test", size=1502, licence="CC BY-NC 4.0", is_on_hub=True,
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=choice_score(which),
    metrics={**ACCURACIES, "both orders": all_right_of(2)},
    gold_reply=lambda item: str(item.target),
    by=("difficulty",),
    examples=(
        Example(
            row=_ROW, target=(SECOND, FIRST), wrong_reply="A",
            other={"chosen": _ROW["rejected"], "rejected": _ROW["chosen"]},
        ),
    ),
)  # fmt: skip
