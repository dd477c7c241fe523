"""How fast a model may be asked: what the user allows, and what its server turns out to bear."""

import asyncio
import time
from collections import deque
from pathlib import Path
from typing import Annotated

from pydantic import Field

from dermatrust.records import Record
from dermatrust.store.yaml_file import read_settings


class Limits(Record):
    """What the user allows for one model."""

    max_concurrency: Annotated[int, Field(ge=1, le=4096)] = 64
    """Asks under way at once, at most; the engine finds the best number below."""
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    tokens_per_minute: Annotated[float, Field(gt=0)] | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 180.0
    """Longest wait for one reply."""
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 6
    """Times one ask is tried before it is recorded as failed."""


class Price(Record):
    """What one model's tokens cost, per million, in the price file's currency."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]

    def of(self, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
        """Return the cost of one reply, or None where the server did not count the tokens.

        Example:
            >>> Price(input=1.0, output=10.0).of(500_000, 100_000)
            1.5
        """
        if prompt_tokens is None or completion_tokens is None:
            return None
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1e6


class _LimitsFile(Record):
    models: dict[str, Limits]


class _PriceFile(Record):
    currency: str = "USD"
    models: dict[str, Price]


def load_limits(path: Path) -> dict[str, Limits]:
    """Read a limits file: YAML with `models: {NAME: {max_concurrency, requests_per_minute, ...}}`.

    Raises:
        DataError: The file is missing, is not YAML, or a field is unknown or out of range.
    """
    return _LimitsFile.from_fields(read_settings(path, expected="a field `models`"), where=str(path)).models


def load_prices(path: Path) -> dict[str, Price]:
    """Read a price file: YAML with `currency` and `models: {NAME: {input, output}}`, per million tokens.

    Raises:
        DataError: The file is missing, is not YAML, or a field is unknown or negative.
    """
    return _PriceFile.from_fields(read_settings(path, expected="a field `models`"), where=str(path)).models


class Lane:
    """The way to one model: how many asks may be under way, and when the next may start.

    Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain 1989,
    https://doi.org/10.1016/0169-7552(89)90019-6): doubling until the first push-back, then one more per round of
    replies, and half after a push-back. Several push-backs to asks that were already under way count once.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.width = float(min(16, limits.max_concurrency))
        self.n_under_way = 0
        self.is_closed_until = 0.0
        self._has_pushed_back = False
        self._last_cut = 0.0
        self._next_start = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> float:
        """Wait for a place and for the rate limits; return the time the ask starts (monotonic seconds)."""
        if self.n_under_way >= int(self.width) or self._waiting:
            place = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self.leave()
                raise
        else:
            self.n_under_way += 1
        try:
            await self._pace()
        except asyncio.CancelledError:
            self.leave()
            raise
        return time.monotonic()

    async def _pace(self) -> None:
        # Looked at again after every sleep: another ask may have moved the time meanwhile.
        while (wait := max(self.is_closed_until, self._next_start) - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        if self.limits.requests_per_minute is not None:
            self._next_start = max(self._next_start, time.monotonic()) + 60.0 / self.limits.requests_per_minute

    def leave(self) -> None:
        """Give the place back; wake as many waiting asks as there are places."""
        self.n_under_way -= 1
        while self._waiting and self.n_under_way < int(self.width):
            place = self._waiting.popleft()
            if not place.done():
                self.n_under_way += 1
                place.set_result(None)

    def speed_up(self, n_tokens: int) -> None:
        """Take note of a reply: the server bears this width."""
        if self.limits.tokens_per_minute is not None:
            start = max(self._next_start, time.monotonic())
            self._next_start = start + 60.0 * n_tokens / self.limits.tokens_per_minute
        if self.width < self.limits.max_concurrency:
            step = 1.0 / self.width if self._has_pushed_back else 1.0
            self.width = min(self.width + step, float(self.limits.max_concurrency))

    def slow_down(self, started: float, *, retry_after_s: float | None = None) -> None:
        """Take note of a push-back (429, 503, timeout) to an ask that started at `started`."""
        now = time.monotonic()
        if retry_after_s is not None:
            self.is_closed_until = max(self.is_closed_until, now + retry_after_s)
        if started >= self._last_cut:
            self._has_pushed_back = True
            self._last_cut = now
            self.width = max(1.0, self.width / 2)
