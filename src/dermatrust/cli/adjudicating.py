"""How `dermatrust clinic ddx` puts its answers before an adjudicator."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dermatrust.clinic.adjudication_result import AdjudicationResult
    from dermatrust.clinic.adjudicator import Adjudicator
    from dermatrust.clinic.further_rungs import Resampling
    from dermatrust.clinic.run import FinishedStudy
    from dermatrust.clinic.study import Study

ADJUDICATOR_OPTIONS = (
    click.option("--adjudicator", help="A model that says which diagnoses name the truth, blinded, at temperature 0."),
    click.option(
        "--repeats", type=click.IntRange(min=1), default=1, show_default=True, help="Draws of the adjudicator."
    ),
)


def open_adjudicator(study: "Study", options: dict[str, Any]) -> "Adjudicator | None":
    """Return the adjudicator that the options name, if any, before the models are asked.

    Raises:
        ModelError: The name stands for no model, or the dataset may not leave this machine.
    """
    from dermatrust.clients import open_client
    from dermatrust.clinic.adjudicator import Adjudicator
    from dermatrust.engine.privacy import check_names_may_leave

    name = options["adjudicator"]
    if name is None:
        return None
    check_names_may_leave(study.dataset, [name])
    return Adjudicator(open_client(name), repeats=options["repeats"], seed=options["seed"])


def adjudicated(
    finished: "FinishedStudy", adjudicator: "Adjudicator", options: dict[str, Any], resampling: "Resampling"
) -> "AdjudicationResult":
    """Ask, write `adjudicated.csv` and `adjudication.json` into the run, and return the figures."""
    from dermatrust.cli.options import pace_for
    from dermatrust.clinic.adjudication import adjudicate_answers, adjudicated_csv
    from dermatrust.clinic.adjudication_result import adjudication_result
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import write_result

    pace = pace_for([adjudicator.client], options)
    found, failures = adjudicate_answers(finished.answers, adjudicator, finished.run, pace=pace)
    finished.failures.update(failures)
    result = adjudication_result(finished.answers, found, adjudicator, failures, resampling)
    write_text(finished.run.path / "adjudicated.csv", adjudicated_csv(finished.answers, found))
    write_result(finished.run.path / "adjudication.json", result)
    return result
