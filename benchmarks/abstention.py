"""Measure when the scoring API abstains, on drawn cases: how the limit was chosen, and what it does on other cases.

python benchmarks/abstention.py [--cases 600] > table.md

Cases are rated as `POST /v1/score` rates them: by their first photograph alone. The limit is the spread that one in
five of the cases of seed 51 exceeds; every other row is of cases that it was not chosen by. Errors are mean absolute
differences from the true scores over the six dimensions, with 95 % intervals over patients.
"""

import argparse
import asyncio
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.curate.abstention import SPREAD_LIMIT
from dermatrust.curate.image_cleaning import clean_image
from dermatrust.curate.score_service import Asked, ScoreService
from dermatrust.datasets.atlas import write_atlas
from dermatrust.datasets.atlas_chunk import TRUTH_RATER
from dermatrust.evaluator.open import open_evaluator
from dermatrust.records import DIMENSIONS
from dermatrust.store.folder import DatasetFolder

SHARE = 0.8
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rated:
    """Ratings of drawn cases: errors (n, 6), whether the truth lies in the interval (n, 6), spreads (n,), patients."""

    errors: Floats
    inside: Floats
    spreads: Floats
    patients: list[str]


def photograph(path: Path) -> bytes:
    """Return a case's own photograph."""
    return path.read_bytes()


def noise(_path: Path) -> bytes:
    """Return a picture of nothing."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def rated(folder: DatasetFolder, show: Callable[[Path], bytes]) -> Rated:
    """Return what the API says of every candidate narrative of a drawn dataset, held against the truth."""
    service = ScoreService(open_evaluator("nano/evaluator"), clean_image)
    truths = {one.narrative_id: one.scores for one in folder.iter_ratings() if one.rater == TRUTH_RATER}
    cases = {case.id: case for case in folder.iter_cases()}
    errors, inside, spreads, patients = [], [], [], []
    with asyncio.Runner() as runner:
        for narrative in folder.iter_narratives():
            case, truth = cases[narrative.case_id], truths[narrative.id]
            image = show(folder.image_path(case.file_names[0]))
            answer = runner.run(service.score(Asked(image, narrative.text, with_critique=False)))
            six = [(answer.scores[dimension], truth[dimension]) for dimension in DIMENSIONS]
            errors.append([abs((one.score or 0.0) - true) for one, true in six])
            inside.append([float(one.interval[0] <= true <= one.interval[1]) for one, true in six if one.interval])
            spreads.append(answer.spread or 0.0)
            patients.append(str(case.patient_id))
    return Rated(np.array(errors), np.array(inside), np.array(spreads), patients)


def rows(n_cases: int) -> Iterator[tuple[str, Rated]]:
    """Yield what is rated, and its ratings."""
    drawn = [
        ("cases it was chosen by", 51, n_cases, {}, photograph),
        ("other cases", 52, n_cases, {}, photograph),
        ("the embedded narrators' texts", 53, n_cases // 3, {"narrators": True}, photograph),
        ("degraded photographs", 54, n_cases // 2, {"degrade": "random"}, photograph),
        ("noise in place of photographs", 52, n_cases // 3, {}, noise),
    ]
    for name, seed, n, how, show in drawn:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "atlas"
            write_atlas(path, n=n, seed=seed, split=f"seed{seed}", critiques=True, **how)  # type: ignore[arg-type]
            yield name, rated(DatasetFolder.open(path), show)


def mean_text(values: Floats, patients: list[str]) -> str:
    """Return a mean with its interval over patients."""
    if not len(values):
        return "–"
    _, numbers = np.unique(patients, return_inverse=True)
    found = cluster_bootstrap(values.reshape(len(values), 1), numbers, rng=np.random.default_rng(0), n_resamples=2000)
    return f"{found.means[0]:.2f} [{found.low[0]:.2f}, {found.high[0]:.2f}]"


def row(name: str, found: Rated) -> str:
    """Return a line of the table."""
    above = found.spreads > SPREAD_LIMIT
    per_case, patients = found.errors.mean(axis=1), np.array(found.patients)
    parts = [mean_text(per_case[k], list(patients[k])) for k in (np.ones_like(above), ~above, above)]
    return f"| {name} | {len(above)} | {above.mean():.0%} | {' | '.join(parts)} | {found.inside.mean():.0%} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=600)
    for number, (name, found) in enumerate(rows(parser.parse_args().cases)):
        if not number:
            print(f"limit {SPREAD_LIMIT}; {SHARE:.0%} of the first row: {np.quantile(found.spreads, SHARE):.3f}\n")
            print("| synthetic | ratings | abstained | error, all | not abstained | abstained | truth in interval |")
            print("|---|---|---|---|---|---|---|")
        print(row(name, found), flush=True)


if __name__ == "__main__":
    main()
