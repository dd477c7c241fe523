"""A dermatologist's differential, or several dermatologists', as one cell of a user's own table."""

import re
from collections import defaultdict

from dermatrust.errors import DataError
from dermatrust.records import DifferentialItem

_WEIGHTED = re.compile(r"(?P<name>.+?)\s*[:=]\s*(?P<weight>\d+(?:\.\d+)?|\.\d+)\s*(?P<percent>%?)")


def read_differential(cell: str, where: str) -> tuple[DifferentialItem, ...]:
    """Return the diagnoses with their weights, which add up to 1, the heaviest first.

    Args:
        cell: Diagnoses separated by ";". Each has a weight after a colon ("eczema: 0.6; psoriasis: 0.4"), or none has:
            then the first weighs 1, the second 1/2, the third 1/3, as in SCIN. Dermatologists are separated by "|", and
            each has the same say.
        where: What to name in an error.

    Raises:
        DataError: Some have a weight and others not, a weight is 0, or a dermatologist names a diagnosis twice.

    Example:
        >>> items = read_differential("eczema; psoriasis | psoriasis", "cases.csv line 2")
        >>> [(item.diagnosis, round(item.weight, 2)) for item in items]
        [('psoriasis', 0.67), ('eczema', 0.33)]

    Reference:
        Ward et al. (2024), https://arxiv.org/abs/2402.18545, for weights by inverse rank.
    """
    raters = [weights for part in cell.split("|") if (weights := _one_dermatologists(part, where))]
    summed: dict[str, float] = defaultdict(float)
    for weights in raters:
        total = sum(weights.values())
        for name, weight in weights.items():
            summed[name] += weight / total / len(raters)
    heaviest_first = sorted(summed.items(), key=lambda item: -item[1])
    return tuple(DifferentialItem(diagnosis=name, weight=min(weight, 1)) for name, weight in heaviest_first)


def _one_dermatologists(part: str, where: str) -> dict[str, float]:
    names = [name.strip() for name in part.split(";") if name.strip()]
    weighted = [match for name in names if (match := _WEIGHTED.fullmatch(name))]
    if weighted and len(weighted) < len(names):
        bare = next(name for name in names if not _WEIGHTED.fullmatch(name))
        expected = "a weight for each diagnosis, or for none"
        raise DataError(where, f"the differential gives {bare!r} no weight, and others one", expected)
    pairs = [(match["name"], float(match["weight"])) for match in weighted]
    pairs = pairs or [(name, 1 / rank) for rank, name in enumerate(names, 1)]
    for name, weight in pairs:
        if weight == 0:
            raise DataError(where, f"the differential gives {name!r} the weight 0", "weights over 0", "Leave it out.")
    if len(dict(pairs)) < len(pairs):
        raise DataError(where, f"the differential {part.strip()!r} names a diagnosis twice", "every diagnosis once")
    return dict(pairs)
