"""One automatic rater against the target, dimension by dimension, as text and plots."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dermatrust.align.confidence import N_BINS, ConfidenceRow
from dermatrust.align.details import DimensionDetail, StudyDetails
from dermatrust.align.results import AlignmentStudy
from dermatrust.bench.results import MEASURES, Estimate, Measure
from dermatrust.bench.text import measure_title
from dermatrust.report.agreement_views import number_cell
from dermatrust.report.confidence_plots import percent, reliability_plot, risk_axis, risk_plot
from dermatrust.report.difference_plot import difference_axis, difference_plot
from dermatrust.report.headline import Cell
from dermatrust.report.views import MINUS, NOTHING, of_text, plain_number, score_text, share_text

_SHADES = 5
"""Classes of shading, from none to that of a row whose narratives all have one score."""


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """How many narratives have this pair of scores, and which share of their row."""

    n: str
    share: str
    css: str


@dataclass(frozen=True, slots=True)
class ConfusionTable:
    """Rounded scores of one dimension; rows are the target's scores, with the row's and the column's totals."""

    ident: str
    title: str
    rows: tuple[tuple[str, tuple[ConfusionCell, ...], ConfusionCell], ...]
    totals: tuple[ConfusionCell, ...]
    n: str


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One dimension of a Bland-Altman analysis in numbers."""

    title: str
    n: str
    bias: Cell
    lower: Cell
    upper: Cell
    slope: Cell


@dataclass(frozen=True, slots=True)
class ConfidenceLine:
    """One dimension of a rater's stated probabilities in numbers."""

    title: str
    n: str
    stated: str
    right: str
    excess: str
    excess_interval: str
    ece: str
    errors: tuple[Cell, ...]
    gain: Cell


@dataclass(frozen=True, slots=True)
class RaterView:
    """All that the page shows of one rater."""

    ident: str
    name: str
    differences: tuple[tuple[str, Markup], ...]
    is_grouped: bool
    limits: tuple[LimitLine, ...]
    confusions: tuple[ConfusionTable, ...]
    reliabilities: tuple[tuple[str, Markup], ...]
    risks: tuple[tuple[str, Markup], ...]
    confidence: tuple[ConfidenceLine, ...]
    bins: tuple[tuple[str, tuple[str, ...]], ...]
    step: str


def rater_views(study: AlignmentStudy, details: StudyDetails) -> list[RaterView]:
    """Return the automatic raters in the order of the study."""
    return [_view(study, details, rater.id, place) for place, rater in enumerate(study.automatic, 1)]


def confusion_table(counts: Sequence[Sequence[int]], *, ident: str, title: str) -> ConfusionTable:
    """Return a table of counts as text: shares of rows in the cells, shares of all in the margins."""
    n = sum(map(sum, counts))
    rows = []
    for score, row in enumerate(counts):
        total = sum(row)
        cells = tuple(_confusion_cell(k, total, is_same=score == j) for j, k in enumerate(row))
        rows.append((str(score), cells, ConfusionCell(f"{total:,}", _share(total, n), "margin")))
    totals = tuple(ConfusionCell(f"{k:,}", _share(k, n), "margin") for k in map(sum, zip(*counts, strict=True)))
    return ConfusionTable(ident, title, tuple(rows), totals, f"{n:,}")


def _view(study: AlignmentStudy, details: StudyDetails, rater: str, place: int) -> RaterView:
    ident = f"rater-{place}"
    own = [detail for detail in details.dimensions if detail.rater == rater]
    sure = [row for row in details.confidence if row.rater == rater]
    drawn = [row for row in sure if row.curves is not None]
    axis = risk_axis(drawn)
    reliabilities = [
        (measure_title(row.measure), _svg(reliability_plot(row, row.curves, ident=f"{ident}-reliability-{k}")))
        for k, row in enumerate(drawn) if row.curves is not None
    ]  # fmt: skip
    risks = [
        (measure_title(row.measure), _svg(risk_plot(row, row.curves, axis, ident=f"{ident}-risk-{k}")))
        for k, row in enumerate(drawn) if row.curves is not None
    ]  # fmt: skip
    return RaterView(
        ident=ident,
        name=rater,
        differences=_difference_plots(study, own, ident),
        is_grouped=any(detail.is_grouped for detail in own),
        limits=tuple(_limit_line(study, rater, measure) for measure in MEASURES),
        confusions=tuple(
            confusion_table(d.confusion, ident=f"{ident}-confusion-{k}", title=d.dimension.title)
            for k, d in enumerate(own)
        ),
        reliabilities=tuple(reliabilities),
        risks=tuple(risks),
        confidence=tuple(map(_confidence_line, sure)),
        bins=_bins(drawn),
        step=_step_text(sure[0].step) if sure else "",
    )


