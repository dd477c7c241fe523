"""The engine: asks many things at once, remembers every reply, and says honestly what failed."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from dermatrust.clients import Ask, AskFailed, Client, Reply, Request
from dermatrust.engine.limits import Lane, Limits, Price
from dermatrust.errors import ModelError
from dermatrust.records import storable
from dermatrust.store.replies import Key, ReplyStore, request_key

T = TypeVar("T")
Play = Callable[[Ask], Awaitable[T]]
"""One unit of work: an async function that asks as often as it likes and returns its result."""

BATCH = 256
"""Replies per commit."""
BATCH_S = 0.25
"""Longest time a reply waits for its commit while the engine runs."""
LONGEST_PAUSE_S = 60.0
"""The most of a server's Retry-After we honour at once; it is asked again after that."""
DEAD_AFTER = 20
"""Asks to one model that fail in a row, each after all its retries, before the run stops."""
PATIENCE_S = 900.0
"""Longest time a model may fail, whatever the reason, without one reply in between before the run stops."""
_LONGEST_REASON = 200
_WHEN_BACK = "Replies so far are kept: run the same command again when it is back."
_LARGEST_COUNT = 2**63 - 1
"""What SQLite can hold."""


class Progress(Protocol):
    """Told what happens, in numbers; draws bars or nothing."""

    def committed(self, model: str, n: int) -> None:
        """So many more asks of this model are settled: their reply or failure is committed, or was known before."""
        ...

    def spent(self, model: str, tokens: int, cost: float | None) -> None:
        """A new reply cost so much."""
        ...


