"""How near the answers of a study come to the truth by embeddings, by model and arm."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import aligned, shortened
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.embedding import EmbeddingRung, EmbeddingScore
from dermatrust.clinic.further_rungs import Resampling, RungCell, rung_cells
from dermatrust.clinic.percent import percent
from dermatrust.store.answers import AnswerColumns

COLUMNS = (
    "case_id", "model", "arm", "image_arm", "rank", *(f"{name}_{k}" for name in ("cosine", "f1") for k in CUTS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EmbeddingCell:
    """One model in one arm.

    Attributes:
        model: The model.
        arm: What it was told.
        image_arm: What it was shown.
        n: Answers with a reply and a truth.
        hits: For each of `CUTS`, the share of them with a diagnosis as near to the truth as the threshold,
            with an interval over patients.
        cosines: For each of `CUTS`, the mean over answers of the greatest cosine.
        f1: The same for the F1 of BERTScore.
        n_beyond: Answers that are a hit at the last cut here, and none by the synonym rung: what the lexicon may miss,
            or the embedding may take for another.
    """

    model: str
    arm: str
    image_arm: str
    n: int
    hits: tuple[Estimate, ...]
    cosines: tuple[float, ...]
    f1: tuple[float, ...]
    n_beyond: int


@dataclass(frozen=True, slots=True)
class EmbeddingResult:
    """All cells of a study, and the threshold."""

    threshold: float
    cells: tuple[EmbeddingCell, ...]


def score_answers(answers: AnswerColumns, rung: EmbeddingRung) -> list[EmbeddingScore | None]:
    """Return the score of every answer with a reply and a truth, None for the others."""
    said = {text: tuple(json.loads(text)) for text in set(answers.said)}
    truths = {label for label in answers.label if label is not None}
    rung.learn(name.lower() for names in said.values() for name in names)
    rung.learn(name for truth in truths for name in rung.names_of(truth))
    columns = zip(answers.said, answers.label, answers.failure, strict=True)
    return [
        rung.score(said[text], truth) if truth is not None and failure is None else None
        for text, truth, failure in columns
    ]


def embedding_result(
    answers: AnswerColumns, scores: Sequence[EmbeddingScore | None], threshold: float, resampling: Resampling
) -> EmbeddingResult:
    """Return shares and means by model and arm, in the order of their first answers."""
    ranks = np.array([np.nan if score is None else score.rank for score in scores], float)
    rows: dict[tuple[str, str, str], list[int]] = {}
    for row, score in enumerate(scores):
        if score is not None:
            rows.setdefault((answers.model[row], answers.arm[row], answers.image_arm[row]), []).append(row)
    cells = rung_cells(answers, ranks, resampling)
    return EmbeddingResult(
        threshold,
        tuple(_cell(answers, scores, cell, rows[cell.model, cell.arm, cell.image_arm]) for cell in cells),
    )


def _cell(
    answers: AnswerColumns, scores: Sequence[EmbeddingScore | None], cell: RungCell, rows: Sequence[int]
) -> EmbeddingCell:
    own = [score for row in rows if (score := scores[row]) is not None]
    ranks, last = np.array([score.rank for score in own]), CUTS[-1]
    by_synonym = answers.synonym[list(rows)]
    none_by_synonym = (by_synonym == 0) | (by_synonym > last)
    return EmbeddingCell(
        cell.model, cell.arm, cell.image_arm, cell.n,
        hits=cell.hits,
        cosines=tuple(fmean(score.cosines[at] for score in own) for at in range(len(CUTS))),
        f1=tuple(fmean(score.f1[at] for score in own) for at in range(len(CUTS))),
        n_beyond=int(((ranks > 0) & (ranks <= last) & none_by_synonym).sum()),
    )  # fmt: skip


def embedding_text(result: EmbeddingResult) -> str:
    """Return the cells as aligned plain text."""
    head = [
        "model",
        "context",
        "images",
        "answers",
        *(f"top-{k}" for k in CUTS),
        "cosine-3",
        "BERTScore F1-3",
        "beyond",
    ]
    return "\n".join(
        [
            f"By embeddings (all-MiniLM-L6-v2, cosine of {result.threshold:g} or more): % of answers [95 % interval "
            "over patients]",
            *aligned([head, *map(_line, result.cells)]),
            "beyond: hits of the first five that are none by the synonym rung. BERTScore with this model's tokens; not "
            "comparable with any paper's.",
        ]
    )


def _line(cell: EmbeddingCell) -> list[str]:
    hits = map(percent, cell.hits)
    means = (f"{cell.cosines[1]:.2f}", f"{cell.f1[1]:.2f}")
    return [shortened(cell.model), cell.arm, cell.image_arm, str(cell.n), *hits, *means, str(cell.n_beyond)]


def embedding_csv(answers: AnswerColumns, scores: Sequence[EmbeddingScore | None]) -> str:
    """Return one row per scored answer, as CSV (RFC 4180) with a header line."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(answers, scores))
    return file.getvalue()


def _rows(answers: AnswerColumns, scores: Sequence[EmbeddingScore | None]) -> Iterator[tuple[object, ...]]:
    for row, score in enumerate(scores):
        if score is not None:
            about = (getattr(answers, name)[row] for name in COLUMNS[:4])
            yield (*about, score.rank, *(f"{value:.4f}" for value in (*score.cosines, *score.f1)))
