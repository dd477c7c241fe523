"""`dermatrust clinic`: differential diagnosis and triage, with and without what the referring clinician knows."""

import click

from dermatrust.cli.groups import LazyGroup

COMMANDS = {
    "ddx": "Ask models for ranked differentials in several arms, and score them.",
    "triage": "Ask models how urgent each case is in several arms, and score it.",
    "levels": "The level of urgency of every disease as CSV, for a clinician to review.",
    "baseline": "What can be had without a photograph: the commonest diagnosis, and the context alone.",
    "stress": "What blurred, dark or cropped photographs do to accuracy and confidence.",
    "gap": "Put finished runs of several datasets side by side: does it hold elsewhere?",
    "sample": "Draw a blinded sample of a study's answers for people to check.",
    "sheets": "Read the sample's sheets as people filled them in: how far they agree with the ladder.",
}
"""Name to one line of help, so that `--help` imports none of them."""


@click.group(cls=LazyGroup, lines=COMMANDS, module="dermatrust.cli.clinic_")
def clinic() -> None:
    """Differential diagnosis and triage on your own cases: with photographs, with context, with what is wrong in it."""
