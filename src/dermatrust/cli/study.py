"""What the commands of the clinic share: their options, their study, and what they say at the end."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import FILE, RUN_OPTIONS, Number, named_run_folder, pace_for, tell_failures

if TYPE_CHECKING:
    from collections.abc import Callable

    from dermatrust.clinic.run import FinishedStudy
    from dermatrust.clinic.study import Study
    from dermatrust.clinic.tasks import Task

_ARMS = "image-only, context-only, image+context, incomplete, erroneous, planted-referral, irrelevant"
_TOLD = (
    click.option("--model", "-m", "models", multiple=True, required=True, help="A model; may be repeated."),
    click.option(
        "--context", "arms", multiple=True, default=("image-only",), show_default=True,
        help=f"What is told, arms joined by commas: {_ARMS}.",
    ),
)  # fmt: skip
_COMPARED = (
    click.option(
        "--images", "image_arms", multiple=True, default=("all",), show_default=True,
        help="What is shown, joined by commas: all, first:K, one-by-one, grid, shuffled.",
    ),
    click.option("--base", help="The context arm to compare with.  [default: the first]"),
)  # fmt: skip
_ASKED = (
    click.option("--drop", type=click.IntRange(min=1), default=3, show_default=True, help="Fields `incomplete` lacks."),
    click.option("--prompt", help="A prompt of your own, a file.  [default: the packaged one]"),
    click.option("--temperature", type=Number(min=0), default=0.0, show_default=True, help="Of the models."),
    click.option(
        "--side", type=click.IntRange(min=16), default=1024, show_default=True, help="Longest image side, px."
    ),
    *RUN_OPTIONS,
    click.option("--resamples", type=click.IntRange(min=1), default=2000, show_default=True, help="Of the bootstrap."),
    click.option("--replace", is_flag=True, help="Overwrite another run's results in the run folder."),
)  # fmt: skip
STUDY_OPTIONS = (*_TOLD, *_COMPARED, *_ASKED)
SPOILT_OPTIONS = (*_TOLD, *_ASKED)
"""Of a study whose photographs are shown clean and spoilt, and compared with the clean ones."""


def open_study(
    dataset: Path, task: "Task", packaged: str, *, image_arms: tuple[str, ...] = ("all",), base: str | None = None,
    **options: Any,
) -> "Study":  # fmt: skip
    """Open everything the options name: dataset, clients, arms, prompt, image cache."""
    from dermatrust.clients import Sampling, open_client
    from dermatrust.clinic.arms import parse_arms
    from dermatrust.clinic.image_arms import parse_image_arms
    from dermatrust.clinic.prompting import study_prompt
    from dermatrust.clinic.study import Study
    from dermatrust.engine.privacy import check_names_may_leave
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.images import ImageCache

    folder = DatasetFolder.open(dataset)
    check_names_may_leave(folder, options["models"])  # before a key or a package is asked for in vain
    return Study(
        task=task,
        dataset=folder,
        clients=[open_client(name) for name in options["models"]],
        prompt=study_prompt(options["prompt"] or packaged, n_named=task.n_named),
        sampling=Sampling(options["temperature"], options["max_tokens"], options["seed"]),
        images=ImageCache(options["out"] / "image-cache", side_px=options["side"]),
        arms=parse_arms(options["arms"]),
        image_arms=parse_image_arms(image_arms),
        base=parse_arms([base])[0] if base else "",
        seed=options["seed"],
        n_dropped=options["drop"],
        limit=options["limit"],
    )


def ask_study(
    study: "Study", options: dict[str, Any], ask: "Callable[..., FinishedStudy] | None" = None, prefix: str = ""
) -> "FinishedStudy":
    """Ask, as `run_study` does unless told otherwise, and score; say on stderr what the reader should know."""
    from dermatrust.clinic.check_study import check_study, remarks
    from dermatrust.clinic.run import run_study, study_name

    check_study(study)
    for remark in remarks(study):
        click.echo(remark, err=True)
    run = named_run_folder(options, prefix + study_name(study))
    command = shlex.join(["dermatrust", *sys.argv[1:]])
    pace = pace_for(study.clients, options)
    return (ask or run_study)(study, run, command=command, pace=pace, replace=options["replace"])


def tell_study(finished: "FinishedStudy", text: str, *, unknown: str) -> None:
    """Print the tables and say where they are; say what is missing, and exit with 1 if asks failed."""
    from dermatrust.bench.text import drawn_notice

    if finished.manifest.dataset.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    if notice := drawn_notice(finished.manifest):
        click.echo(f"{notice}\n")
    click.echo(text)
    if unknown:
        click.echo(unknown, err=True)
    click.echo(f"table: {finished.run.table_path}", err=True)
    if finished.run.report_path.exists():
        click.echo(f"report: {finished.run.report_path}", err=True)
    tell_failures(finished.failures, finished.run)


DATASET = click.argument("dataset", type=FILE)
