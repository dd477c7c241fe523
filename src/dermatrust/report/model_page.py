"""One model of a run: what every rater says of it, beside which models, and in which parts of the cases."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dermatrust.bench.results import MACRO, BenchTable
from dermatrust.records import Manifest
from dermatrust.report import breakdowns, headline
from dermatrust.report.breakdowns import DifferenceLine
from dermatrust.report.headline import ModelLine
from dermatrust.report.radar import radar
from dermatrust.report.write import run_context


@dataclass(frozen=True, slots=True)
class RaterLine:
    """One rater's row about the model."""

    rater: str
    line: ModelLine


def only(table: BenchTable, author: str) -> BenchTable:
    """Return the table with the numbers of one model; nothing in it is computed anew.

    Raises:
        KeyError: The table has no such model.
    """
    if author not in table.authors:
        raise KeyError(author)
    return dataclasses.replace(
        table,
        rows=tuple(row for row in table.rows if row.author == author),
        subgroups=tuple(row for row in table.subgroups if row.author == author),
        gaps=tuple(row for row in table.gaps if row.author == author),
        within=tuple(row for row in table.within if row.author == author),
        differences=(),
        authors=(author,),
    )


def model_context(manifest: Manifest, table: BenchTable, author: str) -> dict[str, Any]:
    """Return what the page of a model places.

    Args:
        manifest: Of the run.
        table: Of the whole run: ranks and differences are those among all its models.
        author: The model.

    Raises:
        KeyError: The run has no such model.
    """
    own = only(table, author)
    card = next((card for card in manifest.models if card.model == author), None)
    return run_context(manifest, own) | {
        "author": author,
        "card": card,
        "radar": Markup(radar(own.rows)),  # noqa: S704  # escaped by svg.py
        "n_not_drawn": max(0, len(own.rows) - 4),
        "rater_lines": [
            RaterLine(found.rater, line)
            for found in headline.rater_tables(table)
            for line in found.lines
            if line.author == author
        ],
        "is_ranked": len(table.authors) > 1,
        "beside": beside(table, author),
    }


def beside(table: BenchTable, author: str) -> list[tuple[str, list[DifferenceLine]]]:
    """Return (rater, the overall differences of the model and each other one) for every rater."""
    found = [one for one in breakdowns.difference_tables(table) if one.measure == MACRO]
    own = [(one.rater, [line for line in one.lines if author in (line.first, line.second)]) for one in found]
    return [(rater, lines) for rater, lines in own if lines]
