"""`dermatrust clinic levels`: which disease has which level of urgency, for a clinician to review."""

import click


@click.command()
def levels() -> None:
    """Print the level of urgency of every disease as CSV, with its source and whether a clinician has signed it off.

    It is the lexicon's table of diagnoses. To change a level, or to sign one off, copy lexicon/tables, edit
    diagnoses.csv, and say who read it in urgency_status.
    """
    from dermatrust.clinic.urgency_truth import levels_csv

    click.echo(levels_csv(), nl=False)
