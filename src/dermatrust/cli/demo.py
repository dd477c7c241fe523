"""`dermatrust demo`: the whole pipeline on the packaged synthetic dataset."""

from pathlib import Path

import click


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Where to write.")
def demo(out: Path) -> None:
    """Judge three recorded candidates on 24 synthetic cases with the lexical judge, ending in report.html."""
    from dermatrust.cli.bench import bench
    from dermatrust.datasets.demo_dataset import demo_candidates_path

    candidates = demo_candidates_path()
    models = ["synthetic-strong", "synthetic-middling", "synthetic-weak"]
    chosen = [argument for model in models for argument in ("-m", f"replay:{candidates}#{model}")]
    bench.main(
        ["demo", *chosen, "--judge", "lexical", "--out", str(out), "--run-id", "demo", "--replace"],
        standalone_mode=False,
    )
