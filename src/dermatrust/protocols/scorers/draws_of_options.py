"""Several answers to one question: how many are right, and the confidence that their entropy shows.

Reference: MedQ-Deg (2026), https://arxiv.org/abs/2603.07769.
"""

from collections import Counter
from typing import Literal

from dermatrust.agreement.answer_entropy import answer_confidence
from dermatrust.protocols.item import Item, Played, Score
from dermatrust.protocols.scorers.choice import UNANSWERED, stated_or_first
from dermatrust.protocols.scorers.seen_less import SHIFT

Accuracy = Literal["all answers", "first answer", "majority"]
"""The share of the answers that are right; whether the first is; whether the commonest is."""


def score_draws(item: Item, played: Played, *, accuracy: Accuracy = "all answers") -> Score:
    """Grade the answers, and state the confidence that their entropy shows; there silence is an answer of its own.

    Example:
        >>> item = Item(id="1", question="?", target="B", options={"A": "this", "B": "that"})
        >>> found = score_draws(item, Played(reply="B", draws=("B", "B")))
        >>> found.value, {name: float(part) for name, part in found.parts.items()}
        (1.0, {'confidence': 1.0, 'shift': 0.0})
    """
    said = [stated_or_first(reply, item.options) for reply in played.draws]
    if not any(said):
        return UNANSWERED
    numbers = [[*item.options, ""].index(letter) for letter in said]
    (confidence,) = answer_confidence([numbers], len(item.options) + ("" in said)).confidence
    commonest = Counter(said).most_common(1)[0][0]
    right = [letter == item.target for letter in said]
    values = {"all answers": sum(right) / len(right), "first answer": float(right[0]),
              "majority": float(commonest == item.target)}  # fmt: skip
    value = values[accuracy]
    return Score(value=value, said=commonest, parts={"confidence": confidence, SHIFT: confidence - value})
