"""`dermatrust audit injection`: can a narrative talk its grader round."""

from pathlib import Path
from typing import Any

import click

from dermatrust.cli.options import FILE, JUDGE_OPTIONS, RUN_OPTIONS, check_somebody_is_shown, with_options
from dermatrust.cli.rater_audit import AUDIT_EVALUATOR_OPTIONS, open_rater_audit, tell_rater_audit


@click.command()
@click.argument("dataset", type=FILE)
@with_options(*JUDGE_OPTIONS, *AUDIT_EVALUATOR_OPTIONS, *RUN_OPTIONS)
@click.option(
    "--per-attack", type=click.IntRange(min=1), default=2, show_default=True, help="Narratives for each attack."
)
@click.option(
    "--look-for-writing/--no-look-for-writing", default=None,
    help="In photographs.  [default: where the extra `ocr` is installed]",
)  # fmt: skip
def injection(dataset: Path, judges: tuple[str, ...], per_attack: int, **options: Any) -> None:
    """Put attacks into narratives of DATASET, and into photographs for evaluators, and see what that does to scores.

    Judges are named with -j, evaluators with -m. The run folder gets injection.csv, injection.json and injection.html,
    and what was rated as dataset folders. The same command again resumes. Exits with 1 if scores are missing.
    """
    from dermatrust.audit.injection import audit_injection
    from dermatrust.audit.shift_table import injection_text, write_injection_files
    from dermatrust.evaluator.image_writing import is_installed
    from dermatrust.report.rater_audit import write_injection_page
    from dermatrust.store.result import RESULT, write_result

    check_somebody_is_shown(options, "-m")
    if options["look_for_writing"] is None:
        options["look_for_writing"] = is_installed()
    bench, run, pace = open_rater_audit(dataset, judges, options, kind=f"injection-x{per_attack}-")
    audit = audit_injection(bench, run, pace, per_attack=per_attack, seed=options["seed"])
    write_injection_files(run.path / "injection.csv", run.path / "injection.json", audit)
    write_result(run.path / RESULT, audit)
    write_injection_page(run.path / "injection.html", audit, table_name="injection.csv")
    tell_rater_audit(audit, injection_text(audit), run.path / "injection.html", run)
