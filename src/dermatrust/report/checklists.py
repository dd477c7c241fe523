"""Reporting checklists, filled from what the run recorded; the rest is for the authors to write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from dermatrust.bench.results import BenchTable
from dermatrust.bench.text import cases_text, counted
from dermatrust.records import Manifest

FOR_THE_AUTHORS = "For the authors to write."


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One item of a checklist.

    Attributes:
        number: Its number in the checklist.
        topic: What it is about.
        asked: What it asks for, in our words.
        recorded: What the run says about it; empty where the authors must write all of it.
    """

    number: str
    topic: str
    asked: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist with its source.

    Attributes:
        name: Its name.
        source: Where it was published.
        items: In its order.
    """

    name: str
    source: str
    items: tuple[ChecklistItem, ...]

    @property
    def n_recorded(self) -> int:
        """Items about which the run says something."""
        return sum(1 for item in self.items if item.recorded)


def checklists(manifest: Manifest, table: BenchTable) -> tuple[Checklist, ...]:
    """Return MI-CLEAR-LLM and TRIPOD-LLM for a run, as far as they apply to an evaluation of narratives.

    An item with a recorded fact is a beginning and no proof that all of it is reported.

    Reference:
        Park et al. (2024), Korean J Radiol 25(10):865-868, https://pmc.ncbi.nlm.nih.gov/articles/PMC11444851; Gallifant
        et al. (2025), Nature Medicine 31:60-69, https://doi.org/10.1038/s41591-024-03425-5.
    """
    facts = {name: fact(manifest, table) for name, fact in _FACTS.items()}
    return tuple(
        Checklist(one["name"], one["source"], tuple(_item(fields, facts) for fields in one["items"]))
        for one in _checklists()
    )


def _item(fields: Mapping[str, str], facts: Mapping[str, str]) -> ChecklistItem:
    recorded = facts[fields["fact"]] if "fact" in fields else ""
    return ChecklistItem(fields["id"], fields["topic"], fields["asked"], recorded)


@cache
def _checklists() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(
        files("dermatrust.report").joinpath("checklists.yaml").read_text("utf-8")
    )
    return found


def _models(manifest: Manifest, table: BenchTable) -> str:
    asked = f"asked from {_day(manifest.started)}" + (f" to {_day(manifest.finished)}" if manifest.finished else "")
    models = "; ".join(f"{one.model} ({one.family})" for one in manifest.models)
    raters = "; ".join(f"{one.judge}, version {one.version} ({one.family})" for one in manifest.judges)
    return f"Under test: {models or 'none'}. Raters: {raters or 'none'}; {asked}."


def _chance(manifest: Manifest, table: BenchTable) -> str:
    raters = "; ".join(
        f"{one.judge}: {'no temperature' if one.temperature is None else f'temperature {one.temperature:g}'}, "
        f"{counted(one.repeats, 'draw')}"
        for one in manifest.judges
    )
    seeds = ", ".join(f"{name} {seed}" for name, seed in sorted(manifest.seeds.items()))
    return f"One narrative a model and case. {raters}; draws are averaged. Seeds: {seeds or 'none'}."


def _prompts(manifest: Manifest, table: BenchTable) -> str:
    named = ", ".join(f"{name} (hash {digest[:12]})" for name, digest in sorted(manifest.prompts.items()))
    return f"Packaged or given as files, recorded by hash: {named}." if named else ""


def _settings(manifest: Manifest, table: BenchTable) -> str:
    return f"Everything the command was told: see Configuration. {_chance(manifest, table)}"


def _data(manifest: Manifest, table: BenchTable) -> str:
    card = manifest.dataset
    synthetic = " The cases are synthetic." if card.synthetic else ""
    return f"{card.name}, version {card.version}: {card.source}.{synthetic} {card.citation}".strip()


def _sizes(manifest: Manifest, table: BenchTable) -> str:
    cases = cases_text(table.n_cases, table.n_patients, table.n_cases_without_patient)
    return f"{cases}; by category, skin type and site: see Cases and subgroups."


def _references(manifest: Manifest, table: BenchTable) -> str:
    kinds: dict[str, int] = {}
    for row in table.rows:
        for kind, n in row.references.items():
            kinds[kind] = max(kinds.get(kind, 0), n)
    found = ", ".join(f"{n:,} {kind}" for kind, n in sorted(kinds.items()) if n)
    return f"References beside the narratives: {found}." if found else ""


def _raters(manifest: Manifest, table: BenchTable) -> str:
    rubrics = ", ".join(sorted({one.rubric for one in manifest.judges}))
    return f"Rated by {', '.join(table.raters)}, with the rubric {rubrics}; agreement: `dermatrust align`."


def _alignment(manifest: Manifest, table: BenchTable) -> str:
    if table.alignment is None:
        return ""
    return f"Errors of automatic raters against {', '.join(table.alignment.panel)}: see Results."


def _said(text: str) -> Callable[[Manifest, BenchTable], str]:
    return lambda manifest, table: text


def _day(time: str) -> str:
    return time.partition("T")[0]


_FACTS: dict[str, Callable[[Manifest, BenchTable], str]] = {
    "models": _models,
    "chance": _chance,
    "prompts": _prompts,
    "settings": _settings,
    "source": _data,
    "sizes": _sizes,
    "references": _references,
    "raters": _raters,
    "alignment": _alignment,
    "conversations": _said("Every question was a conversation of its own."),
    "command": lambda manifest, table: f"An evaluation: `{manifest.command}`.",
    "preparation": _said("Images were turned upright and sent without metadata; nothing else was changed."),
    "missing": _said(
        "A model that did not answer scores 0; a rater that did not answer is missing, counted, and in no mean: see "
        "What is missing."
    ),
    "output": _said(
        "Free text, kept as it came; a rater's scores are read from its reply, and what cannot be is missing."
    ),
    "measures": _said(
        "Six dimensions from 0 to 5 against a reference or the images, by a rubric with anchored levels."
    ),
    "computed": _said("Means, intervals, tests and places as described under Methods."),
    "compared": _said("On the same cases, paired by patient, with Holm's correction: see Differences."),
    "compute": lambda manifest, table: (
        f"From {manifest.started} to {manifest.finished}; tokens and costs: `dermatrust store stats`."
        if manifest.finished
        else ""
    ),
    "consent": lambda manifest, table: f"Consent, as the dataset's card says: {manifest.dataset.consent}.",
    "licence": lambda manifest, table: f"Licence {manifest.dataset.licence}; hash {manifest.dataset_hash[:12]}.",
    "code": lambda manifest, table: f"dermatrust {manifest.code_version}; the command is above.",
    "results": _said("Means with intervals, on every dimension: see Results and By dimension."),
}
"""What a run can say about an item."""
