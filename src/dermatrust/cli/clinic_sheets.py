"""`dermatrust clinic sheets`: what people say of a sample, beside the rungs and the adjudicator."""

from collections import Counter
from pathlib import Path

import click

from dermatrust.cli.options import FILE

SYNONYM = "synonym"


@click.command()
@click.argument("key", type=FILE)
@click.argument("sheets", metavar="SHEETS...", type=FILE, nargs=-1, required=True)
@click.option("--run", type=FILE, help="The run the sample is of, for its adjudicated.csv.")
@click.option("--csv", "table", type=FILE, help="Write every figure here.")
@click.option("--resamples", type=click.IntRange(min=1), default=2000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resampling.")
def sheets(
    key: Path, sheets: tuple[Path, ...], run: Path | None, table: Path | None, resamples: int, seed: int
) -> None:
    """Read the SHEETS of a sample that people filled in, one each, and say how far they agree.

    KEY is the sample's OUT-key.csv. In a sheet, numbers_that_name_it holds the numbers of the list that name the
    established diagnosis ("1, 3"), or 0 where none does; empty is undecided, and missing. Each person stands beside the
    exact and the synonym rung, the run's adjudicator where there is one (--run), and every other person. Last comes
    what each of them would say of the whole study, by model and arm.
    """
    import numpy as np

    from dermatrust.clinic.filled_sheets import read_adjudicated, read_key, read_sheet
    from dermatrust.clinic.people import ADJUDICATOR, agreement_of_people
    from dermatrust.clinic.people_shares import shares_by_rater
    from dermatrust.clinic.people_text import people_csv, people_text, shares_text
    from dermatrust.errors import DataError
    from dermatrust.store.atomic import write_text

    items = read_key(key)
    stems = Counter(path.stem for path in sheets)
    names = [path.stem if stems[path.stem] == 1 else str(path) for path in sheets]
    if len(set(names)) < len(names):
        raise DataError("SHEETS", "one is given twice", "each person's sheet once")
    people = {name: read_sheet(path, items) for name, path in zip(names, sheets, strict=True)}
    adjudicator = None
    if run is not None:
        adjudicated = run / "adjudicated.csv"
        if not adjudicated.is_file():
            do = "Run `clinic ddx` again with --adjudicator, or leave out --run."
            raise DataError(str(run), "has no adjudicated.csv", do=do)
        adjudicator = read_adjudicated(adjudicated, items)
    rows = agreement_of_people(items, people, adjudicator, seed=seed, n_resamples=resamples)
    raters = people | {SYNONYM: np.array([one.decided[SYNONYM] for one in items])}
    raters |= {} if adjudicator is None else {ADJUDICATOR: adjudicator}
    shares = shares_by_rater(items, raters, seed=seed, n_resamples=resamples)
    click.echo(f"{people_text(rows, len(items))}\n\n{shares_text(shares)}")
    if table is not None:
        write_text(table, people_csv(rows, shares))
        click.echo(f"table: {table}", err=True)
