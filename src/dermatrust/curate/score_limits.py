"""How much the scoring API takes on: a bounded queue, an allowance for each token, answers kept for retries."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from dermatrust.curate.problems import ConflictError
from dermatrust.curate.score_problems import ApiError

T = TypeVar("T")
Clock = Callable[[], float]
_SMOOTHING = 0.1


class Places:
    """A bounded queue: so many are worked on, so many may wait, and whoever comes then is told when to come again.

    Args:
        n_at_once: Worked on at the same time.
        n_waiting: Waiting at most.
        clock: Seconds.
    """

    def __init__(self, n_at_once: int, n_waiting: int, clock: Clock = monotonic) -> None:
        self._n_at_once = n_at_once
        self._most = n_at_once + n_waiting
        self._working = asyncio.Semaphore(n_at_once)
        self._clock = clock
        self._mean_s = 1.0
        self.n_inside = 0
        """Requests that wait or are worked on."""

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold a place in the queue.

        Raises:
            ApiError: 503, all places are taken.
        """
        if self.n_inside >= self._most:
            wait = max(1, math.ceil(self.n_inside * self._mean_s / self._n_at_once))
            headers = {"Retry-After": str(wait)}
            raise ApiError(503, "the queue", "is full", f"Try again in {wait} s.", headers)
        self.n_inside += 1
        try:
            yield
        finally:
            self.n_inside -= 1

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Wait for one's turn and hold it."""
        async with self._working:
            begun = self._clock()
            try:
                yield
            finally:
                self._mean_s += _SMOOTHING * (self._clock() - begun - self._mean_s)


class Allowance:
    """How often each caller may ask: a bucket of tokens that fills steadily.

    Args:
        per_minute: Requests a minute; as many may come at once after a pause.
        clock: Seconds.

    Reference:
        The token bucket of RFC 2697, section 3, https://www.rfc-editor.org/rfc/rfc2697, with one rate and one size.
    """

    def __init__(self, per_minute: int, clock: Clock = monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def take(self, caller: Hashable) -> None:
        """Count one request.

        Raises:
            ApiError: 429, the caller has used up what it may ask for.
        """
        if wait := self.wait_s(caller):
            what = f"has asked more than {self._per_minute} times a minute"
            raise ApiError(429, "this token", what, f"Try again in {wait} s.", {"Retry-After": str(wait)})

    def wait_s(self, caller: Hashable) -> int:
        """Count one request and return 0, or return after how many seconds the caller may ask again."""
        moment = self._clock()
        level, last = self._levels.get(caller, (float(self._per_minute), moment))
        level = min(self._per_minute, level + (moment - last) * self._per_minute / 60)
        if level < 1:
            return max(1, math.ceil((1 - level) * 60 / self._per_minute))
        self._levels[caller] = level - 1, moment
        return 0


@dataclass(slots=True)
class _Kept(Generic[T]):
    digest: str
    since: float
    task: asyncio.Task[T]


class Answers(Generic[T]):
    """Answers by idempotency key, so that whoever lost one gets the same again and nothing is scored twice.

    Args:
        keep_s: For how long.
        most: How many; beyond, the oldest that is finished is forgotten.
        clock: Seconds.
    """

    def __init__(self, keep_s: float = 3600.0, most: int = 4096, clock: Clock = monotonic) -> None:
        self._keep_s = keep_s
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()

    async def once(self, key: Hashable, digest: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return the answer known for a key, wait for the one under way, or work it out. A failure is not kept.

        Args:
            key: Of the caller and the request.
            digest: Of what is asked.
            work: Works out the answer; it goes on when whoever asked first has left.

        Raises:
            ConflictError: The key came with something else before.
        """
        self._forget(key not in self._kept)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept(digest, self._clock(), asyncio.ensure_future(_awaited(work)))
            kept.task.add_done_callback(lambda task: self._settle(key, task))
        if kept.digest != digest:
            raise ConflictError("Idempotency-Key", "came with another request before", do="Use a new key.")
        return await asyncio.shield(kept.task)

    def _settle(self, key: Hashable, task: asyncio.Task[T]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._kept.pop(key, None)

    def _forget(self, comes_another: bool) -> None:
        """Drop what is too old, and what is too much when another comes."""
        while self._kept:
            key, oldest = next(iter(self._kept.items()))
            is_due = len(self._kept) + comes_another > self._most or oldest.since <= self._clock() - self._keep_s
            if not (is_due and oldest.task.done()):
                break
            del self._kept[key]


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
