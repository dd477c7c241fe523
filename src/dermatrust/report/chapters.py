"""What besides a run of models a report can hold: each is the page of one command, as a chapter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dermatrust.align.details import StudyResult
from dermatrust.audit.image import ImageAudit
from dermatrust.audit.injection import InjectionAudit
from dermatrust.audit.judge_audit import JudgeAudit
from dermatrust.audit.references import ReferenceAudit
from dermatrust.records import DatasetCard
from dermatrust.report.alignment_page import alignment_context
from dermatrust.report.judge_card import card_context
from dermatrust.report.page import page_environment
from dermatrust.report.rater_audit import image_context, injection_context
from dermatrust.report.reference_audit import summary_context

BENCH = "Leaderboard, subgroups, checklists", "dermatrust bench DATASET -m MODEL"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of chapter: its page's template, what its sections place, and the command that finds it."""

    title: str
    template: str
    context: Callable[[Any], dict[str, Any]]
    command: str


KINDS: dict[type, Kind] = {
    JudgeAudit: Kind(
        "Judge report card", "judge_card.html", card_context, "dermatrust audit judge DATASET --judge JUDGE"
    ),
    StudyResult: Kind(
        "Alignment with people", "align_page.html", alignment_context, "dermatrust align DATASET --out FOLDER"
    ),
    ImageAudit: Kind("Image audit", "image_audit.html", image_context, "dermatrust audit image DATASET -m EVALUATOR"),
    InjectionAudit: Kind(
        "Injection test", "injection_audit.html", injection_context, "dermatrust audit injection DATASET -j JUDGE"
    ),
    ReferenceAudit: Kind(
        "Audit of references", "reference_audit.html", summary_context, "dermatrust audit references DATASET"
    ),
}
"""By what a command found, in the order of the report."""
Found = JudgeAudit | StudyResult | ImageAudit | InjectionAudit | ReferenceAudit


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter, ready to be placed."""

    ident: str
    title: str
    html: Markup


def dataset_of(found: Found) -> DatasetCard:
    """Return the card of the dataset that something was found of."""
    return found.dataset if isinstance(found, JudgeAudit) else found.card


def chapters(found: Sequence[Found]) -> tuple[Chapter, ...]:
    """Return a chapter for each, in the order of `KINDS`."""
    return tuple(_chapter(one, KINDS[kind]) for kind in KINDS for one in found if isinstance(one, kind))


def left_out(found: Sequence[Found], *, has_table: bool) -> tuple[tuple[str, str], ...]:
    """Return what the report lacks, each with the command that finds it."""
    there = {type(one) for one in found}
    lacking = [(kind.title, kind.command) for type_, kind in KINDS.items() if type_ not in there]
    return tuple([] if has_table else [BENCH]) + tuple(lacking)


def _chapter(found: Found, kind: Kind) -> Chapter:
    ident = kind.title.lower().replace(" ", "-")
    place = {"layout": "chapter.html", "heading": "h2", "ident": ident, "synthetic": dataset_of(found).synthetic}
    html = page_environment().get_template(kind.template).render(kind.context(found) | place)
    return Chapter(ident, kind.title, Markup(html))  # noqa: S704  # rendered by our own template, with autoescape
