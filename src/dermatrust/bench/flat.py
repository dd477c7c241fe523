"""The bench table as flat records and CSV, for spreadsheets and programs."""

import csv
import io
import math
from collections.abc import Iterator
from itertools import product
from typing import Any

from dermatrust.bench.results import MEASURES, BenchTable, Estimate, Measure
from dermatrust.bench.text import compared_text
from dermatrust.records import DatasetCard, Dimension
from dermatrust.records.rating import Flag

COLUMNS = (
    "dataset", "synthetic", "kind", "rater", "author", "against", "factor", "level", "measure", "mean", "low", "high",
    "n", "n_missing", "place", "tied", "p", "p_holm", "n_cases", "n_patients",
    "n_cases_without_patient",
)  # fmt: skip
"""Every record has all of these; what does not apply, or is undefined, is None (empty in CSV)."""


def table_records(table: BenchTable, dataset: DatasetCard) -> list[dict[str, Any]]:
    """Return the whole table as flat records with the keys of `COLUMNS`, each marked with the dataset it is of.

    `kind` is "model" (a mean), "difference" (`author` minus `against`), "subgroup" (a mean at one level of a factor),
    "alignment" (the mean absolute error of `rater` against `against`) or "flag" (the share of the author's `n`
    narratives whose rating bears the flag named as measure, where any of the rater's does). Numbers are not rounded.
    """
    records: list[dict[str, Any]] = []
    for row in table.rows:
        for measure in MEASURES:
            rank = row.ranks[measure]
            about = {"kind": "model", "rater": row.rater, "author": row.author, "n_cases": row.n_cases}
            records.append(_record(measure, row.estimate(measure), **about, place=rank.place, tied=rank.tied))
    for pair in table.differences:
        about = {"kind": "difference", "rater": pair.rater, "author": pair.first, "against": pair.second}
        records.append(_record(pair.measure, pair.difference, **about, p=pair.p, p_holm=pair.p_holm))
    for group in table.subgroups:
        for measure in MEASURES:
            about = {"kind": "subgroup", "rater": group.rater, "author": group.author, "factor": group.factor}
            counts = {
                "n_cases": group.n_cases,
                "n_patients": group.n_patients,
                "n_cases_without_patient": group.n_cases_without_patient,
            }
            records.append(_record(measure, group.estimate(measure), **about, level=group.level, **counts))
    for aligned in table.alignment.rows if table.alignment is not None else ():
        rater, against = compared_text(aligned)
        for measure in MEASURES:
            about = {"kind": "alignment", "rater": rater, "against": against}
            records.append(_record(measure, aligned.estimate(measure), **about))
    records += _flag_records(table)
    return [record | {"dataset": dataset.name, "synthetic": dataset.synthetic} for record in records]


def table_csv(table: BenchTable, dataset: DatasetCard) -> str:
    """Return `table_records` as CSV (RFC 4180, lines end in CRLF), with a header line."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(table_records(table, dataset))
    return file.getvalue()


def _flag_records(table: BenchTable) -> Iterator[dict[str, Any]]:
    for rater in table.raters:
        for flag, row in product(table.flags_of(rater), table.rows_of(rater)):
            share = row.n_flagged(flag) / row.n_narratives if row.n_narratives else math.nan
            n_answers = row.macro.n + row.macro.n_missing
            estimate = Estimate(share, math.nan, math.nan, row.n_narratives, n_answers - row.n_narratives)
            yield _record(flag, estimate, kind="flag", rater=rater, author=row.author, n_cases=row.n_cases)


def _record(measure: Measure | Flag, estimate: Estimate, **about: Any) -> dict[str, Any]:
    """Return one record; NaN becomes None, since neither JSON nor a spreadsheet knows it."""
    known: dict[str, Any] = {
        **about,
        "measure": measure.value if isinstance(measure, Dimension) else measure,
        "mean": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "n_missing": estimate.n_missing,
    }
    values = {name: known.get(name) for name in COLUMNS}
    return {name: None if isinstance(v, float) and math.isnan(v) else v for name, v in values.items()}
