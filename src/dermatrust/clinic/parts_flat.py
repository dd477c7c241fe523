"""Parts of the cases, and the gaps between them, as what flat records say of each."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.subgroups import PartsGap, SubgroupRow, WithinRow


class _HasParts(Protocol):
    @property
    def subgroups(self) -> Sequence[SubgroupRow]: ...
    @property
    def gaps(self) -> Sequence[PartsGap]: ...
    @property
    def within(self) -> Sequence[WithinRow]: ...


def part_records(result: _HasParts) -> Iterator[tuple[str, dict[str, Any], Estimate | None]]:
    """Yield of each record its kind, what it is about, and its figure; None where that rests on too few cases.

    Kinds are "part", "part less rest", "part over rest", "gap" and "within disease".
    """
    for row in result.subgroups:
        about = _place(row) | {"measure": row.measure, "factor": row.factor, "level": row.level}
        kinds = {"part": row.value, "part less rest": row.difference, "part over rest": row.ratio}
        if row.value is None:
            yield "part", about | {"n": row.n, "n_patients": row.n_patients}, None
        for kind, estimate in kinds.items():
            if estimate is not None:
                yield kind, about, estimate
    for gap in result.gaps:
        about = _place(gap) | {"measure": gap.measure, "factor": gap.factor, "level": gap.lowest, "beside": gap.highest}
        yield "gap", about, gap.gap
    for within in result.within:
        about = _place(within) | {"measure": within.measure, "factor": within.factor, "level": within.level}
        about |= {"beside": within.beside, "n": within.n_level + within.n_beside}
        yield "within disease", about, within.difference


def _place(one: SubgroupRow | PartsGap | WithinRow) -> dict[str, Any]:
    return {"model": one.model, "arm": one.arm, "image_arm": one.image_arm}