def estimate_of(study: AlignmentStudy, rater: str, statistic: str, measure: Measure) -> Estimate:
    """Return a statistic of an automatic rater's scores as given."""
    return next(
        row.estimate
        for row in study.agreement
        if (row.rater, row.role, row.scale, row.statistic, row.measure)
        == (rater, "automatic", "as given", statistic, measure)
    )


def _difference_plots(
    study: AlignmentStudy, details: Sequence[DimensionDetail], ident: str
) -> tuple[tuple[str, Markup], ...]:
    def found(detail: DimensionDetail) -> Callable[[str], Estimate]:
        return lambda statistic: estimate_of(study, detail.rater, statistic, detail.dimension)

    limits = [found(detail)(name) for detail in details for name in ("lower limit", "upper limit")]
    axis = difference_axis(list(details), limits)
    plots = []
    for k, detail in enumerate(details):
        three = [found(detail)(name) for name in ("bias", "lower limit", "upper limit")]
        plot = difference_plot(detail, axis, three[0], three[1], three[2], ident=f"{ident}-difference-{k}")
        plots.append((detail.dimension.title, _svg(plot)))
    return tuple(plots)


def _limit_line(study: AlignmentStudy, rater: str, measure: Measure) -> LimitLine:
    four = [estimate_of(study, rater, name, measure) for name in ("bias", "lower limit", "upper limit", "slope")]
    n = of_text(four[0].n, four[0].n + four[0].n_missing)
    return LimitLine(measure_title(measure), n, *(number_cell(one, signed=True) for one in four))


def _confusion_cell(n: int, total: int, *, is_same: bool) -> ConfusionCell:
    shade = 0 if not n else min(_SHADES, 1 + math.floor(_SHADES * n / total - 1e-9))
    same = " same" if is_same else ""
    return ConfusionCell(f"{n:,}" if n else "0", _share(n, total) if n else "", f"shade{shade}{same}")


def _share(n: int, total: int) -> str:
    """Return a share in whole percent, "<1 %" for less than that."""
    if not total:
        return ""
    return "<1 %" if 0 < 200 * n < total else f"{100 * n / total:.0f} %"


def _confidence_line(row: ConfidenceRow) -> ConfidenceLine:
    excess = row.excess
    ends = f"[{_points(excess.low)}, {_points(excess.high)}]" if excess.has_interval else "no interval"
    return ConfidenceLine(
        title=measure_title(row.measure),
        n=of_text(excess.n, excess.n + excess.n_missing),
        stated=percent(row.stated),
        right=percent(row.right),
        excess=_points(excess.value),
        excess_interval=ends,
        ece=score_text(row.ece),
        errors=tuple(_sure_cell(one, n) for one, n in zip(row.errors, row.n_sure, strict=True)),
        gain=number_cell(row.gain, signed=True),
    )


def _sure_cell(estimate: Estimate, n: int) -> Cell:
    shown = number_cell(estimate)
    note = "fewer than ten" if math.isnan(estimate.value) else shown.note
    return Cell(shown.value, shown.interval, n=f"n {n:,}", note=note)


def _points(value: float) -> str:
    """Return a difference of shares in whole percentage points."""
    if math.isnan(value):
        return NOTHING
    size = round(abs(100 * value))
    return f"{'+' if value > 0 else MINUS}{size}" if size else "0"


def _bins(rows: Sequence[ConfidenceRow]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (edges of a bin, what it holds on each dimension); bins that are empty on all of them are left out."""
    found = []
    for k, cells in enumerate(zip(*(row.curves.bins for row in rows if row.curves is not None), strict=True)):
        if any(n for _, _, n in cells):
            edges = f"{100 * k // N_BINS}–{100 * (k + 1) // N_BINS} %"
            found.append((edges, tuple(_bin_text(share, n) for _, share, n in cells)))
    return tuple(found)


def _bin_text(share: float, n: int) -> str:
    return share_text(round(share * n), n) + f" of {n:,}" if n else "none"


def _step_text(step: float) -> str:
    return {1.0: "whole points", 0.5: "half points", 0.25: "quarter points"}.get(step, f"{plain_number(step)} points")


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704  # escaped by svg.py
