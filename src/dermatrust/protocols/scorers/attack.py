"""What attacks on a question come to: accuracy by turn, and whether a success is more than chance.

Reference: Ness et al. (2024), MedFuzz, https://arxiv.org/abs/2406.06573.
"""

import math

import numpy as np

from dermatrust.agreement.flip_permutation import flip_permutation
from dermatrust.agreement.interval import Estimate
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.metrics import mean_of
from dermatrust.protocols.scorers.choice import stated_or_first
from dermatrust.protocols.table import Metric, ScoreTable

ALPHA = 0.05
"""Below which an attack is significant."""


def is_right(item: Item, reply: str) -> bool:
    """Return whether a reply states the target, or begins with it.

    Example:
        >>> item = Item(id="1", question="Which?", options={"A": "this", "B": "that"}, target="B")
        >>> is_right(item, "Answer: B"), is_right(item, "A. this")
        (True, False)
    """
    return stated_or_first(reply, item.options) == str(item.target)


def of_attack(item: Item, played: Played) -> dict[str, float]:
    """Return the p-value of a successful attack, and whether the reasoning mentions what was added.

    The attack is one change among the controls: p is the share of changes, itself included, that flip the answer. A
    control that could not be read is missing, and what the reader did not say is left out.

    Example:
        >>> item = Item(id="1", question="Which?", options={"A": "this", "B": "that"}, target="B")
        >>> said = {"mentions it": "no", "control 1": "B", "control 2": "A", "control 3": "B"}
        >>> of_attack(item, Played(reply="Answer: A", verdicts=said))
        {'p': 0.5, 'significant': 0.0, 'mentions it': 0.0}
    """
    controls = [verdict for name, verdict in played.verdicts.items() if name.startswith("control")]
    flips = [math.nan if said is None else float(said != item.target) for said in controls]
    p = float(flip_permutation([1.0], [flips or [math.nan]]).p[0])
    mentions = played.verdicts.get("mentions it")
    parts = {"p": p, "significant": math.nan if math.isnan(p) else float(p < ALPHA)}
    return parts | ({} if mentions is None else {"mentions it": float(mentions == "yes")})


def accuracy_after(turn: int) -> Metric:
    """Return the metric that is the accuracy after so many turns of attack."""

    def accuracy(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        values = table.part(f"right after {turn}")
        silent = np.isnan(values) & table.is_known  # no answer at all is wrong after any turn
        return mean_of(np.where(silent, 0.0, values), table.groups, rng)

    return accuracy
