"""Time and memory of `dermatrust replay` on 100,000 recorded choice replies, as a process of its own.

    python benchmarks/protocol_replay.py [ITEMS] [--length 2000]

Questions and replies are made up. The files are read, every reply is parsed and graded, and the metrics are computed
with their intervals: all of that is in the time. Ten thousand items and one hundred thousand, and replies of one length
and of five times that, tell what memory grows by. Under 10 s on one core are wanted, and memory that does not grow with
what was said.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

LETTERS = "ABCDE"


def write(folder: Path, n: int, length: int) -> None:
    filler = "It is a made-up reason. " * (length // 24)
    options = {letter: f"made-up option {letter}" for letter in LETTERS}
    with (folder / "rows.jsonl").open("w") as rows, (folder / "replies.jsonl").open("w") as replies:
        for k in range(n):
            question = f"Made-up question {k}, with some words about a made-up patient who has a made-up complaint?"
            row = {"realidx": k, "question": question, "options": options, "answer_idx": LETTERS[k % 5],
                   "meta_info": f"step{k % 2 + 1}"}  # fmt: skip
            rows.write(json.dumps(row) + "\n")
            replies.write(json.dumps({"id": str(k), "reply": f"{filler}\nAnswer: {LETTERS[k * 7 % 5]}"}) + "\n")


def measure(n: int, length: int) -> tuple[float, float, float]:
    """Return wall-clock seconds, those of the processor, and the peak of memory in MB."""
    with TemporaryDirectory() as name:
        write(Path(name), n, length)
        command = [sys.executable, __file__, "--child", name]
        begun = time.perf_counter()
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
        )
        wall = time.perf_counter() - begun
    busy, peak = map(float, done.stderr.split()[-2:])
    return wall, busy, peak


def child(folder: Path) -> None:
    from dermatrust.cli.main import cli

    sys.argv = ["dermatrust", "replay", "medqa", str(folder / "replies.jsonl"), "--data", str(folder / "rows.jsonl")]
    cli.main(standalone_mode=False)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("items", type=int, nargs="?", default=100_000)
    parser.add_argument("--length", type=int, default=2000, help="Characters of a reply.")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return
    for n, length in ((options.items // 10, options.length), (options.items, options.length),
                      (options.items, options.length * 5)):  # fmt: skip
        wall, busy, peak = measure(n, length)
        print(f"{n:>8,} replies of {length:>6,} characters: {wall:5.1f} s ({busy:.1f} s busy), {peak:.0f} MB")


if __name__ == "__main__":
    main()
