"""Report cards as aligned plain text for a terminal."""

import math
from collections.abc import Sequence

from dermatrust.audit.judge_audit import JudgeAudit, ReportCard
from dermatrust.audit.sensitivity import DimensionRow
from dermatrust.audit.translation import UNCHECKED, Translation
from dermatrust.bench.results import Estimate
from dermatrust.bench.text import NOTHING, counted, estimate_text, without_noise
from dermatrust.records import DIMENSIONS


def cards_text(audit: JudgeAudit) -> str:
    """Return one block per judge: what it sees of the errors meant for each dimension, what moves it for no reason."""
    head = (
        f"{counted(audit.n_variants, 'text')} from {counted(audit.n_references, 'reference')} of "
        f"{counted(audit.n_patients, 'patient')}, {audit.n_certified} certified; 95 % intervals over patients"
    )
    lines = [head] if audit.translation is None else [head, translation_text(audit.translation)]
    return "\n\n".join(["\n".join(lines), *map(_card_text, audit.cards)])


def translation_text(found: Translation) -> str:
    """Return how many references are there in another language, why others are not, and what nobody checked.

    Example:
        >>> from collections import Counter
        >>> print(translation_text(Translation("m, translate@1:0", 9, Counter(refused=2))).partition(". ")[0])
        Other language: 7 of 9 references translated by m, translate@1:0; missing: refused 2
    """
    reasons = ", ".join(f"{reason} {n}" for reason, n in found.missing.most_common())
    n_made = found.n_references - found.missing.total()
    what = f"Other language: {n_made} of {found.n_references} references translated by {found.translator}"
    return f"{what}; missing: {reasons or 'none'}. {UNCHECKED}"


def _card_text(card: ReportCard) -> str:
    lines: list[tuple[str, ...]] = [
        ("errors meant to lower", "mean fall", "fall by 0.5", "fall by 1", "n", "missing", "other errors", "")
    ]
    lines += [_dimension_line(row) for row in card.dimensions]
    return "\n".join([f"judge {card.judge.judge}", *_aligned(lines), "", *_matrix(card), "", *_notes(card)])


def _dimension_line(row: DimensionRow) -> tuple[str, ...]:
    half, whole = row.detected
    return (
        row.dimension.title, estimate_text(row.drop), share_text(half), share_text(whole), f"{row.drop.n}",
        f"{row.drop.n_missing}", _number(row.halo.value), sight_text(row).upper(),
    )  # fmt: skip


def sight_text(row: DimensionRow) -> str:
    """Return the mark of a dimension whose errors the judge is not known to see, "" where it sees them."""
    if not row.is_known:
        return "too few"
    return "blind" if row.is_blind else ""


def _matrix(card: ReportCard) -> list[str]:
    """Return mean falls by kind; a star stands where the score should fall."""
    lines: list[tuple[str, ...]] = [
        ("mean fall (* should fall)", *(d.title.split()[-1] for d in DIMENSIONS), "specific", "n")
    ]
    for row in card.errors:
        cells = (f"{_number(row.drops[d].value)}{'*' if d in row.detected else ' '}" for d in DIMENSIONS)
        lines.append((row.kind, *cells, _number(row.specific.value), f"{row.n}"))
    for twin in card.twins:
        cells = (f"{_number(0.0 - twin.shifts[d].value)} " for d in DIMENSIONS)
        lines.append((f"twin: {twin.kind}", *cells, f"{share_text(twin.steady)} steady", f"{twin.n}"))
    return _aligned(lines)


def _notes(card: ReportCard) -> list[str]:
    repeated = card.repeatability
    spread = (
        f"repeatability: not measured, {repeated}"
        if isinstance(repeated, str)
        else f"repeated {repeated.n_draws} times: same score in "
        + ", ".join(f"{share_text(repeated.same[d])} ({d.title})" for d in DIMENSIONS)
    )
    of = "a candidate twice as long, less the panel" if card.has_panel else "a candidate twice as long"
    found = [(of, card.length), (f"own family ({card.judge.family})", card.preference)]
    said = [
        f"{name}: not measured, {one}" if isinstance(one, str) else f"{name}: {_signed(one)}" for name, one in found
    ]
    reasons = ", ".join(f"{reason} {n}" for reason, n in card.missing.reasons.most_common())
    missing = f"missing verdicts: {share_text(card.missing.share)}" + (f" ({reasons})" if reasons else "")
    padding = ", ".join(f"{_number(card.padding[d].value)} {d.title}" for d in DIMENSIONS)
    return [f"twice as long, padded: {padding}", *said, spread, missing]


def share_text(found: Estimate) -> str:
    """Return a share in whole percent.

    Example:
        >>> share_text(Estimate(0.666, 0.5, 0.8, 3, 0))
        '67 %'
    """
    return NOTHING if math.isnan(found.value) else f"{100 * without_noise(found.value):.0f} %"


def _number(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{without_noise(value) + 0.0:.2f}".replace("-0.00", "0.00")


def _signed(found: Estimate) -> str:
    return f"{estimate_text(found)} points, n {found.n}, {found.n_missing} missing"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    first, *rest = widths
    return [
        "  ".join(
            [line[0].ljust(first), *(cell.rjust(width) for cell, width in zip(line[1:], rest, strict=True))]
        ).rstrip()
        for line in lines
    ]
