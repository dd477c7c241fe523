"""What the audits of raters on pairs of ratings share: their options, their run, and what they say at the end."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import open_bench, pace_of, run_folder, tell_failures

if TYPE_CHECKING:
    from dermatrust.audit.image import ImageAudit
    from dermatrust.audit.injection import InjectionAudit
    from dermatrust.bench.asking import Pace
    from dermatrust.bench.play import Bench
    from dermatrust.store.run import RunFolder

AUDIT_EVALUATOR_OPTIONS = (
    click.option(
        "--model", "-m", "evaluators", multiple=True,
        help="An evaluator, who looks: nano/evaluator, onnx:FOLDER, hf:PATH, a server or openai/MODEL; repeatable.",
    ),
    click.option(
        "--side", type=click.IntRange(min=16), default=1024, show_default=True, help="Longest image side, px."
    ),
)  # fmt: skip
"""Whom audits of raters ask besides judges, and how."""


def open_rater_audit(
    dataset: Path, judges: tuple[str, ...], options: dict[str, Any], *, kind: str
) -> "tuple[Bench, RunFolder, Pace]":
    """Return the raters with what they rate, the run folder, and how fast to ask."""
    bench = open_bench(dataset, models=(), judges=judges, **options)
    return bench, run_folder(bench, options, kind=kind), pace_of(bench, options)


def tell_rater_audit(audit: "ImageAudit | InjectionAudit", text: str, page: Path, run: "RunFolder") -> None:
    """Print what was found and where the page is; say what is missing, and exit with 1 if anything is."""
    if audit.card.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(text)
    click.echo(f"page: {page}", err=True)
    tell_failures(audit.failures, run)
    if audit.n_missing:
        click.echo(f"{audit.n_missing} pairs of ratings lack a score.", err=True)
        raise click.exceptions.Exit(1)
