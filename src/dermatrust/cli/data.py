"""`dermatrust data`: bring a dataset in, and people's ratings of it; check, describe, split and export it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.cli.data_annotations import tell_taken
from dermatrust.cli.data_import import import_
from dermatrust.cli.data_look import look
from dermatrust.cli.groups import SuggestingGroup
from dermatrust.cli.options import Number

if TYPE_CHECKING:
    from dermatrust.datasets.check import CheckReport
    from dermatrust.datasets.split import Split

_MOST_SHOWN = 10
_ALWAYS_SHOWN = {"identifier"}
"""Kinds of finding of which somebody has to look at every place."""
_FOLDER = click.Path(path_type=Path)


@click.group(cls=SuggestingGroup)
def data() -> None:
    """Import, check, describe, split and export datasets."""


data.add_command(import_)
data.add_command(look)


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
    tell_taken(taken, dataset)


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
        if shown[key] <= _MOST_SHOWN or finding.kind in _ALWAYS_SHOWN:
            click.echo(str(finding))
    for (severity, kind), n in shown.items():
        if n > _MOST_SHOWN and kind not in _ALWAYS_SHOWN:
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
@click.option("--train", type=Number(0, 1), default=0.7, show_default=True, help="Share of the cases.")
@click.option("--val", type=Number(0, 1), default=0.1, show_default=True, help="Share of the cases.")
@click.option("--test", type=Number(0, 1), default=0.2, show_default=True, help="Share of the cases.")
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
