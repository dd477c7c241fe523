"""Rating tables and dataset folders from a few numbers, for every test of the alignment room."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermatrust.align.compare import Bootstrap
from dermatrust.align.ratings import FACTORS, RatingTable
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rater, Rating, Unscored
from dermatrust.store import append_records, write_dataset

CARD = DatasetCard(name="d", version="1", source="s", licence="private", consent="c")
Six = float | None | Sequence[float | None]


def six_of(score: Six) -> list[float | None]:
    return list(score) if isinstance(score, Sequence) else [score] * 6


def rating(rater: str, narrative: str, score: Six, **more: Any) -> Rating:
    """Return a rating: one number for all dimensions or six; None is a missing score."""
    six = dict(zip(DIMENSIONS, six_of(score), strict=True))
    scores = {d: s for d, s in six.items() if s is not None}
    unscored = {d: Unscored(reason="unreadable") for d, s in six.items() if s is None}
    return Rating(narrative_id=narrative, rater=rater, scores=scores, unscored=unscored, **more)


def rating_table(
    scores: Mapping[str, Sequence[Six]], kinds: Mapping[str, str] | None = None, *,
    patients: Sequence[int] | None = None, authors: Sequence[str] | None = None, cases: Sequence[str] | None = None,
    **more: Any,
) -> RatingTable:  # fmt: skip
    """Return a table of raters' scores, narrative by narrative; raters called "Dr" are people."""
    array = np.array([[six_of(one) for one in row] for row in scores.values()], dtype=np.float64)
    n = array.shape[1]
    numbers = np.arange(n) if patients is None else np.array(patients)
    ids = [f"c{k}" for k in range(n)] if cases is None else cases
    written = authors or ["m"] * n
    factors: dict[Any, tuple[str, ...]] = dict.fromkeys(FACTORS, ("all",) * n) | {"author": tuple(written)}
    known: dict[str, Any] = {
        "raters": tuple(Rater(id=r, kind=(kinds or {}).get(r, "human" if "Dr" in r else "llm")) for r in scores),
        "narratives": tuple(
            Narrative(id=f"n{k}", case_id=ids[k], text="A plaque.", author=written[k]) for k in range(n)
        ),
        "cases": tuple(Case(id=c, patient_id=f"p{p}") for c, p in zip(ids, numbers, strict=True)),
        "patients": numbers, "n_patients": int(numbers.max()) + 1, "scores": array,
        "draws": np.full((2, *array.shape), np.nan), "factors": factors, "n_empty": 0,
        "places": np.where(np.isnan(array).all(axis=2), -1, np.arange(n)),
    }  # fmt: skip
    return RatingTable(**(known | more | {"factors": factors | more.get("factors", {})}))


def write_folder(
    path: Path, ratings: Sequence[Rating], *, narratives: Sequence[Narrative] | None = None,
    cases: Sequence[Case] | None = None, raters: Sequence[Rater] = (), references: Sequence[Narrative] = (),
    synthetic: bool = False,
) -> Path:  # fmt: skip
    """Make a dataset folder; a narrative "c1/m" is by m about case c1, and each case is of a patient of its name."""
    ids = dict.fromkeys(one.narrative_id for one in ratings)
    if narratives is None:
        narratives = [Narrative(id=i, case_id=i.split("/")[0], author=i.split("/")[1], text="A plaque.") for i in ids]
    if cases is None:
        cases = [Case(id=c, patient_id=f"p-{c}") for c in dict.fromkeys(one.case_id for one in narratives)]
    write_dataset(path, CARD.model_copy(update={"synthetic": synthetic}), cases, references)
    for name, records in (("narratives", narratives), ("ratings", ratings), ("raters", raters)):
        if records:
            append_records(path / f"{name}.jsonl", records)
    return path


@pytest.fixture(scope="session")
def rated() -> Callable[..., Rating]:
    return rating


@pytest.fixture(scope="session")
def table_of() -> Callable[..., RatingTable]:
    return rating_table


@pytest.fixture(scope="session")
def folder_of() -> Callable[..., Path]:
    return write_folder


@pytest.fixture(scope="session")
def quick() -> Bootstrap:
    """A bootstrap of few resamples, where intervals do not matter."""
    return Bootstrap(n_resamples=40)
