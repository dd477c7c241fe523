"""How fast the synthetic skin atlas is written, and whether memory stays flat.

`python benchmarks/atlas_write.py [N ...] [--workers 2] [--raters 3]`

Each N is written in a process of its own, into a temporary folder; 10,000 cases in under 180 s on two cores are wanted,
and the same peak memory for every N.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dermatrust.datasets.atlas import write_atlas


def measure(n: int, workers: int, raters: int) -> dict[str, float]:
    """Write `n` cases; return seconds, CPU seconds of all processes, and the largest own and worker's memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write_atlas(Path(folder) / "atlas", n=n, workers=workers, raters=raters)
        seconds = time.perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, worker = (one.ru_maxrss / 1024 for one in used)
    return {"seconds": seconds, "cpu": sum(one.ru_utime + one.ru_stime for one in used), "own": own, "worker": worker}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int, nargs="*", default=[1000, 4000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--raters", type=int, default=3)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.n[0], options.workers, options.raters)))
        return
    for n in options.n:
        command = [sys.executable, __file__, str(n), "--workers", str(options.workers), "--raters", str(options.raters)]
        done = subprocess.run([*command, "--one"], stdout=subprocess.PIPE, check=True, text=True)
        seen = json.loads(done.stdout)
        print(
            f"{n:>7,} cases  {seen['seconds']:6.1f} s  {n / seen['seconds']:6.1f} cases/s  "
            f"CPU {1000 * seen['cpu'] / n:.1f} ms/case  peak {seen['own']:.0f} MB, worker {seen['worker']:.0f} MB"
        )


if __name__ == "__main__":
    main()
