"""`dermatrust narrate`: candidate narratives, written into the dataset folder."""

from pathlib import Path
from typing import Any

import click

from dermatrust.cli.options import (
    FILE,
    MODEL_OPTIONS,
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
@with_options(*MODEL_OPTIONS, *RUN_OPTIONS)
def narrate(dataset: Path, models: tuple[str, ...], **options: Any) -> None:
    """Let models narrate every case of DATASET; append what they write to its narratives.jsonl.

    Prints how many narratives are new. Refusals and empty replies are kept: a model that does not answer is wrong.
    """
    from dermatrust.bench.recorded import record_narratives

    bench = open_bench(dataset, models=models, judges=(), **options)
    run = run_folder(bench, options, kind="narrate-")
    recorded = record_narratives(bench, run, pace_of(bench, options))
    tell_recorded(recorded, "narratives", dataset / "narratives.jsonl")
    tell_failures(recorded.failures, run)
