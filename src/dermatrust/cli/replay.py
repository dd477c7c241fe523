"""`dermatrust replay`: recorded outputs of a published benchmark, scored without a model."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import FILE
from dermatrust.cli.protocol_options import CUTOFF, DATA, PROTOCOL, VARIANT, open_protocol, tell_result
from dermatrust.errors import DataError

if TYPE_CHECKING:
    from dermatrust.protocols.files_read import FilesRead
    from dermatrust.protocols.result import Asked


@click.command()
@PROTOCOL
@click.argument("file", type=FILE)
@DATA
@VARIANT
@CUTOFF
@click.option("--method", help="How they were asked, where that made other items: rotate or shuffle:K.")
@click.option("--model", "-m", default="", help="Whose outputs they are, for the record.  [default: the file's name]")
@click.option("--limit", "-n", type=click.IntRange(min=1), help="Only the first N rows of the data.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resampling.")
@click.option("--out", type=FILE, help="Write scored.jsonl, result.json and table.csv into this folder.")
def replay(protocol: str, file: Path, out: Path | None, **options: Any) -> None:
    """Score what FILE has recorded for PROTOCOL, in the authors' format or as scored.jsonl of a run.

    FILE is a folder where the authors have one file per item. Asks no model. Items of the data for which FILE has
    nothing are missing and counted so. Exits with 1 if any is.
    """
    from dermatrust.protocols.files_read import FilesRead
    from dermatrust.protocols.flat import result_csv
    from dermatrust.protocols.open_data import iter_items, open_data
    from dermatrust.protocols.read_recorded import is_own_record, read_recorded
    from dermatrust.protocols.result import protocol_result
    from dermatrust.protocols.run import SCORED, count_missing
    from dermatrust.protocols.scored import score_all, tabulate, write_scored
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import RESULT, write_result
    from dermatrust.store.run import check_no_run

    if out:
        check_no_run(out)
    chosen, _ = open_protocol(protocol, options)
    is_own = not file.is_dir() and is_own_record(file)
    reader = read_recorded if is_own else chosen.recorded
    brings_items = chosen.records_bring_items and not is_own  # a scored.jsonl of ours holds no questions
    data = None if brings_items and options["data"] is None else open_data(chosen.source, options["data"])
    files = FilesRead()
    items = iter(()) if data is None else iter_items(chosen, data, limit=options["limit"], files=files)
    missing: Counter[str] = Counter()
    scored = count_missing(score_all(chosen.score, reader(file, items), where=str(file)), missing)
    table = write_scored(out / SCORED, scored) if out else tabulate(scored)
    if not table.ids:
        raise DataError(str(file), f"holds nothing recorded for {protocol}")
    result = protocol_result(
        chosen, table, model=options["model"] or file.name, others={}, variant=options["variant"] or "",
        method=options["method"] or "", seed=options["seed"], missing=missing, asked=_asked(data, files, options),
        is_recorded=True,
    )  # fmt: skip
    if out:
        write_result(out / RESULT, result)
        write_text(out / "table.csv", result_csv(result))
    tell_result(result)
    if result.n_missing:
        raise click.exceptions.Exit(1)


def _asked(data: Path | None, files: "FilesRead", options: dict[str, Any]) -> "Asked":
    """Return what the result says of what was asked; the prompt and the settings are whoever asked's."""
    from dermatrust.protocols.result import Asked

    known = (data.name, files.content_hash(data)) if data else ("", "")
    return Asked(*known, options["limit"])
