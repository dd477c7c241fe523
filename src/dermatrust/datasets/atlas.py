"""The synthetic skin atlas as an ordinary dataset folder, with its truth beside it."""

import re
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import get_args

from dermatrust.atlas.degrade import DEGRADATIONS, SEVERITIES
from dermatrust.atlas.disease import diseases_by_id
from dermatrust.atlas.draw import MOST_SEED
from dermatrust.atlas.phrases import Phrasing
from dermatrust.atlas.raters import PANEL
from dermatrust.datasets.atlas_chunk import MOST_CASES, TRUTH_RATER, AtlasSettings, Degrade, atlas_case, write_chunk
from dermatrust.errors import DataError
from dermatrust.records import DatasetCard, Rater
from dermatrust.store.atomic import replacing
from dermatrust.store.card import write_card
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import CARD, RATERS
from dermatrust.store.new_dataset import new_folder
from dermatrust.store.pool import WorkerLostError, in_order

__all__ = ["MOST_CASES", "atlas_case", "write_atlas"]

MOST_CANDIDATES = 100
_CHUNK = 50
_SPLIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def write_atlas(
    path: Path,
    *,
    n: int,
    seed: int = 0,
    split: str = "train",
    degrade: Degrade = (),
    raters: int = 0,
    candidates: int = 1,
    hybrids: int = 0,
    narrators: bool = False,
    critiques: bool = False,
    phrasing: Phrasing = "all",
    diseases: tuple[str, ...] = (),
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> int:
    """Draw the first `n` cases of a split as a dataset folder, all of it or none of it, and return `n`.

    Memory does not grow with `n`. The bytes follow from the arguments, whatever the number of workers.

    Args:
        path: The folder to make; if it exists, it must be empty.
        n: Number of cases.
        seed: Another seed has other patients.
        split: Its name; splits share no patients.
        degrade: What is done to the images; see `atlas_chunk.Degrade`.
        raters: How many of the panel's simulated raters rate the candidate narratives.
        candidates: Candidate narratives with planted errors per case; there are none where nobody rates them.
        hybrids: Candidates per case that mix it with another patient's, besides.
        narrators: Whether what the embedded narrators write is a candidate too.
        critiques: Whether `atlas/truth`, who knows the truth, rates every candidate and says why.
        phrasing: Which phrasings the candidates use.
        diseases: Lexicon ids of the diseases to draw; all of the table where there are none.
        workers: Processes. Above 1 they are spawned, so a script that calls this needs `if __name__ == "__main__":`.
        progress: Called with the number of cases that were finished since the last call.

    Raises:
        DataError: An argument makes no sense, the folder is not empty, the disk is full, or a worker was killed.
    """
    settings = AtlasSettings(
        seed, split, degrade, raters, candidates, hybrids, narrators, critiques, phrasing, diseases
    )  # fmt: skip
    _check(settings, n, workers)
    _check_candidates(settings)
    with new_folder(path) as building, ExitStack() as stack:
        write_card(building / CARD, _card(settings, n))
        if settings.has_candidates:
            write_records(building / RATERS, _raters(settings))
        files = [stack.enter_context(replacing(building / name)) for name in settings.files]
        try:
            for n_done, chunk in stack.enter_context(closing(_chunks(building, settings, n, workers))):
                for file, lines in zip(files, chunk, strict=True):
                    file.write(lines)
                if progress is not None:
                    progress(n_done)
        except WorkerLostError:
            do = "Was memory short? Try fewer --workers. Nothing was left behind."
            raise DataError(str(path), "a worker process was killed", do=do) from None
    return n


def _check(settings: AtlasSettings, n: int, workers: int) -> None:
    if not 1 <= n <= MOST_CASES:
        raise DataError("the number of cases", f"is {n}", f"1 to {MOST_CASES:,}")
    if not 0 <= settings.seed < MOST_SEED:
        raise DataError("the seed", f"is {settings.seed}", f"0 to {MOST_SEED - 1:,}")
    if not _SPLIT.fullmatch(settings.split):
        raise DataError("the split", f"is called {settings.split!r}", "letters, digits, '-', '_' or '.', at most 64")
    if workers < 1:
        raise DataError("the number of workers", f"is {workers}", "1 or more")
    if isinstance(settings.degrade, str):
        if settings.degrade not in ("all", "random"):
            raise DataError("degrade", f"is {settings.degrade!r}", "'all', 'random', or pairs of kind and severity")
        return
    for kind, severity in settings.degrade:
        if kind not in DEGRADATIONS or severity not in SEVERITIES:
            expected = f"one of {', '.join(DEGRADATIONS)}, then severity 1, 2 or 3"
            raise DataError("degradation", f"is {kind}:{severity}", expected)


def _check_candidates(settings: AtlasSettings) -> None:
    if not 0 <= settings.n_raters <= len(PANEL):
        raise DataError("the number of raters", f"is {settings.n_raters}", f"0 to {len(PANEL)}")
    if not 1 <= settings.n_candidates <= MOST_CANDIDATES:
        raise DataError("the number of candidates", f"is {settings.n_candidates}", f"1 to {MOST_CANDIDATES}")
    if (settings.n_candidates > 1 or settings.n_hybrids or settings.narrators) and not settings.has_candidates:
        raise DataError("the candidates", "have nobody to rate them", "raters or critiques")
    if settings.phrasing not in get_args(Phrasing):
        raise DataError("phrasing", f"is {settings.phrasing!r}", f"one of {', '.join(get_args(Phrasing))}")
    for name in settings.diseases:
        if name not in diseases_by_id():
            raise DataError("the diseases", f"{name!r} is not drawn by the atlas", "ids such as plaque-psoriasis")


def _raters(settings: AtlasSettings) -> list[Rater]:
    """Return who rates the candidates. Who knows the truth is right where the others disagree."""
    found = [Rater(id=rater.name, kind="simulated") for rater in PANEL[: settings.n_raters]]
    return found + ([Rater(id=TRUTH_RATER, kind="simulated", adjudicates=True)] if settings.critiques else [])


def _card(settings: AtlasSettings, n: int) -> DatasetCard:
    done = settings.degrade if isinstance(settings.degrade, str) else ",".join(f"{k}:{s}" for k, s in settings.degrade)
    return DatasetCard(
        name=f"atlas-{settings.split}",
        version=f"1-seed-{settings.seed}",
        source="drawn by `dermatrust atlas`",
        licence="Apache-2.0",
        consent="none needed: drawn",
        may_leave_machine=True,
        synthetic=True,
        notes=f"Synthetic: no patient, no photograph. {n} cases, seed {settings.seed}, split {settings.split}, "
        f"degraded: {done or 'no'}, simulated raters: {settings.n_raters}.{_more(settings)}",
    )


def _more(settings: AtlasSettings) -> str:
    """Return what the notes add where more was drawn than one candidate per case, of any disease in any words."""
    parts = [f" {settings.n_candidates} planted candidates per case."] if settings.n_candidates > 1 else []
    parts += [f" {settings.n_hybrids} per case that mix two."] if settings.n_hybrids else []
    parts += [" Texts of the embedded narrators."] if settings.narrators else []
    parts += [" True scores with critiques."] if settings.critiques else []
    parts += [f" Phrasings: {settings.phrasing}."] if settings.phrasing != "all" else []
    parts += [f" Only {', '.join(settings.diseases)}."] if settings.diseases else []
    return "".join(parts)


def _chunks(
    folder: Path, settings: AtlasSettings, n: int, workers: int
) -> Generator[tuple[int, tuple[bytes, ...]], None, None]:
    """Yield (number of cases, their lines for each file), in the order of the cases."""
    spans = [(start, min(start + _CHUNK, n)) for start in range(0, n, _CHUNK)]
    workers = min(workers, len(spans))
    write = partial(_write_span, folder, settings)
    return (write(span) for span in spans) if workers == 1 else in_order(write, spans, workers=workers)


def _write_span(folder: Path, settings: AtlasSettings, span: tuple[int, int]) -> tuple[int, tuple[bytes, ...]]:
    start, stop = span
    return stop - start, write_chunk(folder, settings, start, stop)
