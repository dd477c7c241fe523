"""Splitting cases so that nothing about a test case has been seen in training.

Cases of one patient, of one file family, and with near-duplicate images stay together. Whole groups are then dealt out,
the largest first, each to the split that is owed most of its labels.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.datasets.counted import counted
from dermatrust.datasets.groups import Groups
from dermatrust.errors import DataError
from dermatrust.records import Case

_ALL = "all cases"


@dataclass(frozen=True, slots=True)
class Split:
    """Which case goes where, and how close that came to what was asked."""

    assignment: dict[str, str]
    """Case id to split."""
    wanted: dict[str, float]
    achieved: dict[str, float]
    """Split to its share of the cases."""
    n_cases: dict[str, int]
    n_groups: int
    by_label: dict[str, dict[str, int]]
    """Label to the number of its cases in each split."""


def split_cases(
    cases: Sequence[Case], fractions: Mapping[str, float], *, seed: int = 0, linked: Iterable[tuple[str, str]] = ()
) -> Split:
    """Deal the cases out to splits: disjoint in patients and file families, similar in labels, the same for one seed.

    Args:
        cases: The cases, in any order: the result depends on the seed and on the cases, not on their order.
        fractions: Split name to its share; a share of 0 leaves the split out. The shares must add up to 1.
        seed: Which of the equally good splits to take.
        linked: Pairs of case ids that must stay together for another reason, e.g. near-duplicate images.

    Raises:
        DataError: The shares do not add up to 1, or there are fewer groups than splits.
    """
    names = _names(fractions)
    groups = _grouped(cases, linked)
    if len(groups) < len(names):
        size = f"{counted(len(cases), 'case')} in {counted(len(groups), 'group')}"
        what = f"{size}, each sharing a patient, a file family or an image"
        raise DataError("split", what, f"at least {len(names)} groups for {len(names)} splits", "Ask for fewer splits.")
    dealt = _deal(groups, [fractions[name] for name in names], seed)
    assignment = {case.id: names[place] for group, place in zip(groups, dealt, strict=True) for case in group}
    return _described(cases, assignment, {name: fractions[name] for name in names}, len(groups))


def _names(fractions: Mapping[str, float]) -> list[str]:
    total = sum(fractions.values())
    if abs(total - 1) > 1e-6 or min(fractions.values(), default=0) < 0:
        shares = ", ".join(f"{name} {share:g}" for name, share in fractions.items())
        raise DataError("split", f"the shares are {shares}", "shares from 0 to 1 that add up to 1")
    return [name for name, share in fractions.items() if share > 0]


def _grouped(cases: Sequence[Case], linked: Iterable[tuple[str, str]]) -> list[list[Case]]:
    """Return the groups sorted by their first case id, so that the order of the file plays no part."""
    groups = Groups()
    for case in sorted(cases, key=lambda c: c.id):
        here = f"case\0{case.id}"
        groups.root(here)
        for kind, value in (("patient", case.patient_id), ("family", case.file_family)):
            if value is not None:
                groups.join(here, f"{kind}\0{value}")
    for a, b in linked:
        groups.join(f"case\0{a}", f"case\0{b}")
    members: dict[str, list[Case]] = defaultdict(list)
    for case in sorted(cases, key=lambda c: c.id):
        members[groups.root(f"case\0{case.id}")].append(case)
    return sorted(members.values(), key=lambda group: group[0].id)


def _deal(groups: Sequence[Sequence[Case]], shares: Sequence[float], seed: int) -> list[int]:
    """Return the split of each group.

    After every group each split is owed its share of the cases dealt so far, of each label and in all. A group goes to
    the split that is owed most, which makes the squared debts least. Counting what was dealt so far, not what is
    still to come, keeps a label with few cases from always going to the largest split.
    """
    counts = [Counter([_label(case) for case in group]) + Counter({_ALL: len(group)}) for group in groups]
    dealt: Counter[str] = Counter()
    has: list[Counter[str]] = [Counter() for _ in shares]
    tie_break = np.random.default_rng(seed).permutation(len(groups))
    places = [0] * len(groups)
    for g in sorted(range(len(groups)), key=lambda i: (-len(groups[i]), tie_break[i])):
        dealt += counts[g]
        debts = [
            sum(n * (share * dealt[label] - got[label]) for label, n in counts[g].items())
            for share, got in zip(shares, has, strict=True)
        ]
        places[g] = int(np.argmax(debts))
        has[places[g]] += counts[g]
    return places


def _label(case: Case) -> str:
    return f"label\0{case.label}" if case.label is not None else "no label"


def _described(cases: Sequence[Case], assignment: dict[str, str], wanted: dict[str, float], n_groups: int) -> Split:
    n_cases = {name: 0 for name in wanted} | Counter(assignment.values())
    by_label: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(wanted, 0))
    for case in cases:
        by_label[case.label or "(missing)"][assignment[case.id]] += 1
    return Split(
        assignment=assignment,
        wanted=wanted,
        achieved={name: n / len(cases) for name, n in n_cases.items()},
        n_cases=dict(n_cases),
        n_groups=n_groups,
        by_label={label: by_label[label] for label in sorted(by_label)},
    )
