"""`dermatrust data look`: which photographs a person has to look at, and the sign-off of those who did."""

from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path)


@click.command(short_help="Find faces and lettering on photographs, and sign them off.")
@click.argument("dataset", type=_FOLDER)
@click.option("--clear", "cleared", multiple=True, metavar="IMAGE", help="It identifies nobody; repeatable.")
@click.option("--withhold", "withheld", multiple=True, metavar="IMAGE", help="It must not be shown; repeatable.")
@click.option("--by", "reviewer", help="Who looked, for --clear and --withhold.")
def look(dataset: Path, *, cleared: tuple[str, ...], withheld: tuple[str, ...], reviewer: str | None) -> None:
    """Look for faces and lettering on DATASET's photographs, and list those that a person still has to look at.

    Both the finding and the sign-off are kept in DATASET's image_reviews.jsonl. While a photograph is on the list,
    nothing of DATASET is sent to a hosted model. Faces need the extra `faces`. What is not found may be there all the
    same. Exits with 1 while something is on the list.
    """
    from datetime import UTC, datetime

    from dermatrust.datasets.counted import counted
    from dermatrust.datasets.image_reviews import note_images, open_images, sign_off
    from dermatrust.errors import UserError
    from dermatrust.store.folder import DatasetFolder

    folder = DatasetFolder.open(dataset)
    if (cleared or withheld) and not (reviewer or "").strip():
        raise UserError("--by", "is missing", "the name of who looked at these photographs")
    if both := sorted({*cleared} & {*withheld}):
        raise UserError(both[0], "is cleared and withheld in one command", "one of them")
    now = datetime.now(UTC)
    if cleared:
        sign_off(folder, cleared, "cleared", str(reviewer), now)
    if withheld:
        sign_off(folder, withheld, "withheld", str(reviewer), now)
    note_images(folder)
    tell_without_faces()
    left = list(open_images(folder))
    for image, why in left:
        click.echo(f"{image}\t{why}")
    click.echo(f"{dataset}: {counted(len(left), 'photograph')} to be looked at.", err=True)
    raise click.exceptions.Exit(1 if left else 0)


def tell_without_faces() -> None:
    """Say where nothing looks for faces."""
    from dermatrust.datasets.faces import can_find_faces

    if not can_find_faces():
        click.echo("faces were not looked for: pip install 'dermatrust[faces]'", err=True)
