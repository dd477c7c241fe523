"""Evaluators on many machines: Ray Data actors fill reply stores of their own, whose union is the run's store.

Nothing but replies comes back: ratings are then read from the run's store by the ordinary command, so it does not
matter which worker answered, how often one was killed, or whether some narratives were answered twice.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.bench.asking import Pace, ask_all
from dermatrust.bench.play import Bench, evaluate_narrative
from dermatrust.clients import Ask
from dermatrust.clients.open import leaves_machine
from dermatrust.engine import Play
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.open import open_evaluator
from dermatrust.narrate import load_prompt
from dermatrust.records import Narrative
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.images import ImageCache
from dermatrust.store.replies import ReplyStore, request_key
from dermatrust.store.run import RunFolder

SHARDS = "shards"
BATCH = 32
"""Narratives a worker takes at a time; what a killed worker had of them is asked again."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every worker needs to know; dataset and run folder must be in reach of all of them.

    Attributes:
        dataset: The dataset folder.
        run: The run's folder.
        image_cache: Folder of re-encoded images.
        evaluators: Names.
        settings: As `open_evaluator` takes them.
        side_px: Longest image side.
        pace: How fast each worker asks.
    """

    dataset: Path
    run: Path
    image_cache: Path
    evaluators: tuple[str, ...]
    settings: dict[str, Any]
    side_px: int
    pace: Pace

    def bench(self) -> Bench:
        """Open everything the work names."""
        from dermatrust.clients import Sampling

        evaluators = [open_evaluator(name, **self.settings) for name in self.evaluators]
        images = ImageCache(self.image_cache, side_px=self.side_px)
        return Bench(
            dataset=DatasetFolder.open(self.dataset), clients=(), judges=(), prompt=load_prompt(), sampling=Sampling(),
            images=images, evaluators=evaluators,
        )  # fmt: skip


class ShardRater:
    """One worker: asks the evaluators about batches of narratives, and keeps the replies in a store of its own."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._bench = work.bench()
        self._store = work.run / SHARDS / f"{uuid.uuid4().hex}.sqlite"
        self._cases = {case.id: case for case in self._bench.cases()}

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Answer the narratives of a batch; return their ids."""
        wanted = set(map(str, batch["id"]))
        narratives = [one for one in self._bench.dataset.iter_narratives() if one.id in wanted]
        planned = {evaluator.name: len(narratives) for evaluator in self._bench.evaluators}
        clients = [evaluator.client for evaluator in self._bench.evaluators]
        ask_all(self._plays(narratives), lambda _: None, self._store, clients, planned, self._work.pace)
        return {"id": batch["id"]}

    def _plays(self, narratives: list[Narrative]) -> Iterator[Play[None]]:
        for narrative in narratives:
            yield partial(self._rate, narrative)

    async def _rate(self, narrative: Narrative, ask: Ask) -> None:
        case = self._cases[narrative.case_id]
        images = await self._bench.images_of(case)
        for evaluator in self._bench.evaluators:
            await evaluate_narrative(narrative, images, case, evaluator, ask)


def fill_store(work: Work, address: str, *, n_workers: int, limit: int | None = None) -> int:
    """Let workers of a Ray cluster answer every narrative the run's store has no reply for; return how many they were.

    Args:
        work: What to do.
        address: Of the cluster: "auto", "ray://host:10001", or "local" for one on this machine.
        n_workers: Actors at once.
        limit: Only narratives of the first so many cases.

    Raises:
        DataError: The cluster cannot be reached, or a worker met a failure of the user's data.
        ModelError: An evaluator cannot be opened, a server's evaluator would be asked from machines the privacy gate
            does not know, or Ray is not installed.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise ModelError("--ray", "Ray is not installed", do="pip install 'dermatrust[ray]'") from None
    bench = work.bench()
    for name in work.evaluators:
        if leaves_machine(name):
            raise ModelError(
                name, "is asked over the network; workers of its own bring nothing", "weights on the workers"
            )
    merge_shards(work.run)
    missing = asyncio.run(_missing(bench, work.run, limit))
    if not missing:
        return 0
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        ray.init(
            address=None if address == "local" else address, log_to_driver=False, logging_level=logging.ERROR,
            ignore_reinit_error=True,
        )  # fmt: skip
    except (ConnectionError, ValueError, RuntimeError) as error:
        do = "Start one with `ray start --head`, or use --ray local."
        raise DataError(f"--ray {address}", f"no cluster answers ({str(error)[:120]})", do=do) from None
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        rows = ray.data.from_items([{"id": name} for name in missing], override_num_blocks=-(-len(missing) // BATCH))
        answered = rows.map_batches(
            ShardRater, fn_constructor_args=(work,), batch_size=BATCH, num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=min(n_workers, -(-len(missing) // BATCH))),
        )  # fmt: skip
        n = sum(len(batch["id"]) for batch in answered.iter_batches(batch_size=None))
    finally:
        merge_shards(work.run)
        ray.shutdown()
    return n


def merge_shards(run: Path) -> int:
    """Take every worker's store into the run's and remove it; return how many replies were new."""
    shards = sorted((run / SHARDS).glob("*.sqlite"))
    if not shards:
        return 0
    store = ReplyStore(RunFolder(run).replies_path)
    try:
        added = 0
        for shard in shards:
            added += store.merge(shard)[0]
            for file in (shard, shard.with_name(f"{shard.name}-wal"), shard.with_name(f"{shard.name}-shm")):
                file.unlink(missing_ok=True)
        return added
    finally:
        store.close()


async def _missing(bench: Bench, run: Path, limit: int | None) -> list[str]:
    """Return the ids of the narratives for which a reply of an evaluator is missing."""
    cases = {case.id: case for _, case in zip(range(limit or 10**9), bench.cases(), strict=False)}
    store = ReplyStore(RunFolder(run).replies_path)
    try:
        found = []
        for narrative in bench.dataset.iter_narratives():
            case = cases.get(narrative.case_id)
            if case is None or not narrative.text.strip():
                continue
            images = await bench.images_of(case)
            keys = [request_key(e.client, e.request(narrative, images, case)) for e in bench.evaluators]
            if any(store.get(key) is None for key in keys):
                found.append(narrative.id)
        return found
    finally:
        store.close()
