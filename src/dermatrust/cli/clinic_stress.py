"""`dermatrust clinic stress`: what spoilt photographs do to accuracy and confidence."""

from pathlib import Path
from typing import Any

import click

from dermatrust.cli.options import with_options
from dermatrust.cli.study import DATASET, STUDY_OPTIONS, open_study, tell_study


@click.command()
@DATASET
@with_options(*STUDY_OPTIONS)
@click.option("--kind", "kinds", multiple=True, help="A degradation; repeatable.  [default: all seven]")
@click.option(
    "--severity", "severities", type=click.IntRange(1, 3), multiple=True, default=(1, 2, 3), show_default=True,
    help="1 mild, 2 marked, 3 severe; repeatable.",
)  # fmt: skip
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Diagnoses asked for at most.")
def stress(dataset: Path, kinds: tuple[str, ...], severities: tuple[int, ...], top: int, **options: Any) -> None:
    """Ask for the differential diagnosis of DATASET with clean photographs and with the same ones spoilt.

    Kinds: blur, noise, low light, colour cast, jpeg, crop, occlusion. Strengths are in pixels of what models see
    (--side). The run folder gets answers.parquet, report.html, result.json and table.csv. The same command again
    resumes. Exits with 1 if asks failed; run it again for those.
    """
    import shlex
    import sys

    from dermatrust.atlas.degrade import DEGRADATIONS
    from dermatrust.cli.options import named_run_folder, pace_for
    from dermatrust.clinic.run import study_name
    from dermatrust.clinic.stress import run_stress, spoilt_arms, stressed
    from dermatrust.clinic.stress_table import stress_result
    from dermatrust.clinic.stress_text import stress_csv, stress_text
    from dermatrust.clinic.tasks import differential_task
    from dermatrust.errors import DataError
    from dermatrust.report.clinic_stress import write_stress_page
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import write_result

    for kind in kinds:
        if kind not in DEGRADATIONS:
            raise DataError("--kind", f"is {kind!r}", f"one of {', '.join(DEGRADATIONS)}")
    if options["image_arms"] != ("all",):
        raise DataError("--images", "makes no sense here", "photographs of a case all at once, which is the default")
    chosen = [kind for kind in DEGRADATIONS if not kinds or kind in kinds]
    arms = spoilt_arms(chosen, sorted(set(severities)))  # type: ignore[arg-type]
    study = stressed(open_study(dataset, differential_task(top), "differential", **options), arms)
    run = named_run_folder(options, f"stress-{study_name(study)}")
    command = shlex.join(["dermatrust", *sys.argv[1:]])
    pace = pace_for(study.clients, options)
    finished = run_stress(study, run, command=command, pace=pace, replace_run=options["replace"])
    card = study.dataset.card
    result = stress_result(finished.answers, card, seed=study.seed, n_resamples=options["resamples"])
    write_result(run.result_path, result)
    write_text(run.table_path, stress_csv(result))
    write_stress_page(run.report_path, result, manifest=finished.manifest)
    tell_study(finished, stress_text(result), unknown="")
