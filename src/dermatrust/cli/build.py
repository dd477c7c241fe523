"""`dermatrust build`: from photographs to references and regular narratives, and from ratings to rationales."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import (
    FILE,
    RUN_OPTIONS,
    Number,
    check_have_rated,
    named_run_folder,
    open_bench,
    pace_of,
    tell_failures,
    with_options,
)

if TYPE_CHECKING:
    from collections import Counter

    from dermatrust.bench.built import Construction
    from dermatrust.bench.play import Bench
    from dermatrust.bench.rationales import Explained

_PROMPTS = ("caption", "reasoning", "chain", "rationale")


@click.command()
@click.argument("dataset", type=FILE)
@click.option("--model", "-m", "captioner", required=True, help="Describes the photographs.")
@click.option("--reasoner", required=True, help="Reasons from the descriptions; a model name as for -m.")
@click.option("--attempts", type=click.IntRange(1, 10), default=3, show_default=True, help="Asks for one sound text.")
@click.option("--replace-uncertified", is_flag=True, help="Draft anew where a reference is not certified.")
@click.option("--text-only", is_flag=True, help="Show the reasoner no photographs, only texts.")
@click.option("--rater", help="Whose scores rationales explain.  [default: the mean of all people]")
@click.option(
    "--step", type=click.Choice(["whole", "half", "quarter"]), default="whole", show_default=True,
    help="How finely rationales state scores: as training will ask for them.",
)  # fmt: skip
@with_options(
    *(click.option(f"--{name}-prompt", default=name, show_default=True, help="Name or file.") for name in _PROMPTS),
    click.option("--temperature", type=Number(min=0), default=0.0, show_default=True, help="Of both models."),
    click.option(
        "--side", type=click.IntRange(min=16), default=1024, show_default=True, help="Longest image side, px."
    ),
    *RUN_OPTIONS,
)
def build(dataset: Path, captioner: str, reasoner: str, **options: Any) -> None:
    """Build references and regular narratives for DATASET from its photographs; explain ratings that are there.

    Each case gets a caption that names no disease. From it the reasoner writes a reference, told the label, and a
    regular narrative, not told it; both become chains of thought. What fails a check is asked for again, then flagged.
    Narratives that people have rated, and certified references, get a rationale. The same command goes on where it
    was stopped. References it writes are drafts: certified ones are never touched.
    """
    from dermatrust.bench.built import record_construction
    from dermatrust.bench.rationales import record_rationales
    from dermatrust.narrate.places import load_with_places
    from dermatrust.narrate.rationale import RATIONALE_PLACES, Explainer
    from dermatrust.narrate.streams import Builder, load_stream_prompts
    from dermatrust.store.folder import DatasetFolder

    prompts = load_stream_prompts(*(options[f"{name}_prompt"] for name in _PROMPTS[:3]))
    explaining = load_with_places(options["rationale_prompt"], RATIONALE_PLACES)
    check_have_rated(DatasetFolder.open(dataset), "--rater", filter(None, [options["rater"]]))
    bench = _open(dataset, captioner, reasoner, options)
    builder = Builder(
        captioner=bench.clients[0], reasoner=bench.clients[-1], prompts=prompts, sampling=bench.sampling,
        attempts=options["attempts"], reasoner_sees=not options["text_only"],
    )  # fmt: skip
    run = named_run_folder(options, _run_name(bench))
    pace = pace_of(bench, options)
    made = record_construction(bench, builder, run, pace, replace_uncertified=options["replace_uncertified"])
    _tell(made, dataset)
    explainer = Explainer(builder.reasoner, explaining, bench.sampling, options["attempts"])
    explained = record_rationales(
        bench, explainer, run, pace, rater=options["rater"], step=options["step"], sees=builder.reasoner_sees
    )
    _tell_explained(explained, dataset)
    tell_failures(made.failures + explained.failures, run)


def _open(dataset: Path, captioner: str, reasoner: str, options: dict[str, Any]) -> "Bench":
    from dermatrust.clients.open import FORMS
    from dermatrust.clients.synthetic import NAME
    from dermatrust.errors import ModelError

    try:
        return open_bench(dataset, models=tuple(dict.fromkeys((captioner, reasoner))), judges=(), **options)
    except ModelError as error:
        if error.expected != FORMS or error.where != repr(reasoner):
            raise
        raise ModelError(error.where, error.what, f"{NAME}, {FORMS}") from None


def _run_name(bench: "Bench") -> str:
    """Return a name that follows from the models alone: what they replied is still good after the dataset has grown."""
    digest = hashlib.blake2b("\0".join(client.name for client in bench.clients).encode(), digest_size=4).hexdigest()
    return f"build-{bench.dataset.path.resolve().name}-{digest}"


def _tell(made: "Construction", dataset: Path) -> None:
    from dermatrust.datasets.counted import counted

    for name, n in made.n_new.items():
        click.echo(f"{n} new in {dataset / name}")
    if made.n_known:
        click.echo(f"{counted(made.n_known, 'text')} there already.", err=True)
    left = "no reference is written"
    if made.n_certified:
        click.echo(f"{counted(made.n_certified, 'case')} with a certified reference: {left}.", err=True)
    if made.n_drafted:
        do = "--replace-uncertified drafts anew"
        click.echo(f"{counted(made.n_drafted, 'case')} with a reference nobody certified: {left}; {do}.", err=True)
    if made.n_unlabelled:
        click.echo(f"{counted(made.n_unlabelled, 'case')} without a label: {left}.", err=True)
    _tell_faults(made.flags, made.lost)


def _tell_explained(explained: "Explained", dataset: Path) -> None:
    from dermatrust.datasets.counted import counted
    from dermatrust.store.layout import RATIONALES

    click.echo(f"{explained.n_new} new in {dataset / RATIONALES}")
    if explained.n_known:
        click.echo(f"{counted(explained.n_known, 'rationale')} there already.", err=True)
    if explained.n_incomplete:
        n_left = counted(explained.n_incomplete, "rated narrative")
        click.echo(f"{n_left} without all six scores: not explained.", err=True)
    _tell_faults(explained.flags, explained.lost)


def _tell_faults(flags: "Counter[str]", lost: "Counter[str]") -> None:
    for what, n in flags.most_common():
        click.echo(f"flagged {n} x {what}", err=True)
    for what, n in lost.most_common():
        click.echo(f"not written {n} x {what}", err=True)
