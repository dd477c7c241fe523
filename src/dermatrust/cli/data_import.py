"""`dermatrust data import`: make a dataset folder from a published dataset or files of one's own, or add to one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.data_annotations import TOOLS, take_annotations

if TYPE_CHECKING:
    from dermatrust.datasets.imported import Imported

_FOLDER = click.Path(path_type=Path)
_ON_THE_CARD = ("name", "licence", "consent", "citation", "may_leave_machine", "identifiers_reviewed")
_OF_SOURCES = ("image_root", "leave_out", "keep_only", "concepts", "candidates", "judged")
SOURCES = (
    "ddi", "derm7pt", "dermbench", "dermnet-folders", "files", "fitzpatrick17k", "ham10000", "pad-ufes-20", "passion",
    "scin", "snu",
)  # fmt: skip


@click.command(name="import", short_help="Make a dataset folder from a source, or add annotations to one.")
@click.argument("source", type=click.Choice([*SOURCES, *TOOLS]))
@click.argument("path", type=_FOLDER)
@click.argument("out", type=_FOLDER)
@click.option("--images", "image_root", type=_FOLDER, help="Where the images are, if not where SOURCE keeps them.")
@click.option(
    "--missing-images",
    type=click.Choice(["error", "skip", "keep"]),
    default="error",
    show_default=True,
    help="Images that are not there: stop, skip cases without any, or keep all cases and take no image.",
)
@click.option("--leave-out", type=_FOLDER, help="A CSV of cases or images not to use, and why (column `reason`).")
@click.option("--keep-only", type=_FOLDER, help="A CSV of the only cases or images to use, e.g. Fitzpatrick17k-C.")
@click.option("--concepts", type=_FOLDER, help="fitzpatrick17k, ddi: SkinCon's table of concepts to take along.")
@click.option("--candidates", type=_FOLDER, help="dermbench: candidate rows to take along.")
@click.option("--judged", type=_FOLDER, help="dermbench: judged rows of these candidates to take along.")
@click.option("--name", help="files: name of the dataset.")
@click.option("--licence", help="files: licence of the dataset, e.g. CC-BY-4.0. [default: private]")
@click.option("--consent", help="files: what the patients agreed to.")
@click.option("--citation", help="files: how to cite the dataset.")
@click.option(
    "--may-leave-machine/--stays-on-machine",
    default=None,
    help="files: whether images and texts may be sent to hosted models. [default: they may not]",
)
@click.option(
    "--identifiers-reviewed",
    is_flag=True,
    default=None,
    help="files: somebody has read what looks like an identifier in the texts, and it identifies nobody.",
)
def import_(source: str, path: Path, out: Path, **options: Any) -> None:
    """Read the SOURCE at PATH and write it as a dataset folder OUT; of an annotation tool, add to the folder OUT.

    \b
    ddi              Diverse Dermatology Images: the folder with ddi_metadata.csv
    derm7pt          the folder of the release, with meta/meta.csv
    dermbench        the DermBench text release; --images is the root of DermNet's test images
    dermnet-folders  the Kaggle release of DermNet: the folder with train and test
    files            your own CSV, TSV or JSONL table, or a folder with one subfolder of images per label
    fitzpatrick17k   the folder with fitzpatrick17k.csv
    ham10000         the folder with HAM10000_metadata.csv
    pad-ufes-20      the folder with metadata.csv
    passion          the folder with label.csv
    scin             the folder with scin_cases.csv and scin_labels.csv
    snu              the folder with meta.csv, MAKE_SNU.csv or SNU-LP.csv: the 134 disorders as packed for evaluation
    argilla          records written with to_json: ratings and edited texts about a dataset folder OUT that is there
    label-studio     the same from its JSON export
    """  # noqa: D301  # \b is click's mark for a paragraph that must not be wrapped
    from dermatrust.errors import DataError
    from dermatrust.store.jsonl import write_records
    from dermatrust.store.layout import LEFT_OUT, NARRATIVES, RATINGS
    from dermatrust.store.new_dataset import write_dataset

    card = {field: options.pop(field) for field in _ON_THE_CARD}
    card = {field: value for field, value in card.items() if value is not None}
    _check_options(source, card, options)
    if source in TOOLS:
        take_annotations(source, path, out)
        return
    imported = _read(source, path, card, options)
    if not imported.cases:
        raise DataError(str(path), "holds no case", f"a source of {source} with at least one row that is not left out")
    write_dataset(out, imported.card, imported.cases, imported.references, imported.images)
    if imported.narratives:
        write_records(out / NARRATIVES, imported.narratives)
    if imported.ratings:
        write_records(out / RATINGS, imported.ratings)
    if imported.left_out:
        write_records(out / LEFT_OUT, imported.left_out)
    _look(out)
    for remark in imported.remarks:
        click.echo(remark, err=True)
    click.echo(f"{out}: {_taken(imported)}.", err=True)
    click.echo(out)


def _look(out: Path) -> None:
    """Note which of the imported photographs a person has to look at, and say so."""
    from dermatrust.datasets.counted import counted
    from dermatrust.datasets.image_reviews import note_images
    from dermatrust.store.folder import DatasetFolder

    if found := note_images(DatasetFolder.open(out)):
        size = counted(len(found), "photograph")
        click.echo(f"{size} may show a face, a date or a name: see `dermatrust data look {out}`", err=True)


def _taken(imported: "Imported") -> str:
    """Return what was imported, with the outputs if there are any."""
    from dermatrust.datasets.counted import counted

    counts = [(len(imported.cases), "case"), (len(imported.references), "reference"), (len(imported.images), "image")]
    if imported.narratives or imported.ratings:
        counts += [(len(imported.narratives), "candidate narrative"), (len(imported.ratings), "rating")]
    return ", ".join(counted(n, noun) for n, noun in counts)


def _read(source: str, path: Path, card: dict[str, object], options: dict[str, Any]) -> "Imported":
    """Return the source with the outputs and concepts that were asked for, and without what lists leave out."""
    from dermatrust.datasets.dermbench_outputs import with_outputs
    from dermatrust.datasets.exclusions import without_excluded
    from dermatrust.datasets.own_files import read_own_files
    from dermatrust.datasets.skincon import with_concepts
    from dermatrust.datasets.sources import READERS

    images = {"image_root": options["image_root"], "missing_images": options["missing_images"]}
    imported = read_own_files(path, card=card, **images) if source == "files" else READERS[source](path, **images)
    if source == "dermbench":
        imported = with_outputs(imported, options["candidates"], options["judged"])
    if options["concepts"]:
        imported = with_concepts(imported, options["concepts"])
    return without_excluded(imported, leave_out=options["leave_out"], keep_only=options["keep_only"])


def _check_options(source: str, card: dict[str, object], options: dict[str, Any]) -> None:
    from dermatrust.errors import UserError

    if source in TOOLS:
        given = [*card, *(name for name in _OF_SOURCES if options[name])]
        if given:
            name = given[0].replace("image_root", "images").replace("_", "-")
            raise UserError(f"--{name}", f"says nothing about an export of {source}", do="Leave it out.")
    elif card and source != "files":
        do = "Edit card.yaml afterwards if you have the owners' permission."
        raise UserError(
            f"--{next(iter(card)).replace('_', '-')}", f"the card of {source} is fixed by its licence", do=do
        )
    if source != "dermbench" and (options["candidates"] or options["judged"]):
        raise UserError("--candidates and --judged", "are rows of DermBench's own format", "the source dermbench")
    if source not in ("fitzpatrick17k", "ddi") and options["concepts"]:
        raise UserError("--concepts", "is SkinCon's table of their photographs", "the source fitzpatrick17k or ddi")
