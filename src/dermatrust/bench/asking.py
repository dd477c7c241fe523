"""Running plays to their end over a reply store, with progress bars."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from dermatrust.clients import Client
from dermatrust.engine import Engine, Limits, Play, Price, ProgressBars
from dermatrust.store.replies import ReplyStore

T = TypeVar("T")

_LOG = logging.getLogger("dermatrust")

_GARBAGE_THRESHOLD = 50_000
"""Objects made before Python looks for cycles while a run asks; its default of 700 cost a tenth of the time."""


@dataclass(frozen=True)
class Pace:
    """How fast a run asks, and what it costs; nothing here changes a score."""

    default_limits: Limits = Limits()  # noqa: RUF009  # immutable
    limits: Mapping[str, Limits] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    is_quiet: bool = False


def ask_all(
    plays: Iterable[Play[T]],
    take: Callable[[T], None],
    replies_path: Path,
    clients: Sequence[Client],
    planned: Mapping[str, int],
    pace: Pace,
) -> Counter[str]:
    """Run every play, hand on each result as it comes, and return the asks that brought no reply.

    Args:
        plays: What to run.
        take: Called with each result.
        replies_path: The reply store; what it holds is not asked again.
        clients: Closed at the end.
        planned: Asks planned, by model name, for the progress bars.
        pace: How fast to ask.

    Returns:
        The failed asks, counted by model and reason.
    """
    store = ReplyStore(replies_path)
    thresholds = gc.get_threshold()
    # A run makes few cycles and much that lives on: what is loaded by now is never looked at again, the rest rarely.
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD, *thresholds[1:])
    bars = ProgressBars(planned, is_quiet=pace.is_quiet)
    try:
        engine = Engine(
            store, limits=pace.limits, default_limits=pace.default_limits, prices=pace.prices, progress=bars
        )
        n_at_once = sum(pace.limits.get(client.name, pace.default_limits).max_concurrency for client in clients)
        asyncio.run(_run_and_close(engine, plays, take, clients, n_at_once))
        for model, n in engine.cut.items():
            _LOG.warning("%s: %d of its replies ended at the token limit, some maybe before their end.", model, n)
        return engine.failures
    finally:
        bars.close()
        store.close()
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def _run_and_close(
    engine: Engine, plays: Iterable[Play[T]], take: Callable[[T], None], clients: Sequence[Client], n_at_once: int
) -> None:
    try:
        await engine.run(plays, take=take, n_at_once=max(1, n_at_once))
    finally:
        for client in clients:
            await client.close()
