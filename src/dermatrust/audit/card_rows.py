"""Report cards as flat records, CSV and JSON, for spreadsheets and programs."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from dermatrust.audit.judge_audit import JudgeAudit, ReportCard
from dermatrust.audit.sensitivity import FALLS, STEADY
from dermatrust.audit.translation import UNCHECKED, Translation
from dermatrust.bench.results import Estimate
from dermatrust.records import Dimension

COLUMNS = ("dataset", "synthetic", "judge", "section", "kind", "measure", "dimension", "value", "low", "high", "n",
           "n_missing", "note")  # fmt: skip
"""Every record has all of these; what does not apply, or is undefined, is None (empty in CSV)."""


def card_records(audit: JudgeAudit) -> list[dict[str, Any]]:
    """Return everything the report cards say as flat records with the keys of `COLUMNS`. Numbers are not rounded.

    `section` is "unchanged", "error", "dimension", "twin", "repeatability", "verbosity", "self-preference" or
    "missing".
    """
    about = {"dataset": audit.dataset.name, "synthetic": audit.dataset.synthetic}
    return [
        dict.fromkeys(COLUMNS) | about | {"judge": card.judge.judge} | record
        for card in audit.cards
        for record in _records(card)
    ]


def card_csv(audit: JudgeAudit) -> str:
    """Return `card_records` as CSV (RFC 4180, lines end in CRLF), with a header line."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(card_records(audit))
    return file.getvalue()


def card_json(audit: JudgeAudit) -> str:
    """Return the audit as one JSON object: what it was of, the judges' cards, and `card_records`."""
    whole = {
        "dataset": audit.dataset.model_dump(mode="json"),
        "n_references": audit.n_references,
        "n_certified": audit.n_certified,
        "n_patients": audit.n_patients,
        "n_variants": audit.n_variants,
        "lacking": dict(audit.lacking),
        "translation": _translation(audit.translation),
        "resampling": {"seed": audit.resampling.seed, "n_resamples": audit.resampling.n_resamples},
        "judges": [card.judge.model_dump(mode="json") for card in audit.cards],
        "records": card_records(audit),
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _translation(found: Translation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    about = {"translator": found.translator, "n_references": found.n_references}
    return {**about, "missing": dict(found.missing), "unchecked": UNCHECKED}


def _records(card: ReportCard) -> Iterator[dict[str, Any]]:
    yield from _six("unchanged", "", "score", card.unchanged)
    for row in card.errors:
        yield from _six("error", row.kind, "fall", row.drops)
        for dimension, found in row.detected.items():
            for least, share in zip(FALLS, found, strict=True):
                yield _one("error", row.kind, f"share falling by {least:g}", share, dimension)
        yield _one("error", row.kind, "fall of what should fall, less the rest", row.specific)
    for line in card.dimensions:
        yield _one("dimension", "all errors meant for it", "fall", line.drop, line.dimension)
        for least, share in zip(FALLS, line.detected, strict=True):
            yield _one("dimension", "all errors meant for it", f"share falling by {least:g}", share, line.dimension)
        yield _one("dimension", "errors that do not touch it", "fall", line.halo, line.dimension)
    for twin in card.twins:
        yield from _six("twin", twin.kind, "shift", twin.shifts)
        yield _one("twin", twin.kind, f"share within {STEADY:g}", twin.steady)
    yield from _of_the_judge(card)


def _of_the_judge(card: ReportCard) -> Iterator[dict[str, Any]]:
    if isinstance(card.repeatability, str):
        yield _said("repeatability", "", f"not measured: {card.repeatability}")
    else:
        for measure, six in (
            ("standard deviation within a text", card.repeatability.spread),
            ("share of texts scored alike", card.repeatability.same),
            ("ICC(2,1)", card.repeatability.icc),
        ):
            yield from _six("repeatability", f"{card.repeatability.n_draws} draws", measure, six)
    yield from _six("verbosity", "padded twins", "points per doubling", card.padding)
    kind = "candidates, less the panel" if card.has_panel else "candidates"
    for section, measured, of in (("verbosity", card.length, kind), ("self-preference", card.preference, "candidates")):
        if isinstance(measured, str):
            yield _said(section, of, f"not measured: {measured}")
        else:
            yield _one(section, of, "points per doubling" if section == "verbosity" else "points", measured)
    reasons = ", ".join(f"{reason} {n}" for reason, n in card.missing.reasons.most_common())
    yield _one("missing", "", "share of verdicts", card.missing.share) | {"note": reasons or None}


def _six(section: str, kind: str, measure: str, six: Mapping[Dimension, Estimate]) -> Iterator[dict[str, Any]]:
    for dimension, found in six.items():
        yield _one(section, kind, measure, found, dimension)


def _one(
    section: str, kind: str, measure: str, found: Estimate, dimension: Dimension | None = None
) -> dict[str, Any]:  # fmt: skip
    numbers = {"value": found.value, "low": found.low, "high": found.high}
    return {
        "section": section, "kind": kind or None, "measure": measure,
        "dimension": dimension.value if dimension else None,
        **{name: None if math.isnan(value) else value for name, value in numbers.items()},
        "n": found.n, "n_missing": found.n_missing,
    }  # fmt: skip


def _said(section: str, kind: str, note: str) -> dict[str, Any]:
    return {"section": section, "kind": kind or None, "note": note}
