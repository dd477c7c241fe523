"""Requests a second of the scoring API with 8 clients, against the evaluator asked directly.

    python benchmarks/score_api.py [--clients 8] [--seconds 10] [--rounds 3] [--at-once 2]

The API runs as its users start it, in a process of its own: sockets, tokens, form, cleaning in caged processes,
evaluation, JSON. "Directly" is `nano/evaluator` in this process, asked by as many threads as the API works on at once:
once with the re-encoding that `dermatrust rate` does of a new photograph, once with photographs that were re-encoded
beforehand. They take turns. Every request has a photograph of its own (1,200 x 900 px JPEG) unless --same, which is the
case of many narratives about one photograph.
"""

import argparse
import asyncio
import io
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter

import httpx2
import numpy as np
from PIL import Image

from dermatrust.curate.image_cleaning import clean_image
from dermatrust.curate.score_service import Asked, ScoreService
from dermatrust.evaluator.open import open_evaluator

TEXT = (
    "A scaly red plaque of the elbow with a well-defined border, solitary, on otherwise normal skin. Surface and "
    "colour speak for psoriasis; nummular eczema and tinea corporis are less likely. Topical steroids help."
)
N_PHOTOGRAPHS = 64


def photographs() -> list[bytes]:
    """Return soft pictures with the detail of a photograph."""
    found = []
    for seed in range(N_PHOTOGRAPHS):
        rng = np.random.default_rng(seed)
        coarse = Image.fromarray(rng.integers(90, 220, (45, 60, 3), dtype=np.uint8)).resize(
            (1200, 900), Image.Resampling.BICUBIC
        )
        grain = rng.normal(0, 4, (900, 1200, 3))
        buffer = io.BytesIO()
        Image.fromarray(np.clip(np.asarray(coarse) + grain, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
        found.append(buffer.getvalue())
    return found


def at_once(n: int, seconds: float, work: Callable[[int], object]) -> tuple[float, list[float]]:
    """Let n threads call work(number) again and again; return calls a second and the seconds of each call."""
    numbers, took, lock = count(), [], threading.Lock()
    began = perf_counter()

    def go() -> None:
        while perf_counter() - began < seconds:
            started = perf_counter()
            work(next(numbers))
            with lock:
                took.append(perf_counter() - started)

    threads = [threading.Thread(target=go) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(took) / (perf_counter() - began), took


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "dermatrust", "serve", *words]


@contextmanager
def served(n_at_once: int) -> Iterator[tuple[str, str]]:
    """Yield address and token of the API in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        db = str(Path(folder) / "serve.db")
        make = command("token", "create", "benchmark", "--db", db)
        token = subprocess.run(make, check=True, capture_output=True, text=True).stdout.strip()
        limits = ("--at-once", str(n_at_once), "--waiting", "100", "--per-minute", "1000000")
        start = command("--db", db, "--port", "0", *limits)
        with subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                assert server.stdout is not None
                yield server.stdout.readline().strip(), token
            finally:
                server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--same", action="store_true", help="one photograph for all requests")
    options = parser.parse_args()
    images = photographs()[: 1 if options.same else None]
    cleaned, evaluator = dict(zip(images, map(clean_image, images), strict=True)), open_evaluator("nano/evaluator")
    services = [ScoreService(evaluator, clean) for clean in (clean_image, cleaned.__getitem__)]
    ratios: list[list[float]] = [[], []]
    with served(options.at_once) as (address, token):
        client = httpx2.Client(timeout=60, headers={"Authorization": f"Bearer {token}"})

        def by_api(number: int) -> None:
            files, data = {"image": ("a.jpg", images[number % len(images)])}, {"narrative": f"{TEXT} {number}"}
            client.post(f"{address}/v1/score", files=files, data=data).raise_for_status()

        def directly(service: ScoreService, number: int) -> None:
            asyncio.run(service.score(Asked(images[number % len(images)], f"{TEXT} {number}", False)))

        by_api(0)
        for _ in range(options.rounds):
            api, took = at_once(options.clients, options.seconds, by_api)
            rates = [at_once(options.at_once, options.seconds, partial(directly, one))[0] for one in services]
            for each, rate in zip(ratios, rates, strict=True):
                each.append(api / rate)
            p50, p95 = (1000 * np.quantile(took, q) for q in (0.5, 0.95))
            print(f"API {api:.1f}/s, p50 {p50:.0f} ms, p95 {p95:.0f} ms; directly {rates[0]:.1f}/s, {rates[1]:.1f}/s")
    for name, each in zip(("with re-encoding", "evaluator alone"), ratios, strict=True):
        print(f"ratio to {name}: median {statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})")


if __name__ == "__main__":
    main()
