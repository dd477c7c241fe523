"""A protocol's result as text for a terminal."""

import math

from dermatrust.protocols.result import MetricRow, ProtocolResult


def result_text(result: ProtocolResult) -> str:
    """Return the result as lines: what it is, n and what is missing, then one line per figure."""
    how = ", ".join(part for part in (result.variant, result.method) if part)
    others = "".join(f", {role} {name}" for role, name in result.others.items())
    lines = [
        f"{result.protocol} {result.version}{f' ({how})' if how else ''}: {result.model}{others}",
        f"{result.n_items} items, {result.n_missing} missing, {result.n_unanswered} not answered",
        *(f"  missing {n} x {why}" for why, n in result.missing.items()),
        "",
    ]
    names = [_name(row) for row in result.rows]
    width = max(map(len, names), default=0)
    lines += [f"{name:<{width}}  {_figure(row)}" for name, row in zip(names, result.rows, strict=True)]
    return "\n".join(lines)


def _name(row: MetricRow) -> str:
    return f"{row.metric}, {row.tag} {row.level or '(not stated)'}" if row.tag else row.metric


def _figure(row: MetricRow) -> str:
    """Return a figure with its interval and n.

    Example:
        >>> _figure(MetricRow("accuracy", "", "", 0.5, 0.4, 0.6, 100))
        '  0.5000 [0.4000, 0.6000]  n 100'
    """
    if math.isnan(row.value):
        return f"{'-':>8}  n {row.n}"
    ends = "" if math.isnan(row.low) else f" [{row.low:.4f}, {row.high:.4f}]"
    return f"{row.value:8.4f}{ends}  n {row.n}"
