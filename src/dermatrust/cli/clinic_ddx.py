"""`dermatrust clinic ddx`: ranked differentials in several arms."""

from pathlib import Path
from typing import Any

import click

from dermatrust.cli.adjudicating import ADJUDICATOR_OPTIONS, adjudicated, open_adjudicator
from dermatrust.cli.embedding import EMBEDDING_OPTIONS, embedded, open_embedding
from dermatrust.cli.options import with_options
from dermatrust.cli.study import DATASET, STUDY_OPTIONS, ask_study, open_study, tell_study


@click.command()
@DATASET
@with_options(*STUDY_OPTIONS, *EMBEDDING_OPTIONS, *ADJUDICATOR_OPTIONS)
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Diagnoses asked for at most.")
def ddx(dataset: Path, top: int, **options: Any) -> None:
    """Ask models for the differential diagnosis of every case of DATASET, in every arm, and score it.

    DATASET is a dataset folder with labels or differentials. The run folder gets the replies, answers.parquet,
    report.html, result.json, table.csv and unknown.csv, the names that the lexicon does not know. The same command
    again resumes. --embedding and --adjudicator add embedding.csv and adjudicated.csv, each with a .json of its tables.
    Exits with 1 if asks failed; run it again for those.
    """
    from dataclasses import replace

    from dermatrust.clinic.adjudication_text import adjudication_text
    from dermatrust.clinic.differential_table import differential_result
    from dermatrust.clinic.embedding_result import embedding_text
    from dermatrust.clinic.flat import result_csv
    from dermatrust.clinic.further_rungs import Resampling
    from dermatrust.clinic.tasks import differential_task
    from dermatrust.clinic.text import result_text
    from dermatrust.clinic.unknown import unknown_csv, unknown_names, unknown_warning
    from dermatrust.report.clinic_page import write_clinic_page
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import write_result

    study = open_study(dataset, differential_task(top), "differential", **options)
    embedding, adjudicator = open_embedding(options), open_adjudicator(study, options)
    finished = ask_study(study, options)
    run = finished.run
    result = differential_result(
        finished.answers, study.dataset.card, base=study.base, n_without_truth=study.n_without_truth,
        seed=study.seed, n_resamples=options["resamples"],
    )  # fmt: skip
    resampling = Resampling(study.dataset.card.name, study.seed, options["resamples"])
    result = replace(
        result,
        unknown=unknown_names(finished.answers),
        embedding=embedded(finished, embedding, resampling) if embedding else None,
        adjudication=adjudicated(finished, adjudicator, options, resampling) if adjudicator else None,
    )
    write_result(run.result_path, result)
    write_text(run.table_path, result_csv(result))
    write_text(run.unknown_path, unknown_csv(result.unknown))
    write_clinic_page(run.report_path, result, manifest=finished.manifest)
    texts = [result_text(result)]
    texts += [embedding_text(result.embedding)] if result.embedding else []
    texts += [adjudication_text(result.adjudication)] if result.adjudication else []
    tell_study(finished, "\n\n".join(texts), unknown=unknown_warning(result.unknown, str(run.unknown_path)))
