"""Options that several commands share, and what they open."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dermatrust.errors import DataError

if TYPE_CHECKING:
    from collections import Counter

    from dermatrust.bench.asking import Pace
    from dermatrust.bench.play import Bench
    from dermatrust.bench.recorded import Recorded
    from dermatrust.clients import Client
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.run import RunFolder


class Number(click.FloatRange):
    """A finite number: comparisons let NaN through."""

    name = "number"

    def _describe_range(self) -> str:
        return "" if self.min is self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or fail where it is none or out of its range."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


FILE = click.Path(path_type=Path)
NUMBER = Number()
"""Any finite number."""
_MOST_REASONS = 5
"""Reasons why asks failed that are printed one by one."""
F = TypeVar("F", bound=Callable[..., Any])

MODEL_OPTIONS = (
    click.option("--model", "-m", "models", multiple=True, required=True, help="A model under test; may be repeated."),
    click.option("--with-context", is_flag=True, help="Tell the models the clinical context too."),
    click.option("--prompt", default="candidate", show_default=True, help="Prompt name or file."),
    click.option("--temperature", type=Number(min=0), default=0.0, show_default=True, help="Of the models."),
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
    click.option("--judge-temperature", type=Number(min=0), default=0.0, show_default=True, help="Of judges."),
    click.option(
        "--judge-max-tokens", type=click.IntRange(min=1), default=2048, show_default=True, help="Longest verdict."
    ),
    click.option(
        "--repeats", type=click.IntRange(min=1), default=1, show_default=True, help="Draws of each LLM judge."
    ),
)
EVALUATOR_OPTION = click.option(
    "--evaluator", "-e", "evaluators", multiple=True,
    help="Rates by the photographs alone: nano/evaluator, onnx:FOLDER, hf:PATH or a server; repeatable.",
)  # fmt: skip
LOOK_FOR_WRITING = click.option(
    "--look-for-writing", is_flag=True, help="Flag ratings by photographs with writing in them (extra `ocr`)."
)
RUN_OPTIONS = (
    click.option("--out", type=FILE, default=Path("runs"), show_default=True, help="Where run folders are made."),
    click.option("--run-id", help="Name of the run folder.  [default: follows from dataset and settings]"),
    click.option("--limit", "-n", type=click.IntRange(min=1), help="Only the first N cases."),
    click.option("--max-tokens", type=click.IntRange(min=1), default=1024, show_default=True, help="Longest reply."),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="For servers that take one, and resampling.",
    ),
    click.option(
        "--max-concurrency", type=click.IntRange(min=1, max=4096), default=64, show_default=True, help="Asks under way."
    ),
    click.option("--timeout", type=Number(min=0.1), default=180.0, show_default=True, help="Seconds per ask."),
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
    from dermatrust.engine.privacy import check_names_may_leave
    from dermatrust.evaluator.open import open_evaluator
    from dermatrust.judge.open import open_judge
    from dermatrust.narrate import load_prompt
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.images import ImageCache

    folder = DatasetFolder.open(dataset)
    evaluators = options.get("evaluators", ())
    check_names_may_leave(folder, (*models, *judges, *evaluators))  # before a key or a package is asked for in vain
    return Bench(
        dataset=folder,
        clients=[open_client(name) for name in models],
        judges=[open_judge(name, **_judge_settings(options)) for name in judges],
        prompt=load_prompt(options.get("prompt", "candidate")),
        sampling=Sampling(options.get("temperature", 0.0), options["max_tokens"], options["seed"]),
        images=ImageCache(options["out"] / "image-cache", side_px=options.get("side", 1024)),
        with_context=options.get("with_context", False),
        limit=options["limit"],
        evaluators=[open_evaluator(name, **evaluator_settings(options)) for name in evaluators],
    )


def evaluator_settings(options: dict[str, Any]) -> dict[str, Any]:
    """Return how evaluators are asked; order, prompt and length only `rate` lets its user choose."""
    order = "critique first" if options.get("critique") else "scores first"
    prompt, max_tokens = options.get("evaluator_prompt"), options.get("evaluation_max_tokens", 1024)
    looks = bool(options.get("look_for_writing"))
    return {"order": order, "prompt": prompt, "max_tokens": max_tokens, "look_for_writing": looks}


def check_somebody_is_shown(options: dict[str, Any], option: str) -> None:
    """Refuse to look for writing in photographs that nobody is shown: no flag would look like no writing.

    Raises:
        UserError: It is asked for, and no evaluator is named.
    """
    if options["look_for_writing"] and not options["evaluators"]:
        from dermatrust.errors import UserError

        what = "is of no use without an evaluator: judges are shown no photograph"
        raise UserError("--look-for-writing", what, f"{option} MODEL")


def _judge_settings(options: dict[str, Any]) -> dict[str, Any]:
    from dermatrust.clients import Sampling

    sampling = Sampling(options["judge_temperature"], options["judge_max_tokens"], options["seed"])
    wanted = {"rubric": options["rubric"], "prompt": options["judge_prompt"], "repeats": options["repeats"]}
    return wanted | {"sampling": sampling}


def run_folder(bench: "Bench", options: dict[str, Any], *, kind: str = "") -> "RunFolder":
    """Return the run folder the options ask for, or the one that follows from what is run."""
    from dermatrust.bench.run import run_name

    return named_run_folder(options, kind + run_name(bench))


def check_have_rated(dataset: "DatasetFolder", option: str, names: Iterable[str]) -> None:
    """Refuse raters, named by an option, of whom the dataset holds no rating: a slip would look like silence.

    Raises:
        DataError: One has rated nothing.
    """
    wanted = list(names)
    raters = {rating.rater for rating in dataset.iter_ratings()} if wanted else set()
    for name in wanted:
        if name not in raters:
            expected = f"one of {', '.join(sorted(raters))}" if raters else "ratings in the dataset's ratings.jsonl"
            raise DataError(option, f"{name!r} has rated nothing in {dataset.path}", expected)


def named_run_folder(options: dict[str, Any], otherwise: str) -> "RunFolder":
    """Return the run folder the options ask for, or the one of this name."""
    from dermatrust.store.run import RunFolder

    name = options["run_id"] or otherwise
    if Path(name).name != name or name in (".", ".."):
        raise DataError("--run-id", f"is {name!r}", "a name without slashes")
    return RunFolder(options["out"] / name)


def pace_of(bench: "Bench", options: dict[str, Any]) -> "Pace":
    """Return how fast the options let a run ask; say on stderr for which models a file the user gave holds nothing."""
    from dermatrust.bench.run import all_clients

    return pace_for(all_clients(bench), options)


def pace_for(clients: "Sequence[Client]", options: dict[str, Any]) -> "Pace":
    """Return how fast the options let clients be asked; see `pace_of`."""
    from dermatrust.bench.asking import Pace
    from dermatrust.engine import Limits, load_limits, load_prices

    limits = load_limits(options["limits_file"]) if options["limits_file"] else {}
    prices = load_prices(options["price_file"]) if options["price_file"] else {}
    for client in clients:
        if limits and client.name not in limits:
            click.echo(f"{options['limits_file']}: nothing for {client.name}; the defaults hold.", err=True)
        if prices and client.name not in prices:
            click.echo(f"{options['price_file']}: nothing for {client.name}; its cost is not counted.", err=True)
    return Pace(
        default_limits=Limits(max_concurrency=options["max_concurrency"], timeout_s=options["timeout"]),
        limits=limits,
        prices=prices,
        is_quiet=options["quiet"],
    )


def tell_recorded(recorded: "Recorded", what: str, path: Path) -> None:
    """Say how many records are new in a file, and how many were there already."""
    known = f"; {recorded.n_known} were there already" if recorded.n_known else ""
    click.echo(f"{recorded.n_new} new {what} in {path}{known}")
    for (rater, rubric), n in recorded.other_rubrics.most_common():
        click.echo(
            f"{n} {what} by {rater} follow {rubric}, which is not what it follows now: scores of the two cannot be "
            f"compared. Remove these lines from {path}, and the same command makes them again.",
            err=True,
        )


def tell_failures(failures: "Counter[str]", run: "RunFolder") -> None:
    """Say what is missing and why, and exit with 1, if asks failed."""
    if not failures:
        return
    for reason, n in failures.most_common(_MOST_REASONS):
        click.echo(f"failed {n} x {reason}", err=True)
    if len(failures) > _MOST_REASONS:
        n_others = failures.total() - sum(n for _, n in failures.most_common(_MOST_REASONS))
        click.echo(f"failed {n_others} x other reasons, {len(failures) - _MOST_REASONS} of them", err=True)
    n_failed = failures.total()
    what = "1 ask failed, and what it" if n_failed == 1 else f"{n_failed} asks failed, and what they"
    click.echo(
        f"{what} would have brought is missing from the result. The same command tries again; "
        f"`dermatrust store stats {run.path}` lists each.",
        err=True,
    )
    raise click.exceptions.Exit(1)
