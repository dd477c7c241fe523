"""Throughput against an instant local server, beside a bare aiohttp loop and Inspect AI, in one run on one core.

`python benchmarks/throughput.py [--samples 20000] [--inspect-samples 500] [--rounds 3]`

Every contender runs in a process of its own on core 0; the server runs on core 1. A sample is one 336 px JPEG with 200
words in and 300 words out, then one judge call. The bare loop stores nothing; ours stores both replies. Rounds
alternate, so that a drift of the machine's speed touches all; the ratio is printed per round, then its median.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = sys.executable


def run(*command: object, cores: set[int]) -> dict[str, float]:
    """Run a contender on the given cores and return the figures it prints."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, check=True, text=True, cwd=HERE,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--inspect-samples", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    server = subprocess.Popen(
        [PYTHON, HERE / "instant_server.py", str(port)], preexec_fn=lambda: os.sched_setaffinity(0, {1})
    )
    try:
        time.sleep(1)
        with tempfile.TemporaryDirectory() as folder:
            measure(url, Path(folder), options)
    finally:
        server.kill()


def measure(url: str, folder: Path, options: argparse.Namespace) -> None:
    """Print one line per round and the medians."""
    subprocess.run([PYTHON, "big_dataset.py", str(options.samples), str(folder / "big")], check=True, cwd=HERE)
    rounds: list[dict[str, dict[str, float]]] = []
    for number in range(options.rounds):
        ours = run(PYTHON, "ours.py", url, folder / "big", folder / f"run-{number}", cores={0})
        image = next((folder / "image-cache").rglob("*.jpg"))
        found = {
            "dermatrust": ours,
            "bare aiohttp": run(PYTHON, "bare_loop.py", url, options.samples, image, cores={0}),
        }
        if options.inspect_samples:
            count = options.inspect_samples
            found["Inspect AI"] = run(PYTHON, "inspect_peer.py", url, count, image, cores={0})
        rounds.append(found)
        print(json.dumps({name: {k: round(v, 1) for k, v in figures.items()} for name, figures in found.items()}))
    for peer in list(rounds[0])[1:]:
        ratios = [r["dermatrust"]["samples_per_s"] / r[peer]["samples_per_s"] for r in rounds]
        print(f"dermatrust / {peer}: median {statistics.median(ratios):.2f}, each {[round(r, 2) for r in ratios]}")
    print(f"dermatrust peak memory: {max(r['dermatrust']['peak_mb'] for r in rounds):.0f} MB")


if __name__ == "__main__":
    main()
