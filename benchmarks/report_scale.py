"""Time and memory of `dermatrust report` on a run of 10,000 narratives, as a process of its own.

    python benchmarks/report_scale.py [NARRATIVES]

Prints seconds, those of a processor, the peak of memory and the size of the page. Scores are drawn, and mean nothing.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dermatrust.records import DIMENSIONS, DatasetCard, JudgeCard, Manifest, ModelCard, ScoreRow
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import write_scores

MODELS, JUDGES = ("strong", "middling", "weak", "silent"), ("lexical", "judge")
CATEGORIES, SITES = 12, ("face", "back", "forearm", "shin", "hand")


def rows(n_cases: int, seed: int = 0) -> Iterator[ScoreRow]:
    """Yield the scores of every model by every judge; two cases of a patient, one in fifty scores missing."""
    rng = np.random.default_rng(seed)
    for case in range(n_cases):
        about = {
            "case_id": f"case-{case}", "patient_id": f"patient-{case // 2}", "category": f"disease {case % CATEGORIES}",
            "fitzpatrick": int(rng.integers(1, 7)), "site": SITES[int(rng.integers(len(SITES)))],
        }  # fmt: skip
        for k, model in enumerate(MODELS):
            for judge in JUDGES:
                scores = np.clip(np.round(4 - 0.6 * k + rng.normal(0, 1, len(DIMENSIONS)), 1), 0, 5)
                for dimension, score in zip(DIMENSIONS, scores, strict=True):
                    is_missing = rng.random() < 0.02
                    yield ScoreRow(
                        **about, narrative_id=f"{case}-{model}", author=model, rater=judge, dimension=dimension,
                        refused=False, empty=False, score=None if is_missing else float(score), spread=None,
                        n_draws=1, unscored="unreadable" if is_missing else None, reference="certified",
                        injection_suspected=False,
                    )  # fmt: skip


def manifest(n_cases: int) -> Manifest:
    """Return what such a run would record."""
    card = DatasetCard(
        name="drawn scores", version="1", source="drawn", licence="CC0-1.0", consent="nobody", synthetic=True,
        may_leave_machine=True,
    )  # fmt: skip
    return Manifest(
        run_id="scale", code_version="0", command="benchmarks/report_scale.py", dataset=card, dataset_hash="none",
        n_cases=n_cases, models=tuple(ModelCard(model=name, family="unknown", endpoint={}) for name in MODELS),
        judges=tuple(
            JudgeCard(judge=name, kind="lexical" if name == "lexical" else "llm", family="f", version="1", rubric="r")
            for name in JUDGES
        ),
        prompts={}, seeds={}, config={}, started="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


def main(n_narratives: int) -> None:
    """Write the run, report on it, and print what that took."""
    n_cases = n_narratives // len(MODELS)
    with TemporaryDirectory() as folder:
        run, page = RunFolder(Path(folder) / "run"), Path(folder) / "report.html"
        run.write_manifest(manifest(n_cases))
        write_scores(run.scores_path, rows(n_cases))
        command = [sys.executable, "-m", "dermatrust", "report", str(run.path), "-o", str(page)]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = page.stat().st_size / 1e6
        busy, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        print(f"{n_narratives:,} narratives: {seconds:.2f} s ({busy:.2f} s busy), {peak:.0f} MB, page of {size:.2f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
