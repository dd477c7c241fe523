"""A psychometric study as text, and as tables for spreadsheets."""

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, fields

from dermatrust.protocols.psychometrics import FEW_MODELS, TIERS, Ability, ItemQuality, PsychometricResult

_SHOWN = 20
"""Flagged items that are printed; all are in items.csv."""


def psychometrics_text(result: PsychometricResult) -> str:
    """Return the study as lines: n and what is missing, abilities by topic, fit, and items that may be flawed."""
    lines = [
        f"{result.n_models} models, {result.n_items} items, {result.n_missing} answers missing"
        + (f" ({result.n_partial} neither right nor wrong)" if result.n_partial else "")
    ]
    if result.n_models < FEW_MODELS:
        lines.append(
            f"With fewer than {FEW_MODELS} models difficulties and discriminations are little more than guesses."
        )
    for fit in result.fits:
        own = sorted((one for one in result.abilities if one.topic == fit.topic), key=lambda one: one.rank or 10**9)
        lines += ["", f"{fit.topic or 'all items'}: {fit.n_items} items", *_ability_lines(own)]
        lines.append(
            f"one dimension: eigenvalues {_number(fit.eigenvalue_ratio)} to 1; of {fit.n_hidden} hidden answers "
            f"{_percent(fit.predicted)} predicted, {_percent(fit.majority)} by what most models did"
        )
    return "\n".join([*lines, "", *_item_lines(result.items)])


def _ability_lines(abilities: Sequence[Ability]) -> list[str]:
    width = max((len(one.model) for one in abilities), default=0)
    return [
        f"{one.rank or '-':>4}  {one.model:<{width}}  {one.ability:+.2f} ± {one.error:.2f}  "
        f"accuracy {_percent(one.accuracy)} (rank {one.accuracy_rank or '-'})  n {one.n}"
        for one in abilities
    ]


def _item_lines(items: Sequence[ItemQuality]) -> list[str]:
    tiers, flags = Counter(one.tier for one in items), Counter(one.flag for one in items if one.flag)
    flagged = [one for one in items if one.flag in ("negative", "low")]
    lines = [
        "items: " + ", ".join(f"{tiers[tier]} {tier}" for tier in TIERS),
        "to be looked at: " + (", ".join(f"{n} {flag}" for flag, n in flags.most_common()) or "none"),
    ]
    for one in sorted(flagged, key=lambda one: one.discrimination)[:_SHOWN]:
        lines.append(
            f"  {one.item}  discrimination {one.discrimination:+.2f}, {_percent(one.share_right)} right, n {one.n}"
        )
    return lines if len(flagged) <= _SHOWN else [*lines, f"  and {len(flagged) - _SHOWN} more"]


def records_csv(records: Sequence[Ability] | Sequence[ItemQuality]) -> str:
    """Return records as CSV, one a line under the names of their fields; NaN is an empty cell."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if records:
        writer.writerow([field.name for field in fields(records[0])])
    for record in records:
        writer.writerow(["" if isinstance(cell, float) and math.isnan(cell) else cell for cell in astuple(record)])
    return file.getvalue()


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f} %"
