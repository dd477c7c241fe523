"""`dermatrust align`: judges and evaluators against the experts' ratings."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.cli.options import FILE, Number

if TYPE_CHECKING:
    from dermatrust.align.compare import Bootstrap
    from dermatrust.align.results import AlignmentStudy
    from dermatrust.align.target import Study
    from dermatrust.store.folder import DatasetFolder


@click.command()
@click.argument("dataset", type=FILE)
@click.option(
    "--panel", multiple=True, help="A rater taken for the truth; repeatable. People not named are then compared."
)
@click.option(
    "--adjudicator",
    "adjudicators",
    multiple=True,
    help="A rater whose scores come before the panel's mean; repeatable.  [default: as registered]",
)
@click.option("--expected", is_flag=True, help="Take the expected value where a model says it.")
@click.option(
    "--epsilon",
    type=Number(min=0, max=1),
    default=0.2,
    show_default=True,
    help="Alternative-annotator test: how much worse a judge may be; 0.2 for experts, 0.15 for skilled raters.",
)
@click.option(
    "--worst",
    "n_worst",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Worst narratives shown of each rater.",
)
@click.option("--resamples", type=click.IntRange(min=1), default=10_000, show_default=True, help="Of the patients.")
@click.option(
    "--confidence",
    type=Number(min=0, max=1, min_open=True, max_open=True),
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

    The panel that raters are held to are those whom raters.jsonl calls human or simulated. --panel names it instead:
    whoever is not named, a person too, is then compared with it. Errors and agreement have the baselines beside them:
    knowing only the mean, one of the panel against the others, and the lexical judge, which is asked here if it has
    rated nothing.
    """
    from dermatrust.align.compare import Bootstrap
    from dermatrust.align.lexical_baseline import with_lexical_judge
    from dermatrust.align.ratings import read_rating_table
    from dermatrust.align.study import align as align_raters
    from dermatrust.align.target import study_of
    from dermatrust.align.text import study_text
    from dermatrust.engine.bar import progress_bar
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.layout import RATERS
    from dermatrust.store.new_dataset import new_folder

    folder = DatasetFolder.open(dataset)
    given = read_rating_table(folder, panel, adjudicators=adjudicators, expected=expected)
    bootstrap = Bootstrap(seed, resamples, confidence)
    with nullcontext() if out is None else new_folder(out) as building:  # a folder in use is refused before the work
        with progress_bar(unit="narrative", leave=False) as bar:
            table = with_lexical_judge(given, folder, progress=bar.update)
        study = align_raters(table, bootstrap, panel=panel, adjudicators=adjudicators, epsilon=epsilon, n_worst=n_worst)
        if building is not None:
            _write(building, folder, study, study_of(table, panel, adjudicators), bootstrap)
    for name in table.unregistered:
        click.echo(f"{name}: not in {folder.path / RATERS}, so taken for a language model.", err=True)
    if folder.card.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(study_text(study))
    if out is not None:
        click.echo(f"page: {out / 'alignment.html'}", err=True)
        click.echo(f"tables: {out / 'alignment.csv'}, {out / 'worst.csv'}", err=True)


def _write(out: Path, folder: "DatasetFolder", study: "AlignmentStudy", roles: "Study", bootstrap: "Bootstrap") -> None:
    """Write the page and the tables of a study."""
    from dermatrust.align.details import StudyResult, details_of
    from dermatrust.align.flat import study_csv, worst_csv
    from dermatrust.report.alignment_page import write_alignment
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import RESULT, write_result

    details = details_of(roles, bootstrap)
    result = StudyResult(folder.card, study, details, bootstrap)
    write_result(out / RESULT, result)
    write_text(out / "alignment.csv", study_csv(study, details))
    write_text(out / "worst.csv", worst_csv(study))
    write_alignment(
        out / "alignment.html",
        result,
        cases={case.id: case for case in roles.table.cases},
        image_path=folder.image_path,
    )
