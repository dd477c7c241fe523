"""`dermatrust clinic gap`: the same models on several datasets."""

from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), default=Path("gap"), show_default=True,
    help="A folder for result.json and gap.html, or the page alone where this ends in .html.",
)  # fmt: skip
@click.option("--resamples", type=click.IntRange(min=1), default=2000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resampling.")
@click.option(
    "--allow-differences", is_flag=True,
    help="Also where prompt, model version or manner of asking differ; the page says so.",
)  # fmt: skip
def gap(runs: tuple[Path, ...], out: Path, resamples: int, seed: int, *, allow_differences: bool) -> None:
    """Put RUNS of clinic ddx, or of clinic triage, side by side: the same models on several datasets.

    The first run is the public benchmark, say, and each of the others is compared with it, model by model and arm by
    arm, with intervals; also within the diseases that both have. Runs that differ in more than their cases are refused.
    """
    from dermatrust.cli.clinic_answers import finished_answers
    from dermatrust.clinic.gap import GapRun, bedside_gap
    from dermatrust.clinic.gap_text import gap_text
    from dermatrust.report.clinic_page import write_clinic_page
    from dermatrust.store.result import RESULT, write_result
    from dermatrust.store.run import RunFolder, check_no_run

    page = out if out.suffix.lower() in (".html", ".htm") else out / "gap.html"
    if page != out:
        check_no_run(out)
    folders = list(map(RunFolder, runs))
    read = [GapRun(folder.read_manifest(), finished_answers(folder)) for folder in folders]
    found = bedside_gap(read, allow_differences=allow_differences, seed=seed, n_resamples=resamples)
    if page != out:
        write_result(out / RESULT, found)
    write_clinic_page(page, found)
    for warning in found.warnings:
        click.echo(warning, err=True)
    if found.card.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(gap_text(found))
    click.echo(f"page: {page}", err=True)
