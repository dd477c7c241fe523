"""Errors of raters beside their baselines, and whose error is smaller: forest plots."""

import math
from collections.abc import Sequence

from dermatrust.align.results import AgreementRow, AlignmentStudy, DifferenceRow, Role, Scale
from dermatrust.align.text import role_name
from dermatrust.bench.results import Measure
from dermatrust.bench.text import measure_title
from dermatrust.report.forest_chart import symmetric_axis
from dermatrust.report.intervals import Axis, IntervalRow, interval_chart
from dermatrust.report.views import estimate_text, plain_number

_MARKS: dict[Role, int] = {"automatic": 0, "panel": 1, "member": 2, "lexical": 3, "mean": 3}
_STEPS = (0.1, 0.25, 0.5, 1.0)


def error_chart(study: AlignmentStudy, scale: Scale, measure: Measure, *, ident: str) -> str:
    """Return the mean absolute errors on one measure, with the baselines told apart by shape and colour."""
    chosen = [
        row
        for row in study.agreement
        if (row.scale, row.statistic, row.measure) == (scale, "MAE", measure)
    ]  # fmt: skip
    rows = [_row(row) for row in chosen]
    how = "as given" if scale == "as given" else "rounded"
    title = f"{measure_title(measure)}: mean absolute error in points, scores {how}"
    desc = "; ".join(f"{row.group}: {row.text}" for row in rows)
    return interval_chart(rows, error_axis(rows), ident=ident, title=title, desc=desc)


def difference_chart(rows: Sequence[DifferenceRow], measure: Measure, *, ident: str) -> str:
    """Return the differences of errors between automatic raters on one measure, on an axis symmetric about zero."""
    drawn = [
        IntervalRow(
            f"{row.first} − {row.second}", "", row.estimate.value, row.estimate.low, row.estimate.high,
            estimate_text(row.estimate, signed=True),
        )
        for row in rows
        if row.measure == measure
    ]  # fmt: skip
    axis = symmetric_axis(drawn)
    axis = Axis(axis.low, axis.high, axis.ticks, zero=0.0, ends=("first nearer", "second nearer"))
    title = f"{measure_title(measure)}: difference of mean absolute errors, points"
    desc = "; ".join(f"{row.group}: {row.text}" for row in drawn)
    return interval_chart(drawn, axis, ident=ident, title=title, desc=desc)


def error_axis(rows: Sequence[IntervalRow]) -> Axis:
    """Return an axis from 0 with at most six ticks on round values that holds every bar."""
    ends = [end for row in rows for end in (row.value, row.high) if not math.isnan(end)]
    farthest = max(ends, default=0.0)
    step = next((step for step in _STEPS if 5 * step >= farthest), _STEPS[-1])
    n = max(1, math.ceil(farthest / step - 1e-9))
    return Axis(0.0, n * step, tuple((k * step, plain_number(k * step)) for k in range(n + 1)))


def _row(row: AgreementRow) -> IntervalRow:
    one = row.estimate
    return IntervalRow(role_name(row), "", one.value, one.low, one.high, estimate_text(one), _MARKS[row.role])
