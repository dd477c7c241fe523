"""`dermatrust audit references`: what is wrong with the references of a dataset."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from dermatrust.cli.options import FILE, Number

if TYPE_CHECKING:
    from dermatrust.store.folder import DatasetFolder

TABLE, PAGE = "references-audit.csv", "references-audit.html"


@click.command()
@click.argument("dataset", type=FILE)
@click.option(
    "--out", type=FILE, default=Path("audit/references"), show_default=True, help="Folder for the table and the page."
)
@click.option(
    "--min-confidence",
    type=Number(0, 1),
    default=0.25,
    show_default=True,
    help="Leave out what is less sure.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resampled patients.")
@click.option("--replace", is_flag=True, help="Write over the files of an earlier audit.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
def references(dataset: Path, *, out: Path, min_confidence: float, seed: int, replace: bool, quiet: bool) -> None:
    """Read every reference of DATASET and list what a clinician should look at, surest first.

    DATASET is a dataset folder, or DermBench's text release as it was published.

    Looks for refusals, labels contradicted or never named, dictated answers, findings known to be false, diseases named
    too early, open tags, addresses to the reader, copies, templates, file families and short texts. No image is read
    and no model is asked. Writes references-audit.csv, with an empty verdict column, and references-audit.html.
    """
    from dermatrust.audit.finding_table import check_new, write_findings
    from dermatrust.audit.references import audit_references
    from dermatrust.engine.bar import progress_bar
    from dermatrust.report.reference_audit import write_reference_audit
    from dermatrust.store.result import RESULT, write_result
    from dermatrust.store.run import check_no_run

    check_no_run(out)
    with _opened(dataset) as folder:
        check_new((out / TABLE, out / PAGE, out / RESULT), replace=replace)
        with progress_bar(unit="reference", leave=False, is_quiet=quiet) as bar:
            audit = audit_references(folder, min_confidence=min_confidence, seed=seed, progress=bar.update)
    write_findings(out / TABLE, audit.findings)
    write_result(out / RESULT, audit)
    write_reference_audit(out / PAGE, audit, table_name=TABLE)
    if audit.card.synthetic:
        click.echo("synthetic dataset: nothing below is about patients\n")
    click.echo(audit.to_text())
    click.echo(f"to review: {out / TABLE}; to read: {out / PAGE}", err=True)


@contextmanager
def _opened(path: Path) -> "Iterator[DatasetFolder]":
    """Open a dataset folder; the text release, which is none, is taken in for as long as it is read."""
    from dermatrust.datasets.dermbench import MANIFEST, read_dermbench
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.layout import CARD
    from dermatrust.store.new_dataset import write_dataset

    if (path / CARD).is_file() or not (path / MANIFEST).is_file():
        yield DatasetFolder.open(path)
        return
    released = read_dermbench(path)
    with TemporaryDirectory() as folder:
        taken = Path(folder) / path.resolve().name
        write_dataset(taken, released.card, released.cases, released.references)
        yield DatasetFolder.open(taken)
