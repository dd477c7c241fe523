"""`dermatrust clinic triage`: how soon somebody must act, in several arms."""

from pathlib import Path
from typing import Any

import click

from dermatrust.cli.options import with_options
from dermatrust.cli.study import DATASET, STUDY_OPTIONS, ask_study, open_study, tell_study


@click.command()
@DATASET
@with_options(*STUDY_OPTIONS)
@click.option(
    "--levels", type=click.Choice(["2", "3"]), default="3", show_default=True,
    help="2 for urgent and routine, 3 for emergent, urgent and routine.",
)  # fmt: skip
def triage(dataset: Path, levels: str, **options: Any) -> None:
    """Ask models how urgent every case of DATASET is, in every arm, and score it.

    A case's level is its own urgency, or else that of its label or weightiest diagnosis in the lexicon, which needs
    clinician sign-off (see `clinic levels`). The run folder gets the replies, answers.parquet, report.html, result.json
    and table.csv. The same command again resumes. Exits with 1 if asks failed; run it again for those.
    """
    from dermatrust.clinic.tasks import triage_task
    from dermatrust.clinic.triage_flat import triage_csv
    from dermatrust.clinic.triage_table import triage_result
    from dermatrust.clinic.triage_text import triage_text
    from dermatrust.clinic.urgency_truth import true_urgency, unknown_levels
    from dermatrust.report.clinic_page import write_clinic_page
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import write_result

    n_levels = int(levels)
    study = open_study(dataset, triage_task(n_levels), f"triage-{n_levels}", **options)
    finished = ask_study(study, options)
    run = finished.run
    result = triage_result(
        finished.answers, study.dataset.card, n_levels=n_levels, base=study.base,
        truths=[true_urgency(case) for case in study.cases], n_without_truth=study.n_without_truth, seed=study.seed,
        n_resamples=options["resamples"],
    )  # fmt: skip
    write_result(run.result_path, result)
    write_text(run.table_path, triage_csv(result))
    write_clinic_page(run.report_path, result, manifest=finished.manifest)
    tell_study(finished, triage_text(result), unknown=unknown_levels(study.all_cases[: study.limit]))
