"""What two other ways to match names say of the same differentials: an encoder of sentences, and an adjudicator."""

import math
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dermatrust.agreement.proportion import Proportion
from dermatrust.bench.text import counted
from dermatrust.clinic.adjudication_result import AdjudicationResult, Agreement
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.embedding_result import EmbeddingCell
from dermatrust.clinic.further_rungs import RungCell
from dermatrust.clinic.results import DifferentialResult
from dermatrust.report.clinic_arms import ArmLine, Asked, arm_name, shares_chart
from dermatrust.report.clinic_ladder import FIRST, RUNG_WORDS
from dermatrust.report.intervals import WIDE
from dermatrust.report.percent import share_cell, whole
from dermatrust.report.views import counts_text, of_text, score_text


@dataclass(frozen=True, slots=True)
class EmbeddingView:
    """The rung by embeddings, ready to be placed."""

    threshold: str
    chart: Markup
    lines: tuple[ArmLine, ...]


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """The adjudicator beside one rung, as a table row."""

    rung: str
    first: str
    counts: tuple[str, ...]
    kappa: str
    n: str


@dataclass(frozen=True, slots=True)
class AdjudicationView:
    """What an adjudicator decided, ready to be placed."""

    name: str
    prompt: str
    chart: Markup
    shares: tuple[ArmLine, ...]
    sentences: tuple[str, ...]
    lines: tuple[AgreementLine, ...]


def matchers_context(result: DifferentialResult) -> dict[str, Any]:
    """Return what the section on other ways to match places; None where a way was not tried."""
    return {
        "embedded": None if result.embedding is None else _embedding_view(result),
        "adjudicated": None if result.adjudication is None else _adjudication_view(result),
    }


def _embedding_view(result: DifferentialResult) -> EmbeddingView:
    assert result.embedding is not None
    shares: list[tuple[Asked, Any]] = [(cell, cell.hits[CUTS.index(3)]) for cell in result.embedding.cells]
    return EmbeddingView(
        f"{result.embedding.threshold:g}",
        shares_chart(
            shares,
            result.image_arms,
            ident="ddx-embedding",
            title="A name as near as the threshold among the first 3",
            width=WIDE,
        ),
        tuple(_embedding_line(cell, result) for cell in result.embedding.cells),
    )


def _embedding_line(cell: EmbeddingCell, result: DifferentialResult) -> ArmLine:
    more = (score_text(cell.cosines[1]), score_text(cell.f1[1]), of_text(cell.n_beyond, cell.n))
    cells = tuple(map(share_cell, cell.hits))
    return ArmLine(
        cell.model, arm_name(cell, result.image_arms), "", cells, of_text(cell.n, result.n_cases), more
    )  # fmt: skip


def _adjudication_view(result: DifferentialResult) -> AdjudicationView:
    assert result.adjudication is not None
    found = result.adjudication
    shares: list[tuple[Asked, Any]] = [(cell, cell.hits[CUTS.index(3)]) for cell in found.cells]
    title = "The disease among the first 3 by the adjudicator"
    return AdjudicationView(
        found.adjudicator,
        found.prompt,
        shares_chart(shares, result.image_arms, ident="ddx-adjudicated", title=title, width=WIDE),
        tuple(_share_line(cell, result) for cell in found.cells),
        tuple(filter(None, _sentences(found))),
        tuple(_agreement_line(one, found.n) for one in found.agreement),
    )


def _share_line(cell: RungCell, result: DifferentialResult) -> ArmLine:
    n = of_text(cell.n, result.n_cases)
    undecided = of_text(cell.n_undecided, cell.n + cell.n_undecided)
    return ArmLine(
        cell.model, arm_name(cell, result.image_arms), "", tuple(map(share_cell, cell.hits)), n, (undecided,)
    )


def _sentences(found: AdjudicationResult) -> list[str]:
    decided = of_text(found.n - found.n_missing, found.n)
    said = [f"It decided {decided} answers of all models and arms."]
    if found.false_yes.n:
        said.append(
            f"It was too lenient in {found.false_yes.n_hits:,} of {counted(found.false_yes.n, 'answer')} that name "
            f"known diseases of other families alone: {_share(found.false_yes)}."
        )
    if found.false_no.n:
        said.append(
            f"It was too strict in {found.false_no.n_hits:,} of {counted(found.false_no.n, 'answer')} that name the "
            f"disease itself: {_share(found.false_no)}."
        )
    if found.repeats > 1 and found.steady.n:
        said.append(
            f"Asked {found.repeats} times in another order, it gave the same verdict each time in "
            f"{of_text(found.steady.n_hits, found.steady.n)}: {_share(found.steady)}."
        )
    if found.failures:
        said.append(f"Asks that brought no reply: {counts_text(found.failures)}.")
    return said


def _share(one: Proportion) -> str:
    if math.isnan(one.value):
        return "none that could be decided"
    return f"{whole(one.value)} % ({whole(one.low)} to {whole(one.high)})"


def _agreement_line(one: Agreement, n_asked: int) -> AgreementLine:
    counts = tuple(f"{n:,}" for n in (one.both, one.only_adjudicator, one.only_rung, one.neither))
    return AgreementLine(RUNG_WORDS[one.rung][0], FIRST[one.k], counts, score_text(one.kappa), of_text(one.n, n_asked))
