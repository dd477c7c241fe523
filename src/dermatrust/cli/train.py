"""`dermatrust train`: train DermEval, both stages, by a recipe."""

from pathlib import Path

import click

from dermatrust.cli.options import FILE


@click.command()
@click.argument("config", type=FILE)
@click.option("--out", type=FILE, help="The run's folder.  [default: runs/train-NAME]")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes that draw data.")
@click.option("--export", type=FILE, help="Write the ONNX files of an evaluator trained from nothing here too.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bars.")
def train(config: Path, out: Path | None, workers: int, export: Path | None, quiet: bool) -> None:
    """Train an evaluator by the recipe CONFIG, and print its folder.

    A run that was stopped goes on from its last checkpoint when the same command is given again. Several GPUs:
    `accelerate launch -m dermatrust train CONFIG`. Needs the extra `train`.
    """
    from dermatrust.errors import UserError

    try:
        from dermatrust.train.recipe import load_recipe
        from dermatrust.train.run import train_evaluator
    except ModuleNotFoundError as error:
        do = "pip install 'dermatrust[train]'"
        raise UserError("dermatrust train", f"the package {error.name} is not installed", do=do) from None
    recipe = load_recipe(config)
    trained = train_evaluator(recipe, out or Path("runs") / f"train-{recipe.name}", workers=workers, is_quiet=quiet)
    for name, state in trained.stages.items():
        click.echo(f"{name}: {state.samples} examples in {state.seconds:.0f} s", err=True)
    if export is not None:
        from dermatrust.train.export import write_evaluator
        from dermatrust.train.familiarity import keep_familiar_text

        write_evaluator(trained.policy, export)
        keep_familiar_text(recipe, export)
        click.echo(f"exported to {export}", err=True)
    click.echo(trained.path)
