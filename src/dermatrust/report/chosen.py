"""The case pages of a report: which cases are shown, and what came of them, read back from the reply store."""

import asyncio
import random
from collections.abc import Iterator

import numpy as np

from dermatrust.bench.play import Bench, Sample
from dermatrust.bench.rows import score_rows
from dermatrust.clients import AskFailed, Client, Reply, Request
from dermatrust.report.pages import Candidate, CasePage
from dermatrust.store.replies import ReplyStore, request_key
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import ScoreColumns

CHOSEN = "half of them those with the lowest mean score, half drawn at random"


def choose_cases(scores: ScoreColumns, n_pages: int, *, seed: int) -> set[str]:
    """Return the ids of at most `n_pages` cases: half those with the lowest mean score, half drawn at random.

    A reader learns most from the worst cases, and is misled by them alone.
    """
    ids, inverse = np.unique(scores.case_id, return_inverse=True)
    if len(ids) <= n_pages:
        return set(ids)
    scored = ~np.isnan(scores.score)
    counts = np.bincount(inverse[scored], minlength=len(ids))
    totals = np.bincount(inverse[scored], weights=scores.score[scored], minlength=len(ids))
    means = np.where(counts > 0, totals / np.maximum(counts, 1), np.inf)
    worst = [str(ids[i]) for i in np.argsort(means, kind="stable")[: n_pages // 2]]
    others = sorted(set(map(str, ids)) - set(worst))
    drawn = random.Random(seed).sample(others, n_pages - len(worst))  # noqa: S311  # a sample, not a secret
    return {*worst, *drawn}


def case_pages(bench: Bench, run: RunFolder, chosen: set[str]) -> Iterator[CasePage]:
    """Yield the page of each chosen case, in the order of the dataset, asking nobody."""
    store = ReplyStore(run.replies_path)

    async def recall(client: Client, request: Request) -> Reply:
        reply = store.get(request_key(client, request))
        if reply is None:
            raise AskFailed("not recorded", "this run has no reply to it")
        return reply

    try:
        for case in bench.cases():
            if case.id in chosen:
                samples = [asyncio.run(bench.play(case, client, recall)) for client in bench.clients]
                images = tuple(bench.dataset.image_path(name) for name in case.file_names)
                candidates = tuple(_candidate(sample) for sample in samples)
                yield CasePage(case, images, samples[0].reference, candidates)
    finally:
        store.close()


def _candidate(sample: Sample) -> Candidate:
    row = next(score_rows(sample))
    text = sample.narrative.text if sample.narrative is not None else ""
    by_rater = (*sample.ratings.values(), *sample.evaluations.values())
    ratings = tuple(rating for ratings in by_rater for rating in ratings)
    return Candidate(sample.author, text, refused=row.refused, empty=row.empty, ratings=ratings)
