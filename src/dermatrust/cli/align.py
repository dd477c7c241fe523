"""`dermatrust align`: judges and evaluators against the experts' ratings."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.cli.options import FILE

if TYPE_CHECKING:
    from dermatrust.align.compare import Bootstrap
    from dermatrust.align.results import AlignmentStudy
    from dermatrust.align.target import Study
    from dermatrust.store.folder import DatasetFolder


@click.command()
@click.argument("dataset", type=FILE)
@click.option("--panel", multiple=True, help="A rater taken for the truth; repeatable.  [default: people]")
@click.option("--adjudicator", "adjudicators", multiple=True, help="A rater whose score settles; repeatable.")
@click.option("--expected", is_flag=True, help="Take the expected value where a model says it.")
@click.option(
    "--epsilon",
    type=click.FloatRange(0, 1),
    default=0.2,
    show_default=True,
    help="Alternative-annotator test: how much worse a judge may be; 0.2 for experts, 0.15 for skilled raters.",
)
@click.option("--worst", "n_worst", type=click.IntRange(min=0), default=5, show_default=True, help="Cases a rater.")
@click.option("--resamples", type=click.IntRange(min=1), default=10_000, show_default=True, help="Of the patients.")
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the intervals.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resampling.")
@click.option("--out", type=FILE, help="Folder for the page and the tables; must be new or empty.")
def align(
    dataset: Path, panel: tuple[str, ...], adjudicators: tuple[str, ...], expected: bool, epsilon: float, n_worst: int,
    resamples: int, confidence: float, seed: int, out: Path | None,
) -> None:  # fmt: skip
    """Compare every rater of DATASET with the people who rated the same narratives.

    People are the raters that raters.jsonl calls human or simulated, or those named with --panel. Every table has the
    baselines beside it: knowing only the mean, and one person against the others.
    """
    from dermatrust.align.compare import Bootstrap
    from dermatrust.align.ratings import read_rating_table
    from dermatrust.align.study import align as align_raters
    from dermatrust.align.target import study_of
    from dermatrust.align.text import study_text
    from dermatrust.store.folder import DatasetFolder

    folder = DatasetFolder.open(dataset)
    table = read_rating_table(folder, panel, expected=expected)
    bootstrap = Bootstrap(seed, resamples, confidence)
    study = align_raters(table, bootstrap, panel=panel, adjudicators=adjudicators, epsilon=epsilon, n_worst=n_worst)
    if folder.card.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(study_text(study))
    if out is not None:
        _write(out, folder, study, study_of(table, panel, adjudicators), bootstrap, epsilon)


def _write(
    out: Path, folder: "DatasetFolder", study: "AlignmentStudy", roles: "Study", bootstrap: "Bootstrap", epsilon: float
) -> None:
    """Write the page and the tables of a study into a new folder."""
    from dermatrust.align.details import details_of
    from dermatrust.align.flat import study_csv, worst_csv
    from dermatrust.report.alignment_page import write_alignment
    from dermatrust.store.atomic import write_text
    from dermatrust.store.new_dataset import new_folder

    with new_folder(out) as building:
        details = details_of(roles, bootstrap)
        write_text(building / "alignment.csv", study_csv(study, details))
        write_text(building / "worst.csv", worst_csv(study))
        write_alignment(
            building / "alignment.html", study=study, details=details, card=folder.card,
            cases={case.id: case for case in roles.table.cases}, image_path=folder.image_path, bootstrap=bootstrap,
            epsilon=epsilon,
        )  # fmt: skip
    click.echo(f"page: {out / 'alignment.html'}", err=True)
    click.echo(f"tables: {out / 'alignment.csv'}, {out / 'worst.csv'}", err=True)
