"""How far something is: a bar on a terminal, and elsewhere, as in a log, a whole line now and then."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from tqdm import tqdm

LINE_EVERY_S = 30.0
"""How often a line is printed where stderr is no terminal; what ends sooner prints none."""


def progress_bar(
    *, total: int | None = None, unit: str, desc: str = "", position: int | None = None, initial: int = 0,
    leave: bool = True, is_quiet: bool = False,
) -> "tqdm[Any] | Lines":  # fmt: skip
    """Return a bar on stderr with rate and time left, to be moved by `update` and ended by `close`.

    Where stderr is no terminal, nothing can be drawn over: then it is a line every `LINE_EVERY_S`.

    Args:
        total: How many there are; None where nobody knows.
        unit: Of what.
        desc: What stands in front.
        position: Row on the screen, where there are several bars.
        initial: How many were done before.
        leave: Whether the bar stays when it has ended.
        is_quiet: Draw and print nothing.
    """
    if is_quiet or sys.stderr.isatty():
        return tqdm(
            total=total, unit=unit, desc=desc or None, position=position, initial=initial, leave=leave,
            disable=is_quiet, file=sys.stderr, mininterval=0.3, delay=0.0 if leave else 0.01, smoothing=0.1,
            dynamic_ncols=True,
        )  # fmt: skip
    return Lines(total=total, unit=unit, desc=desc, initial=initial)


def watched(items: Iterable[Any], *, unit: str, desc: str = "", is_quiet: bool = False) -> Iterator[Any]:
    """Yield the items and show on stderr how far they are."""
    known = list(items)
    with progress_bar(total=len(known), unit=unit, desc=desc, leave=False, is_quiet=is_quiet) as bar:
        for item in known:
            yield item
            bar.update()


class Lines:
    """What `progress_bar` returns where stderr is no terminal: the same methods, and plain lines."""

    def __init__(self, *, total: int | None, unit: str, desc: str = "", initial: int = 0) -> None:
        self.n = initial
        self._total, self._unit, self._desc, self._initial = total, unit, desc, initial
        self._more = ""
        self._began = self._said = time.monotonic()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, n: int = 1) -> None:
        """Count, and print a line if the last is long ago."""
        self.n += n
        if time.monotonic() - self._said >= LINE_EVERY_S:
            self._say()

    def set_postfix_str(self, text: str, refresh: bool = False) -> None:
        """Keep what stands at the end of a line."""
        self._more = text

    def close(self) -> None:
        """Print the last line if there was one before."""
        if self._said > self._began:
            self._say()
            self._began = self._said

    def _say(self) -> None:
        self._said = time.monotonic()
        line = tqdm.format_meter(
            self.n, self._total, self._said - self._began, ncols=0, prefix=self._desc, unit=self._unit,  # type: ignore[arg-type]
            initial=self._initial, postfix=self._more,
        )  # fmt: skip
        print(line.strip(), file=sys.stderr, flush=True)  # noqa: T201  # the only talk that is not click's
