"""Our side of the throughput benchmark: a whole `dermatrust bench` run, with the asking timed by itself.

`python benchmarks/ours.py URL DATASET RUN_FOLDER` prints samples per second while asking (both replies of a sample
stored and its verdict read), the same over the whole run with table and scores, and the peak memory.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from dermatrust.bench import run as bench_run
from dermatrust.cli.options import open_bench
from dermatrust.store.run import RunFolder


def main(url: str, dataset: Path, folder: Path) -> None:
    """Run and print."""
    seconds: list[float] = []
    ask_all = bench_run.ask_all

    def timed(*arguments: Any) -> int:
        started = time.perf_counter()
        try:
            return ask_all(*arguments)
        finally:
            seconds.append(time.perf_counter() - started)

    bench_run.ask_all = timed
    started = time.perf_counter()
    bench = open_bench(
        dataset, models=(f"{url}#candidate",), judges=(f"{url}#judge",), with_context=True, out=folder.parent,
        limit=None, max_tokens=1024, seed=0, rubric=None, judge_prompt="judge", repeats=1, judge_temperature=0.0,
        judge_max_tokens=2048,
    )  # fmt: skip
    pace = bench_run.Pace(is_quiet=True)
    result = bench_run.run_bench(bench, RunFolder(folder), command="throughput", seed=0, pace=pace)
    whole = time.perf_counter() - started
    n = result.manifest.n_cases
    assert not result.failures
    assert all(row.macro.n == n for row in result.table.rows)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"samples_per_s": n / seconds[0], "whole_run_samples_per_s": n / whole, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
