"""A blinded sample of a study's answers for people to check: which of them, and why those."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.errors import DataError
from dermatrust.store.answers import AnswerColumns

OUTCOMES = ("first", "named", "not named", "undecided")
"""By the synonym rung: the truth is first, further down, nowhere, or the lexicon does not know it."""
Stratum = tuple[str, str, str, str]
"""Model, context arm, image arm, outcome."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One answer of the sample.

    Attributes:
        item: Its opaque name, "s0001" and so on, in an order that tells nothing.
        case: The opaque name of its case, "c0001" and so on.
        row: Its row in the answers.
        stratum: What it was drawn from.
        weight: Answers of its stratum over those of them that were drawn: how many answers it stands for.
        names: Its diagnoses in alphabetical order, as people see them.
        ranks: The 1-based rank of each of them.
    """

    item: str
    case: str
    row: int
    stratum: Stratum
    weight: float
    names: tuple[str, ...]
    ranks: tuple[int, ...]


def draw_sample(answers: AnswerColumns, n: int, *, seed: int = 0) -> tuple[Drawn, ...]:
    """Return `n` answers, as evenly from all strata as these allow: rare outcomes are those worth checking.

    Only answers can be drawn that name a diagnosis and whose case has a truth. `weight` leads from the sample back to
    all of these: where every stratum has an answer in the sample, shares weighted by it estimate theirs without bias.

    Args:
        answers: Of one study of differentials.
        n: How many, at least 1; all of them where there are fewer.
        seed: Of the draw. The same answers and seed give the same sample.

    Raises:
        DataError: No answer can be drawn.
    """
    strata = strata_of(answers)
    if not strata:
        raise DataError("the sample", "no answer names a diagnosis of a case whose truth is known")
    drawn = random.Random(seed)  # noqa: S311  # draws a sample, guards nothing
    taken = _taken(strata, n, drawn)
    rows = [(row, stratum) for stratum, rows in taken.items() for row in rows]
    drawn.shuffle(rows)
    case_ids = list(dict.fromkeys(answers.case_id[row] for row, _ in rows))
    cases = {case_id: f"c{number:04d}" for number, case_id in enumerate(case_ids, 1)}
    return tuple(
        Drawn(
            f"s{number:04d}", cases[answers.case_id[row]], row, stratum,
            len(strata[stratum]) / len(taken[stratum]), *_sorted(json.loads(answers.said[row])),
        )
        for number, (row, stratum) in enumerate(rows, 1)
    )  # fmt: skip


def strata_of(answers: AnswerColumns) -> dict[Stratum, list[int]]:
    """Return the rows of all answers that can be drawn, by stratum."""
    strata: dict[Stratum, list[int]] = {}
    for row in range(len(answers)):
        if answers.failure[row] is None and answers.label[row] is not None and answers.n_said[row]:
            strata.setdefault(_stratum(answers, row), []).append(row)
    return strata


def _stratum(answers: AnswerColumns, row: int) -> Stratum:
    rank = answers.synonym[row]
    outcome = OUTCOMES[0 if rank == 1 else 1 if rank > 1 else 2 if rank == 0 else 3]
    return str(answers.model[row]), str(answers.arm[row]), str(answers.image_arm[row]), outcome


def _taken(strata: dict[Stratum, list[int]], n: int, drawn: random.Random) -> dict[Stratum, list[int]]:
    """Take one of each stratum in turn, the strata in an order drawn anew, until there are n."""
    left = {stratum: drawn.sample(rows, len(rows)) for stratum, rows in sorted(strata.items())}
    taken: dict[Stratum, list[int]] = {}
    while left and n > 0:
        for stratum in drawn.sample(sorted(left), len(left))[:n]:
            taken.setdefault(stratum, []).append(left[stratum].pop())
            n -= 1
        left = {stratum: rows for stratum, rows in left.items() if rows}
    return taken


def _sorted(said: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    order = sorted(range(len(said)), key=lambda place: (said[place].lower(), place))
    return tuple(said[place] for place in order), tuple(place + 1 for place in order)
