"""Options that several commands share, and what they open."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dermatrust.bench.asking import Pace
    from dermatrust.bench.play import Bench
    from dermatrust.store.run import RunFolder

FILE = click.Path(path_type=Path)
F = TypeVar("F", bound=Callable[..., Any])

MODEL_OPTIONS = (
    click.option("--model", "-m", "models", multiple=True, required=True, help="A model under test; may be repeated."),
    click.option("--with-context", is_flag=True, help="Tell the models the clinical context too."),
    click.option("--prompt", default="candidate", show_default=True, help="Prompt name or file."),
    click.option("--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Of the models."),
    click.option(
        "--side", type=click.IntRange(min=16), default=1024, show_default=True, help="Longest image side, px."
    ),
)
JUDGE_OPTIONS = (
    click.option(
        "--judge", "-j", "judges", multiple=True, help="`lexical` or a model; repeatable.  [default: lexical]"
    ),
    click.option("--judge-prompt", default="judge", show_default=True, help="Judge prompt name or file."),
    click.option("--rubric", type=FILE, help="A rubric of your own."),
    click.option(
        "--judge-temperature", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Of judges."
    ),
    click.option(
        "--judge-max-tokens", type=click.IntRange(min=1), default=2048, show_default=True, help="Longest verdict."
    ),
    click.option(
        "--repeats", type=click.IntRange(min=1), default=1, show_default=True, help="Draws of each LLM judge."
    ),
)
RUN_OPTIONS = (
    click.option("--out", type=FILE, default=Path("runs"), show_default=True, help="Where run folders are made."),
    click.option("--run-id", help="Name of the run folder.  [default: follows from dataset and settings]"),
    click.option("--limit", "-n", type=click.IntRange(min=1), help="Only the first N cases."),
    click.option(
        "--max-tokens", type=click.IntRange(min=1), default=1024, show_default=True, help="Longest narrative."
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="For servers that take one, and resampling."),
    click.option(
        "--max-concurrency", type=click.IntRange(min=1), default=64, show_default=True, help="Asks under way."
    ),
    click.option(
        "--timeout", type=click.FloatRange(min=0.1), default=180.0, show_default=True, help="Seconds per ask."
    ),
    click.option("--limits", "limits_file", type=FILE, help="YAML of limits per model."),
    click.option("--prices", "price_file", type=FILE, help="YAML of token prices per model."),
    click.option("--quiet", "-q", is_flag=True, help="No progress bars."),
)


def with_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return a decorator that adds options in the order given."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def open_bench(dataset: Path, *, models: tuple[str, ...], judges: tuple[str, ...], **options: Any) -> "Bench":
    """Open everything the options name: dataset, clients, judges, prompt, image cache."""
    from dermatrust.bench.play import Bench
    from dermatrust.clients import Sampling, open_client
    from dermatrust.judge.open import open_judge
    from dermatrust.narrate import load_prompt
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.images import ImageCache

    return Bench(
        dataset=DatasetFolder.open(dataset),
        clients=[open_client(name) for name in models],
        judges=[open_judge(name, **_judge_settings(options)) for name in judges],
        prompt=load_prompt(options.get("prompt", "candidate")),
        sampling=Sampling(options.get("temperature", 0.0), options["max_tokens"], options["seed"]),
        images=ImageCache(options["out"] / "image-cache", side_px=options.get("side", 1024)),
        with_context=options.get("with_context", False),
        limit=options["limit"],
    )


def _judge_settings(options: dict[str, Any]) -> dict[str, Any]:
    from dermatrust.clients import Sampling

    sampling = Sampling(options["judge_temperature"], options["judge_max_tokens"], options["seed"])
    wanted = {"rubric": options["rubric"], "prompt": options["judge_prompt"], "repeats": options["repeats"]}
    return wanted | {"sampling": sampling}


def run_folder(bench: "Bench", options: dict[str, Any], *, kind: str = "") -> "RunFolder":
    """Return the run folder the options ask for, or the one that follows from what is run."""
    from dermatrust.bench.run import run_name
    from dermatrust.store.run import RunFolder

    return RunFolder(options["out"] / (options["run_id"] or kind + run_name(bench)))


def pace_of(options: dict[str, Any]) -> "Pace":
    """Return how fast the options let a run ask."""
    from dermatrust.bench.asking import Pace
    from dermatrust.engine import Limits, load_limits, load_prices

    return Pace(
        default_limits=Limits(max_concurrency=options["max_concurrency"], timeout_s=options["timeout"]),
        limits=load_limits(options["limits_file"]) if options["limits_file"] else {},
        prices=load_prices(options["price_file"]) if options["price_file"] else {},
        is_quiet=options["quiet"],
    )


def tell_failures(n_failed: int, run: "RunFolder") -> None:
    """Say what is missing and exit with 1, if asks failed."""
    if n_failed:
        click.echo(
            f"{n_failed} asks failed, and what they would have brought is missing. Run the same command again to retry "
            f"them; `dermatrust store stats {run.path}` lists them.",
            err=True,
        )
        raise click.exceptions.Exit(1)
