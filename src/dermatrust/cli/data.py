"""`dermatrust data`: bring a dataset in, and people's ratings of it; check, describe, split and export it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.groups import SuggestingGroup

if TYPE_CHECKING:
    from dermatrust.datasets.annotations import TakenAnnotations
    from dermatrust.datasets.check import CheckReport
    from dermatrust.datasets.imported import Imported, MissingImages
    from dermatrust.datasets.rating_table import TakenRatings
    from dermatrust.datasets.split import Split

_MOST_SHOWN = 10
_ON_THE_CARD = ("name", "licence", "consent", "citation", "may_leave_machine")
_FOLDER = click.Path(path_type=Path)
_TOOLS = ("label-studio", "argilla")


@click.group(cls=SuggestingGroup)
def data() -> None:
    """Import, check, describe, split and export datasets."""


@data.command(name="import", short_help="Make a dataset folder from a source, or add annotations to one.")
@click.argument("source", type=click.Choice(["dermbench", "pad-ufes-20", "files", *_TOOLS]))
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
def import_(source: str, path: Path, out: Path, **options: Any) -> None:
    """Read the SOURCE at PATH and write it as a dataset folder OUT; of an annotation tool, add to the folder OUT.

    \b
    dermbench    the DermBench text release; --images is the root of DermNet's test images
    pad-ufes-20  the folder with metadata.csv
    files        your own CSV, TSV or JSONL table, or a folder with one subfolder of images per label
    label-studio its JSON export: ratings and edited texts about a dataset folder OUT that is there
    argilla      the same from its records, written with to_json
    """  # noqa: D301  # \b is click's mark for a paragraph that must not be wrapped
    from dermatrust.errors import UserError
    from dermatrust.store.jsonl import write_records
    from dermatrust.store.layout import NARRATIVES, RATINGS
    from dermatrust.store.new_dataset import write_dataset

    card = {field: options.pop(field) for field in _ON_THE_CARD}
    card = {field: value for field, value in card.items() if value is not None}
    if source in _TOOLS:
        _take(source, path, out, [*card, *(name for name in ("image_root", "candidates", "judged") if options[name])])
        return
    if card and source != "files":
        do = "Edit card.yaml afterwards if you have the owners' permission."
        raise UserError(
            f"--{next(iter(card)).replace('_', '-')}", f"the card of {source} is fixed by its licence", do=do
        )
    imported = _read(source, path, card, **options)
    write_dataset(out, imported.card, imported.cases, imported.references, imported.images)
    if imported.narratives:
        write_records(out / NARRATIVES, imported.narratives)
    if imported.ratings:
        write_records(out / RATINGS, imported.ratings)
    for remark in imported.remarks:
        click.echo(remark, err=True)
    click.echo(f"{out}: {_taken(imported)}.", err=True)
    click.echo(out)


def _take(tool: str, path: Path, dataset: Path, meaningless: list[str]) -> None:
    """Add what people did in an annotation tool to a dataset folder."""
    from dermatrust.datasets.argilla import take_argilla
    from dermatrust.datasets.label_studio import take_label_studio
    from dermatrust.errors import UserError
    from dermatrust.store.folder import DatasetFolder

    if meaningless:
        name = meaningless[0].replace("image_root", "images").replace("_", "-")
        raise UserError(f"--{name}", f"says nothing about an export of {tool}", do="Leave it out.")
    take = take_label_studio if tool == "label-studio" else take_argilla
    _tell_annotations(take(DatasetFolder.open(dataset), path), dataset)


def _tell_annotations(taken: "TakenAnnotations", dataset: Path) -> None:
    from dermatrust.store.layout import REFERENCES

    if taken.ratings is not None:
        _tell_taken(taken.ratings, dataset)
    for why, n in taken.left_out.items():
        click.echo(f"left out {n} x {why}", err=True)
    click.echo(f"{taken.n_references} new in {dataset / REFERENCES}, uncertified")


def _taken(imported: "Imported") -> str:
    """Return what was imported, with the outputs if there are any."""
    from dermatrust.datasets.counted import counted

    counts = [(len(imported.cases), "case"), (len(imported.references), "reference"), (len(imported.images), "image")]
    if imported.narratives or imported.ratings:
        counts += [(len(imported.narratives), "candidate narrative"), (len(imported.ratings), "rating")]
    return ", ".join(counted(n, noun) for n, noun in counts)


def _read(
    source: str,
    path: Path,
    card: dict[str, object],
    *,
    image_root: Path | None,
    missing_images: "MissingImages",
    candidates: Path | None,
    judged: Path | None,
) -> "Imported":
    from dermatrust.datasets.dermbench import read_dermbench
    from dermatrust.datasets.dermbench_outputs import with_outputs
    from dermatrust.datasets.own_files import read_own_files
    from dermatrust.datasets.pad_ufes_20 import read_pad_ufes_20
    from dermatrust.errors import UserError

    if source != "dermbench" and (candidates or judged):
        raise UserError("--candidates and --judged", "are rows of DermBench's own format", "the source dermbench")
    if source == "dermbench":
        release = read_dermbench(path, image_root=image_root, missing_images=missing_images)
        return with_outputs(release, candidates, judged)
    if source == "pad-ufes-20":
        return read_pad_ufes_20(path, image_root=image_root, missing_images=missing_images)
    return read_own_files(path, image_root=image_root, missing_images=missing_images, card=card)


@data.command(short_help="Take in people's ratings from a table.")
@click.argument("dataset", type=_FOLDER)
@click.argument("table", type=_FOLDER)
@click.option("--rater", help="Whose ratings they are, where the table has no such column.")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS", help="A column's name; repeatable.")
@click.option("--ignore", "ignored", multiple=True, metavar="THEIRS", help="A column to leave out; repeatable.")
def ratings(
    dataset: Path, table: Path, *, rater: str | None, columns: tuple[str, ...], ignored: tuple[str, ...]
) -> None:
    """Append people's ratings from TABLE, CSV or TSV, to DATASET's ratings.jsonl.

    \b
    A rating a row  narrative_id, rater, accuracy, safety, medical_groundedness, clinical_coverage,
                    reasoning_coherence, description_precision
    A score a row   narrative_id, rater, dimension, score
    Either may add  critique, draw, qualification, years

    Scores are 0 to 5. An empty cell is a missing score. case_id and author may stand for narrative_id. A rating that is
    there already is skipped. If anything is wrong every bad cell is told, and nothing is written.
    """  # noqa: D301  # \b is click's mark for a paragraph that must not be wrapped
    from dermatrust.datasets.rating_table import take_ratings
    from dermatrust.errors import UserError
    from dermatrust.store.folder import DatasetFolder

    pairs = [column.partition("=") for column in columns]
    for whole, (ours, _, theirs) in zip(columns, pairs, strict=True):
        if not ours.strip() or not theirs.strip():
            raise UserError("--column", f"is {whole!r}", "our name and the table's, as in rater=Physician")
    if rater is not None and not rater.strip():
        raise UserError("--rater", "is empty", "a name")
    names = {ours.strip(): theirs for ours, _, theirs in pairs}
    taken = take_ratings(DatasetFolder.open(dataset), table, rater=rater, renamed=names, ignored=ignored)
    _tell_taken(taken, dataset)


def _tell_taken(taken: "TakenRatings", dataset: Path) -> None:
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


@data.command(short_help="Write a dataset in a format that others read.")
@click.argument("form", metavar="FORMAT", type=click.Choice(["triples", "dermbench"]))
@click.argument("dataset", type=_FOLDER)
@click.argument("out", type=_FOLDER)
def export(form: str, dataset: Path, out: Path) -> None:
    """Write what of DATASET the FORMAT can hold as a new folder OUT; say what is left out.

    \b
    triples    photographs, narratives and their evaluations, as a dataset folder that `dermatrust train` reads
    dermbench  the layout of DermBench's text release; certified references only, no photographs
    """  # noqa: D301  # \b is click's mark for a paragraph that must not be wrapped
    from dermatrust.datasets.dermbench_export import export_dermbench
    from dermatrust.evaluator.triples import export_triples
    from dermatrust.store.folder import DatasetFolder

    folder = DatasetFolder.open(dataset)
    if form == "triples":
        made = export_triples(folder, out)
        click.echo(f"{made.n_perfect} perfect and {made.n_imperfect} imperfect triples", err=True)
        left_out = {
            "flagged rationales": made.n_flagged, "texts without a photograph": made.n_without_image,
            "rationales of replaced texts": made.n_orphaned,
        }  # fmt: skip
    else:
        released = export_dermbench(folder, out)
        counts = (released.n_cases, "cases"), (released.n_candidates, "candidates"), (released.n_judged, "verdicts")
        click.echo(", ".join(f"{n} {noun}" for n, noun in counts), err=True)
        left_out = dict(released.left_out)
    for what, n in left_out.items():
        if n:
            click.echo(f"left out {n} {what}", err=True)
    click.echo(out)


@data.command(short_help="Find everything that is wrong with a dataset.")
@click.argument("dataset", type=_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print all findings as JSON.")
@click.pass_context
def check(context: click.Context, dataset: Path, *, as_json: bool) -> None:
    """Check DATASET: its card, records, images, duplicates, and what its splits share.

    Exits with 1 when there are errors.
    """
    from dermatrust.datasets.check import check_dataset
    from dermatrust.datasets.counted import counted

    report = check_dataset(dataset)
    _print_json(report) if as_json else _print_findings(report)
    n_warnings = len(report.findings) - report.n_errors
    counts = [(report.n_cases, "case"), (report.n_images, "image"), (report.n_errors, "error"), (n_warnings, "warning")]
    click.echo(f"{dataset}: {', '.join(counted(n, noun) for n, noun in counts)}.", err=True)
    context.exit(0 if report.is_sound else 1)


def _print_json(report: "CheckReport") -> None:
    from dataclasses import asdict

    click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))


def _print_findings(report: "CheckReport") -> None:
    """Print errors first, and of each kind only so many that the others are still seen."""
    shown: dict[tuple[str, str], int] = {}
    for finding in sorted(report.findings, key=lambda f: (f.severity, f.kind)):
        key = (finding.severity, finding.kind)
        shown[key] = shown.get(key, 0) + 1
        if shown[key] <= _MOST_SHOWN:
            click.echo(str(finding))
    for (severity, kind), n in shown.items():
        if n > _MOST_SHOWN:
            click.echo(f"{severity}: {kind}: {n - _MOST_SHOWN} more. Add --json to see all.")


@data.command(short_help="Count the cases of a dataset.")
@click.argument("dataset", type=_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def describe(dataset: Path, *, as_json: bool) -> None:
    """Count the cases of DATASET by label, skin type, sex, site, age, split and kind of reference."""
    from dermatrust.datasets.describe import describe_dataset

    description = describe_dataset(dataset)
    click.echo(description.model_dump_json(indent=2) if as_json else description.to_text())


@data.command(short_help="Split a dataset by patient, file family and picture.")
@click.argument("dataset", type=_FOLDER)
@click.option("--train", type=click.FloatRange(0, 1), default=0.7, show_default=True, help="Share of the cases.")
@click.option("--val", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="Share of the cases.")
@click.option("--test", type=click.FloatRange(0, 1), default=0.2, show_default=True, help="Share of the cases.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed gives another split.")
@click.option("--replace", is_flag=True, help="Lose the splits that are there.")
@click.option("--by-picture/--not-by-picture", default=True, help="Keep near-duplicate images together. [default: yes]")
def split(dataset: Path, *, train: float, val: float, test: float, seed: int, replace: bool, by_picture: bool) -> None:
    """Split DATASET so that no patient, file family or picture is in two splits, with similar labels in each."""
    from dermatrust.datasets.split_folder import split_folder

    shares = {"train": train, "val": val, "test": test}
    result = split_folder(dataset, shares, seed=seed, replace=replace, by_picture=by_picture)
    _print_split(result)


def _print_split(result: "Split") -> None:
    from dermatrust.datasets.counted import counted

    groups = counted(result.n_groups, "group")
    for name, wanted in result.wanted.items():
        noun = "case " if result.n_cases[name] == 1 else "cases"
        click.echo(f"{name:<6} {result.n_cases[name]:>6} {noun}  {result.achieved[name]:.3f} (asked for {wanted:g})")
        if result.n_cases[name] == 0:
            click.echo(f"{name} is empty: the cases form only {groups}.", err=True)
    click.echo(f"{counted(len(result.assignment), 'case')} in {groups}.", err=True)
