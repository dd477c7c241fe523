"""One HTML file from a run, written page by page so that memory does not grow with the number of cases."""

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from markupsafe import Markup

from dermatrust import __version__
from dermatrust.bench.results import FEWEST, MEASURES, REASONS, BenchTable
from dermatrust.bench.text import alignment_note, drawn_notice, measure_title
from dermatrust.records import DatasetCard, Manifest
from dermatrust.report import breakdowns, compared, headline, model_gaps, provenance
from dermatrust.report.case_view import CaseView, case_view
from dermatrust.report.chapters import KINDS, NO_MANIFESTS, cards_of, chapters, left_out
from dermatrust.report.checklists import FOR_THE_AUTHORS, checklists
from dermatrust.report.donut import donut
from dermatrust.report.forest_chart import forest_chart
from dermatrust.report.page import page_environment, write_page
from dermatrust.report.pages import CasePage
from dermatrust.report.score_chart import score_chart
from dermatrust.report.views import and_text

if TYPE_CHECKING:
    from dermatrust.report.chapters import Found

_CHUNK = 1 << 16


@dataclass(slots=True)
class _IndexEntry:
    ident: str
    title: str
    label: str
    mean: float
    lowest: str
    n_missing: int
    marks: tuple[str, ...]


@dataclass(slots=True)
class _Spool:
    """Finished case pages on disk, and the little of them that the index needs."""

    file: IO[str]
    entries: list[_IndexEntry] = field(default_factory=list)
    n_images: int = 0

    def chunks(self) -> Iterator[Markup]:
        self.file.seek(0)
        while chunk := self.file.read(_CHUNK):
            yield Markup(chunk)  # noqa: S704  # rendered by our own template, with autoescape


def write_report(
    path: Path,
    *,
    manifest: Manifest,
    table: BenchTable,
    pages: Iterable[CasePage],
    n_cases_total: int,
    chosen: str = "",
    found: "Sequence[Found]" = (),
    manifests: Mapping[str, Manifest] = NO_MANIFESTS,
) -> None:
    """Write the report: one file that opens from the file system and fetches nothing.

    Args:
        path: The file to write. It is replaced as a whole, or left as it was.
        manifest: What was run.
        table: Every number of the report.
        pages: The cases to show one by one; they are read once and not kept.
        n_cases_total: How many cases the run has, shown or not.
        chosen: How the cases shown were chosen, e.g. "by their lowest score"; without it the report says that
            nobody recorded how.
        found: What else was found; each becomes a chapter.
        manifests: Kind of chapter to the manifest of its run, so that it can say when and how it was made.

    Raises:
        DataError: The file cannot be written.
    """
    synthetic = manifest.dataset.synthetic
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="xmlcharrefreplace", newline="\n") as file:
        spool = _Spool(file)
        _spool_pages(spool, pages, synthetic=synthetic)
        write_page(
            path,
            "report.html",
            synthetic=synthetic,
            leaving=_leaving(manifest.dataset, found, n_pages=len(spool.entries), n_images=spool.n_images),
            names=manifest.dataset.name,
            made=f"{manifest.code_version} from run {manifest.run_id}",
            chapters=chapters(found, manifests),
            left_out=left_out(found, has_table=True),
            entries=_worst_first(spool.entries),
            cases=spool.chunks(),
            n_cases_total=n_cases_total,
            chosen=chosen,
            **run_context(manifest, table),
        )


def write_trust_report(path: Path, found: "Sequence[Found]", manifests: Mapping[str, Manifest] = NO_MANIFESTS) -> None:
    """Write a report without a run of models: of what was found, of which there must be something.

    Args:
        path: The file to write. It is replaced as a whole, or left as it was.
        found: What was found; each becomes a chapter.
        manifests: Kind of chapter to the manifest of its run, so that it can say when and how it was made.

    Raises:
        DataError: The file cannot be written.
    """
    cards = [card for one in found for card in cards_of(one)]
    kinds = [KINDS[type(one).__name__] for one in found]
    write_page(
        path,
        "report.html",
        synthetic=any(card.synthetic for card in cards),
        leaving=_leaving(cards[0], found, n_pages=0, n_images=0),
        names=and_text(list(dict.fromkeys(card.name for card in cards))),
        made=__version__,
        table=None,
        is_clinical=all(kind.is_clinical for kind in kinds),
        is_published=all(kind.is_published for kind in kinds),
        is_of_models=all(kind.is_clinical or kind.is_published for kind in kinds),
        chapters=chapters(found, manifests),
        left_out=left_out(found, has_table=False),
    )


