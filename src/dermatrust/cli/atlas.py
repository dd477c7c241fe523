"""`dermatrust atlas`: draw the synthetic skin atlas as a dataset folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.cli.options import FILE

if TYPE_CHECKING:
    from dermatrust.datasets.atlas_chunk import Degrade


@click.command()
@click.argument("out", type=FILE)
@click.option(
    "--n", "-n", "n", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="Number of cases."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Another seed has other patients."
)
@click.option("--split", default="train", show_default=True, help="Name of the split; splits share no patients.")
@click.option(
    "--degrade", metavar="KIND:SEVERITY", multiple=True,
    help="What is done to every image, e.g. blur:2; repeatable. `all` alone deals out every kind and severity in "
    "turn, `random` alone by chance.",
)  # fmt: skip
@click.option(
    "--raters", type=click.IntRange(0, 3), default=0, show_default=True,
    help="Simulated raters, 0 to 3, of one candidate narrative with known errors per case.",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: one per core, at most 8]")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
@click.pass_context
def atlas(
    context: click.Context, out: Path, *, n: int, seed: int, split: str, degrade: tuple[str, ...], raters: int,
    workers: int | None, quiet: bool,
) -> None:  # fmt: skip
    """Draw the synthetic skin atlas as an ordinary dataset folder OUT.

    Nobody's photograph is in it: pictures, texts and ratings are drawn from a table of diseases, and what is true of
    each case is in truth.jsonl. The same arguments give the same bytes.
    """
    import os

    from dermatrust.datasets.atlas import write_atlas
    from dermatrust.engine.bar import progress_bar

    workers = min(8, os.cpu_count() or 1) if workers is None else workers
    how = _degrade(degrade)
    try:
        with progress_bar(total=n, unit="case", leave=False, is_quiet=quiet) as bar:
            write_atlas(
                out, n=n, seed=seed, split=split, degrade=how, raters=raters, workers=workers, progress=bar.update
            )
    except KeyboardInterrupt:
        click.echo("\nstopped. Nothing was written; the same command begins anew.", err=True)
        context.exit(130)
    click.echo(f"{out}: {n} synthetic case{'' if n == 1 else 's'}, drawn, of no patient.", err=True)
    click.echo(out)


def _degrade(words: tuple[str, ...]) -> "Degrade":
    """Read `kind:severity` words, or the single word `all` or `random`."""
    from dermatrust.atlas.degrade import DEGRADATIONS, SEVERITIES
    from dermatrust.errors import UserError

    if words == ("all",):
        return "all"
    if words == ("random",):
        return "random"
    for word in {"all", "random"}.intersection(words):
        raise UserError("--degrade", f"{word!r} stands beside another", f"{word!r} alone")
    known = {f"{kind}:{severity}": (kind, severity) for kind in DEGRADATIONS for severity in SEVERITIES}
    for word in words:
        if word not in known:
            expected = f"all, random, or repeatedly kind:severity with severity 1-3 of {', '.join(DEGRADATIONS)}"
            raise UserError("--degrade", f"is {word!r}", expected)
    return tuple(known[word] for word in words)
