"""Counts of the scoring API, as Prometheus reads them.

Reference:
    Exposition format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from threading import Lock

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends of the histogram of seconds."""


class Metrics:
    """Counters of one process. They hold no text of any request.

    Args:
        version: Of dermatrust.
        evaluator: Its name.
        queued: Says how many requests are inside now.
    """

    def __init__(self, version: str, evaluator: str, queued: Callable[[], int]) -> None:
        self._about = {"version": version, "evaluator": evaluator}
        self._queued = queued
        self._guard = Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds, self._n_timed = 0.0, 0
        self._n_scored, self._n_suspected, self._n_unfamiliar, self._n_with_writing = 0, 0, 0, 0
        self._abstained: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one answer of a route."""
        with self._guard:
            self._requests[path, status] += 1
            if path == "/v1/score":
                self._seconds += seconds
                self._n_timed += 1
                self._buckets.update(end for end in BUCKETS_S if seconds <= end)

    def scored(self, why_abstain: Iterable[str], *, is_suspected: bool, is_unfamiliar: bool, has_writing: bool) -> None:
        """Count one rating."""
        with self._guard:
            self._n_scored += 1
            self._n_suspected += is_suspected
            self._n_unfamiliar += is_unfamiliar
            self._n_with_writing += has_writing
            self._abstained.update(why_abstain)

    def refused(self, fault: str) -> None:
        """Count one image that was refused."""
        with self._guard:
            self._refused[fault] += 1

    def text(self) -> str:
        """Return all counts in Prometheus's text format."""
        with self._guard:
            return "\n".join([*self._lines(), ""])

    def _lines(self) -> Iterator[str]:
        yield from _family("info", "gauge", "What serves.", [(self._about, 1)])
        by_route = [({"path": path, "status": str(status)}, n) for (path, status), n in sorted(self._requests.items())]
        yield from _family("requests_total", "counter", "Requests by route and status.", by_route)
        yield from self._histogram()
        yield from _family("queue_requests", "gauge", "Requests waiting or worked on.", [({}, self._queued())])
        yield from _family("ratings_total", "counter", "Narratives rated.", [({}, self._n_scored)])
        whys = [({"because": why}, n) for why, n in sorted(self._abstained.items())]
        yield from _family("abstentions_total", "counter", "Reasons given for abstaining.", whys)
        yield from _family(
            "injections_suspected_total", "counter", "Narratives suspected of injection.", [({}, self._n_suspected)]
        )
        unmet = "Narratives with a sentence whose like the evaluator knows it never met."
        yield from _family("unfamiliar_texts_total", "counter", unmet, [({}, self._n_unfamiliar)])
        seen = "Photographs with writing in them, where that is looked for."
        yield from _family("images_with_writing_total", "counter", seen, [({}, self._n_with_writing)])
        faults = [({"fault": fault}, n) for fault, n in sorted(self._refused.items())]
        yield from _family("images_refused_total", "counter", "Images refused.", faults)

    def _histogram(self) -> Iterator[str]:
        name = "score_seconds"
        ends = [({"le": f"{end:g}"}, self._buckets[end]) for end in BUCKETS_S] + [({"le": "+Inf"}, self._n_timed)]
        yield from _family(name, "histogram", "Seconds from request to answer.", ends, suffix="_bucket")
        yield f"dermatrust_{name}_sum {self._seconds:.6f}"
        yield f"dermatrust_{name}_count {self._n_timed}"


def _family(
    name: str, kind: str, about: str, samples: Iterable[tuple[dict[str, str], int]], *, suffix: str = ""
) -> Iterator[str]:
    yield f"# HELP dermatrust_{name} {about}"
    yield f"# TYPE dermatrust_{name} {kind}"
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(said)}"' for label, said in labels.items())
        yield f"dermatrust_{name}{suffix}{'{' + inside + '}' if inside else ''} {value}"


def _escaped(said: str) -> str:
    return said.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
