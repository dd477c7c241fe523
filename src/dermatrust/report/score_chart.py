"""The mean scores of all models on one measure, as every rater sees them."""

import math

from dermatrust.bench.results import BenchTable, Measure
from dermatrust.bench.text import measure_title
from dermatrust.records import HIGHEST_SCORE, LOWEST_SCORE
from dermatrust.report.intervals import Axis, IntervalRow, interval_chart
from dermatrust.report.views import estimate_text

_TICKS = tuple((float(score), str(score)) for score in range(int(LOWEST_SCORE), int(HIGHEST_SCORE) + 1))


def models_in_order(table: BenchTable) -> list[str]:
    """Return all models, those with the best overall mean over the raters first, undefined last."""

    def key(author: str) -> tuple[bool, float, str]:
        means = [row.macro.value for row in table.rows if row.author == author and not math.isnan(row.macro.value)]
        return not means, -sum(means) / len(means) if means else 0.0, author

    return sorted(table.authors, key=key)


def score_chart(table: BenchTable, measure: Measure) -> str:
    """Return a dot with its interval for every model and rater, on the whole scale from 0 to 5."""
    several = len(table.raters) > 1
    rows = []
    for author in models_in_order(table):
        for row in table.rows:
            if row.author == author:
                estimate = row.estimate(measure)
                label = row.rater if several else ""
                text = estimate_text(estimate)
                mark = table.raters.index(row.rater)
                rows.append(IntervalRow(author, label, estimate.value, estimate.low, estimate.high, text, mark))
    name = measure_title(measure)
    desc = "; ".join(f"{row.group}{f' by {row.label}' if row.label else ''}: {row.text}" for row in rows)
    axis = Axis(LOWEST_SCORE, HIGHEST_SCORE, _TICKS)
    title = f"{name}: mean score from 0 to 5 with its {100 * table.confidence:.0f} % interval"
    return interval_chart(rows, axis, ident=f"chart-{measure}", title=title, desc=desc)
