"""What besides a run of models a report can hold: each is the page of one command, as a chapter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING

from markupsafe import Markup

from dermatrust.records import DatasetCard, Manifest
from dermatrust.report.page import page_environment
from dermatrust.report.provenance import card_notice

if TYPE_CHECKING:
    from dermatrust.align.details import StudyResult
    from dermatrust.audit.image import ImageAudit
    from dermatrust.audit.injection import InjectionAudit
    from dermatrust.audit.judge_audit import JudgeAudit
    from dermatrust.audit.references import ReferenceAudit
    from dermatrust.clinic.baseline_result import BaselineResult
    from dermatrust.clinic.gap_results import BedsideGap
    from dermatrust.clinic.results import DifferentialResult
    from dermatrust.clinic.stress_table import StressResult
    from dermatrust.clinic.triage_results import TriageResult
    from dermatrust.protocols.several import ProtocolRuns

    Clinical = DifferentialResult | TriageResult | StressResult | BaselineResult | BedsideGap
    Found = Clinical | ProtocolRuns | JudgeAudit | StudyResult | ImageAudit | InjectionAudit | ReferenceAudit

NO_MANIFESTS: Mapping[str, Manifest] = MappingProxyType({})
BENCH = "Leaderboard, subgroups, checklists", "dermatrust bench DATASET -m MODEL"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of chapter; what it needs is named and not imported, as a report may have none.

    Attributes:
        title: Of the chapter.
        command: What finds it.
        module: Where the class of what was found is.
        template: Of the page that shows it.
        context: The function that returns what the page's sections place.
        shows_run: Whether it can be given the manifest of a run, and then says when and how it was made.
    """

    title: str
    command: str
    module: str
    template: str
    context: str
    shows_run: bool = False

    @property
    def is_clinical(self) -> bool:
        """Whether it is about models at the bedside, and not about who rates them."""
        return self.module.startswith("dermatrust.clinic.")

    @property
    def is_published(self) -> bool:
        """Whether it is of published benchmarks, whose data are not the report's dataset."""
        return self.module.startswith("dermatrust.protocols.")


KINDS = {
    "DifferentialResult": Kind(
        "Differential diagnosis", "dermatrust clinic ddx DATASET -m MODEL", "dermatrust.clinic.results",
        "clinic_ddx.html", "dermatrust.report.clinic_ddx:differential_context", shows_run=True,
    ),
    "TriageResult": Kind(
        "Triage", "dermatrust clinic triage DATASET -m MODEL", "dermatrust.clinic.triage_results",
        "clinic_triage.html", "dermatrust.report.clinic_triage:triage_context", shows_run=True,
    ),
    "StressResult": Kind(
        "Spoilt photographs", "dermatrust clinic stress DATASET -m MODEL", "dermatrust.clinic.stress_table",
        "clinic_stress.html", "dermatrust.report.clinic_stress:stress_context", shows_run=True,
    ),
    "BaselineResult": Kind(
        "Without a photograph", "dermatrust clinic baseline DATASET --out FOLDER", "dermatrust.clinic.baseline_result",
        "clinic_baseline.html", "dermatrust.report.clinic_baseline:baseline_context",
    ),
    "BedsideGap": Kind(
        "Benchmark to bedside", "dermatrust clinic gap RUN RUN", "dermatrust.clinic.gap_results",
        "clinic_gap.html", "dermatrust.report.clinic_gap:gap_context",
    ),
    "ProtocolRuns": Kind(
        "Published benchmarks", "dermatrust run PROTOCOL -m MODEL", "dermatrust.protocols.several",
        "protocol_runs.html", "dermatrust.report.protocol_runs:protocol_context",
    ),
    "JudgeAudit": Kind(
        "Judge report card", "dermatrust audit judge DATASET --judge JUDGE", "dermatrust.audit.judge_audit",
        "judge_card.html", "dermatrust.report.judge_card:card_context", shows_run=True,
    ),
    "StudyResult": Kind(
        "Alignment with people", "dermatrust align DATASET --out FOLDER", "dermatrust.align.details",
        "align_page.html", "dermatrust.report.alignment_page:alignment_context",
    ),
    "ImageAudit": Kind(
        "Image audit", "dermatrust audit image DATASET -m EVALUATOR", "dermatrust.audit.image",
        "image_audit.html", "dermatrust.report.rater_audit:image_context",
    ),
    "InjectionAudit": Kind(
        "Injection test", "dermatrust audit injection DATASET -j JUDGE", "dermatrust.audit.injection",
        "injection_audit.html", "dermatrust.report.rater_audit:injection_context",
    ),
    "ReferenceAudit": Kind(
        "Audit of references", "dermatrust audit references DATASET", "dermatrust.audit.references",
        "reference_audit.html", "dermatrust.report.reference_audit:summary_context",
    ),
}  # fmt: skip
"""By the class of what a command found, in the order of the report."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter, ready to be placed."""

    ident: str
    title: str
    html: Markup


def class_of(kind: str) -> "type[Found]":
    """Return the class whose name is a key of `KINDS`."""
    found: type[Found] = resolve_name(f"{KINDS[kind].module}:{kind}")
    return found


def dataset_of(found: "Found") -> DatasetCard:
    """Return the card of the dataset that something was found of."""
    card: DatasetCard = getattr(found, "dataset", None) or getattr(found, "card")  # noqa: B009  # either has one
    return card


def cards_of(found: "Found") -> tuple[DatasetCard, ...]:
    """Return the cards of all datasets behind something that was found; a comparison has several."""
    return tuple(one.card for one in getattr(found, "datasets", ())) or (dataset_of(found),)


def cards_notice(found: "Found") -> str:
    """Return why a page without cases may not be sent on, empty where all datasets behind it allow it."""
    first, *others = cards_of(found)
    return card_notice(first, n_pages=0, n_images=0, others=others)


def chapters(found: "Sequence[Found]", manifests: Mapping[str, Manifest] = NO_MANIFESTS) -> tuple[Chapter, ...]:
    """Return a chapter for each, in the order of `KINDS`.

    Args:
        found: What there is, one of a kind.
        manifests: Kind to the manifest of its run, so that a chapter can say when it was made.
    """
    by_kind = {type(one).__name__: one for one in found}
    return tuple(_chapter(by_kind[name], kind, manifests.get(name)) for name, kind in KINDS.items() if name in by_kind)


def left_out(found: "Sequence[Found]", *, has_table: bool, clinical: bool = True) -> tuple[tuple[str, str], ...]:
    """Return what the report lacks, each with the command that finds it; studies at the bedside only where asked."""
    there = {type(one).__name__ for one in found}
    lacking = [
        (kind.title, kind.command)
        for name, kind in KINDS.items()
        if name not in there and (clinical or not (kind.is_clinical or kind.is_published))
    ]
    return tuple(lacking if has_table else [BENCH, *lacking])


def _chapter(found: "Found", kind: Kind, manifest: Manifest | None) -> Chapter:
    ident = kind.title.lower().replace(" ", "-")
    more = {"manifest": manifest} if kind.shows_run else {}
    context = resolve_name(kind.context)(found, **more)
    place = {"layout": "chapter.html", "heading": "h2", "ident": ident, "synthetic": dataset_of(found).synthetic}
    html = page_environment().get_template(kind.template).render(context | place)
    return Chapter(ident, kind.title, Markup(html))  # noqa: S704  # rendered by our own template, with autoescape
