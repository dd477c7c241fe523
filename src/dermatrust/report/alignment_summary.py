"""What an alignment study says of each automatic rater, in a line and in a few sentences."""

import math
from dataclasses import dataclass

from dermatrust.align.results import AgreementRow, AlignmentStudy, RankingRow, ReplacementRow, Role
from dermatrust.align.text import compared_with, role_name
from dermatrust.bench.results import MACRO, Estimate
from dermatrust.bench.text import counted
from dermatrust.report.agreement_views import number_cell, rates_text
from dermatrust.report.headline import Cell
from dermatrust.report.views import estimate_text, score_text

_NO_CELL = Cell("–", "")


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One rater or baseline at the top of the page; what does not apply to it says so."""

    name: str
    kind: str
    error: Cell
    rounded: Cell
    bias: Cell
    bias_means: str
    stands_in: str
    why: str
    order: Cell
    n: str


def summary_lines(study: AlignmentStudy) -> list[SummaryLine]:
    """Return the automatic raters, nearest to the target first, then the baselines."""
    kinds = {rater.id: rater.kind for rater in study.automatic}
    rows = sorted(_rows(study, "as given", "MAE", "automatic"), key=_by_value)
    lines = [_line(study, row, kinds[row.rater]) for row in rows]
    for role in ("panel", "lexical", "mean"):
        lines += [_baseline(study, row) for row in _rows(study, "as given", "MAE", role)]
    return lines


def sentences(study: AlignmentStudy) -> list[str]:
    """Return what each automatic rater is worth, nearest to the target first."""
    return [_sentence(study, row) for row in sorted(_rows(study, "as given", "MAE", "automatic"), key=_by_value)]


def bias_words(bias: Estimate) -> str:
    """Return which way a rater leans, if its interval says so.

    Example:
        >>> bias_words(Estimate(0.3, 0.1, 0.5, 9, 0)), bias_words(Estimate(0.3, -0.1, 0.7, 9, 0))
        ('more generous', 'neither shown')
    """
    if not bias.has_interval:
        return "not known"
    if bias.low > 0:
        return "more generous"
    return "stricter" if bias.high < 0 else "neither shown"


def _by_value(row: AgreementRow) -> tuple[bool, float]:
    value = row.estimate.value
    return math.isnan(value), 0.0 if math.isnan(value) else value


def _rows(study: AlignmentStudy, scale: str, statistic: str, role: Role | str) -> list[AgreementRow]:
    return [
        row
        for row in study.agreement
        if (row.scale, row.statistic, row.role, row.measure) == (scale, statistic, role, MACRO)
    ]


def _of(study: AlignmentStudy, row: AgreementRow, scale: str, statistic: str) -> Estimate:
    return next(one.estimate for one in _rows(study, scale, statistic, row.role) if one.rater == row.rater)


def _ranking(study: AlignmentStudy, rater: str) -> RankingRow | None:
    return next((row for row in study.rankings if (row.rater, row.measure) == (rater, MACRO)), None)


def _replacement(study: AlignmentStudy, rater: str) -> ReplacementRow | None:
    return next((row for row in study.replacements if (row.rater, row.measure) == (rater, MACRO)), None)


def _line(study: AlignmentStudy, row: AgreementRow, kind: str) -> SummaryLine:
    bias = _of(study, row, "as given", "bias")
    ranking, replacement = _ranking(study, row.rater), _replacement(study, row.rater)
    return SummaryLine(
        name=row.rater,
        kind=kind,
        error=number_cell(row.estimate),
        rounded=number_cell(_of(study, row, "rounded", "MAE")),
        bias=number_cell(bias, signed=True),
        bias_means=bias_words(bias),
        stands_in=replacement.verdict if replacement else "not tested",
        why=rates_text(replacement) if replacement else "",
        order=number_cell(ranking.tau, signed=True) if ranking else Cell("–", "", note="one author"),
        n=f"{row.estimate.n:,}",
    )


def _baseline(study: AlignmentStudy, row: AgreementRow) -> SummaryLine:
    rounded = _of(study, row, "rounded", "MAE")
    return SummaryLine(
        role_name(row), f"baseline, against {compared_with(study, row.role)}", number_cell(row.estimate),
        number_cell(rounded), _NO_CELL, "", "–", "", _NO_CELL, f"{row.estimate.n:,}",
    )  # fmt: skip


def _sentence(study: AlignmentStudy, row: AgreementRow) -> str:
    if math.isnan(row.estimate.value):
        return f"{row.rater} has too few scores to say how far it errs."
    beside = [
        f"{_BESIDE[role]} {score_text(one.estimate.value)}"
        for role in _BESIDE
        for one in _rows(study, "as given", "MAE", role)
        if not math.isnan(one.estimate.value)
    ]
    errs = f"{row.rater} errs by {estimate_text(row.estimate)} points on average"
    parts = ["; ".join([errs, *beside]) + ".", _bias_sentence(_of(study, row, "as given", "bias"))]
    parts += [_stands_sentence(_replacement(study, row.rater)), _order_sentence(_ranking(study, row.rater))]
    return " ".join(part for part in parts if part)


_BESIDE: dict[Role, str] = {
    "panel": "one of the panel, against the others, by",
    "lexical": "the lexical judge by",
    "mean": "whoever knows only how other patients score, by",
}


def _bias_sentence(bias: Estimate) -> str:
    which = bias_words(bias)
    if which == "not known":
        return ""
    if which == "neither shown":
        return "It is not shown to be more generous or stricter than the target."
    low, high = sorted((abs(bias.low), abs(bias.high)))
    size = Estimate(abs(bias.value), low, high, bias.n, bias.n_missing)
    return f"It is {which} than the target by {estimate_text(size)} points."


def _stands_sentence(row: ReplacementRow | None) -> str:
    if row is None or row.verdict == "not tested":
        return "Whether it may stand in for one of the panel could not be tested."
    if row.verdict == "too few":
        return "There are too few patients to test whether it may stand in for one of the panel."
    said = "may" if row.verdict == "yes" else "may not"
    return f"By the alternative-annotator test it {said} stand in for one of the panel ({rates_text(row)})."


def _order_sentence(row: RankingRow | None) -> str:
    if row is None or math.isnan(row.tau.value):
        return ""
    pairs = ""
    if not math.isnan(row.pairwise.value):
        pairs = f", and {counted(row.pairwise.n, 'pair')} of narratives of one case as the target does in a share of " \
                f"{estimate_text(row.pairwise)}"  # fmt: skip
    return f"It orders the models as the target does with a tau-b of {estimate_text(row.tau)}{pairs}."
