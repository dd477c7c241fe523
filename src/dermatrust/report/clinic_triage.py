"""What the page of a study of triage places."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from markupsafe import Markup

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.results import FEWEST
from dermatrust.bench.text import cases_text, drawn_notice
from dermatrust.clinic.cells import Change
from dermatrust.clinic.triage_results import TriageCell, TriageResult
from dermatrust.records import Manifest
from dermatrust.report import clinic_triage_plots as plots
from dermatrust.report import clinic_triage_tables as tables
from dermatrust.report import clinic_triage_words as words
from dermatrust.report.clinic_arms import ArmLine, arm_lines, arm_name, changes_chart, missing_lines, shares_chart
from dermatrust.report.clinic_benefit import benefit_plot, threshold_columns, threshold_lines, ways_to_act
from dermatrust.report.clinic_parts import by_images, for_whom
from dermatrust.report.clinic_sure import sures
from dermatrust.report.clinic_words import ARMS, embedded_notices, image_arms_about, main_changes
from dermatrust.report.percent import points_cell, share_cell, share_text
from dermatrust.report.published import published
from dermatrust.report.views import counts_text, of_text, p_text, score_text

_TWO = ("sensitivity", "specificity", "ppv", "npv", "balanced accuracy")
_THREE = ("right", "under-triage", "over-triage", "unanswered")
_WILSON = ("sensitivity", "specificity", "ppv", "npv")


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model in the base arm, ready to be placed."""

    ident: str
    model: str
    two: tuple[tables.CountRow, ...]
    three: tuple[tables.CountRow, ...]
    roc: Markup | str
    points: list[tuple[str, str, str, str]]
    area: str
    found_at: str
    youden: str
    stated: str
    benefit: Markup
    acts: tuple[str, ...]
    thresholds: list[tuple[str, list[Any]]]


def triage_context(result: TriageResult, *, manifest: Manifest | None = None) -> dict[str, Any]:
    """Return what the sections of the page place; without the manifest neither date nor run."""
    cells, changes = result.cells, result.changes
    number = count(1)
    return {
        "result": result,
        "manifest": manifest,
        "card": result.card,
        "confidence": f"{100 * result.confidence:g} %",
        "cases": cases_text(result.n_cases, result.n_patients, result.n_cases_without_patient),
        "levels": counts_text(result.n_of_level),
        "drawn_notice": drawn_notice(manifest) if manifest else "",
        "embedded_notices": embedded_notices(result.models, result.arms, is_triage=True),
        "sign_off": words.sign_off_notice(result.n_unsigned, result.n_cases),
        "sentences": [_sentences(result, words.base_cell(result, model)) for model in result.models],
        "arms": [(arm, ARMS.get(arm, ("", ""))[1]) for arm in result.arms],
        "image_arms": image_arms_about(result.image_arms),
        "views": [
            (image_arm, [_view(cell, f"triage-{next(number)}") for cell in own])
            for image_arm, own in by_images(cells, result.base).items()
        ],
        "sures": sures(cells, result.base, "triage"),
        "charts": [
            shares_chart([(cell, cell.measures[name]) for cell in cells], result.image_arms, ident=f"triage-{name}",
                         title=title)
            for name, title in (("sensitivity", "Urgent cases found"), ("specificity", "Routine cases left routine"))
        ],
        "headline": _lines(result, _TWO),
        "wilson_lines": _wilson_lines(result),
        "levels_lines": _lines(result, _THREE) if result.n_levels > 2 else (),
        "change_lines": [_change_line(change, result) for change in changes],
        "change_charts": [
            changes_chart([(change, change.differences[name]) for change in changes], result.image_arms,
                          ident=f"triage-change-{name}", title=title, ends=("fewer", "more"))
            for name, title in (("sensitivity", "Urgent cases found"), ("specificity", "Routine cases left routine"))
        ],
        "for_whom": for_whom(result, "triage"),
        "fewest": FEWEST,
        "missing": missing_lines(cells, result.image_arms),
        "published": published("triage"),
    }  # fmt: skip


def _sentences(result: TriageResult, cell: TriageCell) -> list[str]:
    changes = main_changes(result.changes, cell.model, result.base, result.image_arms)
    said = [words.found_sentence(cell, result.confidence), words.left_sentence(cell, result.confidence)]
    return [*said, *filter(None, (words.levels_sentence(cell), *map(words.change_sentence, changes)))]


def _lines(result: TriageResult, names: Sequence[str]) -> tuple[ArmLine, ...]:
    def shown(cell: Any) -> list[Any]:
        found = result.cell(cell.model, cell.arm, cell.image_arm)
        return [share_cell(found.measures[name]) for name in names]

    return arm_lines(result.cells, result.image_arms, shown)


def _wilson_lines(result: TriageResult) -> tuple[ArmLine, ...]:
    """Return the rates with what each is of and Wilson's interval, which takes every case for a patient of its own."""

    def shown(cell: Any) -> list[Any]:
        rates = result.cell(cell.model, cell.arm, cell.image_arm).rates
        return [share_cell(getattr(rates, name), show_n=True) for name in _WILSON]

    return arm_lines(result.cells, result.image_arms, shown)


def _change_line(change: Change, result: TriageResult) -> ArmLine:
    against = change.base_arm if change.base_arm != change.arm else change.base_image_arm
    tests = [change.mcnemar[name] for name in _TWO[:2]]
    cells = (*(points_cell(change.differences[name]) for name in _TWO[:2]), share_cell(change.flips))
    more = [text for one in tests for text in (f"{one.n_first_only:,}", f"{one.n_second_only:,}", p_text(one.p_mid))]
    pairs = of_text(change.n, result.n_cases)
    return ArmLine(change.model, arm_name(change, result.image_arms), against, cells, pairs, tuple(more))


def _view(cell: TriageCell, ident: str) -> ModelView:
    stated = cell.probability
    ways = ways_to_act(cell)
    return ModelView(
        ident=ident,
        model=cell.model,
        two=tables.two_by_two(cell),
        three=tables.three_levels(cell),
        roc=plots.roc_plot(cell, stated, ident=f"{ident}-roc") if stated else "",
        points=tables.point_lines(cell, stated) if stated else [],
        area=_scores_text(stated.area) if stated else "",
        found_at=share_text(stated.sensitivity_at) if stated else "",
        youden=score_text(stated.youden.value) if stated else "",
        stated=f"{stated.n:,} of {stated.n + stated.n_without:,}" if stated else "",
        benefit=benefit_plot(cell.model, ways, ident=f"{ident}-benefit"),
        acts=threshold_columns(ways),
        thresholds=threshold_lines(ways),
    )  # fmt: skip


def _scores_text(found: Estimate) -> str:
    return f"{score_text(found.value)} [{score_text(found.low)}, {score_text(found.high)}]"
