"""What the chapter of published benchmarks places: per protocol every figure, models beside one another."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from dermatrust.bench.text import counted, embedded_notice
from dermatrust.protocols.result import STATE, MetricRow, ProtocolResult
from dermatrust.protocols.several import ProtocolRuns, places
from dermatrust.report.clinic_arms import drawn_chart
from dermatrust.report.intervals import Axis, IntervalRow
from dermatrust.report.views import MINUS, NOTHING, and_text, of_text

_SHARES = Axis(0.0, 1.0, tuple((k / 4, f"{k / 4:.2f}") for k in range(5)))
_VERIFIED = {"yes": "verified", "partly": "verified in part", "no": "not verified"}
_SCRIPTED = "scripted"
_PURPOSE = "Measures", "Not for"
_ORIGIN = "Deviates", "Verified", "Paper", "Source"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one model; its place only where models are compared by it."""

    model: str
    value: str
    interval: str
    n: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """What is told of one metric, or of one level: a figure for each model."""

    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Figures by the levels of one tag: of the headline, and of all other metrics."""

    tag: str
    headline: tuple[Block, ...]
    others: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of one model's items."""

    model: str
    items: str
    unanswered: str
    silent: str
    failed: str
    absent: str
    """Of how many items the record holds nothing; empty where there is no record."""
    reasons: str


@dataclass(frozen=True, slots=True)
class Board:
    """One protocol, with the runs that can be compared."""

    ident: str
    title: str
    about: str
    state: str
    purpose: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    finding: str
    headline: str
    chart: Markup | None
    metrics: tuple[Block, ...]
    counts: tuple[Counts, ...]
    breakdowns: tuple[Breakdown, ...]


def protocol_context(found: ProtocolRuns) -> dict[str, Any]:
    """Return what the sections of the chapter place."""
    boards = _told_apart([_board(runs, f"protocol-{place}") for place, runs in enumerate(found.boards(), 1)])
    return {
        "boards": boards,
        "n_protocols": len({run.protocol for run in found.runs}),
        "n_models": len({run.model for run in found.runs}),
        "has_judges": any(run.others for run in found.runs),
    }


def _told_apart(boards: Sequence[Board]) -> list[Board]:
    """Number the titles that several boards of one protocol share."""
    total, seen = Counter(board.title for board in boards), Counter[str]()
    told = []
    for board in boards:
        seen[board.title] += 1
        is_alone = total[board.title] == 1
        number = f", table {seen[board.title]} of {total[board.title]}"
        told.append(board if is_alone else replace(board, title=board.title + number))
    return told


def figure_text(value: float) -> str:
    """Return a figure as the tables print it: three decimals, more where it is small, fewer where it is large.

    Example:
        >>> figure_text(0.5255), figure_text(-0.25), figure_text(0.00012), figure_text(1234.56), figure_text(0.0)
        ('0.525', '−0.250', '0.00012', '1,234.6', '0.000')
    """
    if math.isnan(value):
        return NOTHING
    size = abs(value)
    text = f"{size:,.1f}" if size >= 100 else f"{size:.2g}" if 0 < size < 0.0005 else f"{size:.3f}"
    return f"{MINUS if value < 0 else ''}{text}"


def _board(runs: Sequence[ProtocolResult], ident: str) -> Board:
    first, told = runs[0], _plain(runs[0].facts)
    overall = [row for row in first.rows if not row.tag]
    headline = overall[0].metric if overall else ""
    compared = [_row(run, headline) for run in runs]
    how = ", ".join(f"{word} {name}" for word, name in (("variant", first.variant), ("method", first.method)) if name)
    return Board(
        ident, f"{first.protocol}{f', {how}' if how else ''}", f"{first.title}.",
        _VERIFIED.get(first.facts.get(STATE, ""), "not recorded"),
        tuple((name, told[name]) for name in _PURPOSE if name in told), tuple(_facts(runs)),
        tuple(_notices(runs)),
        _finding(compared, runs), headline, _chart(compared, runs, ident),
        tuple(_block(row.metric, runs, row, with_places=row.metric == headline) for row in overall),
        tuple(map(_counts, runs)), tuple(_breakdowns(runs, headline)),
    )  # fmt: skip


def _name(run: ProtocolResult) -> str:
    return f"{run.model} (recorded)" if run.is_recorded else run.model


def _row(run: ProtocolResult, metric: str, tag: str = "", level: str = "") -> MetricRow:
    """Return a run's row, or one without a figure where it has none of this metric and level."""
    wanted = metric, tag, level
    there = (row for row in run.rows if (row.metric, row.tag, row.level) == wanted)
    return next(there, MetricRow(*wanted, math.nan, math.nan, math.nan, 0))


def _block(name: str, runs: Sequence[ProtocolResult], like: MetricRow, *, with_places: bool = False) -> Block:
    rows = [_row(run, like.metric, like.tag, like.level) for run in runs]
    ranks = places(rows) if with_places and len(rows) > 1 else [0] * len(rows)
    shared = {rank for rank in ranks if ranks.count(rank) > 1}
    return Block(
        name,
        tuple(
            Figure(
                _name(run), figure_text(row.value), _interval(row), f"{row.n:,}",
                f"{rank}{' (shared)' if rank in shared else ''}" if rank else "",
            )
            for run, row, rank in zip(runs, rows, ranks, strict=True)
        ),
    )  # fmt: skip


