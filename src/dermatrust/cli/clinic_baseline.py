"""`dermatrust clinic baseline`: what can be had without a photograph."""

import json
from pathlib import Path

import click

from dermatrust.cli.options import FILE
from dermatrust.cli.study import DATASET


@click.command()
@DATASET
@click.option("--without", multiple=True, help="A field that may not be used, e.g. history.smoke; repeatable.")
@click.option("--fields", is_flag=True, help="Say too what each field of the context gives alone.")
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Of the cross-validation.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of folds and resampling.")
@click.option("--resamples", type=click.IntRange(min=1), default=2000, show_default=True, help="Of the bootstrap.")
@click.option("--replies", type=FILE, help="Write what the baselines say here, for -m replay:FILE#NAME.")
@click.option("--csv", "table", type=FILE, help="Write every figure here.")
@click.option("--out", "-o", type=FILE, help="A folder for the page, report.html, and result.json.")
def baseline(
    dataset: Path, without: tuple[str, ...], fields: bool, folds: int, seed: int, resamples: int, replies: Path | None,
    table: Path | None, out: Path | None,
) -> None:  # fmt: skip
    """Predict the diagnoses of DATASET without photographs: the commonest, and from the clinical context alone.

    No patient is in two folds. What only the emptiness of fields gives away stands in a row of its own. Needs the extra
    `clinic`.
    """
    from dermatrust.clinic.baseline_result import baseline_result
    from dermatrust.clinic.baseline_table import recorded_replies
    from dermatrust.clinic.baseline_text import baseline_csv, baseline_text
    from dermatrust.clinic.baselines import BASELINES, predict
    from dermatrust.report.clinic_page import write_clinic_page
    from dermatrust.store.atomic import write_text
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.result import write_result
    from dermatrust.store.run import RunFolder

    folder = DatasetFolder.open(dataset)
    cases = tuple(folder.iter_cases())
    result = baseline_result(
        cases, folder.card, with_fields=fields, without=without, n_folds=folds, seed=seed, n_resamples=resamples
    )
    if folder.card.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(baseline_text(result.rows, result.fields))
    if table is not None:
        write_text(table, baseline_csv((*result.rows, *result.fields)))
        click.echo(f"table: {table}", err=True)
    if out is not None:
        run = RunFolder(out)
        write_result(run.result_path, result)
        write_clinic_page(run.report_path, result)
        click.echo(f"report: {run.report_path}", err=True)
    if replies is not None:
        said = (predict(name, cases, seed=seed, n_folds=folds, without=without) for name in BASELINES)
        lines = [json.dumps(reply, ensure_ascii=False) + "\n" for one in said for reply in recorded_replies(one)]
        write_text(replies, "".join(lines))
        click.echo(f"{len(lines)} replies in {replies}, for --context context-only", err=True)
