"""Tell what people's ratings and texts, from tables and annotation tools, brought into a dataset folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dermatrust.datasets.rating_table import TakenRatings

TOOLS = ("argilla", "label-studio")
"""Annotation tools whose exports can be taken in."""


def take_annotations(tool: str, path: Path, dataset: Path) -> None:
    """Add what people did in an annotation tool to a dataset folder, and tell what came."""
    from dermatrust.datasets.argilla import take_argilla
    from dermatrust.datasets.label_studio import take_label_studio
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.layout import REFERENCES

    take = take_label_studio if tool == "label-studio" else take_argilla
    taken = take(DatasetFolder.open(dataset), path)
    if taken.ratings is not None:
        tell_taken(taken.ratings, dataset)
    for why, n in taken.left_out.items():
        click.echo(f"left out {n} x {why}", err=True)
    click.echo(f"{taken.n_references} new in {dataset / REFERENCES}, uncertified")


def tell_taken(taken: "TakenRatings", dataset: Path) -> None:
    """Tell how many ratings were taken in, what is missing of them, and whose they are."""
    from dermatrust.datasets.counted import counted
    from dermatrust.store.layout import RATERS, RATINGS

    if taken.n_empty:
        click.echo(f"{counted(taken.n_empty, 'row')} without a score left out.", err=True)
    if taken.never_rated:
        click.echo(f"No column for {', '.join(taken.never_rated)}: not rated.", err=True)
    if taken.n_missing:
        click.echo(f"{counted(taken.n_missing, 'score')} missing in the new ratings.", err=True)
    for name in taken.new_raters:
        click.echo(f"{name}: new in {dataset / RATERS}, as a person.", err=True)
    known = f"; {taken.n_known} there already" if taken.n_known else ""
    click.echo(f"{counted(taken.n_new, 'new rating')} in {dataset / RATINGS}{known}")
