"""A study of triage as flat records and CSV, for spreadsheets and programs."""

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.cells import Change
from dermatrust.clinic.parts_flat import part_records
from dermatrust.clinic.triage_results import BenefitCurve, TriageCell, TriageResult

COLUMNS = (
    "dataset", "synthetic", "kind", "model", "arm", "image_arm", "base_arm", "base_image_arm", "measure", "factor",
    "level", "beside", "threshold", "value", "low", "high", "wilson_low", "wilson_high", "n", "n_patients", "n_missing",
    "n_unanswered", "n_abstained", "n_given_away", "n_only_here", "n_only_base", "p_mid", "p_exact",
)  # fmt: skip
"""Every record has all of these; what does not apply, or is undefined, is empty."""


def triage_records(result: TriageResult) -> Iterator[dict[str, Any]]:
    """Yield the whole result as flat records with the keys of `COLUMNS`; numbers are not rounded.

    `kind` is "arm" (a figure), "count" (a cell of true level by level said), "net benefit", "net benefit of
    everybody" (seeing all the same cases urgently), "gain in net benefit" (over the better of seeing all and nobody),
    "change" (arm less base), "part", "part less rest", "part over rest", "gap" or "within disease".
    """
    for cell in result.cells:
        yield from _of_cell(result, cell)
    for change in result.changes:
        yield from _of_change(result, change)
    for kind, about, estimate in part_records(result):
        yield _record(result, kind, about, estimate)


def triage_csv(result: TriageResult) -> str:
    """Return `triage_records` as CSV (RFC 4180, lines end in CRLF), with a header line."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(triage_records(result))
    return file.getvalue()


def _of_cell(result: TriageResult, cell: TriageCell) -> Iterator[dict[str, Any]]:
    about = _place(cell)
    counts = {name: getattr(cell, name) for name in ("n_missing", "n_unanswered", "n_abstained", "n_given_away")}
    for name, estimate in cell.measures.items():
        wilson = getattr(cell.rates, name.replace(" ", "_"), None)
        ends = {} if wilson is None else {"wilson_low": wilson.low, "wilson_high": wilson.high}
        yield _record(result, "arm", about | counts | ends | {"measure": name}, estimate)
    if cell.probability:
        figures = {"auroc": cell.probability.area, "sensitivity at specificity": cell.probability.sensitivity_at,
                   "youden": cell.probability.youden}  # fmt: skip
        for name, estimate in figures.items():
            yield _record(result, "arm", about | {"measure": name}, estimate)
        yield from _of_curve(result, about | {"measure": "by probability"}, cell.probability.benefit)
    if cell.confidence:
        for name in ("coverage", "accuracy_answered", "excess", "area"):
            yield _record(result, "arm", about | {"measure": f"confidence {name}"}, getattr(cell.confidence, name))
    yield from _of_curve(result, about | {"measure": "by level"}, cell.benefit)
    for truth, row in zip(("emergent", "urgent", "routine"), cell.table, strict=True):
        for said, n in zip(("emergent", "urgent", "routine", "none"), row, strict=True):
            yield _record(result, "count", about | {"measure": "cases", "level": truth, "beside": said, "value": n})


def _of_curve(result: TriageResult, about: dict[str, Any], curve: BenefitCurve) -> Iterator[dict[str, Any]]:
    for k, threshold in enumerate(curve.thresholds):
        at = about | {"threshold": threshold, "n": curve.n}
        benefit = {"value": curve.net_benefit[k], "low": curve.low[k], "high": curve.high[k]}
        gain = {"value": curve.gain[k], "low": curve.gain_low[k], "high": curve.gain_high[k]}
        yield _record(result, "net benefit", at | benefit)
        yield _record(result, "net benefit of everybody", at | {"value": curve.treat_all[k]})
        yield _record(result, "gain in net benefit", at | gain)


def _of_change(result: TriageResult, change: Change) -> Iterator[dict[str, Any]]:
    about = _place(change) | {"base_arm": change.base_arm, "base_image_arm": change.base_image_arm}
    yield _record(result, "change", about | {"measure": "flips"}, change.flips)
    for name, estimate in change.differences.items():
        test = change.mcnemar.get(name)
        tested: dict[str, Any] = {}
        if test is not None:
            tested = {"n_only_here": test.n_first_only, "n_only_base": test.n_second_only}
            tested |= {"p_mid": test.p_mid, "p_exact": test.p_exact}
        yield _record(result, "change", about | tested | {"measure": name}, estimate)


def _place(one: Any) -> dict[str, Any]:
    return {"model": one.model, "arm": one.arm, "image_arm": one.image_arm}


def _record(result: TriageResult, kind: str, about: dict[str, Any], estimate: Estimate | None = None) -> dict[str, Any]:
    known = {"dataset": result.card.name, "synthetic": result.card.synthetic, "kind": kind} | about
    if estimate is not None:
        known |= {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n,
                  "n_patients": estimate.n_clusters}  # fmt: skip
    values = {name: known.get(name) for name in COLUMNS}
    return {name: None if isinstance(v, float) and math.isnan(v) else v for name, v in values.items()}
