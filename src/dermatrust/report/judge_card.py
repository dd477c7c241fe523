"""The report card of judges as one HTML file: the known-error test, judge beside judge."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dermatrust.audit.card_text import share_text, sight_text, translation_text
from dermatrust.audit.judge_audit import JudgeAudit, ReportCard
from dermatrust.audit.kinds import ERROR_RULES, OTHER_LANGUAGE, TWINS
from dermatrust.bench.results import Estimate
from dermatrust.records import DIMENSIONS, Dimension, Manifest
from dermatrust.report import provenance, views
from dermatrust.report.page import write_page
from dermatrust.report.views import NOTHING, interval_text, of_text, score_text, signed_text

_SHADES = (0.05, 0.25, 0.5, 1.0, 2.0, 3.5)
"""Falls, in points, from which on a cell has the next darker shade."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One number of a heat map: its text, its interval, its shade, and whether the score should have moved."""

    value: str
    interval: str
    shade: int
    is_meant: bool = False
    note: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether it says only that nothing moved, which needs no reader's eye."""
        return self.value == "0.00" and not self.interval


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One kind of error or twin: a cell per dimension, one number on the whole row, and what it rests on."""

    kind: str
    cells: tuple[HeatCell, ...]
    whole: HeatCell
    n: str


@dataclass(frozen=True, slots=True)
class Glance:
    """One judge in one row of the table at the top."""

    judge: str
    cells: tuple[HeatCell, ...]
    steady: str
    same: str
    missing: str


@dataclass(frozen=True, slots=True)
class CardView:
    """One judge's card, ready to be placed."""

    ident: str
    judge: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    errors: tuple[HeatRow, ...]
    twins: tuple[HeatRow, ...]
    measures: tuple[tuple[str, tuple[HeatCell, ...]], ...]
    lines: tuple[tuple[str, str], ...]


def write_judge_card(path: Path, audit: JudgeAudit, *, manifest: Manifest) -> None:
    """Write the report card of all judges of an audit: one file that opens from the file system and fetches nothing.

    Args:
        path: The file to write. It is replaced as a whole, or left as it was.
        audit: Every number of the card.
        manifest: Of the run in which the judges rated.

    Raises:
        DataError: The file cannot be written.
    """
    write_page(
        path,
        "judge_card.html",
        synthetic=audit.dataset.synthetic,
        **card_context(audit, manifest),
    )


def card_context(audit: JudgeAudit, manifest: Manifest | None = None) -> dict[str, Any]:
    """Return what the sections of the report card place; without the manifest neither date nor run."""
    return {
        "manifest": manifest,
        "audit": audit,
        "glances": tuple(map(glance, audit.cards)),
        "cards": tuple(card_view(card, place) for place, card in enumerate(audit.cards, 1)),
        "kinds": kind_lines(audit),
    }


def glance(card: ReportCard) -> Glance:
    """Return one judge's row of the table at the top: what it detects, and what moves it for no reason."""
    cells = (
        HeatCell(
            share_text(row.detected[0]),
            f"fall {score_text(row.drop.value)}",
            _share_shade(row.detected[0]),
            note=sight_text(row),
        )
        for row in card.dimensions
    )
    steady = [twin.steady for twin in card.twins if not math.isnan(twin.steady.value)]
    worst = min(steady, key=lambda found: found.value, default=None)
    again = card.repeatability
    return Glance(
        judge=card.judge.judge,
        cells=tuple(cells),
        steady=share_text(worst) if worst else NOTHING,
        same=again if isinstance(again, str) else share_text(min(again.same.values(), key=lambda found: found.value)),
        missing=share_text(card.missing.share),
    )


def card_view(card: ReportCard, place: int) -> CardView:
    """Return the card of one judge, which stands at `place`, counted from 1."""
    return CardView(
        ident=f"judge-{place}",
        judge=card.judge.judge,
        sentence=_sentence(card),
        facts=tuple(provenance.judge_facts(card.judge)),
        errors=tuple(
            HeatRow(
                row.kind,
                tuple(_fall(row.drops[d], is_meant=d in row.detected) for d in DIMENSIONS),
                HeatCell(signed_text(row.specific.value), interval_text(row.specific, signed=True), 0),
                _n(row.n, [row.drops[d] for d in DIMENSIONS]),
            )
            for row in card.errors
        ),
        twins=tuple(
            HeatRow(
                twin.kind,
                tuple(_shift(twin.shifts[d]) for d in DIMENSIONS),
                HeatCell(share_text(twin.steady), _share_interval(twin.steady), 0),
                _n(twin.n, [twin.shifts[d] for d in DIMENSIONS]),
            )
            for twin in card.twins
        ),
        measures=_measures(card),
        lines=_lines(card),
    )


def _sentence(card: ReportCard) -> str:
    said = []
    if card.blind_to:
        said.append(f"It does not show that it sees errors of {_titles(card.blind_to)}.")
        said.append("Its scores there say nothing, however near they come to another rater’s.")
    if card.not_known:
        said.append(f"Whether it sees errors of {_titles(card.not_known)} cannot be told: too few patients.")
    return " ".join(said) or "It shows that it sees the errors meant for each of the six dimensions."


