"""`dermatrust demo`: the whole pipeline on the synthetic skin atlas."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

NARRATORS = ("nano/narrator-strong", "nano/narrator-middling", "nano/narrator-weak")
EVALUATOR = "nano/evaluator"
SPLIT = "demo"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Where to write.")
@click.option(
    "-n", "--n", "n_cases", type=click.IntRange(2, 2000), default=60, show_default=True, help="Cases to draw."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the atlas and the raters."
)
def demo(out: Path, n_cases: int, seed: int) -> None:
    """Draw a synthetic atlas, let three embedded narrators describe it, judge and rate them; ends in report.html.

    The narrators see only the drawn photographs. The lexical judge compares what they write with each case's reference,
    the embedded evaluator with the photographs, and three simulated raters score it with known bias and noise.
    Everything is synthetic; the same seed gives the same numbers.
    """
    from dermatrust.bench.panel import with_panel
    from dermatrust.cli.bench import bench, run_and_report
    from dermatrust.cli.options import open_bench

    folder = _drawn(out / "demo" / f"atlas-n{n_cases}-seed{seed}", n_cases, seed)
    models = [argument for name in NARRATORS for argument in ("-m", name)]
    raters = ["--judge", "lexical", "--evaluator", EVALUATOR]
    chosen = [str(folder), *models, *raters, "--out", str(out), "--run-id", "demo", "--replace"]
    options = bench.make_context("bench", [*chosen, "--pages", "60", "--seed", str(seed)]).params
    opened = open_bench(**options)
    run_and_report(with_panel(opened, seed=seed, split=SPLIT), options)


def _drawn(folder: Path, n_cases: int, seed: int) -> Path:
    """Draw the cases, or check that those of an earlier demo are the same. Nothing that is there is ever removed."""
    from dermatrust.datasets.atlas import write_atlas
    from dermatrust.errors import DataError

    if not folder.exists():
        write_atlas(folder, n=n_cases, seed=seed, split=SPLIT)
        return folder
    with TemporaryDirectory() as elsewhere:
        fresh = Path(elsewhere) / "atlas"
        write_atlas(fresh, n=n_cases, seed=seed, split=SPLIT)
        for file in filter(Path.is_file, fresh.rglob("*")):
            there = folder / file.relative_to(fresh)
            if not there.is_file() or there.read_bytes() != file.read_bytes():
                do = "Move it away, or choose another --out."
                raise DataError(str(there), "is not what this demo draws", do=do)
    return folder
