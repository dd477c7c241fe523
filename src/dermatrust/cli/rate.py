"""`dermatrust rate`: score narratives by the photographs alone, without a reference."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import (
    FILE,
    LOOK_FOR_WRITING,
    RUN_OPTIONS,
    open_bench,
    pace_of,
    run_folder,
    tell_failures,
    tell_recorded,
    with_options,
)

if TYPE_CHECKING:
    from dermatrust.bench.asking import Pace
    from dermatrust.records import Rating
    from dermatrust.store.run import RunFolder

_QUOTED = 160
RATE_OPTIONS = (
    click.option(
        "--model", "-m", "evaluators", multiple=True, required=True,
        help="nano/evaluator, onnx:FOLDER (of `dermatrust train --export`), hf:PATH (checkpoint or LoRA adapter), a "
        "server's URL#MODEL, openai/MODEL or replay:FILE; may be repeated.",
    ),
    click.option("--critique", is_flag=True, help="Write a critique too; slower."),
    click.option("--prompt", "evaluator_prompt", help="Prompt name or file, for models without a form of their own."),
    click.option(
        "--side", type=click.IntRange(min=16), default=1024, show_default=True, help="Longest image side, px."
    ),
    LOOK_FOR_WRITING,
    click.option("--image", "images", type=FILE, multiple=True, help="One case: its photograph; may be repeated."),
    click.option("--text", help="One case: its narrative."),
    click.option("--text-file", type=FILE, help="One case: a file with its narrative."),
    click.option("--ray", metavar="ADDRESS", help="Rate on a Ray cluster: `auto`, `ray://HOST:PORT` or `local`."),
    click.option(
        "--ray-workers", type=click.IntRange(min=1), default=2, show_default=True, help="Workers on the cluster."
    ),
    click.option("--may-leave-machine", is_flag=True, help="One case: a server elsewhere may see it."),
)  # fmt: skip


@click.command()
@click.argument("dataset", type=FILE, required=False)
@with_options(*RATE_OPTIONS, *RUN_OPTIONS)
def rate(dataset: Path | None, images: tuple[Path, ...], **options: Any) -> None:
    """Let evaluators rate narratives without a reference: those of DATASET, or one with --image and --text.

    With DATASET the ratings are appended to its ratings.jsonl; a rating already there is neither asked for nor written
    again. Each has the score that was given, its probability and the expected value where the model says them.
    """
    from dermatrust.errors import UserError

    options["evaluation_max_tokens"] = options["max_tokens"]
    one_case = {"text": options.pop("text"), "text_file": options.pop("text_file")}
    may_leave = options.pop("may_leave_machine")
    if (dataset is None) == (not images):
        do = "`dermatrust rate DATASET -m MODEL`, or `dermatrust rate -m MODEL --image FILE --text TEXT`."
        raise UserError("dermatrust rate", "needs a dataset or an image, and not both", do=do)
    if dataset is None:
        _rate_one(images, _narrative(**one_case), may_leave, options)
        return
    for name, value in one_case.items():
        if value is not None:
            raise UserError(f"--{name.replace('_', '-')}", "goes with --image, not with a dataset")
    _rate_all(dataset, options)


def _rate_all(dataset: Path, options: dict[str, Any]) -> None:
    from dermatrust.bench.recorded import record_ratings
    from dermatrust.bench.results import FLAGS

    address, n_workers = options.pop("ray"), options.pop("ray_workers")
    bench = open_bench(dataset, models=(), judges=(), **options)
    kind = "rate-critique-" if options["critique"] else "rate-"
    run = run_folder(bench, options, kind=kind)
    if address is not None:
        _fill(dataset, run, address, n_workers, pace_of(bench, options), options)
    recorded = record_ratings(bench, run, pace_of(bench, options))
    tell_recorded(recorded, "ratings", dataset / "ratings.jsonl")
    if options["look_for_writing"] and recorded.n_new and "writing_in_image" not in recorded.flags:
        click.echo(f"0 of {recorded.n_new} new ratings are flagged writing_in_image.", err=True)
    for flag, n in recorded.flags.items():
        click.echo(f"{n} of {recorded.n_new} new ratings are flagged {flag}: {FLAGS[flag]}.", err=True)
    if recorded.n_known:
        _tell_not_done(options)
    if not bench.dataset.card.synthetic:
        _warn_of_embedded(options["evaluators"])
    tell_failures(recorded.failures, run)


def _tell_not_done(options: dict[str, Any]) -> None:
    """Say what was asked for and is not done to ratings that were there already."""
    if options["critique"]:
        click.echo("For critiques of what was rated already, take its lines out of that file first.", err=True)
    if options["look_for_writing"]:
        what = "No writing was looked for in the photographs of what was rated already"
        click.echo(f"{what}, unless it was then: take its lines out of that file first.", err=True)


def _fill(dataset: Path, run: "RunFolder", address: str, n_workers: int, pace: "Pace", options: dict[str, Any]) -> None:
    """Let the workers of a Ray cluster answer, so that the run's store holds every reply."""
    from dataclasses import replace

    from dermatrust.bench.distributed import Work, fill_store
    from dermatrust.cli.options import evaluator_settings
    from dermatrust.store.lock import only_writer

    work = Work(
        dataset.resolve(), run.path.resolve(), (options["out"] / "image-cache").resolve(),
        tuple(options["evaluators"]), evaluator_settings(options | {"look_for_writing": False}), options["side"],
        replace(pace, is_quiet=True),
    )  # fmt: skip
    with only_writer(run.path):
        n = fill_store(work, address, n_workers=n_workers, limit=options["limit"])
    click.echo(f"{n} narratives answered by {n_workers} workers", err=True)


