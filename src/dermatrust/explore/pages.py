"""What each page of the explorer places: the report's own views of a run, chosen and ordered."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from dermatrust.bench.results import FACTORS, MACRO, MEASURES, BenchTable
from dermatrust.bench.text import counted
from dermatrust.explore.case_page import kept_scores, shown_case
from dermatrust.explore.cases import ORDERS, PAGE, Wanted
from dermatrust.explore.datasets import Behind
from dermatrust.explore.problems import ExploreProblem
from dermatrust.explore.runs import RUN, OpenRun, Runs
from dermatrust.explore.studies import study_lines
from dermatrust.report import breakdowns
from dermatrust.report.chapters import chapters, left_out
from dermatrust.report.headline import RaterTable
from dermatrust.report.model_page import model_context
from dermatrust.report.views import plain_number, share_text

Query = Mapping[str, str]


def runs_context(runs: Runs) -> dict[str, Any]:
    """Return what the list of runs, studies and audits places."""
    others, damaged = study_lines(runs)
    models = [one for one in runs.listed() if one.kind == RUN]
    n_benchmarks = runs.n_benchmarks()
    return {
        "runs": models, "others": others, "damaged": damaged, "n_benchmarks": n_benchmarks, "synthetic": False,
    }  # fmt: skip


def leaderboard_context(run: OpenRun, query: Query) -> dict[str, Any]:
    """Return what the leaderboard places, each rater's models in the order of the measure asked for."""
    asked = query.get("by", MACRO)
    measure = next((one for one in MEASURES if str(one) == asked), None)
    if measure is None:
        raise ExploreProblem(404, "No such measure", f"Models can be ordered by {', '.join(map(str, MEASURES))}.")
    tables = [_ordered(found, run.table, str(measure)) for found in run.context["rater_tables"]]
    return run.context | {"rater_tables": tables, "sorted_by": str(measure)}


def _ordered(found: RaterTable, table: BenchTable, measure: str) -> RaterTable:
    means = {row.author: {str(m): row.estimate(m).value for m in MEASURES} for row in table.rows_of(found.rater)}

    def key(author: str) -> tuple[bool, float]:
        mean = means[author][measure]
        return math.isnan(mean), -mean if mean == mean else 0.0

    return replace(found, lines=tuple(sorted(found.lines, key=lambda line: key(line.author))))


def model_page_context(run: OpenRun, query: Query) -> dict[str, Any]:
    """Return what the page of one model places."""
    name = query.get("name", "")
    try:
        return model_context(run.manifest, run.table, name)
    except KeyError:
        raise ExploreProblem(404, "No such model", f"The run has {', '.join(run.table.authors)}.") from None


def raters_context(run: OpenRun, runs: Runs) -> dict[str, Any]:
    """Return what the page about the raters places."""
    found, problems = runs.found_of(run.manifest)
    return run.context | {
        "chapters": chapters(found), "left_out": left_out(found, has_table=True, clinical=False), "problems": problems,
    }  # fmt: skip


def data_context(run: OpenRun) -> dict[str, Any]:
    """Return what the page about the cases' mix places."""
    levels = []
    for factor in FACTORS[1:]:
        counts = breakdowns.level_counts(run.table, factor)
        total = sum(n for _, n in counts)
        levels.append((factor, [(name, n, share_text(n, total)) for name, n in counts]))
    return run.context | {"levels": levels}


def cases_context(run: OpenRun, query: Query, base: str) -> dict[str, Any]:
    """Return what a page of the list of cases places."""
    wanted = _wanted(query)
    found = run.cases.wanted(wanted)
    n_pages = max(1, math.ceil(len(found) / PAGE))
    wanted = replace(wanted, page=min(wanted.page, n_pages))
    first = PAGE * (wanted.page - 1)
    shown = found[first : first + PAGE]
    range_text = f"{first + 1:,} to {first + len(shown):,} of " if n_pages > 1 else ""
    filters = [
        (name, title, run.cases.levels(name), getattr(wanted, name))
        for name, title in (("category", "Category"), ("skin_type", "Skin type"), ("site", "Site"))
    ]
    return run.context | {
        "wanted": wanted,
        "rows": shown,
        "n_all": len(run.cases.rows),
        "found_text": f"{range_text}{counted(len(found), 'case')}",
        "n_pages": n_pages,
        "pages": list(_around_page(wanted.page, n_pages, query, base)),
        "filters": filters,
        "orders": ORDERS,
        "at_most": plain_number(wanted.at_most),
    }


def _wanted(query: Query) -> Wanted:
    """Return the filters asked for; one that cannot be read is left out."""
    order = query.get("order", "")
    return Wanted(
        category=query.get("category", ""),
        skin_type=query.get("skin_type", ""),
        site=query.get("site", ""),
        at_most=_number(query.get("at_most", ""), 5.0),
        text=query.get("q", "").strip(),
        order=order if order in ORDERS else "lowest",
        page=max(1, int(_number(query.get("page", ""), 1.0))),
    )


def _number(text: str, otherwise: float) -> float:
    try:
        number = float(text)
    except ValueError:
        return otherwise
    return number if abs(number) < 1e9 else otherwise  # NaN is below nothing


def _around_page(page: int, n_pages: int, query: Query, base: str) -> list[tuple[str, str]]:
    """Return the links from a page of cases to the first, its neighbours and the last."""
    wanted = [(1, "First"), (page - 1, "← Previous"), (page + 1, "Next →"), (n_pages, "Last")]
    kept = {name: value for name, value in query.items() if name not in ("page", "file") and value}
    return [
        (f"{base}/cases?{urlencode(kept | {'page': str(number)})}", text)
        for number, text in wanted
        if 1 <= number <= n_pages and number != page
    ]


def case_context(run: OpenRun, behind: Behind | None, query: Query, base: str, *, is_file: bool) -> dict[str, Any]:
    """Return what the page of one case places; a file to send on has no image that may not leave this machine."""
    name = query.get("id", "")
    if name not in run.cases.rows:
        raise ExploreProblem(404, "No such case", "The run has no case of this id.")
    with_images = run.manifest.dataset.may_leave_machine or not is_file
    view = shown_case(run, behind, name, with_images=with_images)
    ordered = [row.id for row in run.cases.wanted(Wanted())]
    place = ordered.index(name)
    beside = (place - 1, "← Lower mean"), (place + 1, "Higher mean →")
    around = [(f"{base}/case?{urlencode({'id': ordered[k]})}", text) for k, text in beside if 0 <= k < len(ordered)]
    scores = [] if run.said.is_kept else kept_scores(run, name)
    return run.context | {
        "case": view,
        "around": [] if is_file else [*around, (f"{base}/cases", "All cases")],
        "notes": _notes(run, behind),
        "scores": scores,
    }


def _notes(run: OpenRun, behind: Behind | None) -> list[str]:
    notes = []
    if behind is None:
        notes.append(
            "The dataset folder of this run was not found, so images, reference and facts are missing. Start the "
            "explorer with --dataset FOLDER; the folder must be as it was when the run was made."
        )
    if not run.said.is_kept:
        notes.append(
            "The run keeps no texts: it was made by an earlier version. The command that made it, run again, asks "
            "nobody anew and adds them."
        )
    return notes
