"""`dermatrust psychometrics`: ability of models and quality of items, from many runs of one protocol."""

from pathlib import Path

import click

from dermatrust.cli.options import FILE


@click.command()
@click.argument("runs", nargs=-1, required=True, type=FILE)
@click.option("--by", default="", help="The tag of items that is their topic, e.g. topic: a fit for each, too.")
@click.option("--part", default="", help="The part of scores that is 0 or 1, e.g. 'at 0.5'.  [default: the score]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Chooses the hidden answers.")
@click.option("--out", type=FILE, help="Write result.json, abilities.csv and items.csv into this folder.")
def psychometrics(runs: tuple[Path, ...], by: str, part: str, seed: int, out: Path | None) -> None:
    """Fit item response theory (2PL) to the answers of many models to one benchmark.

    RUNS are run folders of `dermatrust run`, one for each model or for each part of its items, or CSV files with a
    column "model" and one of 0 and 1 for each item. Prints abilities with standard errors beside accuracies, how well
    one dimension describes the answers, and the items that may be flawed.
    """
    from dermatrust.protocols.psychometrics import psychometric_result
    from dermatrust.protocols.psychometrics_text import psychometrics_text, records_csv
    from dermatrust.protocols.responses import read_responses
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import RESULT, write_result
    from dermatrust.store.run import check_no_run

    if out:
        check_no_run(out)
    result = psychometric_result(read_responses(runs, tag=by, part=part), seed=seed)
    if out:
        write_result(out / RESULT, result)
        write_text(out / "abilities.csv", records_csv(result.abilities))
        write_text(out / "items.csv", records_csv(result.items))
    click.echo(psychometrics_text(result))
