"""`dermatrust clinic stress`: what spoilt photographs do to accuracy and confidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import with_options
from dermatrust.cli.study import DATASET, SPOILT_OPTIONS, ask_study, open_study, tell_study

if TYPE_CHECKING:
    from dermatrust.atlas.degrade import Degradation
    from dermatrust.clinic.tasks import Task


@click.command()
@DATASET
@with_options(*SPOILT_OPTIONS)
@click.option("--kind", "kinds", multiple=True, help="A degradation; repeatable.  [default: all seven]")
@click.option(
    "--severity", "severities", type=click.IntRange(1, 3), multiple=True, default=(1, 2, 3), show_default=True,
    help="1 mild, 2 marked, 3 severe; repeatable.",
)  # fmt: skip
@click.option(
    "--task", "kind_of_task", type=click.Choice(["ddx", "triage"]), default="ddx", show_default=True,
    help="What is asked: the differential diagnosis, or how soon somebody must act.",
)  # fmt: skip
@click.option("--top", type=click.IntRange(min=1), help="Of ddx: diagnoses asked for at most.  [default: 5]")
@click.option("--levels", type=click.Choice(["2", "3"]), help="Of triage, as for `clinic triage`.  [default: 3]")
def stress(
    dataset: Path, kinds: tuple[str, ...], severities: tuple[int, ...], kind_of_task: str, top: int | None,
    levels: str | None, **options: Any,
) -> None:  # fmt: skip
    """Ask about every case of DATASET with all its photographs, clean and spoilt, and compare.

    Kinds: blur, noise, low light, colour cast, jpeg, crop, occlusion. Strengths are in pixels of what models see
    (--side). The run folder gets answers.parquet, report.html, result.json and table.csv. The same command again
    resumes. Exits with 1 if asks failed; run it again for those.
    """
    from dermatrust.clinic.stress import run_stress, spoilt_arms, stressed
    from dermatrust.clinic.stress_table import stress_result
    from dermatrust.clinic.stress_text import stress_csv, stress_text
    from dermatrust.clinic.urgency_truth import true_urgency, unknown_levels
    from dermatrust.report.clinic_page import write_clinic_page
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import write_result

    arms = spoilt_arms(_chosen(kinds), sorted(set(severities)))  # type: ignore[arg-type]
    task, prompt = _task(kind_of_task, top, levels)
    study = stressed(open_study(dataset, task, prompt, **options), arms)
    finished = ask_study(study, options, run_stress, "stress-")
    run = finished.run
    result = stress_result(
        finished.answers, study.dataset.card, n_levels=task.n_levels,
        truths=[true_urgency(case) for case in study.cases] if task.kind == "triage" else (),
        n_without_truth=study.n_without_truth, seed=study.seed, n_resamples=options["resamples"],
    )  # fmt: skip
    write_result(run.result_path, result)
    write_text(run.table_path, stress_csv(result))
    write_clinic_page(run.report_path, result, manifest=finished.manifest)
    unknown = unknown_levels(study.all_cases[: study.limit]) if task.kind == "triage" else ""
    tell_study(finished, stress_text(result), unknown=unknown)


def _task(kind: str, top: int | None, levels: str | None) -> "tuple[Task, str]":
    """Return the task and the name of its packaged prompt."""
    from dermatrust.clinic.tasks import N_NAMED, differential_task, triage_task
    from dermatrust.errors import DataError

    for option, given, of in (("--top", top, "ddx"), ("--levels", levels, "triage")):
        if given is not None and kind != of:
            raise DataError(option, f"makes no sense for {kind}", f"it with --task {of} alone")
    if kind == "triage":
        return triage_task(int(levels or 3)), f"triage-{levels or 3}"
    return differential_task(top or N_NAMED), "differential"


def _chosen(kinds: tuple[str, ...]) -> "list[Degradation]":
    """Return the degradations named, all of them where none is, in the order of every table."""
    from dermatrust.atlas.degrade import DEGRADATIONS
    from dermatrust.errors import DataError

    for kind in kinds:
        if kind not in DEGRADATIONS:
            raise DataError("--kind", f"is {kind!r}", f"one of {', '.join(DEGRADATIONS)}")
    return [kind for kind in DEGRADATIONS if not kinds or kind in kinds]
