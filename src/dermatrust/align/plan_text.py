"""A plan as aligned plain text for a terminal."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from dermatrust.align.plan import PANELS, Planned, PlanRow, worst_of
from dermatrust.bench.text import NOTHING, aligned, without_noise

_TITLES: dict[Planned, str] = {
    "MAE": "Mean absolute error of {rater} against the panel's mean, points",
    "bias": "Bias of {rater} against the panel's mean, points",
    "quadratic kappa": "Quadratic kappa of {rater} and the panel's mean, scores rounded to whole points",
    "alpha, ordinal": "Krippendorff's alpha of the panel, ordinal, scores rounded to whole points",
    "ICC(2,1)": "ICC(2,1) of the panel: agreement of single ratings",
}
_SIZES = tuple(f"{size} raters" if size else "panel as it is" for size in PANELS)
_SPREAD = ("between patients", "within", "correlation")


def plan_text(rows: Sequence[PlanRow], width: float, confidence: float) -> str:
    """Return one table for each statistic and rater, with the patients that each size of the panel needs."""
    parts = [f"Patients for a {confidence * 100:g} % interval that is {width:g} wide, both sides together"]
    for (rater, statistic), found in groupby(rows, attrgetter("rater", "statistic")):
        each = list(found)
        parts.append("\n".join([_TITLES[statistic].format(rater=rater), *aligned(list(_table(each)))]))
    parts.append(
        "Intervals are over patients: they say how a number would vary with other patients, not with another panel.\n"
        "Other sizes of the panel than the one there are estimates from how far its members differ."
    )
    return "\n\n".join(parts)


def _table(rows: Sequence[PlanRow]) -> Iterator[list[str]]:
    has_spread = rows[0].spread is not None
    yield ["", "now", *(_SPREAD if has_spread else ()), "narratives", "a patient", *_SIZES]
    for row in rows:
        spread = row.spread
        numbers = [] if spread is None else [spread.sd_between, spread.sd_within, spread.correlation]
        shown = [_number(value) for value in (row.value, *numbers)]
        yield [row.dimension.title, *shown, str(row.n_narratives), _number(row.per_patient), *map(_whole, row.patients)]
    yield ["worst of the six", *[""] * (6 if has_spread else 3), *map(_whole, worst_of(rows))]


def _number(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{without_noise(value):.2f}"


def _whole(n: int | None) -> str:
    return NOTHING if n is None else str(n)
