"""`dermatrust audit injection`: can a narrative talk its grader round."""

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
    with_options,
)  # fmt: skip

AUDIT_EVALUATOR_OPTIONS = (
    click.option(
        "--model", "-m", "evaluators", multiple=True,
        help="An evaluator, who looks: nano/evaluator, hf:PATH, a server or openai/MODEL; repeatable.",
    ),
    click.option(
        "--side", type=click.IntRange(min=16), default=1024, show_default=True, help="Longest image side, px."
    ),
)  # fmt: skip
"""Whom audits of raters ask besides judges, and how."""


@click.command()
@click.argument("dataset", type=FILE)
@with_options(*JUDGE_OPTIONS, *AUDIT_EVALUATOR_OPTIONS, *RUN_OPTIONS)
@click.option(
    "--per-attack", type=click.IntRange(min=1), default=2, show_default=True, help="Narratives for each attack."
)
def injection(dataset: Path, judges: tuple[str, ...], per_attack: int, **options: Any) -> None:
    """Put attacks into narratives of DATASET, and into photographs for evaluators, and see what that does to scores.

    Judges are named with -j, evaluators with -m. The run folder gets injection.csv, injection.json and injection.html,
    and what was rated as dataset folders. The same command again resumes. Exits with 1 if scores are missing.
    """
    from dermatrust.audit.injection import audit_injection
    from dermatrust.audit.shift_table import injection_text, write_injection_files
    from dermatrust.report.rater_audit import write_injection_page
    from dermatrust.store.result import RESULT, write_result

    bench = open_bench(dataset, models=(), judges=judges, **options)
    run = run_folder(bench, options, kind=f"injection-x{per_attack}-")
    audit = audit_injection(bench, run, pace_of(bench, options), per_attack=per_attack, seed=options["seed"])
    write_injection_files(run.path / "injection.csv", run.path / "injection.json", audit)
    write_result(run.path / RESULT, audit)
    write_injection_page(run.path / "injection.html", audit, table_name="injection.csv")
    if audit.card.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(injection_text(audit))
    click.echo(f"page: {run.path / 'injection.html'}", err=True)
    tell_failures(audit.failures, run)
    tell_missing(audit.n_missing)


def tell_missing(n_missing: int) -> None:
    """Say how many pairs of ratings lack a score, and exit with 1 if any does."""
    if n_missing:
        click.echo(f"{n_missing} pairs of ratings lack a score.", err=True)
        raise click.exceptions.Exit(1)
