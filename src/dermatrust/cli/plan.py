"""`dermatrust plan`: how many patients and raters an interval of a given width needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dermatrust.cli.options import FILE, NUMBER


@click.command()
@click.argument("dataset", type=FILE, required=False)
@click.option("--width", type=NUMBER, required=True, help="Of the whole interval, both sides together.")
@click.option("--icc", type=NUMBER, help="Without DATASET: the intraclass correlation expected, 0 to below 1.")
@click.option("--raters", type=click.IntRange(min=2), help="With --icc: how many.  [default: 2, 3, 4 and 5]")
@click.option("--sd-between", type=NUMBER, help="Without DATASET: standard deviation of patients' means, points.")
@click.option("--sd-within", type=NUMBER, help="With --sd-between: within a patient.  [default: 0]")
@click.option("--per-patient", type=NUMBER, help="With --sd-between: narratives of a patient.  [default: 1]")
@click.option("--confidence", type=NUMBER, default=0.95, show_default=True, help="Of the interval.")
@click.option("--panel", multiple=True, help="A rater taken for the truth; repeatable.  [default: people]")
@click.option("--adjudicator", "adjudicators", multiple=True, help="A rater whose score settles; repeatable.")
def plan(dataset: Path | None, width: float, confidence: float, **options: Any) -> None:
    """How many patients and raters an interval of a given width needs.

    With DATASET the spread comes from the ratings there: of each judge's errors, and of the panel's agreement. Without,
    it comes from --icc, for an intraclass correlation, or from --sd-between and --sd-within, for a mean.
    """
    from dermatrust.agreement.planning import NARROWEST
    from dermatrust.errors import UserError

    if not width >= NARROWEST:
        raise UserError("--width", f"is {width:g}", f"a number of at least {NARROWEST:g}")
    if not 0 < confidence < 1:
        raise UserError("--confidence", f"is {confidence:g}", "a number above 0 and below 1")
    given = [name for name, value in options.items() if value not in (None, ())]
    ways: list[tuple[bool, tuple[str, ...], Callable[..., None]]] = [
        (dataset is not None, ("panel", "adjudicators"), _by_ratings),
        (options["icc"] is not None, ("icc", "raters"), _for_icc),
        (options["sd_between"] is not None, ("sd_between", "sd_within", "per_patient"), _for_mean),
    ]
    asked = [way for way in ways if way[0]]
    if len(asked) != 1:
        what = "do not say what spreads how far" if not asked else "say it more than once"
        raise UserError("the arguments", what, "one of DATASET, --icc and --sd-between")
    _, names, way = asked[0]
    for name in given:
        if name not in names:
            option = name.removesuffix("s") if name == "adjudicators" else name
            raise UserError(f"--{option.replace('_', '-')}", "does not go with the other arguments", do="Leave it out.")
    settings = {name: options[name] for name in names} | ({} if dataset is None else {"dataset": dataset})
    way(width=width, confidence=confidence, **settings)


def _by_ratings(
    *, dataset: Path, width: float, confidence: float, panel: tuple[str, ...], adjudicators: tuple[str, ...]
) -> None:
    from dermatrust.align.plan import plan_rows
    from dermatrust.align.plan_text import plan_text
    from dermatrust.align.ratings import read_rating_table
    from dermatrust.align.target import study_of
    from dermatrust.store.folder import DatasetFolder

    folder = DatasetFolder.open(dataset)
    study = study_of(read_rating_table(folder, panel, adjudicators=adjudicators), panel, adjudicators)
    rows = plan_rows(study, width, confidence)
    if folder.card.synthetic:
        click.echo("synthetic dataset: its raters are simulated, and people differ otherwise\n")
    click.echo(plan_text(rows, width, confidence))


def _for_icc(*, width: float, confidence: float, icc: float, raters: int | None) -> None:
    from dermatrust.agreement.planning import subjects_for_icc
    from dermatrust.errors import UserError

    if not 0 <= icc < 1:
        raise UserError("--icc", f"is {icc:g}", "a number from 0 to below 1")
    for k in (2, 3, 4, 5) if raters is None else (raters,):
        click.echo(f"{k} raters  {subjects_for_icc(width, icc, k, confidence):>6} patients")
    click.echo(
        "One narrative a patient, raters alike in their levels. Where levels differ ICC(2,1) is less sure.", err=True
    )


def _for_mean(
    *, width: float, confidence: float, sd_between: float, sd_within: float | None, per_patient: float | None
) -> None:
    from dermatrust.agreement.planning import patients_for_mean
    from dermatrust.errors import UserError

    within, each = sd_within or 0.0, 1.0 if per_patient is None else per_patient
    for option, value in (("--sd-between", sd_between), ("--sd-within", within)):
        if value < 0:
            raise UserError(option, f"is {value:g}", "a number of at least 0")
    if sd_between == within == 0:
        raise UserError("--sd-between", "is 0 and so is --sd-within", "one above 0: else nothing varies")
    if each < 1:
        raise UserError("--per-patient", f"is {each:g}", "a number of at least 1")
    click.echo(f"{patients_for_mean(width, sd_between, within, each, confidence)} patients")
