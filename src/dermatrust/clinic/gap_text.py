"""A comparison of datasets as aligned plain text for a terminal."""

import math

from dermatrust.bench.results import Estimate
from dermatrust.bench.text import NOTHING, aligned, shortened, without_noise
from dermatrust.clinic.gap_results import BedsideGap, DatasetRow


def gap_text(gap: BedsideGap) -> str:
    """Return the table of the headline measures: every model and arm, dataset by dataset."""
    has_within = any(row.within is not None for row in gap.rows)
    titles = ["measure", "model", "context", "images", "dataset", "%", "cases", "difference"]
    titles += ["same diseases", "diseases"] if has_within else []
    lines = [
        _line(gap, row, has_within=has_within)
        for measure in gap.headline
        for setting in gap.settings
        for row in gap.rows_of(setting, measure)
    ]
    first = gap.names[0]
    heading = f"% [{100 * gap.confidence:g} % interval], and points of percent from {first}"
    return "\n".join([heading, *aligned([titles, *lines])])


def _line(gap: BedsideGap, row: DatasetRow, *, has_within: bool) -> list[str]:
    name = gap.names[row.dataset]
    about = [row.measure, shortened(row.model), row.arm, row.image_arm, shortened(name)]
    line = [
        *about,
        _percent(row.value),
        f"{row.value.n:,} of {row.value.n + row.value.n_missing:,}",
        _percent(row.gap, signed=True),
    ]
    within = [_percent(row.within, signed=True), str(row.n_diseases) if row.within is not None else ""]
    return line + (within if has_within else [])


def _percent(found: Estimate | None, *, signed: bool = False) -> str:
    if found is None:
        return ""
    if math.isnan(found.value):
        return NOTHING
    sign = "+" if signed else ""
    value, low, high = (f"{without_noise(100 * x):{sign}z.1f}" for x in (found.value, found.low, found.high))
    return f"{value} [{low}, {high}]" if found.has_interval else f"{value} [{NOTHING}]"
