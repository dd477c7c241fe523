"""Score columns from a few words, for every test of the bench table."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from dermatrust.records import DIMENSIONS, ScoreRow
from dermatrust.store.scores import ScoreColumns

NUMBERS = {"fitzpatrick": float, "score": float, "spread": float, "n_draws": int, "refused": bool, "empty": bool,
           "injection_suspected": bool, "unfamiliar_text": bool, "writing_in_image": bool}  # fmt: skip


def score_rows(author: str, case: str, scores: float | str | Sequence[float | str], **about: Any) -> list[ScoreRow]:
    """Return the six rows of one answer. A text in place of a score is the reason why it is missing."""
    six = [scores] * 6 if isinstance(scores, str | float | int) else list(scores)
    known: dict[str, Any] = {
        "case_id": case, "patient_id": case, "category": None, "fitzpatrick": None, "site": None,
        "narrative_id": f"{case}:{author}", "author": author, "refused": False, "empty": False, "rater": "judge",
        "spread": None, "n_draws": 1, "reference": "certified", "injection_suspected": False,
    } | about  # fmt: skip
    return [
        ScoreRow(
            dimension=dimension,
            score=None if isinstance(score, str) else float(score),
            unscored=score if isinstance(score, str) else None,
            **known,
        )
        for dimension, score in zip(DIMENSIONS, six, strict=True)
    ]


def score_columns(rows: Iterable[ScoreRow]) -> ScoreColumns:
    listed = list(rows)
    columns: dict[str, Any] = {}
    for name in ScoreRow._fields:
        values = [getattr(row, name) for row in listed]
        if name in NUMBERS:
            columns[name] = np.array(values, dtype=NUMBERS[name])
        else:
            columns[name] = np.empty(len(values), dtype=object)
            columns[name][:] = values
    return ScoreColumns(**columns)


@pytest.fixture(scope="session")
def answer() -> Callable[..., list[ScoreRow]]:
    return score_rows


@pytest.fixture(scope="session")
def columns_of() -> Callable[[Iterable[ScoreRow]], ScoreColumns]:
    return score_columns
