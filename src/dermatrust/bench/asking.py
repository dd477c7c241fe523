"""Running plays to their end over a reply store, with progress bars."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dermatrust.clients import Client
from dermatrust.engine import Engine, Limits, Play, Price, ProgressBars
from dermatrust.store.replies import ReplyStore


@dataclass(frozen=True)
class Pace:
    """How fast a run asks, and what it costs; nothing here changes a score."""

    default_limits: Limits = Limits()  # noqa: RUF009  # immutable
    limits: Mapping[str, Limits] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    is_quiet: bool = False


def ask_all(
    plays: Iterable[Play[None]], replies_path: Path, clients: Sequence[Client], planned: Mapping[str, int], pace: Pace
) -> int:
    """Run every play; return how many asks have failed and not been mended since.

    Args:
        plays: What to run.
        replies_path: The reply store; what it holds is not asked again.
        clients: Closed at the end.
        planned: Asks planned, by model name, for the progress bars.
        pace: How fast to ask.
    """
    store = ReplyStore(replies_path)
    bars = ProgressBars(planned, is_quiet=pace.is_quiet)
    try:
        engine = Engine(
            store, limits=pace.limits, default_limits=pace.default_limits, prices=pace.prices, progress=bars
        )
        asyncio.run(_run_and_close(engine, plays, clients))
        return sum(total.n_failures for total in store.totals())
    finally:
        bars.close()
        store.close()


async def _run_and_close(engine: Engine, plays: Iterable[Play[None]], clients: Sequence[Client]) -> None:
    try:
        await engine.run(plays, take=lambda _: None)
    finally:
        for client in clients:
            await client.close()
