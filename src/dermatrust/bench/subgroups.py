"""The table again for every category, skin type and site."""

from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.agreement.clusters import Ints
from dermatrust.bench.estimates import Means, Sixes
from dermatrust.bench.grid import Grid
from dermatrust.bench.results import Factor, SubgroupRow


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The cases of one level of one factor.

    Attributes:
        factor: The factor.
        level: Its level; "not recorded" is one.
        n_cases: Cases at this level.
        n_patients: Recorded patients they come from.
        n_cases_without_patient: Cases among them whose patient is not recorded.
        sixes: Their scores by one rater, summed within patients.
    """

    factor: Factor
    level: str
    n_cases: int
    n_patients: int
    n_cases_without_patient: int
    sixes: Sixes


def subgroups_of(grid: Grid, rows: Ints) -> list[Subgroup]:
    """Split one rater's scores by every level of every factor."""
    found: list[Subgroup] = []
    for factor, (levels, level_of_case) in grid.levels.items():
        level_of_row = level_of_case[grid.case[rows]]
        for number, level in enumerate(levels):
            cases = level_of_case == number
            sums = grid.sums(rows[level_of_row == number], cases)
            sixes = Sixes(sums, grid.n_expected[cases].sum(axis=0))
            counts = int(cases.sum()), grid.n_patients(cases), grid.n_cases_without_patient(cases)
            found.append(Subgroup(factor, level, *counts, sixes))
    return found


def subgroup_rows(
    grid: Grid, rater: str, groups: Sequence[Subgroup], estimates: Sequence[Sequence[Means]]
) -> list[SubgroupRow]:
    """Return one row for every subgroup and model."""
    return [
        SubgroupRow(
            author=author,
            rater=rater,
            factor=group.factor,
            level=group.level,
            n_cases=group.n_cases,
            n_patients=group.n_patients,
            n_cases_without_patient=group.n_cases_without_patient,
            scores=scores,
            macro=macro,
        )
        for group, means in zip(groups, estimates, strict=True)
        for author, (scores, macro) in zip(grid.authors, means, strict=True)
    ]
