"""Paired differences between models on one measure: a forest plot."""

import math

from dermatrust.bench.results import BenchTable, Measure, PairedDifference
from dermatrust.bench.text import measure_title
from dermatrust.report.intervals import Axis, IntervalRow, interval_chart
from dermatrust.report.views import estimate_text, p_text, plain_number, signed_text

_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5)


def forest_chart(table: BenchTable, rater: str, measure: Measure, *, by: str) -> str:
    """Return the paired differences of one rater, called `by`, on one measure, on an axis symmetric about zero."""
    differences = table.differences_of(rater, measure)
    mark = table.raters.index(rater)
    rows = [_row(difference, mark) for difference in differences]
    ident = f"forest-{mark}-{measure}"
    desc = "; ".join(f"{row.group}: {row.text}, {_p(d)}" for row, d in zip(rows, differences, strict=True))
    title = f"{measure_title(measure)}: paired differences, by {by}"
    return interval_chart(rows, symmetric_axis(rows), ident=ident, title=title, desc=desc)


def symmetric_axis(rows: list[IntervalRow]) -> Axis:
    """Return an axis about zero with at most five ticks on round values that holds every bar."""
    ends = [abs(value) for row in rows for value in (row.value, row.low, row.high) if not math.isnan(value)]
    farthest = max(ends, default=0.0)
    step = next((step for step in _STEPS if 2 * step >= farthest), _STEPS[-1])
    ticks = tuple((k * step, signed_text(k * step) if k else "0") for k in range(-2, 3))
    ticks = tuple((value, _short(value)) for value, _ in ticks)
    return Axis(-2 * step, 2 * step, ticks, zero=0.0, ends=("second model better", "first model better"))


def _short(value: float) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return sign + plain_number(abs(value))


def _row(difference: PairedDifference, mark: int) -> IntervalRow:
    estimate = difference.difference
    group = f"{difference.first} − {difference.second}"
    text = estimate_text(estimate, signed=True)
    return IntervalRow(group, "", estimate.value, estimate.low, estimate.high, text, mark)


def _p(difference: PairedDifference) -> str:
    return f"Holm-adjusted p {p_text(difference.p_holm)}"
