"""What was measured, by whom and against what, with the warnings a reader needs first."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dermatrust.bench.results import EVALUATORS, BenchTable, ModelRow
from dermatrust.bench.text import cases_text, counted
from dermatrust.records import DatasetCard, JudgeCard, Manifest
from dermatrust.report.views import and_text

_NO_FAMILY = {"", "unknown", "none", "lexical", "human", "other"}
KINDS = ("certified", "draft", "label", "none")


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """What one rater read beside one model's narratives."""

    rater: str
    author: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kinship:
    """A judge that rated models of its own family."""

    judge: str
    models: tuple[str, ...]
    family: str

    @property
    def text(self) -> str:
        """The warning, as a sentence."""
        return (
            f"{and_text([self.judge, *self.models])} are of one family ({self.family}): "
            "a judge may prefer texts by its own kin (self-preference)."
        )


def kinships(manifest: Manifest) -> tuple[Kinship, ...]:
    """Return every judge that shares its family with models."""
    found = []
    for judge in manifest.judges:
        family = judge.family.strip().casefold()
        kin = tuple(model.model for model in manifest.models if model.family.strip().casefold() == family)
        if kin and judge.kind != "lexical" and family not in _NO_FAMILY:
            found.append(Kinship(judge.judge, kin, judge.family))
    return tuple(found)


def reference_lines(table: BenchTable) -> tuple[ReferenceLine, ...]:
    """Return how many certified, draft, label-only and absent references stood behind every row of a judge."""
    return tuple(
        ReferenceLine(row.rater, row.author, tuple(row.references.get(kind, 0) for kind in KINDS))
        for row in _with_references(table)
    )


def _with_references(table: BenchTable) -> list[ModelRow]:
    """Return the rows of raters that read references: an evaluator reads none, so none of its are absent."""
    evaluators = table.raters_of(EVALUATORS)
    return [row for row in table.rows if row.rater not in evaluators]


def reference_notice(table: BenchTable) -> str:
    """Return what a reader must know about the references before any score; empty if all are certified."""
    rows = _with_references(table)
    found = {kind: max((row.references.get(kind, 0) for row in rows), default=0) for kind in KINDS}
    if not any(found.values()):
        return ""
    if not found["certified"] and not found["draft"] and found["label"]:
        return (
            "No expert wrote or certified the references of this run. They are only the facts the dataset records "
            "(such as diagnosis and site) put into sentences, so the scores say how well a narrative agrees with "
            "those facts, not how good it is."
        )
    rest = [f"{found[kind]:,} {name}" for kind, name in _UNCERTIFIED if found[kind]]
    if not rest:
        return ""
    return f"Not all references are certified by an expert: {found['certified']:,} certified, {', '.join(rest)}."


_UNCERTIFIED = (("draft", "draft"), ("label", "made of label facts only"), ("none", "absent"))


def called(table: BenchTable, manifest: Manifest) -> dict[str, str]:
    """Return each rater as a sentence names it: "the lexical judge" is one of a kind, others go by their name."""
    lexical = {card.judge for card in manifest.judges if card.kind == "lexical"}
    return {rater: f"the {rater} judge" if rater in lexical else rater for rater in table.raters}


def patients_text(table: BenchTable) -> str:
    """Return the number of patients, and of the cases for which nobody recorded them."""
    if not table.n_cases_without_patient:
        return f"{table.n_patients:,}"
    if not table.n_patients:
        return "not recorded"
    return f"{table.n_patients:,} (not recorded for {counted(table.n_cases_without_patient, 'case')})"


def measured(table: BenchTable, manifest: Manifest) -> str:
    """Return in a few sentences what was measured."""
    cases = cases_text(table.n_cases, table.n_patients, table.n_cases_without_patient)
    wrote = "wrote" if len(table.authors) == 1 else "each wrote"
    evaluators = table.raters_of(EVALUATORS)
    names = [name for rater, name in called(table, manifest).items() if rater not in evaluators]
    by = [f"against the reference of its case by {and_text(names)}"] if names else []
    by += [f"by the photographs alone by {and_text(list(evaluators))}"] if evaluators else []
    how = f": {', and '.join(by)}" if by else ""
    return (
        f"{counted(len(table.authors), 'model')} {wrote} a diagnostic narrative for {cases}. Every narrative was "
        f"scored on six dimensions, from 0 (worst) to 5 (best){how}."
    )


def judge_facts(card: JudgeCard) -> tuple[tuple[str, str], ...]:
    """Return a judge card as (name, value); a missing value is said to be missing."""
    return (
        ("Kind", card.kind),
        ("Family", card.family),
        ("Version", card.version),
        ("Rubric", card.rubric),
        ("Prompt", card.prompt or "none"),
        ("Temperature", "not applicable" if card.temperature is None else f"{card.temperature:g}"),
        ("Repeats per narrative", f"{card.repeats:,}"),
    )


_HASH = re.compile(r"[0-9a-f]{24,}")
_HASH_SHOWN = 12


def asked_text(endpoint: Mapping[str, object]) -> str:
    """Return what besides the ask decides a model's replies; what is empty is left out, and hashes are cut.

    Example:
        >>> asked_text({"kind": "replay", "file": "0c2d" * 16, "case": "", "author": None})
        'kind replay; file 0c2d0c2d0c2d…'
    """
    known = [(name, str(value)) for name, value in endpoint.items() if value is not None and value != ""]
    shown = (f"{name} {_HASH.sub(lambda found: f'{found[0][:_HASH_SHOWN]}…', value)}" for name, value in known)
    return "; ".join(shown) or "not recorded"


def json_text(value: Mapping[str, object]) -> str:
    """Return a configuration as readable JSON."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)


def card_notice(card: DatasetCard, *, n_pages: int, n_images: int, others: Iterable[DatasetCard] = ()) -> str:
    """Return the warning that the cards of the datasets behind a file ask for, empty if none asks for one.

    Args:
        card: Of the dataset whose cases the file shows, if it shows any.
        n_pages: Cases shown, as texts.
        n_images: Photographs shown.
        others: Cards of datasets of which the file holds tables alone.
    """
    private = _private((card, *others))
    if not private:
        return ""
    rule = _rule(private)
    if (n_images or n_pages) and not card.may_leave_machine:
        what = "images" if n_images else "texts"
        return f"This file contains case {what} that may not leave this machine. {rule}: do not send the file on."
    whose = " of theirs" if n_images or n_pages else ""
    return f"{rule}. This file holds no case pages{whose}, only the tables."


def screen_notice(cards: Iterable[DatasetCard]) -> str:
    """Return the warning of a page on the screen, which is no file yet; empty if all its datasets may leave."""
    private = _private(cards)
    return f"{_rule(private)}: do not pass on what this page shows." if private else ""


def _private(cards: Iterable[DatasetCard]) -> list[str]:
    return list(dict.fromkeys(card.name for card in cards if not card.may_leave_machine))


def _rule(names: list[str]) -> str:
    if len(names) > 1:
        return f"The cards of {and_text(names)} do not allow their cases to leave this machine"
    return f"The card of {names[0]} does not allow its cases to leave this machine"
