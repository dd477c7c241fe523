"""`dermatrust clinic sample`: a blinded sample of a study's answers for people to check."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.cli.options import FILE

if TYPE_CHECKING:
    from dermatrust.store.folder import DatasetFolder


@click.command()
@click.argument("run", type=FILE)
@click.argument("dataset", type=FILE)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("-n", "--n", type=click.IntRange(min=1), default=100, show_default=True, help="Number of answers.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, other answers.")
def sample(run: Path, dataset: Path, out: Path, n: int, seed: int) -> None:
    """Draw answers of the differential study RUN on DATASET into the new folder OUT, blinded, for people to check.

    As evenly as may be from every model, arm and outcome. `dermatrust curate OUT` opens the folder; OUT-sheet.csv has
    the established diagnosis beside each list, to mark which entries name it: "1, 3", or 0 for none, or nothing for
    undecided; `clinic sheets` reads it back. OUT-key.csv tells whose answers they are, and how many each stands for:
    keep it apart.
    """
    from dermatrust.cli.clinic_answers import finished_answers
    from dermatrust.clinic.human_files import write_beside, write_sample
    from dermatrust.clinic.human_subset import draw_sample, strata_of
    from dermatrust.errors import DataError
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.run import RunFolder

    study = RunFolder(run)
    folder = DatasetFolder.open(dataset)
    manifest = study.read_manifest()
    if manifest.config.get("task") == "triage":
        raise DataError(str(run), "is a study of triage, which names no diagnoses", "a folder of `clinic ddx`")
    if manifest.dataset_hash != folder.content_hash():
        raise DataError(str(dataset), f"is not what the answers in {run} are about", "the same dataset, unchanged")
    answers = finished_answers(study)
    drawn = draw_sample(answers, n, seed=seed)
    n_strata, n_drawn = len(strata_of(answers)), len({one.stratum for one in drawn})
    if n_drawn < n_strata:
        click.echo(
            f"{n_strata - n_drawn} of {n_strata} strata have no answer in the sample; -n {n_strata} is the least.",
            err=True,
        )
    _warn_of_identifiers(folder, {answers.case_id[one.row] for one in drawn}, out)
    n_cases = write_sample(out, folder, answers, drawn)
    sheet, key = write_beside(out, answers, drawn)
    click.echo(f"{out}: {len(drawn)} answers about {n_cases} cases\n{sheet}: to fill in\n{key}: keep it apart")
    click.echo(f"once it is filled in: dermatrust clinic sheets {key} {sheet}", err=True)


def _warn_of_identifiers(folder: "DatasetFolder", case_ids: set[str], out: Path) -> None:
    """Say that texts which may identify somebody are about to be copied for other people, if nobody reviewed them."""
    from dermatrust.bench.text import counted
    from dermatrust.datasets.identifiers import suspicions

    if folder.card.synthetic or folder.card.identifiers_reviewed:
        return
    found = [(case.id, first) for case in folder.iter_cases() if case.id in case_ids
             if (first := next(suspicions(case), ""))]  # fmt: skip
    if found:
        click.echo(
            f"warning: {counted(len(found), 'case')} of the sample may say who a patient is: of {found[0][0]!r} "
            f"{found[0][1]}. `dermatrust data check {out}` lists all such places: look at them before you hand it on.",
            err=True,
        )
