"""`dermatrust audit leakage`: what two datasets, or the splits of one, share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.cli.options import FILE, Number

if TYPE_CHECKING:
    from dermatrust.audit.leakage import LeakageAudit

TABLE = "leakage-audit.csv"


@click.command()
@click.argument("dataset", type=FILE)
@click.argument("other", type=FILE, required=False)
@click.option("--out", type=FILE, default=Path("audit/leakage"), show_default=True, help="Folder for the table.")
@click.option(
    "--min-containment",
    type=Number(0, 1),
    default=0.05,
    show_default=True,
    help="Share of a text that must stand in another; 0 for a single run of 13 words.",
)
@click.option("--replace", is_flag=True, help="Write over the table of an earlier audit.")
@click.pass_context
def leakage(
    context: click.Context, dataset: Path, other: Path | None, *, out: Path, min_containment: float, replace: bool
) -> None:
    """List what DATASET and OTHER share; without OTHER, what the splits of DATASET share.

    Compares image files, pictures, patients, file families, and texts by runs of 13 words; references and candidate
    narratives alike. Writes leakage-audit.csv. Exits with 1 when anything is shared.
    """
    from dermatrust.audit.finding_table import check_new, write_rows
    from dermatrust.audit.leakage import audit_leakage
    from dermatrust.store.folder import DatasetFolder

    folders = DatasetFolder.open(dataset), DatasetFolder.open(other) if other else None
    check_new([out / TABLE], replace=replace)
    found = audit_leakage(*folders, min_containment=min_containment)
    columns = ("way", "case_a", "side_a", "case_b", "side_b", "shared", "strength")
    rows = ((leak.way, leak.a, leak.side_a, leak.b, leak.side_b, leak.shared, leak.strength) for leak in found.leaks)
    write_rows(out / TABLE, columns, rows)
    click.echo(_summary(found))
    for remark in found.remarks:
        click.echo(remark, err=True)
    click.echo(f"{len(found.leaks)} shared; all of them are in {out / TABLE}", err=True)
    context.exit(1 if found.leaks else 0)


def _summary(found: "LeakageAudit") -> str:
    """Return how often each way connects two sides, and of how many cases that could be compared."""
    n_cases = sum(found.sides.values())
    lines = [f"{'shared':<14}{'found':>8}{'cases concerned':>18}  compared"]
    for way, n_compared in found.n_compared.items():
        own = [leak for leak in found.leaks if leak.way == way]
        concerned = {case for leak in own for case in ((leak.side_a, leak.a), (leak.side_b, leak.b))}
        compared = f"{n_compared:,} of {n_cases:,} cases" if n_compared else "nothing: not recorded"
        numbers = (f"{len(own):,}", f"{len(concerned):,}") if n_compared else ("–", "–")
        lines.append(f"{way:<14}{numbers[0]:>8}{numbers[1]:>18}  {compared}")
    sides = ", ".join(f"{name} ({n:,} cases)" for name, n in sorted(found.sides.items()))
    return "\n".join([*lines, "", f"between {sides}"])
