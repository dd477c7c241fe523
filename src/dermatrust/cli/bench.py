"""`dermatrust bench`: models against references, from the first ask to the report."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import (
    EVALUATOR_OPTION,
    FILE,
    JUDGE_OPTIONS,
    LOOK_FOR_WRITING,
    MODEL_OPTIONS,
    RUN_OPTIONS,
    check_somebody_is_shown,
    open_bench,
    pace_of,
    run_folder,
    tell_failures,
    with_options,
)  # fmt: skip

if TYPE_CHECKING:
    from dermatrust.bench.play import Bench
    from dermatrust.bench.run import BenchResult

REPLACE = click.option("--replace", is_flag=True, help="Overwrite another run's results in the run folder.")
PAGES = click.option("--pages", type=click.IntRange(min=0), default=100, show_default=True, help="Most case pages.")


@click.command()
@click.argument("dataset", type=FILE)
@with_options(*MODEL_OPTIONS, *JUDGE_OPTIONS, EVALUATOR_OPTION, LOOK_FOR_WRITING, *RUN_OPTIONS, REPLACE, PAGES)
def bench(dataset: Path, models: tuple[str, ...], judges: tuple[str, ...], **options: Any) -> None:
    """Let models narrate every case of DATASET, let judges score them, and print the table.

    DATASET is a dataset folder. The run folder gets the replies, scores.parquet and report.html. The same
    command again resumes: what was answered is never asked twice. Exits with 1 if asks failed; run it again for those.
    """
    check_somebody_is_shown(options, "-e")
    run_and_report(open_bench(dataset, models=models, judges=judges or ("lexical",), **options), options)


def run_and_report(bench: "Bench", options: dict[str, Any]) -> None:
    """Run the bench, print its table, and say where the report is."""
    from dermatrust.bench.run import run_bench
    from dermatrust.bench.text import drawn_notice, table_text

    run = run_folder(bench, options)
    command = shlex.join(["dermatrust", *sys.argv[1:]])
    result = run_bench(
        bench, run, command=command, seed=options["seed"], pace=pace_of(bench, options), replace=options["replace"]
    )
    _report(bench, result, n_pages=options["pages"], seed=options["seed"])
    if result.manifest.dataset.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    if notice := drawn_notice(result.manifest):
        click.echo(f"{notice}\n")
    click.echo(table_text(result.table))
    for evaluator in bench.evaluators:
        if evaluator.reader and "writing_in_image" not in result.table.flags_of(evaluator.name):
            click.echo(f"{evaluator.name}: no writing was found in the photographs it was shown.", err=True)
    click.echo(f"report: {run.report_path}", err=True)
    tell_failures(result.failures, run)


def _report(bench: "Bench", result: "BenchResult", *, n_pages: int, seed: int) -> None:
    from dermatrust.report import write_report
    from dermatrust.report.chosen import CHOSEN, case_pages, choose_cases
    from dermatrust.store.scores import read_scores

    chosen = choose_cases(read_scores(result.run.scores_path), n_pages, seed=seed)
    write_report(
        result.run.report_path, manifest=result.manifest, table=result.table,
        pages=case_pages(bench, result.run, chosen), n_cases_total=result.manifest.n_cases, chosen=CHOSEN,
    )  # fmt: skip