def _titles(dimensions: Sequence[Dimension]) -> str:
    return views.and_text([dimension.title for dimension in dimensions])


def _measures(card: ReportCard) -> tuple[tuple[str, tuple[HeatCell, ...]], ...]:
    """Return what there is one number per dimension of, besides the matrix."""
    rows = [
        ("Score of the reference itself", [_plain(card.unchanged[d]) for d in DIMENSIONS]),
        ("Errors meant for it: mean fall", [_plain(row.drop) for row in card.dimensions]),
        ("… share that fall by ½", [_share(row.detected[0]) for row in card.dimensions]),
        ("… share that fall by 1", [_share(row.detected[1]) for row in card.dimensions]),
        ("Errors that do not touch it: mean fall", [_plain(row.halo) for row in card.dimensions]),
        ("Text padded to double: points", [_shift(card.padding[d]) for d in DIMENSIONS]),
    ]
    if not isinstance(card.repeatability, str):
        n, repeated = card.repeatability.n_draws, card.repeatability
        rows += [
            (f"{n} draws: standard deviation within a text", [_plain(repeated.spread[d]) for d in DIMENSIONS]),
            (f"{n} draws: share scored alike", [_share(repeated.same[d]) for d in DIMENSIONS]),
            (f"{n} draws: ICC(2,1)", [_plain(repeated.icc[d]) for d in DIMENSIONS]),
        ]
    return tuple((name, tuple(cells)) for name, cells in rows)


def _lines(card: ReportCard) -> tuple[tuple[str, str], ...]:
    """Return what there is one number of, or the reason why there is none."""
    length = "A candidate twice as long" + (", less the panel’s mean" if card.has_panel else "")
    reasons = views.counts_text(card.missing.reasons)
    share = card.missing.share
    missing = f"{share_text(share)} {_share_interval(share)}".strip() + (f": {reasons}" if reasons else "")
    lines = [
        (length, _points(card.length)),
        (f"Favour for its own family ({card.judge.family})", _points(card.preference)),
        ("Missing verdicts", missing),
    ]
    if isinstance(card.repeatability, str):
        lines.append(("Repeatability", f"Not measured: {card.repeatability}."))
    return tuple(lines)


def _points(found: Estimate | str) -> str:
    if isinstance(found, str):
        return f"Not measured: {found}."
    counts = of_text(found.n, found.n + found.n_missing)
    points = f"{signed_text(found.value)} points {interval_text(found, signed=True)}".strip()
    return f"{points}, {counts} narratives"


def kind_lines(audit: JudgeAudit) -> tuple[tuple[str, str, str, str, str, str], ...]:
    """Return (kind, should fall, may fall, how bad, references without a place for it, reason), twins last."""
    lines: list[tuple[str, str, str, str, str, str]] = []
    for kind, rule in ERROR_RULES.items():
        should = "all" if len(rule.should_fall) == len(DIMENSIONS) else ", ".join(d.title for d in rule.should_fall)
        may = ", ".join(d.title for d in rule.may_fall) or NOTHING
        without = of_text(audit.lacking[kind], audit.n_references)
        lines.append((kind, should, may, rule.severity, without, rule.reason))
    for kind, done in TWINS.items():
        lines.append((f"twin: {kind}", "none", "none", NOTHING, of_text(audit.lacking[kind], audit.n_references), done))
    if audit.translation is not None:
        without = of_text(audit.translation.missing.total(), audit.translation.n_references)
        lines.append((f"twin: {OTHER_LANGUAGE}", "none", "none", NOTHING, without, translation_text(audit.translation)))
    return tuple(lines)


def _n(n: int, found: list[Estimate]) -> str:
    missing = max((one.n_missing for one in found), default=0)
    return f"{n:,}" + (f", up to {missing:,} missing" if missing else "")


def _fall(found: Estimate, *, is_meant: bool) -> HeatCell:
    note = "not seen" if is_meant and found.has_interval and found.low <= 0 else ""
    return HeatCell(score_text(found.value), _moving_interval(found), _shade(found.value), is_meant, note)


def _shift(found: Estimate) -> HeatCell:
    return HeatCell(signed_text(found.value), _moving_interval(found, signed=True), _shade(abs(found.value)))


def _moving_interval(found: Estimate, *, signed: bool = False) -> str:
    """Return the interval, or nothing where no text at all has moved."""
    return "" if found.low == found.high == 0 else interval_text(found, signed=signed)


def _plain(found: Estimate) -> HeatCell:
    return HeatCell(score_text(found.value), interval_text(found), 0)


def _share(found: Estimate) -> HeatCell:
    return HeatCell(share_text(found), _share_interval(found), 0)


def _share_interval(found: Estimate) -> str:
    """Return "[52, 71 %]", nothing where the interval is undefined."""
    return f"[{100 * found.low:.0f}, {100 * found.high:.0f} %]" if found.has_interval else ""


def _shade(fall: float) -> int:
    """Return how dark a cell is, from 0 (no fall) on."""
    return 0 if math.isnan(fall) else sum(fall >= least for least in _SHADES)


def _share_shade(found: Estimate) -> int:
    return 0 if math.isnan(found.value) else round(found.value * len(_SHADES))
