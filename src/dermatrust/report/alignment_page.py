"""An alignment study as one HTML page: who may be trusted, beside its baselines, and where not."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dermatrust.align.details import StudyDetails, StudyResult
from dermatrust.align.results import AlignmentStudy, Scale
from dermatrust.align.text import compared_with, left_out_text
from dermatrust.bench.results import MACRO, MEASURES
from dermatrust.bench.text import embedded_notice, measure_title
from dermatrust.records import Case
from dermatrust.report import agreement_views, alignment_summary, part_views
from dermatrust.report.error_chart import difference_chart, error_chart
from dermatrust.report.page import write_page
from dermatrust.report.provenance import card_notice
from dermatrust.report.rater_views import rater_views
from dermatrust.report.worst_views import worst_views

_SCALES: tuple[tuple[Scale, str], ...] = (("as given", "as given"), ("rounded", "rounded to whole points"))


def write_alignment(
    path: Path, result: StudyResult, *, cases: Mapping[str, Case], image_path: Callable[[str], Path]
) -> None:
    """Write the page of an alignment study: one file that opens from the file system and fetches nothing.

    Args:
        path: The file to write. It is replaced as a whole, or left as it was.
        result: The study.
        cases: By id; those of the worst narratives are looked up.
        image_path: From a file name of a case to its file.

    Raises:
        DataError: The file cannot be written.
    """
    card, worst = result.card, worst_views(result.study, cases, image_path)
    n_images = sum(bool(image.uri) for _, own in worst for one in own for image in one.images)
    write_page(
        path,
        "align_page.html",
        synthetic=card.synthetic,
        leaving=card_notice(card, n_pages=len(result.study.worst), n_images=n_images),
        **alignment_context(result) | {"worst": worst},
    )


def alignment_context(result: StudyResult) -> dict[str, Any]:
    """Return what the sections of a study place, its worst cases aside."""
    study, card = result.study, result.card
    return {
        **_numbers(study, result.details),
        **_parts(study, result.details),
        "study": study,
        "worst": None,
        "card": card,
        "bootstrap": result.bootstrap,
        "confidence": f"{100 * study.confidence:g} %",
        "drawn_notice": "" if card.synthetic else embedded_notice(rater.id for rater in study.automatic),
    }


def _numbers(study: AlignmentStudy, details: StudyDetails) -> dict[str, Any]:
    """Return the numbers about raters as text, and their charts."""
    ordered = (MEASURES[-1], *MEASURES[:-1])
    return {
        "target": compared_with(study, "automatic"),
        "roles": [
            (title, [agreement_views.rater_text(rater) for rater in raters])
            for title, raters in _roles(study)
            if raters
        ],
        "summary": alignment_summary.summary_lines(study),
        "sentences": alignment_summary.sentences(study),
        "scales": [
            (scale, title, scale.replace(" ", "-"), agreement_views.measure_lines(study, scale, "MAE"))
            for scale, title in _SCALES
        ],
        "measures": [(measure, measure_title(measure)) for measure in ordered],
        "error_charts": {
            (scale, measure): Markup(  # noqa: S704  # escaped by svg.py
                error_chart(study, scale, measure, ident=f"errors-{scale.replace(' ', '-')}-{measure}")
            )
            for scale, _ in _SCALES
            for measure in MEASURES
        },
        "bias_lines": agreement_views.measure_lines(study, "as given", "bias", signed=True),
        "statistic_tables": [
            (scale, title, agreement_views.STATISTICS[scale], agreement_views.statistic_lines(study, scale))
            for scale, title in _SCALES
        ],
        "same_lines": agreement_views.same_narratives_lines(study),
        "left_out": left_out_text(study.same_narratives) if study.same_narratives else "",
        "difference_lines": agreement_views.difference_lines(study),
        "difference_chart": Markup(difference_chart(study.differences, MACRO, ident="error-differences")),  # noqa: S704
        "ranking_lines": agreement_views.ranking_lines(study.rankings),
        "replacements": agreement_views.replacement_lines(study),
        "raters": rater_views(study, details),
    }


def _parts(study: AlignmentStudy, details: StudyDetails) -> dict[str, Any]:
    """Return the panel, parts of the narratives, stability, and what is missing."""
    return {
        "panel_lines": agreement_views.panel_lines(study),
        "parts": part_views.part_tables(study.groups),
        "gaps": [
            (kind, title, part_views.gap_lines(details.gaps, kind))
            for kind, title in (("MAE", "mean absolute error"), ("bias", "bias"))
        ],
        "within": part_views.within_lines(details.within),
        "stability": part_views.stability_lines(study),
        "adjudication": part_views.adjudication_lines(study.adjudication),
        "missing": part_views.missing_lines(details.missing, study.n_narratives),
        "reasons": part_views.reasons_met(details.missing),
    }


def _roles(study: AlignmentStudy) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    return ("Panel", study.panel), ("Adjudicators", study.adjudicators), ("Compared", study.automatic)