def _leaving(dataset: DatasetCard, found: "Sequence[Found]", *, n_pages: int, n_images: int) -> str:
    """Return why the file may not be sent on, for every dataset that is behind it."""
    others = [card for one in found for card in cards_of(one)]
    return provenance.card_notice(dataset, n_pages=n_pages, n_images=n_images, others=others)


def _spool_pages(spool: _Spool, pages: Iterable[CasePage], *, synthetic: bool) -> None:
    template = page_environment().get_template("folded_case.html")
    for view, is_last in _with_last(case_view(page, place) for place, page in enumerate(pages, 1)):
        entry, around = _entry(view), _around(view.place, is_last=is_last)
        spool.file.write(template.render(case=view, label=entry.label, around=around, synthetic=synthetic))
        spool.entries.append(entry)
        spool.n_images += sum(1 for image in view.images if image.uri)


def _around(place: int, *, is_last: bool) -> list[tuple[str, str]]:
    """Return the links from a case to its neighbours."""
    before = [(f"#case-{place - 1}", "← Previous")] if place > 1 else []
    after = [] if is_last else [(f"#case-{place + 1}", "Next →")]
    return [*before, ("#cases", "All cases"), *after]


def _entry(view: CaseView) -> _IndexEntry:
    label = next((value for name, value in view.facts if name == "Label"), "")
    return _IndexEntry(view.ident, view.title, label, view.mean, view.lowest, view.n_missing, view.marks)


def _worst_first(entries: Iterable[_IndexEntry]) -> list[_IndexEntry]:
    """Return the entries by mean score, lowest first, those without a score last."""
    return sorted(entries, key=lambda entry: (math.isnan(entry.mean), 0.0 if math.isnan(entry.mean) else entry.mean))


def _with_last(items: Iterable[CaseView]) -> Iterator[tuple[CaseView, bool]]:
    """Yield every item and whether it is the last, so that its page knows if there is a next one."""
    waiting: CaseView | None = None
    for item in items:
        if waiting is not None:
            yield waiting, False
        waiting = item
    if waiting is not None:
        yield waiting, True


def run_context(manifest: Manifest, table: BenchTable) -> dict[str, Any]:
    """Return everything the sections about a run place, except its cases."""
    differences = breakdowns.difference_tables(table)
    called = provenance.called(table, manifest)
    return {
        "manifest": manifest,
        "table": table,
        "measures": [(measure, measure_title(measure)) for measure in (MEASURES[-1], *MEASURES[:-1])],
        "confidence": f"{100 * table.confidence:g} %",
        "called": called,
        "is_ranked": len(table.authors) > 1,
        "patients": provenance.patients_text(table),
        "measured": provenance.measured(table, manifest),
        "glances": headline.at_a_glance(table, manifest) + compared.alignment_glance(table.alignment, called),
        "side_by_side": compared.side_by_side(table),
        "alignment_groups": compared.alignment_groups(table),
        "alignment_note": alignment_note(table.alignment) if table.alignment is not None else "",
        "rater_tables": headline.rater_tables(table),
        "flags": headline.flag_table(table, called),
        "missing": (missing := headline.missing_by_reason(table)),
        "reasons": [pair for pair in REASONS.items() if any(line[2] == pair[0] for line in missing)],
        "score_charts": {m: Markup(score_chart(table, m)) for m in MEASURES},  # noqa: S704  # escaped by svg.py
        "dimension_lines": headline.dimension_lines(table),
        "differences": differences,
        "forests": {d.ident: Markup(forest_chart(table, d.rater, d.measure, by=called[d.rater])) for d in differences},  # noqa: S704
        "subgroups": breakdowns.subgroup_tables(table),
        "fewest": FEWEST,
        "model_gaps": model_gaps.gap_lines(table),
        "within_gaps": model_gaps.within_lines(table),
        "conditions": model_gaps.condition_tables(table),
        "donut": Markup(donut(breakdowns.category_counts(table), title="Cases by category")),  # noqa: S704
        "category_sentence": breakdowns.category_sentence(table),
        "category_lines": breakdowns.category_lines(table),
        "reference_lines": provenance.reference_lines(table),
        "reference_kinds": provenance.KINDS,
        "reference_notice": provenance.reference_notice(table),
        "drawn_notice": drawn_notice(manifest),
        "kinships": provenance.kinships(manifest),
        "checklists": checklists(manifest, table),
        "for_the_authors": FOR_THE_AUTHORS,
        "judge_facts": provenance.judge_facts,
        "asked_text": provenance.asked_text,
        "json_text": provenance.json_text,
    }
