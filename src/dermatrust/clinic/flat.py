"""A study of differentials as flat records and CSV, for spreadsheets and programs."""

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from dermatrust.agreement.interval import Estimate
from dermatrust.clinic.cells import Change
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.embedding_result import EmbeddingCell
from dermatrust.clinic.further_rungs import RungCell
from dermatrust.clinic.parts_flat import part_records
from dermatrust.clinic.results import Anchoring, DifferentialResult, Shortcut

COLUMNS = (
    "dataset", "synthetic", "kind", "model", "arm", "image_arm", "base_arm", "base_image_arm", "measure", "factor",
    "level", "beside", "value", "low", "high", "n", "n_patients", "n_missing", "n_unanswered", "n_abstained",
    "n_given_away", "n_only_here", "n_only_base", "p_mid", "p_exact",
)  # fmt: skip
"""Every record has all of these; what does not apply, or is undefined, is empty."""
_ANCHORING = ("adopted_1", "adopted_3", "unprompted_1", "unprompted_3", "newly_1", "newly_3")
_COMPARABLE = {
    "balanced": "balanced accuracy", "sensitivity": "cancer sensitivity", "specificity": "cancer specificity",
    "cancer_balanced": "cancer balanced accuracy",
}  # fmt: skip
_SHORTCUT = (
    "top_1", "top_3", "frequent_1", "frequent_3", "above_1", "above_3", "top_1_given_away", "top_1_else",
)  # fmt: skip


def result_records(result: DifferentialResult) -> Iterator[dict[str, Any]]:
    """Yield the whole result as flat records with the keys of `COLUMNS`; numbers are not rounded.

    `kind` is "arm" (a mean), "change" (arm less base), "anchoring", "shortcut", "part", "part less rest", "part over
    rest", "gap" or "within disease".
    """
    for cell in result.cells:
        about = {"kind": "arm", "model": cell.model, "arm": cell.arm, "image_arm": cell.image_arm}
        about |= {name: getattr(cell, name) for name in ("n_missing", "n_unanswered", "n_abstained", "n_given_away")}
        for measure, estimate in cell.measures.items():
            yield _record(result, measure, estimate, about)
        if cell.confidence:
            for name in ("coverage", "accuracy_answered", "excess", "area"):
                yield _record(result, f"confidence {name}", getattr(cell.confidence, name), about)
    yield from _further_records(result)
    for change in result.changes:
        yield from _change_records(result, change)
    for anchoring in result.anchoring:
        yield from _named(result, "anchoring", anchoring, _ANCHORING, {"image_arm": anchoring.image_arm})
    for shortcut in result.shortcuts:
        yield from _named(result, "shortcut", shortcut, _SHORTCUT, {"n_given_away": shortcut.n_given_away})
    for kind, part, found in part_records(result):
        yield _record(result, part["measure"], found, part | {"kind": kind})


def result_csv(result: DifferentialResult) -> str:
    """Return `result_records` as CSV (RFC 4180, lines end in CRLF), with a header line."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(result_records(result))
    return file.getvalue()


def _further_records(result: DifferentialResult) -> Iterator[dict[str, Any]]:
    """Yield what publications give, and the rungs above the lexicon's as far as they were tried."""
    for one in result.comparable:
        about = {"kind": "arm", "model": one.model, "arm": one.arm, "image_arm": one.image_arm}
        for name, measure in _COMPARABLE.items():
            yield _record(result, measure, getattr(one, name), about)
    embedding = result.embedding.cells if result.embedding else ()
    adjudicator = result.adjudication.cells if result.adjudication else ()
    tried: list[tuple[str, EmbeddingCell | RungCell]] = [("embedding", cell) for cell in embedding]
    tried += [("adjudicator", cell) for cell in adjudicator]
    for rung, cell in tried:
        about = {"kind": "arm", "model": cell.model, "arm": cell.arm, "image_arm": cell.image_arm}
        for k, hit in zip(CUTS, cell.hits, strict=True):
            yield _record(result, f"top-{k} {rung}", hit, about)


def _change_records(result: DifferentialResult, change: Change) -> Iterator[dict[str, Any]]:
    names = ("model", "arm", "image_arm", "base_arm", "base_image_arm")
    about = {"kind": "change"} | {name: getattr(change, name) for name in names}
    yield _record(result, "flips", change.flips, about)
    for measure, estimate in change.differences.items():
        test = change.mcnemar.get(measure)
        tested: dict[str, Any] = {}
        if test is not None:
            tested = {"n_only_here": test.n_first_only, "n_only_base": test.n_second_only}
            tested |= {"p_mid": test.p_mid, "p_exact": test.p_exact}
        yield _record(result, measure, estimate, about | tested)


def _named(
    result: DifferentialResult, kind: str, one: Anchoring | Shortcut, names: tuple[str, ...], about: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    for name in names:
        yield _record(result, name, getattr(one, name), {"kind": kind, "model": one.model} | about)


def _record(
    result: DifferentialResult, measure: str, estimate: Estimate | None, about: dict[str, Any]
) -> dict[str, Any]:
    known = about | {"dataset": result.card.name, "synthetic": result.card.synthetic, "measure": measure}
    if estimate is not None:
        known |= {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n,
                  "n_patients": estimate.n_clusters}  # fmt: skip
    values = {name: known.get(name) for name in COLUMNS}
    return {name: None if isinstance(v, float) and math.isnan(v) else v for name, v in values.items()}