class Engine:
    """Asks over any client, with one lane per model and every reply in the store.

    Args:
        store: Where replies are kept; what it holds is never asked again.
        limits: Limits by model name; a model not named gets `default_limits`.
        prices: Prices by model name; a model not named has no cost.
        progress: Told about every commit.
        seed: Seeds the jitter of retries, so that a test can repeat a run.
    """

    def __init__(
        self,
        store: ReplyStore,
        *,
        limits: Mapping[str, Limits] | None = None,
        default_limits: Limits = Limits(),  # noqa: B008  # immutable
        prices: Mapping[str, Price] | None = None,
        progress: Progress | None = None,
        seed: int | None = None,
    ) -> None:
        self._store = store
        self._limits = limits or {}
        self._default_limits = default_limits
        self._prices = prices or {}
        self._progress = progress
        self._jitter = random.Random(seed)  # noqa: S311  # spreads retries, guards nothing
        self._lanes: dict[str, Lane] = {}
        self._under_way: dict[Key, asyncio.Future[Reply]] = {}
        self._uncommitted: dict[str, int] = {}
        self._failed_in_a_row: dict[str, int] = {}
        self._silent_since: dict[str, float] = {}
        self._has_answered: set[str] = set()
        self.failures: Counter[str] = Counter()
        """Asks that have brought no reply so far, by model and reason."""
        self.cut: Counter[str] = Counter()
        """New replies that ended at their token limit, by model."""

    async def ask(self, client: Client, request: Request) -> Reply:
        """Return the stored reply to this request, or ask for it.

        The same request made twice at once is asked once.

        Raises:
            AskFailed: Every attempt failed; the failure is in the store, and the next run asks again.
            ModelError: The model cannot be asked at all: its key is refused, or it has not answered for long.
        """
        key = request_key(client, request)
        known = self._store.get(key)
        if known is not None:
            self._has_answered.add(client.name)
            self._note_settled(client.name, is_new=False)
            return known
        twin = self._under_way.get(key)
        if twin is not None:
            reply = await asyncio.shield(twin)
            self._note_settled(client.name, is_new=False)
            return reply
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._under_way[key] = future
        try:
            reply = await self._ask_until_settled(client, request, key)
        except BaseException as error:
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # mark it as read: often there is no twin to read it
            else:
                future.cancel()
            raise
        else:
            future.set_result(reply)
            return reply
        finally:
            del self._under_way[key]

    async def _ask_until_settled(self, client: Client, request: Request, key: Key) -> Reply:
        lane = self._lane(client.name)
        attempts = lane.limits.max_attempts
        for attempt in range(1, attempts + 1):
            started = await lane.enter()
            try:
                async with asyncio.timeout(lane.limits.timeout_s):
                    reply = _storable(await client.ask(request))
            except TimeoutError:
                failure = AskFailed("timeout", f"no reply within {lane.limits.timeout_s:g} s")
            except AskFailed as error:
                failure = error
            else:
                lane.speed_up((reply.prompt_tokens or 0) + (reply.completion_tokens or 0))
                self._keep(client, request, key, reply)
                return reply
            finally:
                lane.leave()
            if failure.kind in ("rate limited", "timeout") or failure.retry_after_s is not None:
                pause = failure.retry_after_s
                lane.slow_down(started, retry_after_s=None if pause is None else min(pause, LONGEST_PAUSE_S))
            if not failure.is_retryable or attempt == attempts:
                break
            self._check_patience(client.name, failure)
            await asyncio.sleep(self._pause_s(attempt))
        self._keep_failure(client, request, key, failure, attempt)
        raise failure

    def _pause_s(self, attempt: int) -> float:
        """Exponential back-off with full jitter.

        Reference:
            Brooker (2015), https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        return self._jitter.uniform(0.0, min(30.0, 0.5 * 2.0**attempt))

    def _check_patience(self, model: str, failure: AskFailed) -> None:
        """Stop the run where a model only fails: an exhausted quota would otherwise be asked for days."""
        silent_s = time.monotonic() - self._silent_since.setdefault(model, time.monotonic())
        if silent_s > PATIENCE_S:
            raise ModelError(model, f"has given no reply for {silent_s / 60:.0f} minutes ({failure})", do=_WHEN_BACK)

    def _lane(self, model: str) -> Lane:
        lane = self._lanes.get(model)
        if lane is None:
            lane = self._lanes[model] = Lane(self._limits.get(model, self._default_limits))
        return lane

    def _keep(self, client: Client, request: Request, key: Key, reply: Reply) -> None:
        price = self._prices.get(client.name)
        cost = None if price is None else price.of(reply.prompt_tokens, reply.completion_tokens)
        self._store.put(key, client.name, request, reply, cost)
        if reply.finish_reason in ("length", "max_tokens"):
            self.cut[client.name] += 1
        self._failed_in_a_row[client.name] = 0
        self._has_answered.add(client.name)
        self._silent_since.pop(client.name, None)
        if self._progress is not None:
            tokens = (reply.prompt_tokens or 0) + (reply.completion_tokens or 0)
            self._progress.spent(client.name, tokens, cost)
        self._note_settled(client.name, is_new=True)

    def _keep_failure(self, client: Client, request: Request, key: Key, failure: AskFailed, attempts: int) -> None:
        self.failures[f"{client.name}: {failure}"[:_LONGEST_REASON]] += 1
        self._store.put_failure(key, client.name, request, failure, attempts)
        self._note_settled(client.name, is_new=True)
        # One rejection is about one case; nothing but rejections is about the model's name or our request.
        is_telling = failure.kind in ("connection", "timeout") or (
            failure.kind == "rejected" and client.name not in self._has_answered
        )
        if is_telling:
            row = self._failed_in_a_row[client.name] = self._failed_in_a_row.get(client.name, 0) + 1
            if row >= DEAD_AFTER:
                raise ModelError(client.name, f"has not answered {row} asks in a row ({failure})", do=_WHEN_BACK)

    def _note_settled(self, model: str, *, is_new: bool) -> None:
        if not is_new:
            if self._progress is not None:
                self._progress.committed(model, 1)
            return
        self._uncommitted[model] = self._uncommitted.get(model, 0) + 1
        if self._store.n_buffered >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Commit what is buffered; only then does it count as progress."""
        self._store.flush()
        settled, self._uncommitted = self._uncommitted, {}
        if self._progress is not None:
            for model, n in settled.items():
                self._progress.committed(model, n)

    async def run(self, plays: Iterable[Play[T]], *, take: Callable[[T], None], n_at_once: int = 128) -> None:
        """Run all plays, at most `n_at_once` at a time, and hand each result to `take` as it comes.

        Plays are drawn from the iterable as there is room, so a million of them cost no more memory than a hundred.
        However it ends (done, an error, Ctrl-C), what was answered is committed.
        """
        source = iter(plays)

        async def work() -> None:
            for play in source:
                take(await play(self.ask))

        async def commit_often() -> None:
            while True:
                await asyncio.sleep(BATCH_S)
                self.flush()

        try:
            async with asyncio.TaskGroup() as tasks:
                committing = tasks.create_task(commit_often())
                workers = [tasks.create_task(work()) for _ in range(n_at_once)]
                await asyncio.gather(*workers)
                committing.cancel()
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            self.flush()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the failure that ended the run; those that followed from it add nothing."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _storable(reply: Reply) -> Reply:
    """Mend what no file can hold, so that a reply is never lost for it."""
    texts = reply.text, reply.finish_reason, reply.model_version
    n_tokens = max(reply.prompt_tokens or 0, reply.completion_tokens or 0)
    if n_tokens <= _LARGEST_COUNT and all(storable(text) is text for text in texts):
        return reply
    text, finish_reason, version = map(storable, texts)
    counts = reply.prompt_tokens, reply.completion_tokens
    n_in, n_out = (n if n is None or n <= _LARGEST_COUNT else None for n in counts)
    mended = replace(reply, text=text, finish_reason=finish_reason, model_version=version)
    return replace(mended, prompt_tokens=n_in, completion_tokens=n_out)
