"""One narrative about one case that is in no dataset, rated by one evaluator."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from dermatrust.bench.play import evaluate_narrative
from dermatrust.clients import Client, Reply, Request
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.records import Case, Narrative, Rating
from dermatrust.store.images import ImageCache


def rate_one(evaluator: Evaluator, images: Sequence[Path], narrative: str, *, cache: Path, side_px: int) -> Rating:
    """Return an evaluator's rating of one narrative about some photographs; no reply is kept.

    Args:
        evaluator: Who rates.
        images: The photographs.
        narrative: The text. An empty one scores 0 without asking.
        cache: Where the photographs are re-encoded without metadata.
        side_px: Their longest side, as the model sees them.

    Raises:
        DataError: A photograph is missing or unreadable.
    """
    seen = [ImageCache(cache, side_px=side_px).prepare(path, where=str(path)) for path in images]
    case = Case(id="one")
    candidate = Narrative.candidate(case_id=case.id, author="the text given", text=narrative)

    async def ask(client: Client, request: Request) -> Reply:
        return await client.ask(request)

    async def rate() -> Rating:
        try:
            return (await evaluate_narrative(candidate, seen, case, evaluator, ask))[0]
        finally:
            await evaluator.client.close()

    return asyncio.run(rate())
