"""How far people who checked a sample agree with the rungs of the ladder, with an adjudicator and with each other."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from dermatrust.agreement.interval import Estimate, estimates
from dermatrust.agreement.statistic import Statistic
from dermatrust.agreement.weighted_kappa import weighted_kappa
from dermatrust.clinic.adjudication_result import COMPARED
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.filled_sheets import KeyItem
from dermatrust.clinic.unvaried import with_width
from dermatrust.store.columns import Numbers

ADJUDICATOR = "adjudicator"
PLACE = "place"
N_RESAMPLES = 2_000
_COHEN = weighted_kappa((0, 1), "none")
_BY_PLACE = weighted_kappa(range(len(CUTS) + 1))


@dataclass(frozen=True, slots=True)
class Beside:
    """One person beside a rung, the adjudicator or another person.

    Attributes:
        person: Who filled in the sheet.
        beside: "exact", "synonym", "adjudicator", or another person.
        on: "top-1" and so on, whether one of the first so many names the truth; or "place".
        n: Answers that both decide.
        n_missing: Answers of the sample that one of the two does not decide.
        both: Both say that it does; None for "place".
        only_person: The person alone says so.
        only_beside: The other alone says so.
        neither: Neither does.
        kappa: Cohen's kappa with an interval over cases; of "place" weighted (quadratic) over its levels: first, second
            or third, fourth or fifth, further down or nowhere. NaN where both always say one and the same.
    """

    person: str
    beside: str
    on: str
    n: int
    n_missing: int
    both: int | None
    only_person: int | None
    only_beside: int | None
    neither: int | None
    kappa: Estimate


def agreement_of_people(
    key: Sequence[KeyItem], people: Mapping[str, Numbers], adjudicator: Numbers | None = None, *, seed: int = 0,
    n_resamples: int = N_RESAMPLES, confidence: float = 0.95,
) -> tuple[Beside, ...]:  # fmt: skip
    """Return every person beside the rungs, the adjudicator and every other person.

    Args:
        key: The sample.
        people: Person to the rank at which each answer names the truth, 0 for nowhere; NaN where not decided.
        adjudicator: The same by the adjudicator; None where there is none.
        seed: Of the resampling.
        n_resamples: Bootstrap resamples over cases.
        confidence: Nominal coverage of the intervals.

    Reference:
        Cohen (1960) and (1968), as for `agreement.weighted_kappa`.
    """
    others: dict[str, Numbers] = {rung: np.array([one.decided[rung] for one in key]) for rung in COMPARED}
    if adjudicator is not None:
        others[ADJUDICATOR] = adjudicator
    pairs = [(a, b, people[a], ranks) for a in people for b, ranks in others.items()]
    pairs += [(a, b, people[a], people[b]) for a, b in combinations(people, 2)]
    asked = [(one, ratings) for _, _, first, second in pairs for one, ratings in _asked(first, second)]
    cases = np.array([one.case for one in key])
    found = iter(
        estimates(asked, cases, rng=np.random.default_rng(seed), n_resamples=n_resamples, confidence=confidence)
    )
    return tuple(
        _row(a, b, on, ratings, with_width(next(found), lowest=-1.0, confidence=confidence))
        for a, b, first, second in pairs
        for on, (_, ratings) in zip((*(f"top-{k}" for k in CUTS), PLACE), _asked(first, second), strict=True)
    )


def _asked(first: Numbers, second: Numbers) -> Iterator[tuple[Statistic, Numbers]]:
    """Yield what is asked of two raters: of every cut whether it is a hit, and then where the truth stands."""
    ranks = np.stack([first, second])
    for k in CUTS:
        yield _COHEN, np.where(np.isnan(ranks), np.nan, (ranks > 0) & (ranks <= k))
    places = np.searchsorted(CUTS, np.where(np.nan_to_num(ranks) > 0, ranks, math.inf)).astype(float)
    yield _BY_PLACE, np.where(np.isnan(ranks), np.nan, places)


def _row(person: str, beside: str, on: str, ratings: Numbers, kappa: Estimate) -> Beside:
    here = ~np.isnan(ratings).any(axis=0)
    a, b = ratings[:, here] == 1
    cells = [None if on == PLACE else int(one.sum()) for one in (a & b, a & ~b, ~a & b, ~a & ~b)]
    return Beside(
        person, beside, on, n=int(here.sum()), n_missing=int((~here).sum()), both=cells[0], only_person=cells[1],
        only_beside=cells[2], neither=cells[3], kappa=kappa,
    )  # fmt: skip
