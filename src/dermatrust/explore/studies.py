"""What the list of studies says of each, and what their pages place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dermatrust.errors import DataError
from dermatrust.explore.problems import ExploreProblem
from dermatrust.explore.runs import BENCHMARK, RUN, Listed, Runs
from dermatrust.protocols.several import ProtocolRuns
from dermatrust.records import DatasetCard, Manifest
from dermatrust.report.chapters import KINDS, cards_of, chapters
from dermatrust.report.protocol_runs import protocol_context
from dermatrust.report.views import NOTHING, date_text

if TYPE_CHECKING:
    from dermatrust.report.chapters import Found


@dataclass(frozen=True, slots=True)
class StudyLine:
    """One study or audit, as a row of the list.

    Attributes:
        name: Of its folder.
        title: What it is.
        datasets: The datasets behind it, each with its version.
        synthetic: Whether any of them is.
        names: Models, judges and evaluators; empty where it asked none.
        n_cases: Cases of each dataset.
        date: When it was begun.
    """

    name: str
    title: str
    datasets: tuple[str, ...]
    synthetic: bool
    names: tuple[str, ...]
    n_cases: str
    date: str


def study_lines(runs: Runs) -> tuple[list[StudyLine], list[Listed]]:
    """Return the studies and audits, and the folders that cannot be shown."""
    lines, damaged = [], []
    for one in runs.listed():
        if one.kind in (RUN, BENCHMARK):
            continue
        if one.problem:
            damaged.append(one)
            continue
        try:
            lines.append(_line(one, runs))
        except DataError as error:
            damaged.append(Listed(one.name, one.path, problem=str(error)))
    return lines, damaged


def _line(one: Listed, runs: Runs) -> StudyLine:
    if one.manifest is not None:  # what a large result says of itself is not read for one row
        cards: tuple[DatasetCard, ...] = (one.manifest.dataset,)
        names, n, date = names_of(one.manifest), f"{one.manifest.n_cases:,}", date_text(one.manifest.started)
    else:
        found, _ = runs.study(one.name)
        cards, date = cards_of(found), NOTHING
        rows = getattr(found, "cells", getattr(found, "rows", ()))
        names = tuple(dict.fromkeys(row.model for row in rows if hasattr(row, "model")))
        counts = [part.n_cases for part in getattr(found, "datasets", (found,)) if hasattr(part, "n_cases")]
        n = ", ".join(f"{count:,}" for count in counts) or NOTHING
    datasets = tuple(f"{card.name}, version {card.version}" for card in cards)
    synthetic = any(card.synthetic for card in cards)
    return StudyLine(one.name, KINDS[one.kind].title, datasets, synthetic, names, n, date)


def names_of(manifest: Manifest) -> tuple[str, ...]:
    """Return the models of a run, then its judges and evaluators."""
    return tuple(dict.fromkeys([*(one.model for one in manifest.models), *(one.judge for one in manifest.judges)]))


def study_context(name: str, found: "Found", manifest: Manifest | None = None) -> dict[str, Any]:
    """Return what the page of one study or audit places: its chapter of the report, and the facts of its run."""
    manifests = {} if manifest is None else {type(found).__name__: manifest}
    (chapter,) = chapters([found], manifests)
    shows_run = KINDS[type(found).__name__].shows_run
    return {
        "study": name,
        "chapter": chapter,
        "synthetic": any(card.synthetic for card in cards_of(found)),
        "manifest": manifest,
        "facts": [] if manifest is None or shows_run else _facts(manifest),
    }


def benchmarks_context(runs: Runs) -> "tuple[dict[str, Any], Found]":
    """Return what the page of published benchmarks places, as the chapter of the report does, and what it is made of.

    Raises:
        ExploreProblem: There is none.
    """
    results, problems = runs.benchmarks()
    if not results:
        said = " ".join(problems) or "`dermatrust run PROTOCOL -m MODEL` makes one."
        raise ExploreProblem(404, "No published benchmarks", said)
    found = ProtocolRuns(tuple(results))
    return protocol_context(found) | {"problems": problems, "synthetic": found.dataset.synthetic}, found


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    """Return what a run's manifest says, for a chapter that does not say it itself."""
    prompts = [("Prompt", f"{name}, {digest[:12]}") for name, digest in manifest.prompts.items()]
    return [
        ("Dataset", f"{manifest.dataset.name}, version {manifest.dataset.version}"),
        ("Cases", f"{manifest.n_cases:,}"),
        ("Asked", "; ".join(names_of(manifest)) or NOTHING),
        ("Date", date_text(manifest.started)),
        ("Run", manifest.run_id),
        *prompts,
    ]
