"""`dermatrust judge`: score the narratives of a dataset folder against their references."""

from pathlib import Path
from typing import Any

import click

from dermatrust.cli.options import (
    FILE,
    JUDGE_OPTIONS,
    RUN_OPTIONS,
    open_bench,
    pace_of,
    run_folder,
    tell_failures,
    tell_recorded,
    with_options,
)  # fmt: skip


@click.command()
@click.argument("dataset", type=FILE)
@with_options(*JUDGE_OPTIONS, *RUN_OPTIONS)
def judge(dataset: Path, judges: tuple[str, ...], **options: Any) -> None:
    """Let judges rate every narrative in DATASET's narratives.jsonl; append the ratings to its ratings.jsonl.

    Prints how many ratings are new. A rating already there is neither asked for nor written again.
    """
    from dermatrust.bench.recorded import record_ratings

    bench = open_bench(dataset, models=(), judges=judges or ("lexical",), **options)
    run = run_folder(bench, options, kind="judge-")
    recorded = record_ratings(bench, run, pace_of(bench, options))
    tell_recorded(recorded, "ratings", dataset / "ratings.jsonl")
    tell_failures(recorded.failures, run)
