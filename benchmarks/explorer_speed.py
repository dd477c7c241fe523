"""Time of the explorer's pages on a run of 10,000 cases: the first time, and every other.

    python benchmarks/explorer_speed.py [CASES] [--not-kept]

Four models, two judges; scores are drawn, and mean nothing. Pages are asked for in the process that makes them. The run
keeps its table, as `bench` leaves it; with `--not-kept` it does not, like a run of an earlier version.
"""

import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.testclient import TestClient

from dermatrust.bench.kept import keep_table
from dermatrust.bench.table import bench_table
from dermatrust.explore.app import explore_app
from dermatrust.explore.datasets import Datasets
from dermatrust.explore.runs import Runs
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import read_scores, write_scores
from report_scale import manifest, rows

PAGES = ("", "?by=safety", "/model?name=weak", "/raters", "/cases?order=apart&page=7", "/data", "/methods")
ROUNDS = 9


def main(n_cases: int, *, is_kept: bool) -> None:
    """Write the run, open every page, and print what that took."""
    with TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "scale")
        run.write_manifest(manifest(n_cases))
        write_scores(run.scores_path, rows(n_cases))
        if is_kept:
            kinds = {card.judge: card.kind for card in run.read_manifest().judges}
            keep_table(run, bench_table(read_scores(run.scores_path), kinds=kinds))
        app = explore_app(Runs([run.path]), Datasets(()), key="k", port=1)
        client = TestClient(app, base_url="https://127.0.0.1:1")
        client.get("/?key=k")
        for page in PAGES:
            busy = time.process_time()
            times = [_seconds(client, f"/runs/scale{page}")]
            busy = time.process_time() - busy
            times += [_seconds(client, f"/runs/scale{page}") for _ in range(ROUNDS - 1)]
            first, others = 1000 * times[0], [1000 * one for one in times[1:]]
            print(
                f"{page or 'leaderboard':28} first {first:6.0f} ms ({1000 * busy:.0f} busy), "
                f"then {statistics.median(others):4.0f} ms ({min(others):.0f} to {max(others):.0f})"
            )


def _seconds(client: TestClient, page: str) -> float:
    started = time.perf_counter()
    answer = client.get(page)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - started


if __name__ == "__main__":
    sizes = [int(one) for one in sys.argv[1:] if one.isdigit()]
    main(*(sizes or [10_000]), is_kept="--not-kept" not in sys.argv)
