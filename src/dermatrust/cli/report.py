"""`dermatrust report`: one HTML file from finished runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.errors import DataError

if TYPE_CHECKING:
    from dermatrust.records import Manifest


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), default=Path("report.html"), show_default=True, help="The page."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resampling.")
def report(runs: tuple[Path, ...], output: Path, seed: int) -> None:
    """Compare finished RUNS on one dataset in one table and one HTML file, without case pages.

    A run's own report.html has its case pages; `dermatrust bench` writes it.
    """
    from dermatrust.bench.table import bench_table
    from dermatrust.bench.text import table_text
    from dermatrust.report import write_report
    from dermatrust.store.run import RunFolder
    from dermatrust.store.scores import join_scores, read_scores

    folders = [RunFolder(path) for path in runs]
    manifest = _joined([folder.read_manifest() for folder in folders], runs)
    kinds = {card.judge: card.kind for card in manifest.judges}
    table = bench_table(join_scores([read_scores(folder.scores_path) for folder in folders]), seed=seed, kinds=kinds)
    write_report(output, manifest=manifest, table=table, pages=(), n_cases_total=manifest.n_cases)
    if manifest.dataset.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(table_text(table))
    click.echo(f"report: {output}", err=True)


def _joined(manifests: "list[Manifest]", runs: tuple[Path, ...]) -> "Manifest":
    """Return one manifest for all runs; they must be of one dataset and of different models or judges."""
    first = manifests[0]
    pairs: set[tuple[str, str]] = set()
    cards = {judge.judge: judge for manifest in reversed(manifests) for judge in manifest.judges}
    for manifest, run in zip(manifests, runs, strict=True):
        if manifest.dataset_hash != first.dataset_hash or manifest.n_cases != first.n_cases:
            do = "Runs are compared on the same cases only."
            raise DataError(str(run), f"is not of the same cases as {runs[0]}", do=do)
        for judge in manifest.judges:
            if judge.model_copy(update={"version": ""}) != cards[judge.judge].model_copy(update={"version": ""}):
                what = f"used the judge {judge.judge!r} with another rubric, prompt or setting than {runs[0]}"
                raise DataError(str(run), what, do="Such scores cannot be compared.")
        here = {(model.model, judge.judge) for model in manifest.models for judge in manifest.judges}
        if pairs & here:
            author, rater = min(pairs & here)
            raise DataError(str(run), f"has {author!r} judged by {rater!r} again", "each model and judge in one run")
        pairs |= here
    return first.model_copy(
        update={
            "run_id": " + ".join(manifest.run_id for manifest in manifests),
            "models": tuple({m.model: m for manifest in manifests for m in manifest.models}.values()),
            "judges": tuple({j.judge: j for manifest in manifests for j in manifest.judges}.values()),
            "prompts": {name: digest for manifest in manifests for name, digest in manifest.prompts.items()},
        }
    )