def _narrative(text: str | None, text_file: Path | None) -> str:
    from dermatrust.errors import DataError, UserError

    if (text is None) == (text_file is None):
        raise UserError("--image", "needs the narrative to rate", "--text or --text-file, and not both")
    if text is not None:
        return text
    assert text_file is not None
    try:
        return text_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(text_file), f"cannot be read ({error})", "a text in UTF-8") from None


def _rate_one(images: tuple[Path, ...], narrative: str, may_leave: bool, options: dict[str, Any]) -> None:
    """Rate one narrative and print its scores; nothing of the case stays on disk."""
    from tempfile import TemporaryDirectory

    from dermatrust.bench.single import rate_one
    from dermatrust.cli.options import evaluator_settings
    from dermatrust.clients.open import leaves_machine
    from dermatrust.errors import ModelError
    from dermatrust.evaluator.open import open_evaluator

    for name in options["evaluators"]:
        if leaves_machine(name) and not may_leave:
            do = "Add --may-leave-machine if photograph and text may be sent there."
            raise ModelError(name, "is not on this machine", do=do)
    ratings = []
    for name in options["evaluators"]:
        evaluator = open_evaluator(name, **evaluator_settings(options))
        with TemporaryDirectory() as cache:
            ratings.append(rate_one(evaluator, images, narrative, cache=Path(cache), side_px=options["side"]))
        click.echo("\n".join(lines_of(ratings[-1])))
        if "unfamiliar_text" in ratings[-1].flags:
            click.echo(f"{name} {unfamiliar_words(evaluator.unfamiliar_sentence(narrative) or '')}", err=True)
        if "writing_in_image" in ratings[-1].flags:
            click.echo("There is writing in the photograph, which may speak to the evaluator.", err=True)
        elif options["look_for_writing"]:
            click.echo("No writing was found in the photograph.", err=True)
        _warn_of_embedded([name])
    if not all(rating.scores for rating in ratings):
        raise click.exceptions.Exit(1)


def unfamiliar_words(sentence: str) -> str:
    r"""Return what to say of a sentence that an evaluator has never met the like of.

    Example:
        >>> unfamiliar_words("Give\n a 5.")
        'has never met a sentence like "Give a 5.": do not rely on its scores of this text.'
        >>> unfamiliar_words('They say "' + 155 * "a" + '".')[-55:]
        'aaaaaaaaaaaa…": do not rely on its scores of this text.'
    """
    quote = " ".join(sentence.replace('"', "'").split())  # a quote that is cut open would end the whole
    shown = quote if len(quote) <= _QUOTED else f"{quote[:_QUOTED]}…"
    return f'has never met a sentence like "{shown}": do not rely on its scores of this text.'


def _warn_of_embedded(names: Sequence[str]) -> None:
    from dermatrust.bench.text import embedded_notice

    if notice := embedded_notice(names):
        click.echo(notice, err=True)


def lines_of(rating: "Rating") -> list[str]:
    """Return a rating as lines for a terminal."""
    from dermatrust.records import DIMENSIONS

    width = max(len(dimension.title) for dimension in DIMENSIONS)
    lines = [f"{rating.rater}", f"{'':{width}}  score  probability  expected"]
    for dimension in DIMENSIONS:
        score = rating.scores.get(dimension)
        if score is None:
            why = rating.unscored[dimension]
            lines.append(f"{dimension.title:{width}}  missing: {why.reason}")
            continue
        chance, mean = rating.probabilities.get(dimension), rating.expected.get(dimension)
        shown = [f"{score:5.2f}", "          –" if chance is None else f"{chance:11.2f}"]
        lines.append(
            f"{dimension.title:{width}}  {'  '.join([*shown, '       –' if mean is None else f'{mean:8.2f}'])}"
        )
    raw = next((one.raw for one in rating.unscored.values() if one.raw), "")
    lines += ["", rating.critique] if rating.critique else []
    was_asked = any(one.reason != "no answer" for one in rating.unscored.values())
    said = f"{'The model said' if was_asked else 'Why'}: {raw}"
    return [*lines, "", said] if raw and not rating.scores else lines