def _breakdowns(runs: Sequence[ProtocolResult], headline: str) -> Iterable[Breakdown]:
    rows = list({(row.metric, row.tag, row.level): row for run in runs for row in run.rows if row.tag}.values())
    for tag in dict.fromkeys(row.tag for row in rows):
        here = [row for row in rows if row.tag == tag]
        yield Breakdown(
            tag,
            tuple(_block(_level(row), runs, row) for row in here if row.metric == headline),
            tuple(_block(f"{_level(row)}: {row.metric}", runs, row) for row in here if row.metric != headline),
        )


def _level(row: MetricRow) -> str:
    return row.level or "not stated"


def _counts(run: ProtocolResult) -> Counts:
    reasons = "; ".join(f"{n:,} × {why}" for why, n in run.missing.items())
    n = run.n_items
    absent = of_text(run.n_not_recorded, n) if run.is_recorded or run.n_not_recorded else ""
    failed = "" if run.is_recorded and not run.n_failed else of_text(run.n_failed, n)
    return Counts(
        _name(run), f"{n:,}", of_text(run.n_unanswered, n), of_text(run.n_silent_judge, n), failed, absent,
        reasons or "none",
    )  # fmt: skip


def _facts(runs: Sequence[ProtocolResult]) -> Iterable[tuple[str, str]]:
    first = next((run for run in runs if not run.is_recorded), runs[0])  # of what was recorded less is known
    asked = first.asked
    told = _plain(first.facts)
    yield from ((name, told[name]) for name in _ORIGIN if name in told)
    digest = f", SHA-256 {asked.data_hash[:12]}" if asked.data_hash else ""
    part = f", the first {counted(asked.limit, 'row')} of it" if asked.limit else ""
    yield "Data", f"{asked.data}{part}{digest}" if asked.data else "the record's own questions, or not recorded"
    version = f"version {first.version} of the protocol"
    yield "Asked", f"{counted(first.n_items, 'item')}; {version}; {_prompt(asked.prompt_hash)}"
    if asked.settings:
        yield "Method", "; ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in asked.settings.items())
    yield from ((role.capitalize(), name) for role, name in first.others.items())


def _plain(facts: Mapping[str, str]) -> dict[str, str]:
    """Return what a protocol says of itself, whose file is written for a terminal, without its marks for code."""
    return {name: text.replace("`", "") for name, text in facts.items()}


def _prompt(digest: str) -> str:
    return f"prompt {digest[:12]}" if digest else "prompt not recorded"


def _short(value: str | float) -> str:
    return value[:12] if isinstance(value, str) else f"{value:g}"


def _notices(runs: Sequence[ProtocolResult]) -> Iterable[str]:
    names = list(dict.fromkeys(name for run in runs for name in (run.model, *run.others.values())))
    if embedded := embedded_notice(names):
        yield embedded
    scripted = [name for name in names if name.partition("/")[0].partition(":")[0] == _SCRIPTED]
    if scripted:
        yield f"Answered by a script, not by a model, so that it says nothing about any model: {and_text(scripted)}."
    recorded = [run.model for run in runs if run.is_recorded or run.model.startswith("replay:")]
    if recorded:
        beside = {run.is_recorded for run in runs} == {True, False}
        other = " Their prompt may have been another than that of the runs beside them." if beside else ""
        said = "Scored from recorded outputs; only who recorded them knows how they were asked"
        yield f"{said}: {and_text(recorded)}.{other}"
    silent = [_name(run) for run in runs if run.n_missing]
    if silent:
        yield f"Items are missing of {and_text(silent)}: figures are of the others, and can be too good or too bad."


def _finding(rows: Sequence[MetricRow], runs: Sequence[ProtocolResult]) -> str:
    known = [(row, _name(run)) for row, run in zip(rows, runs, strict=True) if not math.isnan(row.value)]
    if not known:
        return "Nothing could be scored."
    best, model = known[0]
    interval = "" if math.isnan(best.low) else f" (interval {figure_text(best.low)} to {figure_text(best.high)})"
    said = f"{model}: {best.metric} {figure_text(best.value)}{interval}."
    if len(known) < 2:
        return said
    ranks = places([row for row, _ in known])
    tied = [name for (_, name), rank in zip(known[1:], ranks[1:], strict=True) if rank == ranks[0]]
    alike = f"is not set apart by its interval from {and_text(tied)}" if tied else "is apart from all others"
    return f"Highest is {said[:-1]}, which {alike}."


def _chart(rows: Sequence[MetricRow], runs: Sequence[ProtocolResult], ident: str) -> Markup | None:
    drawn = [
        IntervalRow(_name(run), "", row.value, row.low, row.high, _beside(row))
        for row, run in zip(rows, runs, strict=True)
        if not math.isnan(row.value)
    ]
    ends = [end for row in drawn for end in (row.value, row.low, row.high) if not math.isnan(end)]
    if not drawn or min(ends) < 0 or max(ends) > 1:
        return None
    return drawn_chart(drawn, _SHARES, ident=f"{ident}-chart", title=f"{runs[0].protocol}: {rows[0].metric}")


def _beside(row: MetricRow) -> str:
    return f"{figure_text(row.value)} {_interval(row)}".strip()


def _interval(row: MetricRow) -> str:
    return "" if math.isnan(row.low) else f"[{figure_text(row.low)}, {figure_text(row.high)}]"
