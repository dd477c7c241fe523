"""`dermatrust audit image`: does a rater look at the photographs."""

from pathlib import Path
from typing import Any

import click

from dermatrust.cli.options import FILE, RUN_OPTIONS, with_options
from dermatrust.cli.rater_audit import AUDIT_EVALUATOR_OPTIONS, open_rater_audit, tell_rater_audit


@click.command()
@click.argument("dataset", type=FILE)
@with_options(*AUDIT_EVALUATOR_OPTIONS, *RUN_OPTIONS)
@click.option(
    "--severity", "severities", type=click.IntRange(1, 3), multiple=True, default=(3,), show_default=True,
    help="Of the spoilt photographs; repeatable.",
)  # fmt: skip
def image(dataset: Path, severities: tuple[int, ...], **options: Any) -> None:
    """Rate the texts of DATASET with true, blank, swapped and spoilt photographs: scores must fall.

    Evaluators are named with -m; raters that look at no photograph are refused. The run folder gets image.csv,
    image.json and image.html, and what was rated as a dataset folder. The same command again resumes. Exits with 1 if
    scores are missing.
    """
    from dermatrust.audit.image import audit_images, check_lookers
    from dermatrust.audit.shift_table import image_text, write_image_files
    from dermatrust.errors import ModelError
    from dermatrust.report.rater_audit import write_image_page
    from dermatrust.store.result import RESULT, write_result

    for name in options["evaluators"]:
        if name == "lexical":
            expected = "nano/evaluator, onnx:FOLDER, hf:PATH or a server"
            raise ModelError(name, "is a judge: it reads a reference and looks at no photograph", expected)
    chosen = tuple(sorted(set(severities)))
    kind = f"image-s{''.join(map(str, chosen))}-"
    bench, run, pace = open_rater_audit(dataset, (), options, kind=kind)
    check_lookers(bench)
    audit = audit_images(bench, run, pace, severities=chosen, seed=options["seed"])  # type: ignore[arg-type]
    write_image_files(run.path / "image.csv", run.path / "image.json", audit)
    write_result(run.path / RESULT, audit)
    write_image_page(run.path / "image.html", audit, table_name="image.csv")
    tell_rater_audit(audit, image_text(audit), run.path / "image.html", run)
